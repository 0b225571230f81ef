"""what is published of a program's record is shown where the record itself is: a consent for
questionnaires alone opens no referral, no plan and no treatment

Revision ID: 0021
Revises: 0020
"""

from alembic import op

from migrations.part2 import LABELLED

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BEFORE = (
    "program_id IS NULL OR part2_shown(org_id, patient_id, program_id, "
    "CASE resource_type WHEN 'Patient' THEN '{}'::text[] "
    "WHEN 'Encounter' THEN '{care}'::text[] ELSE '{screenings}'::text[] END)"
)
SERVED = (
    "EXISTS (SELECT FROM resources parent WHERE parent.org_id = resource_versions.org_id "
    "AND parent.resource_type = resource_versions.resource_type "
    "AND parent.resource_id = resource_versions.resource_id)"
)


def upgrade() -> None:
    for table in ("resources", "resource_versions"):
        _show(table, LABELLED[table])


def downgrade() -> None:
    _show("resources", BEFORE)
    _show("resource_versions", f"{SERVED} AND ({BEFORE})")


def _show(table: str, condition: str) -> None:
    op.execute(f"DROP POLICY part2 ON {table}")
    op.execute(f"CREATE POLICY part2 ON {table} AS RESTRICTIVE FOR SELECT USING ({condition})")
