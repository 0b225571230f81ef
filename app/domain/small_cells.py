"""Small counts of people are not shown to those who see no charts: a few could be recognized."""

from collections.abc import Sequence, Set
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

    What the hidden rows of a column leave of its sum is told by the others: further rows are
    hidden, the smallest first, until that are two rows at least and not a few people.
    """
    shown = [hide_small(row, below) for row in rows]
    for name in _COLUMNS:
        counts = [getattr(row, name) for row in rows]
        hidden = {i for i, one in enumerate(shown) if getattr(one, name) is None}
        for i in sorted(hide_beside_sum(counts, hidden, below) - hidden):
            shown[i] = _without(shown[i], name)
    return shown


def hide_beside_sum(counts: Sequence[int], hidden: Set[int], below: int) -> set[int]:
    """Which of the counts that add up to a shown sum are hidden, so that none can be worked out."""
    found = set(hidden)
    others = sorted(
        (i for i in range(len(counts)) if i not in found and counts[i]), key=counts.__getitem__
    )
    for smallest in others:
        left = sum(counts[i] for i in found)
        if not found or (len(found) > 1 and not _few(left, below)):
            break
        found.add(smallest)
    return found


def hide_rows(columns: Sequence[Sequence[int]], below: int) -> set[int]:
    """The rows to hide whole, of a table whose every column adds up to a sum that is shown."""
    found = {i for column in columns for i, count in enumerate(column) if _few(count, below)}
    while True:
        wider = set(found)
        for column in columns:
            wider = hide_beside_sum(column, wider, below)
        if wider == found:
            return found
        found = wider


@dataclass(frozen=True, slots=True)
class Part:
    """So many of so many, as it may be shown; None is hidden."""

    of: int | None
    count: int | None

    @property
    def percent(self) -> int | None:
        """The part per cent, rounded; None of nobody, and where a number is hidden."""
        if not self.of or self.count is None:
            return None
        return round(100 * self.count / self.of)


def part(count: int, of: int, below: int) -> Part:
    """A part of a whole: few people, or few left over, could be recognized; 1 hides nothing."""
    if _few(of, below):
        return Part(None, None)
    few = _few(count, below) or _few(of - count, below)
    return Part(of, None if few else count)


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
        "are hidden from whoever does not read the charts of all; zero is shown. So on the pages "
        "of screening reach, of how long flags wait, and of expected recovery.",
        "memory: the cell-size policy of CMS; configurable (STEPWELL_SMALL_CELLS_BELOW)",
        "tests/rules/test_screening_reach.py::test_small_counts_are_hidden",
        confirmed=False,
    ),
)
