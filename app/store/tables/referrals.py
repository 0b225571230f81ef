"""Referrals to care that the clinic does not give itself, and every move of theirs."""

from sqlalchemy import Column, Index, Integer, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from app.store.tables.columns import (
    day,
    instant,
    key,
    link,
    optional_day,
    optional_text,
    refers,
    source_program,
    tenant_table,
    text,
)

referrals = tenant_table(
    "referrals",
    key("referral_id"),
    key("patient_id"),
    key("episode_id"),
    optional_text("step"),  # the step of care it is for, where it is for one
    text("reason"),
    text("to_whom"),
    text("interim_care"),
    text("state"),
    day("state_since"),
    optional_day("due_on"),  # the day by which something should have moved
    optional_day("appointment_on"),
    optional_day("next_evaluation_on"),
    key("last_event_id"),
    link("owner_id"),
    key("staff_id"),
    Column("version", Integer, nullable=False),
    instant("opened_at"),
    text("request_key"),
    source_program(),
    refers("patient_id", "patients"),
    refers("episode_id", "episodes"),
    refers("owner_id", "staff", "staff_id"),
    refers("staff_id", "staff"),
    UniqueConstraint("org_id", "request_key"),
    Index(None, "org_id", "patient_id"),
    Index(None, "org_id", "episode_id"),
    Index(
        "ix_referrals_org_id_open", "org_id", "due_on", postgresql_where=sql("state <> 'closed'")
    ),
    Index(None, "org_id", "next_evaluation_on"),
    primary=("referral_id",),
)

referral_events = tenant_table(
    "referral_events",
    key("event_id"),
    key("referral_id"),
    optional_text("from_state"),
    text("state"),
    day("happened_on"),
    optional_day("appointment_on"),
    optional_day("due_on"),
    text("words"),
    link("staff_id"),
    instant("recorded_at"),
    text("request_key"),
    refers("referral_id", "referrals"),
    refers("staff_id", "staff"),
    UniqueConstraint("org_id", "request_key"),
    Index(None, "org_id", "referral_id", "recorded_at"),
    primary=("event_id",),
)
"""Only ever added to: no state of a referral is lost."""

referral_policies = tenant_table(
    "referral_policies",
    Column("days", JSONB, nullable=False),  # state → days until something should have moved
    Column("version", Integer, nullable=False),
    instant("changed_at"),
    link("changed_by_id"),
    refers("changed_by_id", "staff", "staff_id"),
    primary=(),
)
