"""bulk exports

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenant import bind

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("wanted", postgresql.JSONB(), nullable=False),
        sa.Column("transaction_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("files", postgresql.JSONB(), nullable=False),
        sa.Column("at_work_on", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "client_id"],
            ["clients.org_id", "clients.client_id"],
            name=op.f("fk_exports_org_id_client_id_clients"),
        ),
        sa.PrimaryKeyConstraint("org_id", "export_id", name=op.f("pk_exports")),
    )
    op.create_index(op.f("ix_exports_org_id_client_id"), "exports", ["org_id", "client_id"])
    op.create_index(op.f("ix_exports_org_id_state"), "exports", ["org_id", "state"])
    bind("exports")


def downgrade() -> None:
    op.drop_table("exports")
