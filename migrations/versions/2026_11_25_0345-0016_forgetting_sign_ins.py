"""half sign-ins and links are dropped once they are of no use

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = "half_sign_ins, sign_in_links"


def upgrade() -> None:
    # They tell of no act that the audit does not tell of; kept for ever they would only grow.
    op.execute(f"GRANT DELETE ON {TABLES} TO stepwell_app")


def downgrade() -> None:
    op.execute(f"REVOKE DELETE ON {TABLES} FROM stepwell_app")
