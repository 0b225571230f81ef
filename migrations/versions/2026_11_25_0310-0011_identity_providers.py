"""identity providers, who is whom there, and sign-ins of several steps

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenant import bind

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TENANT = ("identity_providers", "identities", "sign_in_rules", "break_glass_accounts")
WITHOUT_A_TENANT = ("provider_addresses", "sign_in_ceremonies", "provider_sessions")


def upgrade() -> None:
    op.create_table(
        "identity_providers",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("matches_email", sa.Boolean(), nullable=False),
        sa.Column("shows_second_factor", sa.Boolean(), nullable=False),
        sa.Column("signs_out_there", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id"],
            ["organizations.org_id"],
            name=op.f("fk_identity_providers_org_id_organizations"),
        ),
        sa.PrimaryKeyConstraint("org_id", "provider_id", name=op.f("pk_identity_providers")),
    )
    op.create_index(
        op.f("ix_identity_providers_org_id_slug"),
        "identity_providers",
        ["org_id", "slug"],
        unique=False,
    )
    op.create_table(
        "identities",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_verified", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("linked_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "provider_id"],
            ["identity_providers.org_id", "identity_providers.provider_id"],
            name=op.f("fk_identities_org_id_provider_id_identity_providers"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "staff_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_identities_org_id_staff_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "provider_id", "subject", name=op.f("pk_identities")),
    )
    op.create_index(
        op.f("ix_identities_org_id_staff_id"), "identities", ["org_id", "staff_id"], unique=False
    )
    op.create_index(
        "uq_identities_org_id_provider_id_staff_id",
        "identities",
        ["org_id", "provider_id", "staff_id"],
        unique=True,
        postgresql_where=sa.text("staff_id IS NOT NULL"),
    )
    op.create_table(
        "sign_in_rules",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("provider_only", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organizations.org_id"], name=op.f("fk_sign_in_rules_org_id_organizations")
        ),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_sign_in_rules")),
    )
    op.create_table(
        "break_glass_accounts",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("named_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "staff_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_break_glass_accounts_org_id_staff_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "staff_id", name=op.f("pk_break_glass_accounts")),
    )
    op.create_table(
        "provider_addresses",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_provider_addresses")),
        info={"global": True},
    )
    op.create_index(
        op.f("ix_provider_addresses_org_id"), "provider_addresses", ["org_id"], unique=False
    )
    op.create_table(
        "sign_in_ceremonies",
        sa.Column("ceremony_hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ceremony_hash", name=op.f("pk_sign_in_ceremonies")),
        info={"global": True},
    )
    op.create_index(
        op.f("ix_sign_in_ceremonies_expires_at"), "sign_in_ceremonies", ["expires_at"], unique=False
    )
    op.create_table(
        "provider_sessions",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("provider_session", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_provider_sessions")),
        info={"global": True},
    )
    op.create_index(
        op.f("ix_provider_sessions_expires_at"), "provider_sessions", ["expires_at"], unique=False
    )
    op.create_index(
        op.f("ix_provider_sessions_provider_id_subject"),
        "provider_sessions",
        ["provider_id", "subject"],
        unique=False,
    )
    for table in TENANT:
        bind(table)
    for table in WITHOUT_A_TENANT:  # read before the organization is known; no patient data
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO stepwell_app")


def downgrade() -> None:
    for table in reversed(TENANT + WITHOUT_A_TENANT):
        op.drop_table(table)
