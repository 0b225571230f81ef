"""What every table of an organization's own needs: row-level security and the application's rights.

Used by migrations after the first; the rights given here are the least that work.
"""

from alembic import op

POLICY = "org_id = nullif(current_setting('app.org_id', true), '')::uuid"


def bind(table: str, rights: str = "SELECT, INSERT, UPDATE") -> None:
    """Show, change and add only what belongs to the organization of the transaction.

    `rights` are the application's; a table that tells of acts is given ``SELECT, INSERT``.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {table} USING ({POLICY}) WITH CHECK ({POLICY})")
    op.execute(f"GRANT {rights} ON {table} TO stepwell_app")
