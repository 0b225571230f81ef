"""See how long flags wait: to the first answer and to the end, per kind, in the last 90 days."""

from dataclasses import dataclass
from datetime import timedelta

from app.domain.access import Permission
from app.domain.flag import FLAG_POLICY, FlagKind
from app.domain.flag_times import WINDOW_DAYS, FlagTimes, beats_benchmark
from app.store import audit, flag_times
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class TimesRow:
    """One kind, measured."""

    title: str
    level: int
    times: FlagTimes


@dataclass(frozen=True, slots=True)
class TimesBoard:
    """All kinds that opened, the most urgent first; no patient is in it."""

    rows: list[TimesRow]
    safety_beats: bool | None


async def view_flag_times(store: Store) -> TimesBoard:
    """Counts and times alone."""
    store.actor.require(Permission.VIEW_FLAG_TIMES)
    measured = await flag_times.measure(store, store.now - timedelta(days=WINDOW_DAYS))
    measured.sort(key=lambda one: (FLAG_POLICY[FlagKind(one.kind)].rank, one.kind))
    await audit.record(store, "flag-times.view")
    rows = [
        TimesRow(FLAG_POLICY[FlagKind(one.kind)].title, FLAG_POLICY[FlagKind(one.kind)].level, one)
        for one in measured
    ]
    safety = next((one for one in measured if one.kind == FlagKind.SAFETY), None)
    return TimesBoard(rows, beats_benchmark(safety) if safety else None)
