"""Rows of many owners, each under its own."""

from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID

Row = TypeVar("Row")


def group(rows: Iterable[Row], owner: Callable[[Row], UUID]) -> dict[UUID, list[Row]]:
    """Rows by the one they belong to, in the order they came."""
    groups: dict[UUID, list[Row]] = {}
    for row in rows:
        groups.setdefault(owner(row), []).append(row)
    return groups
