"""answers kept for senders who ask the same again

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenant import bind

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SOURCE = "nullif(current_setting('app.source_program', true), '')::uuid"
SHOWN = "program_id IS NULL OR part2_sees(program_id)"


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("answer_key", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("program_id", sa.Uuid(), server_default=sa.text(SOURCE)),
        sa.ForeignKeyConstraint(
            ["org_id", "client_id"],
            ["clients.org_id", "clients.client_id"],
            name=op.f("fk_kept_answers_org_id_client_id_clients"),
        ),
        sa.PrimaryKeyConstraint("org_id", "client_id", "answer_key", name=op.f("pk_kept_answers")),
    )
    op.create_index(
        op.f("ix_kept_answers_org_id_client_id_kept_until"),
        "kept_answers",
        ["org_id", "client_id", "kept_until"],
    )
    bind("kept_answers", "SELECT, INSERT, UPDATE, DELETE")
    op.execute(f"CREATE POLICY part2 ON kept_answers AS RESTRICTIVE FOR SELECT USING ({SHOWN})")


def downgrade() -> None:
    op.drop_table("kept_answers")
