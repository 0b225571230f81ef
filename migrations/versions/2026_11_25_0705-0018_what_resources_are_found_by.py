"""what resources are found by: dates and texts beside tokens, for every parameter of the table

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

from migrations.tenant import bind

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "resource_dates",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "org_id",
            "resource_type",
            "resource_id",
            "parameter",
            "starts_at",
            "ends_at",
            name="pk_resource_dates",
        ),
    )
    op.create_index(
        "ix_resource_dates_org_id_resource_type_parameter_starts_at",
        "resource_dates",
        ["org_id", "resource_type", "parameter", "starts_at"],
    )
    op.create_table(
        "resource_strings",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("whole", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "org_id",
            "resource_type",
            "resource_id",
            "parameter",
            "word",
            "whole",
            name="pk_resource_strings",
        ),
    )
    op.create_index(
        "ix_resource_strings_org_id_resource_type_parameter_word",
        "resource_strings",
        ["org_id", "resource_type", "parameter", "word"],
    )
    bind("resource_dates")
    bind("resource_strings")
    op.execute("GRANT DELETE ON resource_dates, resource_strings TO stepwell_app")
    for column in ("birth_on", "status", "questionnaire"):
        op.drop_column("resources", column)


def downgrade() -> None:
    op.add_column("resources", sa.Column("birth_on", sa.Date()))
    op.add_column(
        "resources", sa.Column("status", sa.Text(), nullable=False, server_default="final")
    )
    op.alter_column("resources", "status", server_default=None)
    op.add_column("resources", sa.Column("questionnaire", sa.Text()))
    op.drop_table("resource_strings")
    op.drop_table("resource_dates")
