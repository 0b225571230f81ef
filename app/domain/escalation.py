"""Who must be told of a flag now, and when the next step falls due.

A pure decision over the flag, its handling, the roster, the clinic's hours and the
moment. Nobody who cannot be reached is ever the end: the ladder goes on and says why.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.domain.duty_roster import DutyRoster, Person
from app.domain.handling import LADDER, Handling, Rung
from app.domain.opening_hours import OpeningHours
from app.domain.rule import Rule

WORDS = {
    Rung.OWNER: "owns this flag",
    Rung.COVER: "stands in for the owner",
    Rung.ON_CALL: "is on call",
    Rung.CONSULTANT: "is the psychiatric consultant",
    Rung.DIRECTOR: "directs the program",
    Rung.SAFETY_CONTACT: "is the clinic's safety contact of last resort",
}
"""Why somebody is told."""


@dataclass(frozen=True, slots=True)
class PastStep:
    """A step of the ladder since the flag's owner was asked."""

    rung: Rung
    person_id: str
    told: bool


@dataclass(frozen=True, slots=True)
class WaitingFlag:
    """What the ladder looks at."""

    handling: Handling
    owner_id: str | None
    consultant_id: str | None
    clinic_id: str | None
    steps: Sequence[PastStep] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A person who is told, or passed over, and why."""

    rung: Rung
    person: Person | None
    told: bool
    why: str


@dataclass(frozen=True, slots=True)
class Move:
    """What is done now."""

    steps: tuple[Step, ...]
    next_at: datetime
    """When the next step falls due if nobody answers."""
    anew: bool = False
    """Whether the ladder began anew: earlier steps count no more."""


def escalate(flag: WaitingFlag, roster: DutyRoster, hours: OpeningHours, now: datetime) -> Move:
    """The next rung that reaches somebody, with everyone passed over on the way to it.

    Past the last rung the ladder begins anew: nothing that waits is ever given up.
    """
    handling = flag.handling
    is_open = hours.is_open(now)
    if not handling.at_any_hour and not is_open:
        return Move((), hours.next_opening(now))
    done = {step.rung for step in flag.steps}
    told = {step.person_id for step in flag.steps if step.told and step.person_id}
    order = _order(handling, is_open)
    steps: list[Step] = []
    for rung in order:
        if rung in done:
            continue
        found = [step for step in _on_rung(rung, flag, roster, now) if not _again(step, told)]
        steps += found
        if any(step.told for step in found):
            wait = _wait(flag, last=rung is order[-1])
            return Move(tuple(steps), _after(handling, hours, now, wait))
    if any(step.told for step in flag.steps):
        fresh = escalate(replace(flag, steps=()), roster, hours, now)
        return Move((*steps, *fresh.steps), fresh.next_at, anew=True)
    again = timedelta(minutes=handling.again_minutes)
    return Move(tuple(steps), _after(handling, hours, now, again), anew=True)


def _order(handling: Handling, is_open: bool) -> tuple[Rung, ...]:
    """Outside opening hours whoever is on call comes before the owner."""
    if is_open:
        return handling.rungs
    return tuple(sorted(handling.rungs, key=lambda r: (r is not Rung.ON_CALL, LADDER.index(r))))


def _wait(flag: WaitingFlag, *, last: bool) -> timedelta:
    """How long whoever is told now has."""
    handling = flag.handling
    if last:
        return timedelta(minutes=handling.again_minutes)
    first = handling.told_at_once and not any(step.told for step in flag.steps)
    return timedelta(minutes=handling.acknowledge_minutes if first else handling.step_minutes)


def _after(handling: Handling, hours: OpeningHours, now: datetime, wait: timedelta) -> datetime:
    return now + wait if handling.at_any_hour else hours.next_opening(now + wait)


def _again(step: Step, told: set[str]) -> bool:
    """Whether somebody would be told who was told already on an earlier rung."""
    return step.told and step.person is not None and step.person.person_id in told


def _on_rung(rung: Rung, flag: WaitingFlag, roster: DutyRoster, now: datetime) -> Iterator[Step]:
    if rung is Rung.SAFETY_CONTACT:
        yield _last_resort(flag, roster)
        return
    if rung is Rung.OWNER:
        yield from _owner(flag, roster, now)
        return
    candidates = _candidates(rung, flag, roster, now)
    if not candidates and rung is not Rung.COVER:
        yield Step(rung, None, False, _NOBODY[rung])
    for person_id in candidates:
        yield from _or_stand_in(rung, person_id, roster, now)


_NOBODY = {
    Rung.ON_CALL: "nobody is on call now",
    Rung.CONSULTANT: "there is no psychiatric consultant",
    Rung.DIRECTOR: "there is no director",
}


def _owner(flag: WaitingFlag, roster: DutyRoster, now: datetime) -> Iterator[Step]:
    if flag.owner_id is None:
        yield Step(Rung.OWNER, None, False, "nobody owns this flag")
        return
    absence = roster.absence_of(flag.owner_id, now)
    person = roster.people.get(flag.owner_id)
    if absence and person and not person.unreachable:
        why = f"{person.name} is away until {absence.until_on.isoformat()}"
        yield Step(Rung.OWNER, person, False, why)
        return
    yield _tell(Rung.OWNER, person)


def _candidates(rung: Rung, flag: WaitingFlag, roster: DutyRoster, now: datetime) -> Sequence[str]:
    if rung is Rung.COVER:
        return [*roster.stand_ins(flag.owner_id, now)][:1] if flag.owner_id else []
    if rung is Rung.ON_CALL:
        return roster.on_call(now)
    if rung is Rung.CONSULTANT:
        return [flag.consultant_id] if flag.consultant_id else roster.consultants
    return roster.directors


def _or_stand_in(rung: Rung, person_id: str, roster: DutyRoster, now: datetime) -> Iterator[Step]:
    """The person, or the first who stands in and can be told where they are away."""
    for one in (person_id, *roster.stand_ins(person_id, now)):
        person = roster.people.get(one)
        absence = roster.absence_of(one, now)
        if absence and person and not person.unreachable:
            yield Step(
                rung, person, False, f"{person.name} is away until {absence.until_on.isoformat()}"
            )
            continue
        step = _tell(rung, person)
        yield step
        if step.told:
            return


def _tell(rung: Rung, person: Person | None) -> Step:
    if person is None:
        return Step(rung, None, False, "this person is not known here")
    reason = person.unreachable
    return Step(rung, person, reason is None, reason or f"{person.name} {WORDS[rung]}")


def _last_resort(flag: WaitingFlag, roster: DutyRoster) -> Step:
    contact = roster.safety_contact(flag.clinic_id)
    if contact is None or contact.unreachable:
        return Step(Rung.SAFETY_CONTACT, contact, False, "no safety contact of last resort is set")
    return _tell(Rung.SAFETY_CONTACT, contact)


RULES = (
    Rule(
        "escalation-ladder",
        "Flags as closed loops",
        "A flag that nobody answers is told to its owner, to the owner's cover, to whoever is on "
        "call, to the psychiatric consultant, to the director and last to the clinic's safety "
        "contact, as far as its kind asks; outside opening hours whoever is on call comes first. "
        "Who is away, inactive or without an address is passed over with the reason.",
        "ours",
        "tests/rules/test_escalation.py::test_ladder",
        confirmed=False,
    ),
    Rule(
        "escalation-hours",
        "Flags as closed loops",
        "Safety is told at any hour; other kinds wait until the clinic opens, by its own clock. "
        "After its last rung the ladder begins anew: for safety after one more step, for other "
        "kinds after 7 days.",
        "ours",
        "tests/rules/test_escalation.py::test_other_kinds_wait_for_opening",
        confirmed=False,
    ),
)
