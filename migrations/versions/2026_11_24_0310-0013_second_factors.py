"""second factors, recovery codes, links to choose a password, known devices

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from migrations.tenant import bind

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _instant(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column(
        "organizations",
        sa.Column("second_factor", sa.Text(), nullable=False, server_default="charts"),
    )
    op.alter_column("organizations", "second_factor", server_default=None)
    op.add_column("staff", _instant("password_changed_at", nullable=True))
    op.add_column(
        "staff",
        sa.Column(
            "password_must_change", sa.Boolean(), nullable=False, server_default=sa.text("false")
        ),
    )
    op.alter_column("staff", "password_must_change", server_default=None)
    op.create_table(
        "authenticators",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("authenticator_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        _instant("created_at"),
        _instant("confirmed_at", nullable=True),
        _instant("removed_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "staff_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_authenticators_org_id_staff_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "authenticator_id", name=op.f("pk_authenticators")),
    )
    op.create_index(
        "uq_authenticators_org_id_staff_id_holding",
        "authenticators",
        ["org_id", "staff_id"],
        unique=True,
        postgresql_where=sa.text("confirmed_at IS NOT NULL AND removed_at IS NULL"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        _instant("created_at"),
        _instant("used_at", nullable=True),
        _instant("withdrawn_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "staff_id"],
            ["staff.org_id", "staff.staff_id"],
            name=op.f("fk_recovery_codes_org_id_staff_id_staff"),
        ),
        sa.PrimaryKeyConstraint("org_id", "staff_id", "code_hash", name=op.f("pk_recovery_codes")),
    )
    bind("authenticators")
    bind("recovery_codes")
    _create_global_tables()


def _create_global_tables() -> None:
    op.create_table(
        "half_sign_ins",
        sa.Column("half_hash", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        _instant("created_at"),
        _instant("expires_at"),
        _instant("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("half_hash", name=op.f("pk_half_sign_ins")),
    )
    op.create_table(
        "sign_in_links",
        sa.Column("link_hash", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        _instant("created_at"),
        _instant("expires_at"),
        _instant("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("link_hash", name=op.f("pk_sign_in_links")),
    )
    op.create_index(
        op.f("ix_sign_in_links_org_id_staff_id"), "sign_in_links", ["org_id", "staff_id"]
    )
    op.create_table(
        "known_devices",
        sa.Column("device_hash", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        _instant("created_at"),
        _instant("last_used_at"),
        sa.PrimaryKeyConstraint("device_hash", "org_id", "staff_id", name=op.f("pk_known_devices")),
    )
    op.create_index(
        op.f("ix_known_devices_org_id_staff_id"), "known_devices", ["org_id", "staff_id"]
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON half_sign_ins, sign_in_links TO stepwell_app")
    # A device is forgotten, not marked: it tells of no act.
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON known_devices TO stepwell_app")


def downgrade() -> None:
    for table in ("known_devices", "sign_in_links", "half_sign_ins"):
        op.drop_table(table)
    for table in ("recovery_codes", "authenticators"):
        op.drop_table(table)
    op.drop_column("staff", "password_must_change")
    op.drop_column("staff", "password_changed_at")
    op.drop_column("organizations", "second_factor")
