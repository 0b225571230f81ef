"""Who is there to answer a flag, who was told of it, and what became of the message."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Integer, SmallInteger
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from app.store.tables.columns import (
    day,
    instant,
    key,
    link,
    optional_instant,
    optional_text,
    refers,
    tenant_table,
    text,
)

reach = tenant_table(
    "reach",
    link("intake_id"),
    optional_text("safety_contact_name"),
    optional_text("safety_contact_email"),
    optional_text("webhook_url"),
    Column("webhook_secret_version", Integer, nullable=False),
    instant("updated_at"),
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    refers("intake_id", "staff", "staff_id"),
    primary=(),
)
"""How an organization is reached: one row, or none until somebody set something."""

flag_handlings = tenant_table(
    "flag_handlings",
    Column("version", Integer, nullable=False),
    Column("definition", JSONB, nullable=False),
    instant("created_at"),
    link("created_by_id"),
    refers("created_by_id", "staff", "staff_id"),
    primary=("version",),
)
"""How flags are handled, every version; the newest holds, none: the defaults."""

closed_days = tenant_table(
    "closed_days",
    day("on"),
    text("words"),
    Column("closed", Boolean, nullable=False),  # false: it was taken back
    ForeignKeyConstraint(["org_id"], ["organizations.org_id"]),
    primary=("on",),
)

absences = tenant_table(
    "absences",
    key("absence_id"),
    key("staff_id"),
    link("cover_id"),
    day("from_on"),
    day("until_on"),
    instant("created_at"),
    link("created_by_id"),
    optional_instant("withdrawn_at"),
    refers("staff_id", "staff"),
    refers("cover_id", "staff", "staff_id"),
    refers("created_by_id", "staff", "staff_id"),
    Index(
        "ix_absences_org_id_until_on",
        "org_id",
        "until_on",
        postgresql_where=sql("withdrawn_at IS NULL"),
    ),
    primary=("absence_id",),
)

on_call_shifts = tenant_table(
    "on_call_shifts",
    key("shift_id"),
    key("staff_id"),
    instant("starts_at"),
    instant("ends_at"),
    instant("created_at"),
    link("created_by_id"),
    optional_instant("withdrawn_at"),
    refers("staff_id", "staff"),
    refers("created_by_id", "staff", "staff_id"),
    Index(
        "uq_on_call_shifts_org_id_standing",
        "org_id",
        "staff_id",
        "starts_at",
        "ends_at",
        unique=True,
        postgresql_where=sql("withdrawn_at IS NULL"),
    ),
    Index(
        "ix_on_call_shifts_org_id_ends_at",
        "org_id",
        "ends_at",
        postgresql_where=sql("withdrawn_at IS NULL"),
    ),
    primary=("shift_id",),
)

deliveries = tenant_table(
    "deliveries",
    key("delivery_id"),
    text("channel"),  # email, webhook
    text("purpose"),  # flags, confirm
    link("staff_id"),
    text("recipient"),  # a name, as it was when it was written
    text("address"),
    Column("urgent", Boolean, nullable=False),
    link("flag_id"),  # where it tells of one alone
    Column("flag_count", Integer, nullable=False),
    text("state"),  # waiting, sent, failed, dropped
    Column("attempts", SmallInteger, nullable=False),
    instant("due_at"),  # the queue: while a sender holds it, when its lease ends
    optional_text("problem"),
    instant("created_at"),
    optional_instant("settled_at"),
    refers("staff_id", "staff"),
    refers("flag_id", "flags"),
    Index(
        "ix_deliveries_org_id_due_at",
        "org_id",
        "due_at",
        postgresql_where=sql("state = 'waiting'"),
    ),
    Index(None, "org_id", "created_at"),
    primary=("delivery_id",),
)
"""The outbox: written with what it tells of, sent afterwards, kept with what became of it."""

delivery_attempts = tenant_table(
    "delivery_attempts",
    key("delivery_id"),
    Column("attempt", SmallInteger, nullable=False),
    instant("began_at"),
    optional_instant("ended_at"),
    optional_text("outcome"),  # sent, later, never; empty: it was cut short
    optional_text("problem"),
    refers("delivery_id", "deliveries"),
    primary=("delivery_id", "attempt"),
)

escalations = tenant_table(
    "escalations",
    key("escalation_id"),
    key("flag_id"),
    text("rung"),  # owner, cover, on-call, consultant, director, safety-contact, handed
    link("staff_id"),
    text("name"),
    Column("told", Boolean, nullable=False),  # false: passed over
    text("why"),
    instant("at"),
    link("email_id"),
    link("webhook_id"),
    refers("flag_id", "flags"),
    refers("staff_id", "staff"),
    refers("email_id", "deliveries", "delivery_id"),
    refers("webhook_id", "deliveries", "delivery_id"),
    Index(None, "org_id", "flag_id", "at"),
    Index(
        "ix_escalations_org_id_staff_id_told",
        "org_id",
        "staff_id",
        postgresql_where=sql("told"),
    ),
    Index(None, "org_id", "email_id"),
    Index(None, "org_id", "webhook_id"),
    primary=("escalation_id",),
)
"""Each step by which a flag looked for a person."""
