"""Patients, their episodes of care and what was measured."""

from sqlalchemy import Boolean, Column, Index, Integer, SmallInteger, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.store.tables.columns import (
    day,
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
    total,
)

patients = tenant_table(
    "patients",
    key("patient_id"),
    text("fhir_id"),
    optional_text("family_name"),
    optional_text("given_names"),
    text("display_name"),
    optional_day("birth_on"),
    text("sex"),  # administrative gender: female, male, other, unknown
    optional_text("language"),
    optional_text("phone"),
    optional_instant("deceased_at"),
    Column("active", Boolean, nullable=False),
    link("merged_into_id"),  # a person joined the two here (patient_merges)
    link("replaced_by_id"),  # the sender says so; a person decides
    link("clinic_id"),
    link("client_id"),  # the integration client that assigned fhir_id, if one did
    instant("created_at"),
    instant("updated_at"),
    source_program(),
    UniqueConstraint("org_id", "fhir_id"),
    refers("clinic_id", "clinics"),
    refers("client_id", "clients"),
    refers("merged_into_id", "patients", "patient_id"),
    refers("replaced_by_id", "patients", "patient_id"),
    Index(None, "org_id", "birth_on"),
    Index(None, "org_id", "merged_into_id", postgresql_where=sql("merged_into_id IS NOT NULL")),
    primary=("patient_id",),
)

patient_identifiers = tenant_table(
    "patient_identifiers",
    text("system"),
    text("value"),
    key("patient_id"),
    optional_text("kind"),  # v2-0203 code such as MR
    refers("patient_id", "patients"),
    Index(None, "org_id", "patient_id"),
    Index(None, "org_id", "value"),
    primary=("system", "value"),
)

patient_name_tokens = tenant_table(
    "patient_name_tokens",
    Column("token", Text(collation="C"), nullable=False),  # case- and accent-folded
    key("patient_id"),
    refers("patient_id", "patients"),
    Index(None, "org_id", "patient_id"),
    primary=("token", "patient_id"),
)

episodes = tenant_table(
    "episodes",
    key("episode_id"),
    key("patient_id"),
    key("clinic_id"),
    text("status"),
    day("enrolled_on"),
    optional_day("ended_on"),
    link("earlier_episode_id"),  # the one this episode follows, after a relapse
    link("care_manager_id"),
    link("consultant_id"),
    optional_text("primary_care_clinician"),
    text("condition"),  # depression, anxiety: what the episode treats
    text("protocol_id"),
    Column("protocol_version", Integer, nullable=False),
    optional_day("last_contact_on"),
    optional_day("next_contact_on"),
    optional_day("next_assessment_on"),
    optional_day("last_review_on"),
    optional_day("next_review_on"),
    Column("urgency", SmallInteger, nullable=False),
    optional_day("urgent_since"),
    text("urgency_reason"),
    optional_day("next_evaluation_on"),
    Column("version", Integer, nullable=False),
    instant("created_at"),
    instant("updated_at"),
    source_program(),
    refers("patient_id", "patients"),
    refers("clinic_id", "clinics"),
    refers("earlier_episode_id", "episodes", "episode_id"),
    refers("care_manager_id", "staff", "staff_id"),
    refers("consultant_id", "staff", "staff_id"),
    Index(
        "uq_episodes_org_id_patient_id_open",
        "org_id",
        "patient_id",
        "program_id",  # a program's episode stands beside any other: neither tells of the other
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sql("status <> 'closed'"),
    ),
    Index(None, "org_id", "patient_id"),
    Index(None, "org_id", "care_manager_id", "urgency"),
    Index(None, "org_id", "clinic_id", "urgency"),
    Index(None, "org_id", "next_evaluation_on"),
    primary=("episode_id",),
)

assessments = tenant_table(
    "assessments",
    key("assessment_id"),
    key("patient_id"),
    link("episode_id"),
    text("instrument_id"),
    text("instrument_version"),
    text("status"),  # final, amended, entered-in-error
    Column("version", Integer, nullable=False),
    Column("answers", JSONB, nullable=False),
    total("total"),
    Column("prorated", Boolean, nullable=False),
    optional_text("not_scorable_reason"),
    optional_text("severity"),
    Column("severity_level", SmallInteger),
    text("item_nine"),  # positive, negative, unknown, not-asked
    Column("item_nine_value", SmallInteger),
    total("claimed_total"),
    text("total_check"),  # agrees, mismatch, not-claimed, only-claimed
    Column("conflicts", JSONB, nullable=False),
    instant("effective_at"),
    day("effective_on"),  # in the clinic's time zone
    text("identity_key"),
    text("content_digest"),
    optional_text("source_identifier"),
    link("client_id"),
    link("recorded_by_id"),
    link("withdrawn_by_id"),  # the member of staff who marked it as wrong, if one did
    instant("received_at"),
    instant("updated_at"),
    source_program(),
    refers("patient_id", "patients"),
    refers("episode_id", "episodes"),
    refers("client_id", "clients"),
    refers("recorded_by_id", "staff", "staff_id"),
    refers("withdrawn_by_id", "staff", "staff_id"),
    UniqueConstraint("org_id", "identity_key"),
    Index(None, "org_id", "patient_id", "instrument_id", "effective_at"),
    Index(None, "org_id", "episode_id"),
    primary=("assessment_id",),
)

assessment_versions = tenant_table(
    "assessment_versions",
    key("assessment_id"),
    Column("version", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
    text("reason"),
    instant("recorded_at"),
    text("recorded_by"),
    refers("assessment_id", "assessments"),
    primary=("assessment_id", "version"),
)
"""Every earlier and present content of an assessment: nothing is overwritten for good."""

assessment_parts = tenant_table(
    "assessment_parts",
    text("part_key"),  # "Observation/abc"
    key("patient_id"),
    link("assessment_id"),
    text("kind"),  # form, panel, total, item
    optional_text("instrument_id"),
    optional_text("item_code"),
    Column("answers", JSONB, nullable=False),
    Column("value", SmallInteger),
    total("total"),
    instant("effective_at"),
    Column("links", ARRAY(Text), nullable=False),
    text("status"),
    optional_text("source_identifier"),
    text("arrival_key"),
    Column("waiting", Boolean, nullable=False),
    link("client_id"),
    instant("received_at"),
    source_program(),
    refers("patient_id", "patients"),
    refers("assessment_id", "assessments"),
    refers("client_id", "clients"),
    UniqueConstraint("org_id", "arrival_key"),
    Index(None, "org_id", "patient_id", "effective_at"),
    Index(None, "org_id", "assessment_id"),
    Index(None, "org_id", "waiting", postgresql_where=sql("waiting")),
    primary=("part_key",),
)
"""What a sender's resources said, piece by piece; an assessment is assembled from its parts."""

episode_instruments = tenant_table(
    "episode_instruments",
    key("episode_id"),
    text("instrument_id"),
    total("baseline_total"),
    optional_day("baseline_on"),
    total("previous_total"),
    total("latest_total"),
    optional_day("latest_on"),
    link("latest_assessment_id"),
    Column("latest_level", SmallInteger),
    optional_text("latest_severity"),
    total("best_total"),
    Column("count", Integer, nullable=False),
    total("percent_change"),
    text("response"),
    Column("points", JSONB, nullable=False),  # [["2026-03-02", 20], …], oldest first
    refers("episode_id", "episodes"),
    primary=("episode_id", "instrument_id"),
)
"""One row per episode and instrument, kept at write time, so that no page aggregates history."""
