"""What people do: flags answered, contacts made, cases reviewed, treatment changed."""

from sqlalchemy import Boolean, Column, Index, Integer, SmallInteger, UniqueConstraint
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
    source_program,
    tenant_table,
    text,
)

flags = tenant_table(
    "flags",
    key("flag_id"),
    key("patient_id"),
    link("episode_id"),
    text("kind"),
    text("subject"),  # the assessment's id, or ''
    text("content_digest"),  # of the assessment as judged, so that a correction is judged anew
    text("state"),  # open, acknowledged, closed
    text("words"),
    Column("evidence", JSONB, nullable=False),
    optional_text("protocol"),  # "bao-sowa v1"
    link("owner_id"),
    text("owner_as"),  # care-manager, intake, handed, taken
    instant("opened_at"),
    instant("asked_at"),  # when the owner was asked: the ladder of escalation begins there
    optional_instant("next_step_at"),  # when the next step falls due; empty: none does
    instant("due_at"),
    optional_instant("acknowledged_at"),
    link("acknowledged_by_id"),
    optional_instant("closed_at"),
    link("closed_by_id"),
    optional_text("outcome"),
    optional_text("outcome_code"),
    Column("outcome_attempts", SmallInteger),
    Column("version", Integer, nullable=False),
    source_program(),
    refers("patient_id", "patients"),
    refers("episode_id", "episodes"),
    refers("owner_id", "staff", "staff_id"),
    refers("acknowledged_by_id", "staff", "staff_id"),
    refers("closed_by_id", "staff", "staff_id"),
    Index(
        "uq_flags_org_id_open",
        "org_id",
        "patient_id",
        "kind",
        "subject",
        "program_id",
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sql("state <> 'closed'"),
    ),
    Index(None, "org_id", "patient_id"),
    Index(None, "org_id", "episode_id"),
    Index("ix_flags_org_id_kind_open", "org_id", "kind", postgresql_where=sql("state <> 'closed'")),
    Index(
        "ix_flags_org_id_next_step_at",
        "org_id",
        "next_step_at",
        postgresql_where=sql("next_step_at IS NOT NULL"),
    ),
    Index(
        "ix_flags_org_id_owner_id_open",
        "org_id",
        "owner_id",
        postgresql_where=sql("state <> 'closed'"),
    ),
    Index(None, "org_id", "opened_at"),
    primary=("flag_id",),
)

contacts = tenant_table(
    "contacts",
    key("contact_id"),
    key("patient_id"),
    key("episode_id"),
    instant("at"),
    day("contact_on"),  # in the clinic's time zone
    text("way"),  # phone, visit, video, message, other
    Column("reached", Boolean, nullable=False),
    Column("minutes", Integer, nullable=False),
    text("note"),
    key("staff_id"),
    optional_text("request_key"),  # one per form shown, so that a form sent twice counts once
    instant("recorded_at"),
    source_program(),
    refers("patient_id", "patients"),
    refers("episode_id", "episodes"),
    refers("staff_id", "staff"),
    UniqueConstraint("org_id", "request_key"),
    Index(None, "org_id", "episode_id", "at"),
    primary=("contact_id",),
)

case_reviews = tenant_table(
    "case_reviews",
    key("review_id"),
    key("patient_id"),
    key("episode_id"),
    instant("reviewed_at"),
    day("reviewed_on"),
    key("consultant_id"),
    text("kind"),  # recommendation, discussed, deferred
    text("recommendation"),
    Column("follow_up_weeks", Integer),
    text("status"),  # open, accepted, declined, done; "closed" where nothing is asked
    optional_text("answer"),
    optional_instant("answered_at"),
    link("answered_by_id"),
    optional_text("request_key"),
    source_program(),
    refers("patient_id", "patients"),
    refers("episode_id", "episodes"),
    refers("consultant_id", "staff", "staff_id"),
    refers("answered_by_id", "staff", "staff_id"),
    UniqueConstraint("org_id", "request_key"),
    Index(None, "org_id", "episode_id", "reviewed_at"),
    primary=("review_id",),
)

treatment_events = tenant_table(
    "treatment_events",
    key("event_id"),
    key("patient_id"),
    key("episode_id"),
    day("happened_on"),
    text("kind"),  # medication, therapy, status, step, other
    text("words"),
    link("staff_id"),
    instant("recorded_at"),
    source_program(),
    refers("patient_id", "patients"),
    refers("episode_id", "episodes"),
    refers("staff_id", "staff"),
    Index(None, "org_id", "episode_id", "happened_on"),
    primary=("event_id",),
)
