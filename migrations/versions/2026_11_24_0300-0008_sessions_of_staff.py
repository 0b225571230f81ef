"""sessions of staff: how they were begun, where they are held, and staff without a password

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sessions",
        sa.Column(
            "session_id", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()")
        ),
    )
    for name, before in (("how", "password"), ("device", ""), ("address", "")):
        op.add_column("sessions", sa.Column(name, sa.Text(), nullable=False, server_default=before))
    op.add_column(
        "sessions",
        sa.Column(
            "proved_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("'-infinity'"),
        ),
    )
    op.execute("UPDATE sessions SET proved_at = created_at")
    for name in ("session_id", "how", "device", "address", "proved_at"):
        op.alter_column("sessions", name, server_default=None)
    op.alter_column("staff", "password_hash", existing_type=sa.Text(), nullable=True)


def downgrade() -> None:
    # Who had no password is given one that nothing opens.
    op.execute("ALTER TABLE staff NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE staff SET password_hash = '' WHERE password_hash IS NULL")
    op.execute("ALTER TABLE staff FORCE ROW LEVEL SECURITY")
    op.alter_column("staff", "password_hash", existing_type=sa.Text(), nullable=False)
    for name in ("proved_at", "address", "device", "how", "session_id"):
        op.drop_column("sessions", name)
