"""Organizations and those who work in or with them."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

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

organizations = tenant_table(
    "organizations",
    text("name"),
    text("time_zone"),
    text("unknown_patient_policy"),  # "create" or "refuse"
    text("second_factor", default="charts"),  # asked of: "charts", "everybody", "nobody"
    text("protocol_id"),
    Column("protocol_version", Integer, nullable=False),
    Column("clinics_open", Boolean, nullable=False, default=True),  # all staff see every clinic
    instant("created_at"),
    primary=(),
)

clinics = tenant_table(
    "clinics",
    key("clinic_id"),
    text("name"),
    text("time_zone"),
    Column("hours", JSONB),  # Monday first: ["08:00", "17:00"] or null; empty: office hours
    optional_text("safety_contact_name"),
    optional_text("safety_contact_email"),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    UniqueConstraint("org_id", "name"),
    primary=("clinic_id",),
)

staff = tenant_table(
    "staff",
    key("staff_id"),
    text("login"),
    text("display_name"),
    Column("roles", ARRAY(Text), nullable=False),
    optional_text("password_hash"),  # none: this person comes by another way
    optional_instant("password_changed_at"),
    Column("password_must_change", Boolean, nullable=False, default=False),
    Column("active", Boolean, nullable=False),
    Column("every_clinic", Boolean, nullable=False, default=False),
    optional_text("email"),
    optional_instant("email_confirmed_at"),
    instant("created_at"),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    UniqueConstraint("org_id", "login"),
    primary=("staff_id",),
)

clients = tenant_table(
    "clients",
    key("client_id"),
    text("name"),
    optional_text("default_clinic"),
    Column("scopes", ARRAY(Text), nullable=False),  # in the kept form of domain/scopes.py
    optional_text("jwks_url"),
    instant("created_at"),
    optional_instant("last_used_at"),
    optional_instant("revoked_at"),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    UniqueConstraint("org_id", "name"),
    primary=("client_id",),
)

protocols = tenant_table(
    "protocols",
    text("protocol_id"),
    Column("version", Integer, nullable=False),
    Column("definition", JSONB, nullable=False),
    instant("created_at"),
    link("created_by"),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    primary=("protocol_id", "version"),
)

protocol_choices = tenant_table(
    "protocol_choices",
    text("condition"),
    Column("number", Integer, nullable=False),
    text("protocol_id"),
    Column("protocol_version", Integer, nullable=False),
    instant("chosen_at"),
    link("chosen_by_id"),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    refers("chosen_by_id", "staff", "staff_id"),
    primary=("condition", "number"),
)
"""What each condition is judged by: the highest number holds, what was before stays."""

logins = global_table(
    "logins",
    Column("login", Text, primary_key=True),
    key("org_id"),
    key("staff_id"),
)
"""Which organization a login name belongs to."""

sessions = global_table(
    "sessions",
    Column("session_hash", Text, primary_key=True),
    key("session_id"),
    key("org_id"),
    key("staff_id"),
    text("csrf_token"),
    text("how"),
    text("device"),
    text("address"),
    instant("created_at"),
    instant("proved_at"),
    instant("last_seen_at"),
    instant("expires_at"),
    optional_instant("ended_at"),
    Index(None, "org_id", "staff_id"),
)
"""Staff who are signed in: by the SHA-256 of a token that changes at each proof of identity."""

sign_in_attempts = global_table(
    "sign_in_attempts",
    Column("subject_hash", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    instant("window_started_at"),
    optional_instant("blocked_until"),
)
"""Failed sign-ins by hashed login or address, for throttling."""
