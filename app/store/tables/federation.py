"""Signing in without a password of ours: identity providers, who is whom there, and passkeys."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Text, Uuid
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from app.store.tables.columns import (
    global_table,
    instant,
    key,
    link,
    optional_instant,
    optional_text,
    refers,
    tenant_table,
    text,
)

identity_providers = tenant_table(
    "identity_providers",
    key("provider_id"),
    text("slug"),
    text("name"),
    text("issuer"),
    text("client_id"),
    Column("matches_email", Boolean, nullable=False),
    Column("shows_second_factor", Boolean, nullable=False),
    Column("signs_out_there", Boolean, nullable=False),
    instant("created_at"),
    optional_instant("retired_at"),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    Index(None, "org_id", "slug"),
    primary=("provider_id",),
)
"""Where staff of an organization prove who they are; the client's secret is never here."""

identities = tenant_table(
    "identities",
    key("provider_id"),
    text("subject"),  # the provider's own name for the person, never used again for another
    link("staff_id"),  # empty: somebody came whom nobody knows yet
    text("state"),  # waiting, linked, refused
    optional_text("email"),
    Column("email_verified", Boolean, nullable=False),
    optional_text("name"),
    instant("first_seen_at"),
    instant("last_seen_at"),
    optional_instant("linked_at"),
    link("linked_by_id"),  # empty where the verified address spoke for them
    refers("provider_id", "identity_providers"),
    refers("staff_id", "staff"),
    Index(None, "org_id", "staff_id"),
    Index(
        "uq_identities_org_id_provider_id_staff_id",
        "org_id",
        "provider_id",
        "staff_id",
        unique=True,
        postgresql_where=sql("staff_id IS NOT NULL"),
    ),
    primary=("provider_id", "subject"),
)
"""Who is whom: a provider's subject belongs to one member of staff, or waits to be linked."""

sign_in_rules = tenant_table(
    "sign_in_rules",
    Column("provider_only", Boolean, nullable=False),
    instant("changed_at"),
    link("changed_by_id"),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    primary=(),
)
"""Whether an organization's staff come in through its provider alone."""

break_glass_accounts = tenant_table(
    "break_glass_accounts",
    key("staff_id"),
    instant("named_at"),
    link("named_by_id"),
    optional_instant("withdrawn_at"),
    refers("staff_id", "staff"),
    primary=("staff_id",),
)
"""Administrators whose password works though everybody else comes through the provider."""

provider_addresses = global_table(
    "provider_addresses",
    Column("slug", Text, primary_key=True),
    key("org_id"),
    key("provider_id"),
    text("name"),
    Column("listed", Boolean, nullable=False),
    Index(None, "org_id"),
)
"""Which organization a provider's sign-in address belongs to, and what its button says."""

sign_in_ceremonies = global_table(
    "sign_in_ceremonies",
    Column("ceremony_hash", Text, primary_key=True),
    text("kind"),
    Column("content", JSONB, nullable=False),
    instant("expires_at"),
    Index(None, "expires_at"),
)
"""Sign-ins that were begun: each is taken once, by the browser that holds what it hashes."""

provider_sessions = global_table(
    "provider_sessions",
    Column("session_id", Uuid, primary_key=True),
    key("org_id"),
    key("provider_id"),
    text("subject"),
    optional_text("provider_session"),  # the provider's "sid"
    instant("begun_at"),
    instant("expires_at"),
    Index(None, "provider_id", "subject"),
    Index(None, "expires_at"),
)
"""Which sessions a provider's sign-out ends."""
