"""the audit by month, whom lists showed, and seals

The rows that are there are kept: they move into a table of months. `python -m app migrate`
makes the months afterwards (app/store/audit_months.py); until then all rows lie in the
partition for whatever has no month of its own.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenant import bind

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS = (
    "org_id, audit_id, at, actor_kind, actor_id, actor_name, action, outcome, patient_id, "
    "subject, detail, request_id"
)
BY_MONTH = ("audit_events", "audit_shown", "audit_sealed")


def columns_of_events() -> list[sa.Column]:
    return [
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
    ]


def upgrade() -> None:
    set_aside("ix_audit_events_org_id_at")
    op.execute("CREATE SCHEMA audit_months")
    make_tables()
    for table in BY_MONTH:
        bind(table, "SELECT, INSERT")  # what tells of acts is only added to
        rest = f"audit_months.{table}_rest"
        op.execute(f"CREATE TABLE {rest} PARTITION OF {table} DEFAULT")
        op.execute(f"ALTER TABLE {rest} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {rest} FORCE ROW LEVEL SECURITY")
    bind("audit_seals", "SELECT, INSERT")
    bring_back()


def set_aside(*indexes: str) -> None:
    """Rename the table that is there; its owner, whom row-level security binds, is to read it."""
    for index in (*indexes, "ix_audit_events_org_id_patient_id_at"):
        op.execute(f"DROP INDEX {index}")
    op.execute("ALTER TABLE audit_events DROP CONSTRAINT pk_audit_events")
    op.execute("ALTER TABLE audit_events NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE audit_events RENAME TO audit_events_before")


def bring_back() -> None:
    """Copy what was set aside; row-level security binds the owner again afterwards."""
    op.execute("ALTER TABLE audit_events NO FORCE ROW LEVEL SECURITY")
    rows = f"SELECT {COLUMNS} FROM audit_events_before"  # nosec B608: columns named above
    op.execute(f"INSERT INTO audit_events ({COLUMNS}) {rows}")  # nosec B608: the same
    op.execute("ALTER TABLE audit_events FORCE ROW LEVEL SECURITY")
    op.execute("DROP TABLE audit_events_before")


def make_tables() -> None:
    op.create_table(
        "audit_events",
        *columns_of_events(),
        sa.Column("patient_ids", postgresql.ARRAY(sa.Uuid()), nullable=True),
        sa.PrimaryKeyConstraint("org_id", "at", "audit_id", name=op.f("pk_audit_events")),
        postgresql_partition_by="RANGE (at)",
    )
    for column in ("patient_id", "actor_id"):
        op.create_index(
            op.f(f"ix_audit_events_org_id_{column}_at"), "audit_events", ["org_id", column, "at"]
        )
    op.create_table(
        "audit_shown",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "org_id", "patient_id", "at", "audit_id", name=op.f("pk_audit_shown")
        ),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_table(
        "audit_sealed",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "at", "audit_id", name=op.f("pk_audit_sealed")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index(
        op.f("ix_audit_sealed_org_id_seq_place"), "audit_sealed", ["org_id", "seq", "place"]
    )
    op.create_table(
        "audit_seals",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("rows_digest", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("swept", sa.Boolean(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "seq", name=op.f("pk_audit_seals")),
    )


def downgrade() -> None:
    op.drop_table("audit_seals")
    op.drop_table("audit_sealed")
    op.drop_table("audit_shown")
    set_aside("ix_audit_events_org_id_actor_id_at")
    op.create_table(
        "audit_events",
        *columns_of_events(),
        sa.PrimaryKeyConstraint("org_id", "audit_id", name=op.f("pk_audit_events")),
    )
    op.create_index(op.f("ix_audit_events_org_id_at"), "audit_events", ["org_id", "at"])
    op.create_index(
        op.f("ix_audit_events_org_id_patient_id_at"),
        "audit_events",
        ["org_id", "patient_id", "at"],
    )
    bind("audit_events", "SELECT, INSERT")
    bring_back()
    op.execute("DROP SCHEMA audit_months")
