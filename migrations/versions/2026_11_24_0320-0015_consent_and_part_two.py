"""consent, Part 2 programs and the predicate that shows their records

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.part2 import LABELLED, expose, protect
from migrations.tenant import bind

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

RIGHTS = {
    "part2_programs": "SELECT, INSERT",  # every marking stays
    "part2_members": "SELECT, INSERT, UPDATE",
    "consents": "SELECT, INSERT, UPDATE",
    "consent_versions": "SELECT, INSERT",  # it tells of acts
    "emergencies": "SELECT, INSERT, UPDATE",
    "disclosures": "SELECT, INSERT",  # it tells of acts
}
SOURCE = "nullif(current_setting('app.source_program', true), '')::uuid"


def stand_apart() -> None:
    """A program's episode and flag stand beside any other of the patient, unknown to it."""
    op.drop_index("uq_episodes_org_id_patient_id_open", table_name="episodes")
    op.create_index(
        "uq_episodes_org_id_patient_id_open",
        "episodes",
        ["org_id", "patient_id", "program_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("status <> 'closed'"),
    )
    op.drop_index("uq_flags_org_id_open", table_name="flags")
    op.create_index(
        "uq_flags_org_id_open",
        "flags",
        ["org_id", "patient_id", "kind", "subject", "program_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("state <> 'closed'"),
    )


def upgrade() -> None:
    op.create_table(
        "part2_programs",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("marked", sa.Boolean(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "changed_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_part2_programs_org_id_changed_by_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "contact_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_part2_programs_org_id_contact_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "program_id", "number", name=op.f("pk_part2_programs")),
    )
    op.create_table(
        "part2_members",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("sole", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "changed_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_part2_members_org_id_changed_by_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "staff_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_part2_members_org_id_staff_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "program_id", "staff_id", name=op.f("pk_part2_members")),
    )
    op.create_index(
        op.f("ix_part2_members_org_id_staff_id"),
        "part2_members",
        ["org_id", "staff_id"],
        unique=False,
    )
    op.create_table(
        "consents",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=True),
        sa.Column("discloser", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("purposes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("scope", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("manner", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("expires_when", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_how", sa.Text(), nullable=True),
        sa.Column("revoked_by_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "patient_id"],
            ["patients.org_id", "patients.patient_id"],
            name=op.f("fk_consents_org_id_patient_id_patients"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "recorded_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_consents_org_id_recorded_by_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "revoked_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_consents_org_id_revoked_by_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "consent_id", name=op.f("pk_consents")),
        sa.UniqueConstraint("org_id", "request_key", name=op.f("uq_consents_org_id_request_key")),
    )
    op.create_index(
        op.f("ix_consents_org_id_patient_id_program_id"),
        "consents",
        ["org_id", "patient_id", "program_id"],
        unique=False,
    )
    op.create_table(
        "consent_versions",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "consent_id"],
            ["consents.org_id", "consents.consent_id"],
            name=op.f("fk_consent_versions_org_id_consent_id_consents"),
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "consent_id", "version", name=op.f("pk_consent_versions")
        ),
    )
    op.create_table(
        "emergencies",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("emergency_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("discloser", sa.Text(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("review_words", sa.Text(), nullable=True),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "patient_id"],
            ["patients.org_id", "patients.patient_id"],
            name=op.f("fk_emergencies_org_id_patient_id_patients"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "reviewed_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_emergencies_org_id_reviewed_by_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "staff_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_emergencies_org_id_staff_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "emergency_id", name=op.f("pk_emergencies")),
        sa.UniqueConstraint(
            "org_id", "request_key", name=op.f("uq_emergencies_org_id_request_key")
        ),
    )
    op.create_index(
        op.f("ix_emergencies_org_id_patient_id_staff_id"),
        "emergencies",
        ["org_id", "patient_id", "staff_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_emergencies_org_id_reviewed_at"),
        "emergencies",
        ["org_id", "reviewed_at"],
        unique=False,
    )
    op.create_table(
        "disclosures",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("disclosure_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("emergency_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipient_kind", sa.Text(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=True),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "consent_id"],
            ["consents.org_id", "consents.consent_id"],
            name=op.f("fk_disclosures_org_id_consent_id_consents"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "emergency_id"],
            ["emergencies.org_id", "emergencies.emergency_id"],
            name=op.f("fk_disclosures_org_id_emergency_id_emergencies"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "patient_id"],
            ["patients.org_id", "patients.patient_id"],
            name=op.f("fk_disclosures_org_id_patient_id_patients"),
        ),
        sa.PrimaryKeyConstraint("org_id", "disclosure_id", name=op.f("pk_disclosures")),
    )
    op.create_index(
        op.f("ix_disclosures_org_id_patient_id_at"),
        "disclosures",
        ["org_id", "patient_id", "at"],
        unique=False,
    )

    for table, rights in RIGHTS.items():
        bind(table, rights)
    for table in LABELLED:
        op.add_column(
            table, sa.Column("program_id", sa.Uuid(), server_default=sa.text(SOURCE), nullable=True)
        )
    stand_apart()
    protect()


def refuse_to_expose() -> None:
    """The schema before knows no labels: it would show a program's records to everybody."""
    op.execute("ALTER TABLE part2_programs NO FORCE ROW LEVEL SECURITY")
    op.execute(
        """
        DO $$ BEGIN
            IF EXISTS (SELECT FROM part2_programs) THEN
                RAISE EXCEPTION 'Part 2 programs are marked here: an earlier schema would show '
                    'their records to everybody';
            END IF;
        END $$
        """
    )


def downgrade() -> None:
    refuse_to_expose()
    expose()
    op.drop_index("uq_flags_org_id_open", table_name="flags")
    op.drop_index("uq_episodes_org_id_patient_id_open", table_name="episodes")
    for table in LABELLED:
        op.drop_column(table, "program_id")
    op.create_index(
        "uq_flags_org_id_open",
        "flags",
        ["org_id", "patient_id", "kind", "subject"],
        unique=True,
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_index(
        "uq_episodes_org_id_patient_id_open",
        "episodes",
        ["org_id", "patient_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'closed'"),
    )
    for table in (
        "disclosures",
        "emergencies",
        "consent_versions",
        "consents",
        "part2_members",
        "part2_programs",
    ):
        op.drop_table(table)
