"""clinics of staff, charts opened for a while

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from migrations.tenant import bind

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # who works here sees after the upgrade what they saw before: all clinics are open
    op.add_column(
        "organizations",
        sa.Column("clinics_open", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.alter_column("organizations", "clinics_open", server_default=None)
    op.add_column(
        "staff",
        sa.Column("every_clinic", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.alter_column("staff", "every_clinic", server_default=None)
    _staff_clinics()
    _chart_grants()
    # an assignment that ended is told by the audit; what is no longer so must not stand here
    bind("staff_clinics", "SELECT, INSERT, DELETE")
    bind("chart_grants")


def _staff_clinics() -> None:
    op.create_table(
        "staff_clinics",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "staff_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_staff_clinics_org_id_staff_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "clinic_id"],
            ["clinics.org_id", "clinics.clinic_id"],
            name=op.f("fk_staff_clinics_org_id_clinic_id_clinics"),
        ),
        sa.PrimaryKeyConstraint("org_id", "staff_id", "clinic_id", name=op.f("pk_staff_clinics")),
    )
    op.create_index(
        op.f("ix_staff_clinics_org_id_clinic_id"), "staff_clinics", ["org_id", "clinic_id"]
    )


def _chart_grants() -> None:
    op.create_table(
        "chart_grants",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by_id", sa.Uuid(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("request_key", sa.Text(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["org_id", column],
                ["staff.org_id", "staff.staff_id"],
                name=op.f(f"fk_chart_grants_org_id_{column}_staff"),
            )
            for column in ("staff_id", "granted_by_id", "ended_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "clinic_id"],
            ["clinics.org_id", "clinics.clinic_id"],
            name=op.f("fk_chart_grants_org_id_clinic_id_clinics"),
        ),
        sa.PrimaryKeyConstraint("org_id", "grant_id", name=op.f("pk_chart_grants")),
        sa.UniqueConstraint(
            "org_id", "request_key", name=op.f("uq_chart_grants_org_id_request_key")
        ),
    )
    op.create_index(
        "ix_chart_grants_org_id_standing",
        "chart_grants",
        ["org_id", "staff_id", "until_at"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("chart_grants")
    op.drop_table("staff_clinics")
    op.drop_column("staff", "every_clinic")
    op.drop_column("organizations", "clinics_open")
