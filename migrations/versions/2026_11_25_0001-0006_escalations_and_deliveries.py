"""escalations and deliveries

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenant import bind

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


RIGHTS = {
    "reach": "SELECT, INSERT, UPDATE",
    "flag_handlings": "SELECT, INSERT",  # every version stays
    "closed_days": "SELECT, INSERT, UPDATE",
    "absences": "SELECT, INSERT, UPDATE",
    "on_call_shifts": "SELECT, INSERT, UPDATE",
    "deliveries": "SELECT, INSERT, UPDATE",
    "delivery_attempts": "SELECT, INSERT, UPDATE",
    "escalations": "SELECT, INSERT",  # it tells of acts
}


def ask_for_flags_that_are_open() -> None:
    """Flags from before are asked about too: safety at once, others within a day.

    The owner is bound by row-level security like anybody else, but for this statement.
    """
    op.execute("ALTER TABLE flags NO FORCE ROW LEVEL SECURITY")
    op.execute(
        """
        UPDATE flags SET asked_at = opened_at, next_step_at = CASE
            WHEN state = 'acknowledged' THEN greatest(due_at, now() + interval '12 hours')
            WHEN kind = 'safety' THEN now()
            ELSE now() + interval '1 day' END
        WHERE state <> 'closed'
        """
    )
    op.execute("ALTER TABLE flags FORCE ROW LEVEL SECURITY")


def upgrade() -> None:
    op.create_table(
        "closed_days",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organizations.org_id"], name=op.f("fk_closed_days_org_id_organizations")
        ),
        sa.PrimaryKeyConstraint("org_id", "on", name=op.f("pk_closed_days")),
    )
    op.create_table(
        "absences",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("absence_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("cover_id", sa.Uuid(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "cover_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_absences_org_id_cover_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "created_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_absences_org_id_created_by_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "staff_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_absences_org_id_staff_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "absence_id", name=op.f("pk_absences")),
    )
    op.create_index(
        "ix_absences_org_id_until_on",
        "absences",
        ["org_id", "until_on"],
        unique=False,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "flag_handlings",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "created_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_flag_handlings_org_id_created_by_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "version", name=op.f("pk_flag_handlings")),
    )
    op.create_table(
        "on_call_shifts",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "created_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_on_call_shifts_org_id_created_by_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "staff_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_on_call_shifts_org_id_staff_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "shift_id", name=op.f("pk_on_call_shifts")),
    )
    op.create_index(
        "ix_on_call_shifts_org_id_ends_at",
        "on_call_shifts",
        ["org_id", "ends_at"],
        unique=False,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index(
        "uq_on_call_shifts_org_id_standing",
        "on_call_shifts",
        ["org_id", "staff_id", "starts_at", "ends_at"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "reach",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("intake_id", sa.Uuid(), nullable=True),
        sa.Column("safety_contact_name", sa.Text(), nullable=True),
        sa.Column("safety_contact_email", sa.Text(), nullable=True),
        sa.Column("webhook_url", sa.Text(), nullable=True),
        sa.Column("webhook_secret_version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "intake_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_reach_org_id_intake_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organizations.org_id"], name=op.f("fk_reach_org_id_organizations")
        ),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_reach")),
    )
    op.create_table(
        "deliveries",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=True),
        sa.Column("flag_count", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "flag_id"],
            ["flags.org_id", "flags.flag_id"],
            name=op.f("fk_deliveries_org_id_flag_id_flags"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "staff_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_deliveries_org_id_staff_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "delivery_id", name=op.f("pk_deliveries")),
    )
    op.create_index(
        op.f("ix_deliveries_org_id_created_at"),
        "deliveries",
        ["org_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "ix_deliveries_org_id_due_at",
        "deliveries",
        ["org_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "delivery_attempts",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "delivery_id"],
            ["deliveries.org_id", "deliveries.delivery_id"],
            name=op.f("fk_delivery_attempts_org_id_delivery_id_deliveries"),
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "delivery_id", "attempt", name=op.f("pk_delivery_attempts")
        ),
    )
    op.create_table(
        "escalations",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("escalation_id", sa.Uuid(), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("email_id", sa.Uuid(), nullable=True),
        sa.Column("webhook_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "email_id"],
            ["deliveries.org_id", "deliveries.delivery_id"],
            name=op.f("fk_escalations_org_id_email_id_deliveries"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "flag_id"],
            ["flags.org_id", "flags.flag_id"],
            name=op.f("fk_escalations_org_id_flag_id_flags"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "staff_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_escalations_org_id_staff_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "webhook_id"],
            ["deliveries.org_id", "deliveries.delivery_id"],
            name=op.f("fk_escalations_org_id_webhook_id_deliveries"),
        ),
        sa.PrimaryKeyConstraint("org_id", "escalation_id", name=op.f("pk_escalations")),
    )
    op.create_index(
        op.f("ix_escalations_org_id_email_id"), "escalations", ["org_id", "email_id"], unique=False
    )
    op.create_index(
        op.f("ix_escalations_org_id_flag_id_at"),
        "escalations",
        ["org_id", "flag_id", "at"],
        unique=False,
    )
    op.create_index(
        "ix_escalations_org_id_staff_id_told",
        "escalations",
        ["org_id", "staff_id"],
        unique=False,
        postgresql_where=sa.text("told"),
    )
    op.create_index(
        op.f("ix_escalations_org_id_webhook_id"),
        "escalations",
        ["org_id", "webhook_id"],
        unique=False,
    )
    op.add_column(
        "clinics", sa.Column("hours", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.add_column("clinics", sa.Column("safety_contact_name", sa.Text(), nullable=True))
    op.add_column("clinics", sa.Column("safety_contact_email", sa.Text(), nullable=True))
    op.add_column(
        "flags", sa.Column("owner_as", sa.Text(), nullable=False, server_default="care-manager")
    )
    op.add_column(
        "flags",
        sa.Column(
            "asked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
    )
    op.add_column("flags", sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("flags", sa.Column("outcome_code", sa.Text(), nullable=True))
    op.add_column("flags", sa.Column("outcome_attempts", sa.SmallInteger(), nullable=True))
    op.create_index(
        "ix_flags_org_id_next_step_at",
        "flags",
        ["org_id", "next_step_at"],
        unique=False,
        postgresql_where=sa.text("next_step_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_flags_org_id_opened_at"), "flags", ["org_id", "opened_at"], unique=False
    )
    op.create_index(
        "ix_flags_org_id_owner_id_open",
        "flags",
        ["org_id", "owner_id"],
        unique=False,
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.add_column("staff", sa.Column("email", sa.Text(), nullable=True))
    op.add_column(
        "staff", sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.alter_column("flags", "owner_as", server_default=None)
    op.alter_column("flags", "asked_at", server_default=None)
    ask_for_flags_that_are_open()
    for table, rights in RIGHTS.items():
        bind(table, rights)


def downgrade() -> None:
    op.drop_column("staff", "email_confirmed_at")
    op.drop_column("staff", "email")
    op.drop_index(
        "ix_flags_org_id_owner_id_open",
        table_name="flags",
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.drop_index(op.f("ix_flags_org_id_opened_at"), table_name="flags")
    op.drop_index(
        "ix_flags_org_id_next_step_at",
        table_name="flags",
        postgresql_where=sa.text("next_step_at IS NOT NULL"),
    )
    op.drop_column("flags", "outcome_attempts")
    op.drop_column("flags", "outcome_code")
    op.drop_column("flags", "next_step_at")
    op.drop_column("flags", "asked_at")
    op.drop_column("flags", "owner_as")
    op.drop_column("clinics", "safety_contact_email")
    op.drop_column("clinics", "safety_contact_name")
    op.drop_column("clinics", "hours")
    op.drop_index(op.f("ix_escalations_org_id_webhook_id"), table_name="escalations")
    op.drop_index(
        "ix_escalations_org_id_staff_id_told",
        table_name="escalations",
        postgresql_where=sa.text("told"),
    )
    op.drop_index(op.f("ix_escalations_org_id_flag_id_at"), table_name="escalations")
    op.drop_index(op.f("ix_escalations_org_id_email_id"), table_name="escalations")
    op.drop_table("escalations")
    op.drop_table("delivery_attempts")
    op.drop_index(
        "ix_deliveries_org_id_due_at",
        table_name="deliveries",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_index(op.f("ix_deliveries_org_id_created_at"), table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_table("reach")
    op.drop_index(
        "uq_on_call_shifts_org_id_standing",
        table_name="on_call_shifts",
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.drop_index(
        "ix_on_call_shifts_org_id_ends_at",
        table_name="on_call_shifts",
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.drop_table("on_call_shifts")
    op.drop_table("flag_handlings")
    op.drop_index(
        "ix_absences_org_id_until_on",
        table_name="absences",
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.drop_table("absences")
    op.drop_table("closed_days")
