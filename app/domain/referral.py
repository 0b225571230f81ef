"""A referral from "needed" to "closed": its states, its moves, when to look again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from app.domain.flag import Finding, FlagKind
from app.domain.rule import Rule
from app.domain.words import day_words
from app.errors import Conflict, Problem, Unprocessable


class ReferralClosed(Conflict):
    """This referral is closed; open another one where the patient needs it."""

    code = "referral-closed"


class ReferralState(StrEnum):
    """Where a referral stands."""

    NEEDED = "needed"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_CAPACITY = "no-capacity"
    SCHEDULED = "scheduled"
    SEEN = "seen"
    REPORT_RECEIVED = "report-received"
    PATIENT_DECLINED = "patient-declined"
    CANNOT_REACH = "cannot-reach"
    CLOSED = "closed"


_S = ReferralState


@dataclass(frozen=True, slots=True)
class StateWords:
    """How a state reads, and what comes next."""

    title: str
    next: str
    days: int
    """By when something should have moved, unless the organization says otherwise (ours)."""


STATES: Mapping[ReferralState, StateWords] = MappingProxyType(
    {
        _S.NEEDED: StateWords("Needed", "choose where to and send it", 3),
        _S.SENT: StateWords("Sent", "ask whether they take the patient", 14),
        _S.ACCEPTED: StateWords("Accepted", "get an appointment", 14),
        _S.DECLINED: StateWords("Declined by them", "find another place", 3),
        _S.NO_CAPACITY: StateWords("No capacity there", "find another place, or ask again", 7),
        _S.SCHEDULED: StateWords("Appointment set", "ask whether the patient was seen", 3),
        _S.SEEN: StateWords("Seen", "ask for their report", 30),
        _S.REPORT_RECEIVED: StateWords("Report received", "read it, act on it and close", 7),
        _S.PATIENT_DECLINED: StateWords("Patient declined", "talk again, or close with why", 14),
        _S.CANNOT_REACH: StateWords("Patient not reached", "try another way to reach them", 7),
        _S.CLOSED: StateWords("Closed", "nothing", 0),
    }
)
DEFAULT_DAYS: Mapping[str, int] = MappingProxyType(
    {state.value: words.days for state, words in STATES.items() if state is not _S.CLOSED}
)
LONGEST_DAYS = 365
"""A referral that nobody need look at for longer is not followed (ours)."""

MOVES: Mapping[ReferralState, frozenset[ReferralState]] = MappingProxyType(
    {
        _S.NEEDED: frozenset({_S.SENT, _S.PATIENT_DECLINED, _S.CANNOT_REACH}),
        _S.SENT: frozenset(
            {
                _S.ACCEPTED,
                _S.DECLINED,
                _S.NO_CAPACITY,
                _S.SCHEDULED,
                _S.PATIENT_DECLINED,
                _S.CANNOT_REACH,
            }
        ),
        _S.ACCEPTED: frozenset(
            {_S.SCHEDULED, _S.SEEN, _S.NO_CAPACITY, _S.PATIENT_DECLINED, _S.CANNOT_REACH}
        ),
        _S.DECLINED: frozenset({_S.NEEDED, _S.SENT}),
        _S.NO_CAPACITY: frozenset({_S.NEEDED, _S.SENT, _S.ACCEPTED}),
        _S.SCHEDULED: frozenset({_S.SEEN, _S.PATIENT_DECLINED, _S.CANNOT_REACH, _S.NO_CAPACITY}),
        _S.SEEN: frozenset({_S.REPORT_RECEIVED, _S.SCHEDULED}),
        _S.REPORT_RECEIVED: frozenset({_S.SCHEDULED}),
        _S.PATIENT_DECLINED: frozenset({_S.NEEDED, _S.SENT, _S.SCHEDULED}),
        _S.CANNOT_REACH: frozenset({_S.NEEDED, _S.SENT, _S.ACCEPTED, _S.SCHEDULED}),
        _S.CLOSED: frozenset(),
    }
)
"""From which state to which. Any open one may besides be closed with a reason, or stay as it is
with a note and a new day to look again; an appointment may be set anew."""
NEEDS_WORDS = frozenset(
    {_S.DECLINED, _S.NO_CAPACITY, _S.PATIENT_DECLINED, _S.CANNOT_REACH, _S.CLOSED}
)
SEEN_STATES = frozenset({_S.SEEN, _S.REPORT_RECEIVED})


def moves_from(state: ReferralState) -> list[ReferralState]:
    """What may be told of a referral next: its moves, waiting on, closing; in order."""
    if state is _S.CLOSED:
        return []
    return [one for one in _S if one in MOVES[state] or one in (state, _S.CLOSED)]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a referral stands before a move."""

    state: ReferralState
    since: date
    to_whom: str


@dataclass(frozen=True, slots=True)
class Move:
    """What somebody tells of a referral."""

    state: ReferralState
    on: date
    words: str = ""
    to_whom: str = ""
    appointment_on: date | None = None
    look_again_on: date | None = None


def due_after(move: Move, days: Mapping[str, int]) -> date | None:
    """The day by which something should have moved after this; None once it is closed."""
    if move.state is _S.CLOSED:
        return None
    if move.look_again_on:
        return move.look_again_on
    begins = move.appointment_on if move.state is _S.SCHEDULED else move.on
    assert begins is not None
    return begins + timedelta(days.get(move.state.value, STATES[move.state].days))


def check_move(standing: Standing, move: Move, today: date) -> None:
    """Raises ReferralClosed, or Unprocessable with everything that keeps the move from being."""
    if standing.state is _S.CLOSED:
        raise ReferralClosed()
    problems = [
        *_not_a_move(standing, move),
        *_lacking(standing, move),
        *_days(standing, move, today),
    ]
    if problems:
        raise Unprocessable("The referral was not changed.", problems)


def _not_a_move(standing: Standing, move: Move) -> list[Problem]:
    if move.state in moves_from(standing.state):
        return []
    said = f'cannot follow on "{STATES[standing.state].title.lower()}"'
    return [Problem("state", said)]


def _lacking(standing: Standing, move: Move) -> list[Problem]:
    problems = []
    waits = move.state is standing.state
    read = standing.state is _S.REPORT_RECEIVED and move.state is _S.CLOSED
    if not move.words.strip() and not read and (waits or move.state in NEEDS_WORDS):
        problems.append(Problem("words", "say why"))
    if move.state is _S.SENT and not (move.to_whom.strip() or standing.to_whom):
        problems.append(Problem("to_whom", "say where it was sent"))
    if move.state is _S.SCHEDULED and move.appointment_on is None:
        problems.append(Problem("appointment_on", "give the day of the appointment"))
    if waits and move.state is not _S.SCHEDULED and move.look_again_on is None:
        problems.append(Problem("look_again_on", "say when somebody looks again"))
    return problems


def _days(standing: Standing, move: Move, today: date) -> list[Problem]:
    problems = []
    if move.on > today:
        problems.append(Problem("on", "lies in the future"))
    if move.on < standing.since:
        problems.append(Problem("on", f"lies before {day_words(standing.since)}, the last move"))
    if move.appointment_on and move.appointment_on < move.on:
        problems.append(Problem("appointment_on", "lies before the day it was set"))
    latest = today + timedelta(LONGEST_DAYS)
    if move.look_again_on and not today < move.look_again_on <= latest:
        problems.append(Problem("look_again_on", "give a day from tomorrow to a year from now"))
    return problems


@dataclass(frozen=True, slots=True)
class OpenReferral:
    """An open referral as an evaluation looks at it."""

    last_event_id: str
    what: str
    to_whom: str
    state: ReferralState
    since: date
    due_on: date | None


def overdue_referrals(referrals: Iterable[OpenReferral], today: date) -> list[Finding]:
    """A finding for each referral in which nothing moved by its day.

    It is about the last move: the next one closes it, and is asked about anew.
    """
    return [
        Finding(
            FlagKind.REFERRAL_OVERDUE, _words(one, one.due_on), _evidence(one), one.last_event_id
        )
        for one in referrals
        if one.due_on and today > one.due_on
    ]


def _words(one: OpenReferral, due_on: date) -> str:
    where = f" ({one.to_whom})" if one.to_whom else ""
    state = STATES[one.state]
    return (
        f"Referral to {one.what}{where}: {state.title.lower()} since {day_words(one.since)}, "
        f"nothing moved by {day_words(due_on)}. Next: {state.next}."
    )


def _evidence(one: OpenReferral) -> dict[str, str | int]:
    assert one.due_on
    return {
        "state": one.state.value,
        "since": one.since.isoformat(),
        "due_on": one.due_on.isoformat(),
    }


RULES = (
    Rule(
        "referral-overdue",
        "Referrals",
        "A referral asks for a person where nothing moved in time. Days by state: "
        + "; ".join(
            f"{words.title.lower()} {words.days}"
            + (" after the appointment" if state is _S.SCHEDULED else "")
            for state, words in STATES.items()
            if state is not _S.CLOSED
        )
        + ".",
        "ours: configurable by the director",
        "tests/rules/test_referral.py::test_when_somebody_must_look_again",
        confirmed=False,
    ),
    Rule(
        "referral-loop",
        "Referrals",
        "A referral is followed until a person closes it; declined, without capacity, or a patient "
        "not reached is no end. It outlives the episode, and every move keeps its day, its words "
        "and who told it.",
        "ours",
        "tests/rules/test_referral.py::test_what_may_follow",
        confirmed=False,
    ),
)
