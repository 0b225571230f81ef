"""Visits, and how often whom a clinic screens."""

from sqlalchemy import Boolean, Column, Index, Integer, SmallInteger, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY

from app.store.tables.columns import (
    instant,
    key,
    link,
    optional_day,
    optional_instant,
    optional_text,
    refers,
    source_program,
    tenant_table,
    text,
)

encounters = tenant_table(
    "encounters",
    text("encounter_key"),  # "Encounter/abc"
    key("patient_id"),
    link("clinic_id"),
    optional_text("place"),  # as the sender calls it
    optional_instant("started_at"),
    optional_day("started_on"),  # in the clinic's time zone
    text("status"),
    optional_text("class_code"),
    Column("is_visit", Boolean, nullable=False),  # as the domain judged it
    text("arrival_key"),
    link("client_id"),
    instant("received_at"),
    source_program(),
    refers("patient_id", "patients"),
    refers("clinic_id", "clinics"),
    refers("client_id", "clients"),
    UniqueConstraint("org_id", "arrival_key"),
    Index(None, "org_id", "started_on"),
    Index(None, "org_id", "patient_id", "started_on"),
    primary=("encounter_key",),
)
"""What senders' Encounters say; the resources themselves are served as they were sent."""

screening_rules = tenant_table(
    "screening_rules",
    key("rule_id"),  # one per clinic (or the whole organization) and topic
    Column("version", Integer, nullable=False),
    link("clinic_id"),  # empty: every clinic that has none of its own
    text("topic"),
    Column("instruments", ARRAY(Text), nullable=False),  # any of them
    Column("from_age", SmallInteger, nullable=False),
    Column("to_age", SmallInteger),
    Column("every_days", SmallInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    instant("changed_at"),
    link("changed_by_id"),
    refers("clinic_id", "clinics"),
    refers("changed_by_id", "staff", "staff_id"),
    Index(None, "org_id", "topic"),
    primary=("rule_id", "version"),
)
"""Every version of every rule; the newest is in force, earlier ones stay to be read."""
