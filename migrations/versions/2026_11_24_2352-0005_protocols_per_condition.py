"""protocols per condition

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from migrations.tenant import bind

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Every episode so far was judged as one of depression.
    op.add_column(
        "episodes", sa.Column("condition", sa.Text(), server_default="depression", nullable=False)
    )
    op.alter_column("episodes", "condition", server_default=None)
    op.create_table(
        "protocol_choices",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("protocol_id", sa.Text(), nullable=False),
        sa.Column("protocol_version", sa.Integer(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chosen_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id"],
            ["organizations.org_id"],
            name=op.f("fk_protocol_choices_org_id_organizations"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "chosen_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_protocol_choices_org_id_chosen_by_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "condition", "number", name=op.f("pk_protocol_choices")),
    )
    bind("protocol_choices", "SELECT, INSERT")  # who chose what stays
    # A finding names the version that made it: that version is as it was, for good.
    op.execute("REVOKE UPDATE ON protocols FROM stepwell_app")


def downgrade() -> None:
    op.execute("GRANT UPDATE ON protocols TO stepwell_app")
    op.drop_table("protocol_choices")
    op.drop_column("episodes", "condition")
