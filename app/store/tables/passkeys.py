"""Passkeys of staff (WebAuthn): public keys alone; the private ones never leave their owners."""

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY

from app.store.tables.columns import (
    instant,
    key,
    optional_instant,
    refers,
    tenant_table,
    text,
)

passkeys = tenant_table(
    "passkeys",
    key("passkey_id"),
    key("staff_id"),
    Column("credential_id", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),  # COSE
    Column("sign_count", BigInteger, nullable=False),  # of the last use; one that falls is a copy's
    text("name"),
    Column("transports", ARRAY(Text), nullable=False),
    Column("synced", Boolean, nullable=False),  # kept by a password manager: on several devices
    instant("created_at"),
    optional_instant("last_used_at"),
    optional_instant("removed_at"),
    refers("staff_id", "staff"),
    UniqueConstraint("org_id", "credential_id"),
    Index(None, "org_id", "staff_id"),
    primary=("passkey_id",),
)
