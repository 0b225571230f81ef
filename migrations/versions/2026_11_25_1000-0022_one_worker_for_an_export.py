"""one worker for an export: the claim that it works under

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("exports", sa.Column("claims", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("exports", "claims", server_default=None)


def downgrade() -> None:
    op.drop_column("exports", "claims")
