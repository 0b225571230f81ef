"""When records are wrong: joined patients, moved assessments, duplicates, rosters.

What a sender said of a replaced record (until now `merged_into_id`, with nothing moved) becomes
`replaced_by_id`: a person decides. `merged_into_id` is from now on what a person joined here.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenant import bind

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "roster_uploads",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_by_id", sa.Uuid(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "uploaded_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_roster_uploads_org_id_uploaded_by_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "upload_id", name=op.f("pk_roster_uploads")),
    )
    op.create_index(
        op.f("ix_roster_uploads_org_id_expires_at"),
        "roster_uploads",
        ["org_id", "expires_at"],
        unique=False,
    )
    op.create_table(
        "duplicate_keys",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "patient_id"],
            ["patients.org_id", "patients.patient_id"],
            name=op.f("fk_duplicate_keys_org_id_patient_id_patients"),
        ),
        sa.PrimaryKeyConstraint("org_id", "key", "patient_id", name=op.f("pk_duplicate_keys")),
    )
    op.create_index(
        op.f("ix_duplicate_keys_org_id_patient_id"),
        "duplicate_keys",
        ["org_id", "patient_id"],
        unique=False,
    )
    op.create_table(
        "duplicate_pairs",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "decided_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_duplicate_pairs_org_id_decided_by_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "one_id"],
            ["patients.org_id", "patients.patient_id"],
            name=op.f("fk_duplicate_pairs_org_id_one_id_patients"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "other_id"],
            ["patients.org_id", "patients.patient_id"],
            name=op.f("fk_duplicate_pairs_org_id_other_id_patients"),
        ),
        sa.PrimaryKeyConstraint("org_id", "one_id", "other_id", name=op.f("pk_duplicate_pairs")),
    )
    op.create_index(
        op.f("ix_duplicate_pairs_org_id_other_id"),
        "duplicate_pairs",
        ["org_id", "other_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_duplicate_pairs_org_id_verdict_rank_found_at"),
        "duplicate_pairs",
        ["org_id", "verdict", "rank", "found_at"],
        unique=False,
    )
    op.create_table(
        "patient_merges",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("loser_id", sa.Uuid(), nullable=False),
        sa.Column("winner_id", sa.Uuid(), nullable=False),
        sa.Column("kept_episode_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by_id", sa.Uuid(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Uuid(), nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "loser_id"],
            ["patients.org_id", "patients.patient_id"],
            name=op.f("fk_patient_merges_org_id_loser_id_patients"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "merged_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_patient_merges_org_id_merged_by_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "undone_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_patient_merges_org_id_undone_by_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "winner_id"],
            ["patients.org_id", "patients.patient_id"],
            name=op.f("fk_patient_merges_org_id_winner_id_patients"),
        ),
        sa.PrimaryKeyConstraint("org_id", "merge_id", name=op.f("pk_patient_merges")),
    )
    op.create_index(
        op.f("ix_patient_merges_org_id_winner_id"),
        "patient_merges",
        ["org_id", "winner_id"],
        unique=False,
    )
    op.create_index(
        "uq_patient_merges_org_id_loser_id_standing",
        "patient_merges",
        ["org_id", "loser_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_table(
        "patient_merge_items",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "merge_id"],
            ["patient_merges.org_id", "patient_merges.merge_id"],
            name=op.f("fk_patient_merge_items_org_id_merge_id_patient_merges"),
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "merge_id", "table_name", "row_key", name=op.f("pk_patient_merge_items")
        ),
    )
    op.create_table(
        "assessment_moves",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("move_id", sa.Uuid(), nullable=False),
        sa.Column("lineage_id", sa.Uuid(), nullable=False),
        sa.Column("from_assessment_id", sa.Uuid(), nullable=False),
        sa.Column("to_assessment_id", sa.Uuid(), nullable=False),
        sa.Column("from_patient_id", sa.Uuid(), nullable=False),
        sa.Column("to_patient_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "from_assessment_id"],
            ["assessments.org_id", "assessments.assessment_id"],
            name=op.f("fk_assessment_moves_org_id_from_assessment_id_assessments"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "from_patient_id"],
            ["patients.org_id", "patients.patient_id"],
            name=op.f("fk_assessment_moves_org_id_from_patient_id_patients"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "lineage_id"],
            ["assessments.org_id", "assessments.assessment_id"],
            name=op.f("fk_assessment_moves_org_id_lineage_id_assessments"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "moved_by_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_assessment_moves_org_id_moved_by_id_staff"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "to_assessment_id"],
            ["assessments.org_id", "assessments.assessment_id"],
            name=op.f("fk_assessment_moves_org_id_to_assessment_id_assessments"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "to_patient_id"],
            ["patients.org_id", "patients.patient_id"],
            name=op.f("fk_assessment_moves_org_id_to_patient_id_patients"),
        ),
        sa.PrimaryKeyConstraint("org_id", "move_id", name=op.f("pk_assessment_moves")),
    )
    op.create_index(
        op.f("ix_assessment_moves_org_id_from_assessment_id"),
        "assessment_moves",
        ["org_id", "from_assessment_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assessment_moves_org_id_lineage_id"),
        "assessment_moves",
        ["org_id", "lineage_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assessment_moves_org_id_to_assessment_id"),
        "assessment_moves",
        ["org_id", "to_assessment_id"],
        unique=False,
    )
    op.add_column("patients", sa.Column("replaced_by_id", sa.Uuid(), nullable=True))
    op.create_index(
        op.f("ix_patients_org_id_merged_into_id"),
        "patients",
        ["org_id", "merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_patients_org_id_replaced_by_id_patients"),
        "patients",
        "patients",
        ["org_id", "replaced_by_id"],
        ["org_id", "patient_id"],
    )
    bind("patient_merges")
    bind("patient_merge_items", "SELECT, INSERT")
    bind("assessment_moves", "SELECT, INSERT")
    bind("duplicate_keys", "SELECT, INSERT, DELETE")  # derived from the record, made anew with it
    bind("duplicate_pairs", "SELECT, INSERT, UPDATE, DELETE")  # those that no longer resemble
    bind("roster_uploads")
    _as_owner("UPDATE patients SET replaced_by_id = merged_into_id, merged_into_id = NULL")


def _as_owner(statement: str) -> None:
    """Over every organization: the owner is bound by row-level security but for this moment."""
    op.execute("ALTER TABLE patients NO FORCE ROW LEVEL SECURITY")
    op.execute(statement)
    op.execute("ALTER TABLE patients FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    _as_owner("UPDATE patients SET merged_into_id = coalesce(merged_into_id, replaced_by_id)")
    op.drop_constraint(
        op.f("fk_patients_org_id_replaced_by_id_patients"), "patients", type_="foreignkey"
    )
    op.drop_index(
        op.f("ix_patients_org_id_merged_into_id"),
        table_name="patients",
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.drop_column("patients", "replaced_by_id")
    op.drop_index(
        op.f("ix_assessment_moves_org_id_to_assessment_id"), table_name="assessment_moves"
    )
    op.drop_index(op.f("ix_assessment_moves_org_id_lineage_id"), table_name="assessment_moves")
    op.drop_index(
        op.f("ix_assessment_moves_org_id_from_assessment_id"), table_name="assessment_moves"
    )
    op.drop_table("assessment_moves")
    op.drop_table("patient_merge_items")
    op.drop_index(
        "uq_patient_merges_org_id_loser_id_standing",
        table_name="patient_merges",
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.drop_index(op.f("ix_patient_merges_org_id_winner_id"), table_name="patient_merges")
    op.drop_table("patient_merges")
    op.drop_index(
        op.f("ix_duplicate_pairs_org_id_verdict_rank_found_at"), table_name="duplicate_pairs"
    )
    op.drop_index(op.f("ix_duplicate_pairs_org_id_other_id"), table_name="duplicate_pairs")
    op.drop_table("duplicate_pairs")
    op.drop_index(op.f("ix_duplicate_keys_org_id_patient_id"), table_name="duplicate_keys")
    op.drop_table("duplicate_keys")
    op.drop_index(op.f("ix_roster_uploads_org_id_expires_at"), table_name="roster_uploads")
    op.drop_table("roster_uploads")
