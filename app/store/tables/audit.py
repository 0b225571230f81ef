"""The audit: who did what, whom lists showed, and the seals over both.

The three tables that grow with use are partitioned by month (UTC); their months lie in the
schema `audit_months` and are made and dropped by the owner alone (store/audit_months.py).
The application adds rows and reads them: it can change none and take none away.
"""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.store.tables.columns import (
    instant,
    key,
    link,
    optional_instant,
    optional_text,
    tenant_table,
    text,
)

BY_MONTH = "RANGE (at)"

audit_events = tenant_table(
    "audit_events",
    key("audit_id"),
    instant("at"),
    text("actor_kind"),  # staff, client, system
    link("actor_id"),
    text("actor_name"),
    text("action"),
    text("outcome"),  # done, refused
    link("patient_id"),
    Column("patient_ids", ARRAY(Uuid)),  # whom a list showed
    optional_text("subject"),  # "Observation/abc", "episodes/…"
    Column("detail", JSONB, nullable=False),  # never names, answers or free text
    optional_text("request_id"),
    Index(None, "org_id", "patient_id", "at"),
    Index(None, "org_id", "actor_id", "at"),
    primary=("at", "audit_id"),
    postgresql_partition_by=BY_MONTH,
)

audit_shown = tenant_table(
    "audit_shown",
    key("patient_id"),
    instant("at"),
    key("audit_id"),
    primary=("patient_id", "at", "audit_id"),
    postgresql_partition_by=BY_MONTH,
)
"""Each patient of `audit_events.patient_ids`, to be found by: an index that is a table."""

audit_sealed = tenant_table(
    "audit_sealed",
    instant("at"),
    key("audit_id"),
    Column("seq", Integer, nullable=False),
    Column("place", Integer, nullable=False),  # in its seal, from 0
    Column("digest", LargeBinary, nullable=False),  # of the row as it was sealed
    Index(None, "org_id", "seq", "place"),
    primary=("at", "audit_id"),
    postgresql_partition_by=BY_MONTH,
)
"""Which seal covers a row; a row that is not here waits for the sealer."""

audit_seals = tenant_table(
    "audit_seals",
    Column("seq", Integer, nullable=False),
    text("month"),
    Column("row_count", Integer, nullable=False),
    Column("rows_digest", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    optional_instant("since"),
    Column("swept", Boolean, nullable=False),
    instant("sealed_at"),
    Column("hash", LargeBinary, nullable=False),
    primary=("seq",),
)
"""The chain itself, kept for good: it is small, and a month that was dropped still fits into it."""
