"""Steps of care: which a clinic offers, and what was decided for whom."""

from sqlalchemy import Column, Index, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.store.tables.columns import (
    day,
    instant,
    key,
    link,
    refers,
    source_program,
    tenant_table,
    text,
)

step_offers = tenant_table(
    "step_offers",
    key("clinic_id"),
    Column("steps", ARRAY(Text), nullable=False),
    Column("version", Integer, nullable=False),
    instant("changed_at"),
    link("changed_by_id"),
    refers("clinic_id", "clinics"),
    refers("changed_by_id", "staff", "staff_id"),
    primary=("clinic_id",),
)
"""The steps that a clinic gives itself; a clinic without a row offers the usual ones."""

step_decisions = tenant_table(
    "step_decisions",
    key("decision_id"),
    key("patient_id"),
    key("episode_id"),
    Column("number", Integer, nullable=False),  # 1, 2, … within the episode; the last is in force
    instant("decided_at"),
    day("started_on"),
    key("staff_id"),
    text("choice"),  # accept, other, stay
    Column("from_step", Text),
    text("wanted_step"),
    text("step"),  # in force from then on
    text("reason"),
    text("interim_care"),
    Column("suggestion", JSONB, nullable=False),  # as it was shown
    text("request_key"),
    source_program(),
    refers("patient_id", "patients"),
    refers("episode_id", "episodes"),
    refers("staff_id", "staff"),
    UniqueConstraint("org_id", "request_key"),
    Index(
        "uq_step_decisions_org_id_episode_id_number", "org_id", "episode_id", "number", unique=True
    ),
    Index(None, "org_id", "patient_id"),
    primary=("decision_id",),
)
