"""How every table of the registry is laid out.

`org_id` comes first in every primary key, unique constraint, foreign key and
index of a tenant table, so that row-level security filters by the leading
column and the same schema can be distributed by organization.
"""

from typing import Any

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy import text as sql

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

GLOBAL = "global"
"""Marks a table that is read before the organization is known; it holds no patient data."""


def key(name: str) -> Column[Any]:
    return Column(name, Uuid, nullable=False)


def link(name: str) -> Column[Any]:
    """A reference to another record that may be empty."""
    return Column(name, Uuid)


def source_program() -> Column[Any]:
    """The Part 2 program whose record it is; empty: nobody's. Kept for good once written.

    The database writes it from the transaction, so that no insert can forget the label
    (app/store/withholding.py); row-level security shows a labelled row by it alone.
    """
    return Column(
        "program_id",
        Uuid,
        server_default=sql("nullif(current_setting('app.source_program', true), '')::uuid"),
    )


def text(name: str, **options: Any) -> Column[Any]:
    return Column(name, Text, nullable=False, **options)


def optional_text(name: str) -> Column[Any]:
    return Column(name, Text)


def instant(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=False)


def optional_instant(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True))


def day(name: str) -> Column[Any]:
    return Column(name, Date, nullable=False)


def optional_day(name: str) -> Column[Any]:
    return Column(name, Date)


def total(name: str) -> Column[Any]:
    """A total score; prorated totals carry one decimal."""
    return Column(name, Numeric(5, 1))


def refers(column: str, target: str, target_column: str | None = None) -> ForeignKeyConstraint:
    """A foreign key within one organization."""
    return ForeignKeyConstraint(
        ["org_id", column], [f"{target}.org_id", f"{target}.{target_column or column}"]
    )


def tenant_table(name: str, *parts: Any, primary: tuple[str, ...], **options: Any) -> Table:
    """A table whose rows belong to one organization and are seen by it alone."""
    primary_key = PrimaryKeyConstraint("org_id", *primary)
    return Table(name, metadata, key("org_id"), *parts, primary_key, **options)


def global_table(name: str, *parts: Any) -> Table:
    """A table looked up before the organization is known; no patient data in it, ever."""
    return Table(name, metadata, *parts, info={GLOBAL: True})


def tenant_tables() -> list[Table]:
    return [t for t in metadata.sorted_tables if not t.info.get(GLOBAL)]
