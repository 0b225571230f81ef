"""Small counts of people are not shown to those who see no charts: a few could be recognized."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.domain.rule import Rule
from app.domain.screening_reach import Reach

SMALL_CELLS_BELOW = 11
"""Counts of 1 to 10 are hidden (memory: the cell-size policy of CMS; configurable)."""

_COLUMNS = ("patients", "screened", "positive", "asked", "answered")


@dataclass(frozen=True, slots=True)
class Shown:
    """Counts as they may be shown; None is hidden."""

    patients: int | None
    screened: int | None
    positive: int | None
    asked: int | None
    answered: int | None
    age_unknown: int | None
    percent: int | None


def show_all(reach: Reach) -> Shown:
    """For those who see charts anyway."""
    counts = {name: getattr(reach, name) for name in _COLUMNS}
    return Shown(**counts, age_unknown=reach.age_unknown, percent=reach.percent)


def hide_small(reach: Reach, below: int = SMALL_CELLS_BELOW) -> Shown:
    """Hide a count of few people, one that leaves few over, and what is part of a hidden one.

    Zero is shown: nobody is recognized by it.
    """
    shown: dict[str, int | None] = {}
    whole: int | None = None
    for name in _COLUMNS:
        count = getattr(reach, name)
        open_above = not shown or whole is not None
        few = _few(count, below) or (whole is not None and _few(whole - count, below))
        whole = count if open_above and not few else None
        shown[name] = whole
    unknown = None if _few(reach.age_unknown, below) else reach.age_unknown
    known = shown["patients"] is not None and shown["screened"] is not None
    return Shown(**shown, age_unknown=unknown, percent=reach.percent if known else None)


def hide_small_of(rows: Sequence[Reach], below: int = SMALL_CELLS_BELOW) -> list[Shown]:
    """The same for rows that stand beside their sum: one hidden alone could be worked out.

    Where a column hides a single row, the smallest other row of it is hidden too.
    """
    shown = [hide_small(row, below) for row in rows]
    for name in _COLUMNS:
        hidden = [i for i, one in enumerate(shown) if getattr(one, name) is None]
        open_rows = [i for i, one in enumerate(shown) if getattr(one, name)]
        if len(hidden) == 1 and open_rows:
            smallest = min(open_rows, key=lambda i: getattr(rows[i], name))
            shown[smallest] = _without(shown[smallest], name)
    return shown


def _without(row: Shown, name: str) -> Shown:
    """The row with this count hidden, and what is part of it."""
    parts = _COLUMNS[_COLUMNS.index(name) :]
    percent = row.percent if name not in ("patients", "screened") else None
    return replace(row, **dict.fromkeys(parts, None), percent=percent)


def _few(count: int, below: int) -> bool:
    return 0 < count < below


RULES = (
    Rule(
        "small-cells",
        "Screening reach",
        f"Counts of fewer than {SMALL_CELLS_BELOW} people, and those that let one be worked out, "
        "are hidden from roles that see no charts; zero is shown.",
        "memory: the cell-size policy of CMS; configurable (STEPWELL_SMALL_CELLS_BELOW)",
        "tests/rules/test_screening_reach.py::test_small_counts_are_hidden",
        confirmed=False,
    ),
)
