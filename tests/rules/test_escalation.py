"""Who is told of a flag that nobody answers: the ladder, rung by rung."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from app.domain.duty_roster import (
    Absence,
    DutyRoster,
    Person,
    RosterNotFit,
    Shift,
    check_absence,
    gaps,
    intake_person,
    plan_shifts,
)
from app.domain.escalation import Move, PastStep, WaitingFlag, escalate
from app.domain.flag import FlagKind
from app.domain.handling import DEFAULTS, Rung
from app.domain.opening_hours import OpeningHours

SAFE, STUCK = DEFAULTS[FlagKind.SAFETY], DEFAULTS[FlagKind.NOT_RESPONDING]
HOURS = OpeningHours("America/New_York")
NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
"""Monday, 12:00 in New York: open."""
NIGHT = datetime(2026, 3, 3, 3, 30, tzinfo=UTC)
"""Monday, 22:30 in New York: closed."""
PEOPLE = {
    who: Person(who, f"{who.title()} X", f"{who}@clinic.example")
    for who in ("maya", "ben", "lind", "shah", "dana", "cleo")
}
LINE = Person("", "Safety line", "line@clinic.example")


def roster(**changes: Any) -> DutyRoster:
    """Maya owns, Ben covers, Cleo is on call around the clock, Lind consults, Dana directs."""
    base = DutyRoster(
        people=PEOPLE,
        time_zone="America/New_York",
        shifts=[Shift("cleo", NOON - timedelta(days=9), NOON + timedelta(days=9))],
        consultants=["lind", "shah"],
        directors=["dana"],
        care_managers=["maya", "ben"],
        safety_contacts={"": LINE},
    )
    return replace(base, **changes)


def away(who: str, cover: str | None = None) -> Absence:
    return Absence(who, cover, date(2026, 3, 1), date(2026, 3, 8))


def without(who: str, **changes: Any) -> dict[str, Person]:
    return PEOPLE | {who: replace(PEOPLE[who], **changes)}


def climb(
    here: DutyRoster, now: datetime, steps: int, *, flag: WaitingFlag | None = None
) -> list[str]:
    """Whom the ladder tells, one word per step; nobody answers."""
    flag = flag or WaitingFlag(SAFE, "maya", "lind", "riverside")
    told = []
    for _ in range(steps):
        move = escalate(flag, here, HOURS, now)
        told.append(
            "+".join(s.person.person_id or "line" for s in move.steps if s.told and s.person)
        )
        past = [
            PastStep(s.rung, s.person.person_id if s.person else "", s.told) for s in move.steps
        ]
        flag = replace(flag, steps=past if move.anew else [*flag.steps, *past])
        now = move.next_at
    return told


@pytest.mark.parametrize(
    ("here", "now", "told"),
    [
        # by day: the owner, who is on call, the consultant, the director, the last resort, anew
        (roster(), NOON, ["maya", "cleo", "lind", "dana", "line", "maya"]),
        # at night whoever is on call comes first, then the owner at home
        (roster(), NIGHT, ["cleo", "maya", "lind", "dana", "line", "cleo"]),
        # the owner is away: their cover is told at once
        (roster(absences=[away("maya", "ben")]), NOON, ["ben", "cleo", "lind"]),
        # away without a cover: straight to who is on call
        (roster(absences=[away("maya")]), NOON, ["cleo", "lind"]),
        # the cover is away too: the cover's cover
        (roster(absences=[away("maya", "ben"), away("ben", "shah")]), NOON, ["shah", "cleo"]),
        # two who cover each other and both are away: never a circle
        (roster(absences=[away("maya", "ben"), away("ben", "maya")]), NOON, ["cleo", "lind"]),
        # nobody is on call at night: the owner
        (roster(shifts=[]), NIGHT, ["maya", "lind", "dana", "line"]),
        # who is on call is away in spite of the roster: whoever stands in
        (roster(absences=[away("cleo", "ben")]), NIGHT, ["ben", "maya"]),
        # the owner has left, or has no address: the next at once
        (roster(people=without("maya", active=False)), NOON, ["cleo", "lind"]),
        (roster(people=without("maya", email=None)), NOON, ["cleo", "lind"]),
        # the consultant of the episode is away without a cover: the director
        (roster(absences=[away("lind")]), NOON, ["maya", "cleo", "dana"]),
        # nobody is told twice as two people at once: Maya is on call herself
        (
            roster(shifts=[Shift("maya", NOON, NOON + timedelta(days=1))]),
            NOON,
            ["maya", "lind", "dana", "line", "maya"],
        ),
        # two on call: both are told, the later shift first
        (
            roster(
                shifts=[
                    Shift("ben", NOON - timedelta(hours=2), NOON + timedelta(days=1)),
                    Shift("cleo", NOON - timedelta(hours=1), NOON + timedelta(days=1)),
                ]
            ),
            NOON,
            ["maya", "cleo+ben", "lind"],
        ),
        # no last resort is set: the others are asked again
        (roster(safety_contacts={}), NOON, ["maya", "cleo", "lind", "dana", "maya"]),
        # the clinic's own contact before the organization's
        (
            roster(safety_contacts={"riverside": replace(PEOPLE["shah"]), "": LINE}),
            NOON,
            ["maya", "cleo", "lind", "dana", "shah"],
        ),
    ],
)
def test_ladder(here: DutyRoster, now: datetime, told: list[str]) -> None:
    assert climb(here, now, len(told)) == told


def test_who_is_passed_over_is_named_with_the_reason() -> None:
    here = roster(people=without("ben", email=None), absences=[away("maya", "ben")], shifts=[])
    move = escalate(WaitingFlag(SAFE, "maya", "lind", None), here, HOURS, NOON)
    assert [(s.rung, s.told, s.why) for s in move.steps] == [
        (Rung.OWNER, False, "Maya X is away until 2026-03-08"),
        (Rung.COVER, False, "Ben X has no e-mail address"),
        (Rung.ON_CALL, False, "nobody is on call now"),
        (Rung.CONSULTANT, True, "Lind X is the psychiatric consultant"),
    ]


@pytest.mark.parametrize(
    ("asks", "minutes"),
    [
        (WaitingFlag(SAFE, "maya", "lind", None), 30),  # the first has the time to acknowledge
        (WaitingFlag(replace(SAFE, acknowledge_minutes=10), "maya", "lind", None), 10),
        (  # every further one has the time of a step
            WaitingFlag(
                replace(SAFE, acknowledge_minutes=10),
                "maya",
                "lind",
                None,
                [PastStep(Rung.OWNER, "maya", True)],
            ),
            30,
        ),
    ],
)
def test_how_long_each_has(asks: WaitingFlag, minutes: int) -> None:
    move = escalate(asks, roster(), HOURS, NOON)
    assert move.next_at - NOON == timedelta(minutes=minutes)


def test_other_kinds_wait_for_opening() -> None:
    flag = WaitingFlag(STUCK, "maya", "lind", None)
    move = escalate(flag, roster(), HOURS, NIGHT)
    opens = datetime(2026, 3, 3, 13, tzinfo=UTC)
    assert (move.steps, move.next_at) == ((), opens)
    move = escalate(flag, roster(), HOURS, opens)
    assert [s.person.name for s in move.steps if s.person] == ["Maya X"]
    friday = datetime(2026, 3, 6, 17, tzinfo=UTC)
    move = escalate(flag, roster(), HOURS, friday)
    # two days later is Sunday, after the clock went forward: Monday 8:00 is 12:00 UTC
    assert move.next_at == datetime(2026, 3, 9, 12, tzinfo=UTC)


def test_other_kinds_end_where_their_handling_says_and_begin_anew_after_a_week() -> None:
    flag = WaitingFlag(STUCK, "maya", "lind", None)
    assert climb(roster(), NOON, 4, flag=flag) == ["maya", "cleo", "lind", "maya"]
    last = replace(
        flag,
        steps=[PastStep(Rung.OWNER, "maya", True), PastStep(Rung.ON_CALL, "cleo", True)],
    )
    assert escalate(last, roster(), HOURS, NOON).next_at == NOON + timedelta(days=7)


def test_a_step_falls_due_thirty_minutes_later_whatever_the_clock_does() -> None:
    """The night on which clocks go back: 1:45 comes twice, and half an hour is half an hour."""
    before = datetime(2026, 11, 1, 5, 45, tzinfo=UTC)
    move = escalate(WaitingFlag(SAFE, "maya", None, None), roster(), HOURS, before)
    assert move.next_at - before == timedelta(minutes=30)


def test_where_nobody_at_all_can_be_told_it_is_said_and_tried_again() -> None:
    nobody = DutyRoster(people={}, time_zone="UTC")
    move: Move = escalate(WaitingFlag(SAFE, None, None, None), nobody, HOURS, NOON)
    assert not any(step.told for step in move.steps)
    assert [step.why for step in move.steps] == [
        "nobody owns this flag",
        "nobody is on call now",
        "there is no psychiatric consultant",
        "there is no director",
        "no safety contact of last resort is set",
    ]
    assert move.next_at == NOON + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("here", "owner"),
    [
        (roster(intake_id="ben"), "ben"),  # who was named
        (roster(intake_id="ben", absences=[away("ben", "shah")]), "shah"),  # their cover
        (roster(intake_id="ben", absences=[away("ben")]), "ben"),  # nobody else was named
        (roster(intake_id="ben", people=without("ben", active=False)), "cleo"),
        (roster(), "cleo"),  # nobody was named: who is on call
        (roster(shifts=[]), "maya"),  # nobody is on call: a care manager
        (roster(shifts=[], care_managers=[]), "lind"),
        (DutyRoster(people={}, time_zone="UTC"), None),
    ],
)
def test_what_nobody_owns_has_an_owner(here: DutyRoster, owner: str | None) -> None:
    assert intake_person(here, NOON) == owner


def test_gaps_are_the_closed_hours_that_nobody_covers() -> None:
    monday = datetime(2026, 3, 2, 5, tzinfo=UTC)  # midnight in New York
    night = plan_shifts(
        "cleo",
        (date(2026, 3, 2), date(2026, 3, 2)),
        range(7),
        (time(17), time(8)),
        "America/New_York",
    )
    assert [(s.starts_at.hour, s.ends_at.hour) for s in night] == [(22, 13)]
    found = gaps(roster(shifts=night), HOURS, monday, monday + timedelta(days=2))
    assert [(a.hour, b.hour) for a, b in found] == [(5, 13), (22, 5)]  # before and after her night
    assert gaps(roster(), HOURS, monday, monday + timedelta(days=2)) == []
    nameless = roster(shifts=night, people=without("cleo", email=None))
    assert len(gaps(nameless, HOURS, monday, monday + timedelta(days=2))) == 3, "she cannot be told"


def test_a_night_is_an_hour_shorter_when_the_clock_goes_forward() -> None:
    (night,) = plan_shifts(
        "cleo",
        (date(2026, 3, 7), date(2026, 3, 7)),
        [5],
        (time(20), time(8)),
        "America/New_York",
    )
    assert night.ends_at - night.starts_at == timedelta(hours=11)


@pytest.mark.parametrize(
    ("first", "last", "weekdays"),
    [
        (date(2026, 3, 2), date(2026, 3, 1), [0]),
        (date(2026, 3, 2), date(2027, 3, 10), [0]),  # more than a year
        (date(2026, 3, 2), date(2026, 3, 3), [5]),  # no Saturday among them
        (date(2026, 3, 2), date(2026, 12, 31), range(7)),  # 305 shifts
    ],
)
def test_plans_that_cannot_be(first: date, last: date, weekdays: Any) -> None:
    with pytest.raises(RosterNotFit):
        plan_shifts("cleo", (first, last), weekdays, (time(17), time(8)), "UTC")


@pytest.mark.parametrize(
    "absence",
    [
        Absence("nobody", None, date(2026, 3, 1), date(2026, 3, 2)),
        Absence("maya", "nobody", date(2026, 3, 1), date(2026, 3, 2)),
        Absence("maya", "maya", date(2026, 3, 1), date(2026, 3, 2)),
        Absence("maya", "ben", date(2026, 3, 2), date(2026, 3, 1)),
        Absence("maya", "gone", date(2026, 3, 1), date(2026, 3, 2)),
    ],
)
def test_absences_that_cannot_be(absence: Absence) -> None:
    people = PEOPLE | {"gone": Person("gone", "Gone", "g@x.example", active=False)}
    with pytest.raises(RosterNotFit):
        check_absence(absence, people)
