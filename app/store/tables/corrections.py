"""When records are wrong: joined and parted patients, moved assessments, duplicates, rosters."""

from sqlalchemy import Column, Index, Integer, LargeBinary, SmallInteger, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from app.store.tables.columns import (
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

patient_merges = tenant_table(
    "patient_merges",
    key("merge_id"),
    key("loser_id"),
    key("winner_id"),  # the record that goes on
    link("kept_episode_id"),
    text("reason"),
    instant("merged_at"),
    link("merged_by_id"),
    optional_instant("undone_at"),
    link("undone_by_id"),
    optional_text("undone_reason"),
    refers("loser_id", "patients", "patient_id"),
    refers("winner_id", "patients", "patient_id"),
    refers("merged_by_id", "staff", "staff_id"),
    refers("undone_by_id", "staff", "staff_id"),
    Index(
        "uq_patient_merges_org_id_loser_id_standing",
        "org_id",
        "loser_id",
        unique=True,
        postgresql_where=sql("undone_at IS NULL"),
    ),
    Index(None, "org_id", "winner_id"),
    primary=("merge_id",),
)
"""Two records of one person, joined by a person; undone where it was a mistake."""

patient_merge_items = tenant_table(
    "patient_merge_items",
    key("merge_id"),
    text("table_name"),
    text("row_key"),  # the primary key's values, without the organization, as a JSON list
    Column("before", JSONB, nullable=False),  # the columns that the joining changed, as they were
    Column("after", JSONB, nullable=False),
    source_program(),
    refers("merge_id", "patient_merges"),
    primary=("merge_id", "table_name", "row_key"),
)
"""The manifest of a joining: a row for every record that it changed."""

assessment_moves = tenant_table(
    "assessment_moves",
    key("move_id"),
    key("lineage_id"),  # the assessment as it was first filed
    key("from_assessment_id"),
    key("to_assessment_id"),
    key("from_patient_id"),
    key("to_patient_id"),
    text("reason"),
    instant("moved_at"),
    link("moved_by_id"),
    refers("lineage_id", "assessments", "assessment_id"),
    refers("from_assessment_id", "assessments", "assessment_id"),
    refers("to_assessment_id", "assessments", "assessment_id"),
    refers("from_patient_id", "patients", "patient_id"),
    refers("to_patient_id", "patients", "patient_id"),
    refers("moved_by_id", "staff", "staff_id"),
    Index(None, "org_id", "lineage_id"),
    Index(None, "org_id", "from_assessment_id"),
    Index(None, "org_id", "to_assessment_id"),
    primary=("move_id",),
)
"""Assessments that were filed under the wrong patient, and where they went."""

duplicate_keys = tenant_table(
    "duplicate_keys",
    Column("key", Text(collation="C"), nullable=False),  # see domain/duplicate.py
    key("patient_id"),
    refers("patient_id", "patients"),
    Index(None, "org_id", "patient_id"),
    primary=("key", "patient_id"),
)
"""What two records of one person would share, so that candidates are found by an index."""

duplicate_pairs = tenant_table(
    "duplicate_pairs",
    key("one_id"),  # the lesser of the two
    key("other_id"),
    Column("rank", SmallInteger, nullable=False),  # 0 certain, 1 probable, 2 possible
    Column("reasons", JSONB, nullable=False),
    text("verdict"),  # open, two-people
    text("note"),
    instant("found_at"),
    optional_instant("decided_at"),
    link("decided_by_id"),
    refers("one_id", "patients", "patient_id"),
    refers("other_id", "patients", "patient_id"),
    refers("decided_by_id", "staff", "staff_id"),
    Index(None, "org_id", "verdict", "rank", "found_at"),
    Index(None, "org_id", "other_id"),
    primary=("one_id", "other_id"),
)
"""Records that may be of one person, until a person decided."""

roster_uploads = tenant_table(
    "roster_uploads",
    key("upload_id"),
    link("uploaded_by_id"),
    instant("uploaded_at"),
    instant("expires_at"),
    text("digest"),
    Column("size_bytes", Integer, nullable=False),
    Column("content", LargeBinary),  # null once imported, dropped or expired
    Column("report", LargeBinary),  # what became of each line, until it expires
    Column("counts", JSONB, nullable=False),
    optional_instant("settled_at"),
    refers("uploaded_by_id", "staff", "staff_id"),
    Index(None, "org_id", "expires_at"),
    primary=("upload_id",),
)
"""A roster between its preview and its import; afterwards only that it was, and how much."""
