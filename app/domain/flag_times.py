"""How long flags wait: measured per kind, beside the published benchmark for safety."""

from dataclasses import dataclass

from app.domain.rule import Rule

BENCHMARK_RESOLVED_PERCENT = 76
BENCHMARK_MEDIAN_DAYS = 1.9
BENCHMARK_SLOWEST_DAYS = 50.8
WINDOW_DAYS = 90
"""How far back is looked (ours)."""


@dataclass(frozen=True, slots=True)
class FlagTimes:
    """What became of the flags of one kind that opened in the window; times in minutes.

    Those that the registry closed itself, since they were true no more, count as neither.
    """

    kind: str
    opened: int
    open_now: int
    answered: int
    """How many a person acknowledged or closed."""
    resolved: int
    """How many a person closed."""
    due: int
    """How many a person closed, or nobody did although they were due."""
    in_time: int
    """How many of those were closed by their due time."""
    median_answer_minutes: float | None
    median_resolve_minutes: float | None
    slowest_minutes: float | None
    """The longest until a person closed it, or until now where nobody has."""

    @property
    def resolved_percent(self) -> int | None:
        return round(100 * self.resolved / self.opened) if self.opened else None

    @property
    def in_time_percent(self) -> int | None:
        return round(100 * self.in_time / self.due) if self.due else None


def duration_words(minutes: float | None) -> str:
    """``12 min``, ``5 h``, ``1.9 days``; ``—`` where nothing was measured."""
    if minutes is None:
        return "—"
    if minutes < 90:
        return f"{round(minutes)} min"
    if minutes < 36 * 60:
        return f"{round(minutes / 60)} h"
    return f"{minutes / 1440:.1f} days"


def beats_benchmark(times: FlagTimes) -> bool | None:
    """Whether all three numbers are as good as the published ones; None without any flag."""
    if not times.opened or times.resolved_percent is None:
        return None
    median, slowest = times.median_resolve_minutes, times.slowest_minutes
    return (
        times.resolved_percent >= BENCHMARK_RESOLVED_PERCENT
        and median is not None
        and median <= BENCHMARK_MEDIAN_DAYS * 1440
        and slowest is not None
        and slowest <= BENCHMARK_SLOWEST_DAYS * 1440
    )


RULES = (
    Rule(
        "safety-benchmark",
        "Flags as closed loops",
        f"Safety flags are measured against {BENCHMARK_RESOLVED_PERCENT} % resolved, a median of "
        f"{BENCHMARK_MEDIAN_DAYS} days and {BENCHMARK_SLOWEST_DAYS} days for the slowest.",
        "JMIR 2024, e60879",
        "tests/rules/test_flag_times.py::test_benchmark",
    ),
)
