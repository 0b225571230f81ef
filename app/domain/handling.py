"""How an organization handles each kind of flag: within what time, and who is told when nobody is.

Data with limits: a director may change it, not beyond what is safe.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from app.domain.flag import FLAG_POLICY, FlagKind
from app.domain.rule import Rule
from app.errors import Problem, Unprocessable


class Rung(StrEnum):
    """A step of the ladder by which a flag reaches a person."""

    OWNER = "owner"
    COVER = "cover"
    """Who stands in for an absent owner."""
    ON_CALL = "on-call"
    CONSULTANT = "consultant"
    DIRECTOR = "director"
    SAFETY_CONTACT = "safety-contact"
    """The clinic's contact of last resort."""


LADDER = tuple(Rung)
"""In opening hours; outside them whoever is on call comes first."""
HOUR, DAY = 60, 24 * 60


class Unfit(Unprocessable):
    """A flag cannot be handled like that."""

    code = "handling-not-fit"


@dataclass(frozen=True, slots=True)
class Handling:
    """How one kind of flag is handled; times in minutes, but for the due day."""

    due_in_days: int
    """0: an outcome is due the same day."""
    acknowledge_minutes: int
    """How long the first person has to say "I have it"."""
    step_minutes: int
    """How long each next person has."""
    told_at_once: bool
    """Whether the owner gets a message when it opens; else only when nobody acknowledged."""
    at_any_hour: bool
    """Whether people are told outside opening hours; else it waits until the clinic opens."""
    ends_with: Rung
    """The last rung that is told."""

    @property
    def rungs(self) -> tuple[Rung, ...]:
        return LADDER[: LADDER.index(self.ends_with) + 1]

    @property
    def again_minutes(self) -> int:
        """How long after the last rung the ladder begins anew (ours)."""
        return self.step_minutes if self.at_any_hour else 7 * DAY


Handlings = Mapping[FlagKind, Handling]

_TIMES = {
    FlagKind.SAFETY: (30, 30),
    FlagKind.ITEM_9_UNKNOWN: (4 * HOUR, 4 * HOUR),
    FlagKind.SCORE_MISMATCH: (3 * DAY, DAY),
    FlagKind.WORSENING: (DAY, DAY),
    FlagKind.RELAPSE_RISK: (DAY, DAY),
    FlagKind.NEW_POSITIVE_SCREEN: (2 * DAY, DAY),
}
"""(first, each further) minutes; ours. Other kinds have until they are due."""
_AT_ONCE = {FlagKind.SAFETY, FlagKind.ITEM_9_UNKNOWN}
_CLINICAL = {FlagKind.NOT_RESPONDING, FlagKind.WORSENING, FlagKind.RELAPSE_RISK}


def default_handling(kind: FlagKind) -> Handling:
    """How a kind is handled where nobody chose otherwise."""
    due = FLAG_POLICY[kind].due_in_days
    first, further = _TIMES.get(kind, (max(due, 1) * DAY, 2 * DAY))
    safety = kind is FlagKind.SAFETY
    last = Rung.CONSULTANT if kind in _CLINICAL else Rung.DIRECTOR
    return Handling(
        due, first, further, kind in _AT_ONCE, safety, Rung.SAFETY_CONTACT if safety else last
    )


DEFAULTS: Handlings = MappingProxyType({kind: default_handling(kind) for kind in FlagKind})


@dataclass(frozen=True, slots=True)
class Limits:
    """What an organization may choose between; times in minutes, both ends included."""

    due_in_days: tuple[int, int] = (0, 60)
    minutes: tuple[int, int] = (15, 30 * DAY)


SAFETY_LIMITS = Limits(due_in_days=(0, 0), minutes=(5, 60))
"""Same day (RULES: a person answers the same day); an hour at most per person (ours)."""


def limits(kind: FlagKind) -> Limits:
    return SAFETY_LIMITS if kind is FlagKind.SAFETY else Limits()


def check_handling(kind: FlagKind, wanted: Handling) -> Handling:
    """The wanted handling; raises Unfit with every limit that it breaks."""
    bounds, title = limits(kind), FLAG_POLICY[kind].title
    problems = []
    low, high = bounds.due_in_days
    if not low <= wanted.due_in_days <= high:
        allowed = f"{low} to {high} days" if high else "the same day"
        problems.append(Problem(f"{title}: due", allowed))
    low, high = bounds.minutes
    for name, minutes in (
        ("acknowledge within", wanted.acknowledge_minutes),
        ("each next person", wanted.step_minutes),
    ):
        if not low <= minutes <= high:
            problems.append(Problem(f"{title}: {name}", f"{span_words(low)} to {span_words(high)}"))
    if kind is FlagKind.SAFETY and not _as_safety_must(wanted):
        problems.append(Problem(title, "is told at once, at any hour, to the safety contact last"))
    if problems:
        raise Unfit("Nothing was changed: some times are outside their limits.", problems)
    return wanted


def _as_safety_must(wanted: Handling) -> bool:
    return wanted.told_at_once and wanted.at_any_hour and wanted.ends_with is Rung.SAFETY_CONTACT


def first_step_at(handling: Handling, opened_at: datetime) -> datetime:
    """When a flag that opens first asks to be told; the hours of the clinic come later."""
    if handling.told_at_once:
        return opened_at
    return opened_at + timedelta(minutes=handling.acknowledge_minutes)


def asks_again_at(due_at: datetime, acknowledged_at: datetime) -> datetime:
    """When a flag that somebody has, and nobody closed, asks again: due, and 12 hours at least.

    A flag that was taken on and forgotten is the hole in every loop (ours).
    """
    return max(due_at, acknowledged_at + timedelta(hours=12))


_SPAN = re.compile(r"\s*(\d{1,6})\s*(min|m|h|d)\w*\s*", re.IGNORECASE)
_UNITS = {"min": 1, "m": 1, "h": HOUR, "d": DAY}


def read_span(text: str) -> int:
    """Minutes of ``30 min``, ``4 h`` or ``7 d``. Raises Unfit for anything else."""
    found = _SPAN.fullmatch(text)
    if not found:
        raise Unfit("A time could not be read: write it as 30 min, 4 h or 7 d.")
    return int(found[1]) * _UNITS[found[2].lower()]


def span_words(minutes: int) -> str:
    """``30 min``, ``4 h``, ``7 d``: the largest unit that fits."""
    for unit, size in (("d", DAY), ("h", HOUR)):
        if minutes and minutes % size == 0:
            return f"{minutes // size} {unit}"
    return f"{minutes} min"


def as_data(handlings: Handlings) -> dict[str, dict[str, int | bool | str]]:
    """The handlings as they are stored."""
    return {
        kind.value: {
            "due_in_days": one.due_in_days,
            "acknowledge_minutes": one.acknowledge_minutes,
            "step_minutes": one.step_minutes,
            "told_at_once": one.told_at_once,
            "at_any_hour": one.at_any_hour,
            "ends_with": one.ends_with.value,
        }
        for kind, one in handlings.items()
    }


def from_data(stored: Mapping[str, Mapping[str, int | bool | str]]) -> Handlings:
    """What was stored, over the defaults: a kind that is newer than the choice has its default."""
    found = dict(DEFAULTS)
    for kind in FlagKind:
        if values := stored.get(kind.value):
            found[kind] = Handling(
                int(values["due_in_days"]),
                int(values["acknowledge_minutes"]),
                int(values["step_minutes"]),
                bool(values["told_at_once"]),
                bool(values["at_any_hour"]),
                Rung(str(values["ends_with"])),
            )
    return MappingProxyType(found)


def changed_kind(handlings: Handlings, kind: FlagKind, wanted: Handling) -> Handlings:
    """The handlings with another one for this kind, within its limits."""
    if kind is FlagKind.SAFETY:
        wanted = replace(wanted, told_at_once=True, at_any_hour=True, ends_with=Rung.SAFETY_CONTACT)
    return MappingProxyType({**handlings, kind: check_handling(kind, wanted)})


_SAFE = DEFAULTS[FlagKind.SAFETY]
RULES = (
    Rule(
        "flag-due",
        "Flags as closed loops",
        "Each kind of flag has a day by which an outcome is due: "
        + "; ".join(
            f"{FLAG_POLICY[kind].title} "
            + (f"{one.due_in_days} d" if one.due_in_days else "the same day")
            for kind, one in DEFAULTS.items()
        )
        + ".",
        "safety: the same day, as item 9's protocols ask; the others ours, configurable",
        "tests/rules/test_handling.py::test_defaults_are_within_their_limits",
        confirmed=False,
    ),
    Rule(
        "safety-acknowledge",
        "Flags as closed loops",
        f"A safety flag is told at once at any hour; who does not answer within "
        f"{_SAFE.acknowledge_minutes} min is followed by the next person, each with "
        f"{_SAFE.step_minutes} min, until the clinic's safety contact. An organization may choose "
        f"{SAFETY_LIMITS.minutes[0]} to {SAFETY_LIMITS.minutes[1]} min.",
        "ours, configurable",
        "tests/rules/test_handling.py::test_limits",
        confirmed=False,
    ),
)
