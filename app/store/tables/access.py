"""Who sees whom: the clinics that staff belong to, and charts opened to a person for a while."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy import text as sql

from app.store.tables.columns import (
    instant,
    key,
    link,
    optional_instant,
    refers,
    tenant_table,
    text,
)

staff_clinics = tenant_table(
    "staff_clinics",
    key("staff_id"),
    key("clinic_id"),
    instant("added_at"),
    refers("staff_id", "staff"),
    refers("clinic_id", "clinics"),
    Index(None, "org_id", "clinic_id"),
    primary=("staff_id", "clinic_id"),
)
"""The clinics whose patients a member of staff sees; "every clinic" stands on their own row."""

chart_grants = tenant_table(
    "chart_grants",
    key("grant_id"),
    key("staff_id"),
    link("clinic_id"),  # empty: the patients of every clinic
    text("reason"),
    link("granted_by_id"),  # empty: from the command line
    instant("granted_at"),
    instant("until_at"),
    optional_instant("ended_at"),
    link("ended_by_id"),
    text("request_key"),
    refers("staff_id", "staff"),
    refers("clinic_id", "clinics"),
    refers("granted_by_id", "staff", "staff_id"),
    refers("ended_by_id", "staff", "staff_id"),
    UniqueConstraint("org_id", "request_key"),
    Index(
        "ix_chart_grants_org_id_standing",
        "org_id",
        "staff_id",
        "until_at",
        postgresql_where=sql("ended_at IS NULL"),
    ),
    primary=("grant_id",),
)
"""Charts opened to one who sees none by their role: by whom, why, until when; never deleted."""
