"""See how long flags wait: to the first answer and to the end, per kind, in the last 90 days."""

from dataclasses import dataclass
from datetime import timedelta

from app.domain.access import Permission
from app.domain.flag import FLAG_POLICY, FlagKind
from app.domain.flag_times import WINDOW_DAYS, FlagTimes, beats_benchmark
from app.domain.small_cells import Part, part
from app.store import audit, flag_times
from app.store.transaction import Store
from app.use_cases.view_screening_reach import smallest_shown


@dataclass(frozen=True, slots=True)
class TimesRow:
    """One kind, measured."""

    title: str
    level: int
    times: FlagTimes
    resolved: Part
    in_time: Part
    open_now: int | None
    """None: too few to show."""


@dataclass(frozen=True, slots=True)
class TimesBoard:
    """All kinds that opened, the most urgent first; no patient is in it."""

    rows: list[TimesRow]
    safety_beats: bool | None
    hides_below: int
    """Counts of fewer are hidden; 1 hides nothing."""


async def view_flag_times(store: Store, small_cells_below: int) -> TimesBoard:
    """Counts and times alone. Times are shown of few flags too: how long a flag waited tells of
    nobody, and whoever leads answers for each one."""
    store.actor.require(Permission.VIEW_FLAG_TIMES)
    measured = await flag_times.measure(store, store.now - timedelta(days=WINDOW_DAYS))
    measured.sort(key=lambda one: (FLAG_POLICY[FlagKind(one.kind)].rank, one.kind))
    await audit.record(store, "flag-times.view")
    below = smallest_shown(store, small_cells_below)
    rows = [_row(one, below) for one in measured]
    safety = next((one for one in measured if one.kind == FlagKind.SAFETY), None)
    return TimesBoard(rows, beats_benchmark(safety) if safety else None, below)


def _row(one: FlagTimes, below: int) -> TimesRow:
    policy = FLAG_POLICY[FlagKind(one.kind)]
    waiting = part(one.open_now, one.opened, below)
    return TimesRow(
        policy.title,
        policy.level,
        one,
        resolved=part(one.resolved, one.opened, below),
        in_time=part(one.in_time, one.due, below),
        open_now=waiting.count,
    )
