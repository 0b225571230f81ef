"""keys, scopes and short-lived tokens of integration clients

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenant import bind

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

EVERY_SCOPE = "'{system/*.crus}'"
"""What a client could do before there were scopes."""


def upgrade() -> None:
    _widen("clients", "scopes", postgresql.ARRAY(sa.Text()), EVERY_SCOPE)
    op.add_column("clients", sa.Column("jwks_url", sa.Text(), nullable=True))
    op.add_column("clients", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    _widen("client_tokens", "scopes", postgresql.ARRAY(sa.Text()), EVERY_SCOPE)
    _widen("client_tokens", "lasting", sa.Boolean(), "true")
    op.create_index(op.f("ix_client_tokens_expires_at"), "client_tokens", ["expires_at"])
    op.execute("GRANT DELETE ON client_tokens TO stepwell_app")  # the expired are swept
    _add_keys()
    _add_directory()


def _widen(table: str, column: str, kind: sa.types.TypeEngine, default: str) -> None:
    """A column that must not be null: what is there already is given the default."""
    made = sa.Column(column, kind, server_default=sa.text(default), nullable=False)
    op.add_column(table, made)
    op.alter_column(table, column, server_default=None)


def _add_keys() -> None:
    op.create_table(
        "client_keys",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("jwk", postgresql.JSONB(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "client_id"],
            ["clients.org_id", "clients.client_id"],
            name=op.f("fk_client_keys_org_id_clients"),
        ),
        sa.PrimaryKeyConstraint("org_id", "client_id", "kid", name=op.f("pk_client_keys")),
    )
    op.create_table(
        "client_key_sets",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("jwks", postgresql.JSONB(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fresh_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "client_id"],
            ["clients.org_id", "clients.client_id"],
            name=op.f("fk_client_key_sets_org_id_clients"),
        ),
        sa.PrimaryKeyConstraint("org_id", "client_id", name=op.f("pk_client_key_sets")),
    )
    bind("client_keys")
    bind("client_key_sets", "SELECT, INSERT, UPDATE, DELETE")  # a cache


def _add_directory() -> None:
    op.create_table(
        "client_directory",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_client_directory")),
        info={"global": True},
    )
    op.execute("ALTER TABLE clients NO FORCE ROW LEVEL SECURITY")  # of every organization
    op.execute("INSERT INTO client_directory SELECT client_id, org_id FROM clients")
    op.execute("ALTER TABLE clients FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT ON client_directory TO stepwell_app")
    op.create_table(
        "used_assertions",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("jti_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "jti_hash", name=op.f("pk_used_assertions")),
        info={"global": True},
    )
    op.create_index(op.f("ix_used_assertions_expires_at"), "used_assertions", ["expires_at"])
    op.execute("GRANT SELECT, INSERT, DELETE ON used_assertions TO stepwell_app")


def downgrade() -> None:
    op.drop_table("used_assertions")
    op.drop_table("client_directory")
    op.drop_table("client_key_sets")
    op.drop_table("client_keys")
    op.execute("REVOKE DELETE ON client_tokens FROM stepwell_app")
    op.drop_index(op.f("ix_client_tokens_expires_at"), table_name="client_tokens")
    op.execute("DELETE FROM client_tokens WHERE NOT lasting")  # they would become all-powerful
    op.drop_column("client_tokens", "lasting")
    op.drop_column("client_tokens", "scopes")
    op.drop_column("clients", "last_used_at")
    op.drop_column("clients", "jwks_url")
    op.drop_column("clients", "scopes")
