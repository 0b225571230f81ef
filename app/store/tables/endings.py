"""How an episode comes to its end: plans against relapse, discharges."""

from sqlalchemy import Boolean, Column, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from app.store.tables.columns import (
    day,
    instant,
    key,
    optional_day,
    refers,
    source_program,
    tenant_table,
    text,
)

relapse_plans = tenant_table(
    "relapse_plans",
    key("episode_id"),
    Column("version", Integer, nullable=False),
    key("patient_id"),
    text("warning_signs"),
    text("what_helped"),
    text("medication"),
    optional_day("continue_until"),
    text("whom_to_call"),
    text("own_words"),
    Column("call_weeks", SmallInteger, nullable=False),
    optional_day("next_check_on"),
    Column("agreed", Boolean, nullable=False),
    optional_day("agreed_on"),
    key("staff_id"),
    instant("recorded_at"),
    text("request_key"),
    source_program(),
    refers("patient_id", "patients"),
    refers("episode_id", "episodes"),
    refers("staff_id", "staff"),
    UniqueConstraint("org_id", "request_key"),
    Index(None, "org_id", "patient_id"),
    primary=("episode_id", "version"),
)
"""Every version of a plan against relapse; the newest one is in force."""

discharges = tenant_table(
    "discharges",
    key("episode_id"),
    key("patient_id"),
    text("outcome"),
    text("words"),
    day("discharged_on"),
    Column("summary", JSONB, nullable=False),  # as the course stood on that day
    key("staff_id"),
    instant("recorded_at"),
    text("request_key"),
    source_program(),
    refers("patient_id", "patients"),
    refers("episode_id", "episodes"),
    refers("staff_id", "staff"),
    UniqueConstraint("org_id", "request_key"),
    Index(None, "org_id", "patient_id"),
    primary=("episode_id",),
)
