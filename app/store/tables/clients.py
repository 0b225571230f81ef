"""What integration clients prove themselves by: keys, assertions, tokens."""

from sqlalchemy import Boolean, Column, Index, PrimaryKeyConstraint, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.store.tables.columns import (
    global_table,
    instant,
    key,
    optional_instant,
    optional_text,
    refers,
    tenant_table,
    text,
)

client_keys = tenant_table(
    "client_keys",
    key("client_id"),
    text("kid"),
    text("algorithm"),
    Column("jwk", JSONB, nullable=False),
    instant("added_at"),
    optional_instant("removed_at"),
    refers("client_id", "clients"),
    primary=("client_id", "kid"),
)
"""Public keys that were registered here. A removed one stays, so that its id names one key."""

client_key_sets = tenant_table(
    "client_key_sets",
    key("client_id"),
    text("url"),
    Column("jwks", JSONB),
    optional_text("etag"),
    optional_instant("fetched_at"),
    optional_instant("fresh_until"),
    instant("tried_at"),
    text("trouble"),
    refers("client_id", "clients"),
    primary=("client_id",),
)
"""The newest key set fetched from a client's address, and how the last try went ('' is well)."""

client_directory = global_table(
    "client_directory",
    Column("client_id", Uuid, primary_key=True),
    key("org_id"),
)
"""Which organization a client belongs to."""

client_tokens = global_table(
    "client_tokens",
    Column("token_hash", Text, primary_key=True),
    key("org_id"),
    key("client_id"),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("lasting", Boolean, nullable=False),  # made on the command line, not by an assertion
    instant("created_at"),
    instant("expires_at"),
    optional_instant("revoked_at"),
    Index(None, "org_id", "client_id"),
    Index(None, "expires_at"),
)
"""Bearer tokens of integration clients, by SHA-256; the token itself is never stored."""

used_assertions = global_table(
    "used_assertions",
    key("client_id"),
    text("jti_hash"),
    instant("expires_at"),
    PrimaryKeyConstraint("client_id", "jti_hash"),
    Index(None, "expires_at"),
)
"""Assertions that were taken once, by client and SHA-256 of their jti, until they expire."""
