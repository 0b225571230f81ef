"""What staff prove themselves with beside a password, and ways that are half gone."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Text
from sqlalchemy import text as sql

from app.store.tables.columns import (
    global_table,
    instant,
    key,
    link,
    optional_instant,
    refers,
    tenant_table,
    text,
)

authenticators = tenant_table(
    "authenticators",
    key("authenticator_id"),
    key("staff_id"),
    text("sealed_secret"),  # empty once it was removed
    Column("last_step", BigInteger, nullable=False),  # the newest code's; none is taken twice
    instant("created_at"),
    optional_instant("confirmed_at"),
    optional_instant("removed_at"),
    refers("staff_id", "staff"),
    Index(
        "uq_authenticators_org_id_staff_id_holding",
        "org_id",
        "staff_id",
        unique=True,
        postgresql_where=sql("confirmed_at IS NOT NULL AND removed_at IS NULL"),
    ),
    primary=("authenticator_id",),
)
"""Apps that make codes (TOTP, RFC 6238); one confirmed each, its secret sealed."""

recovery_codes = tenant_table(
    "recovery_codes",
    key("staff_id"),
    text("code_hash"),
    instant("created_at"),
    optional_instant("used_at"),
    optional_instant("withdrawn_at"),
    ForeignKeyConstraint(["org_id", "staff_id"], ["staff.org_id", "staff.staff_id"]),
    primary=("staff_id", "code_hash"),
)
"""Codes on paper for whoever lost their phone; by SHA-256, each good once."""

half_sign_ins = global_table(
    "half_sign_ins",
    Column("half_hash", Text, primary_key=True),
    key("org_id"),
    key("staff_id"),
    instant("created_at"),
    instant("expires_at"),
    optional_instant("ended_at"),
)
"""Who gave the right password and owes the second factor. No session: nothing opens with it."""

sign_in_links = global_table(
    "sign_in_links",
    Column("link_hash", Text, primary_key=True),
    key("org_id"),
    key("staff_id"),
    link("made_by_id"),
    instant("created_at"),
    instant("expires_at"),
    optional_instant("ended_at"),
    Index(None, "org_id", "staff_id"),
)
"""Links by which somebody chooses a password, once; by SHA-256."""

known_devices = global_table(
    "known_devices",
    Column("device_hash", Text, nullable=False),
    key("org_id"),
    key("staff_id"),
    instant("created_at"),
    instant("last_used_at"),
    PrimaryKeyConstraint("device_hash", "org_id", "staff_id"),
    Index(None, "org_id", "staff_id"),
)
"""Browsers in which somebody signed in before: others' guessing never keeps them out there."""
