"""Each step of the ladder: whom it is about, whether they were told, why; and the second round."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.duty_roster import DutyRoster, Person
from app.domain.escalation import PastStep, Step, WaitingFlag, escalate
from app.domain.handling import Rung
from tests.rules.test_escalation import (
    HOURS,
    NIGHT,
    NOON,
    PEOPLE,
    SAFE,
    STUCK,
    away,
    climb,
    roster,
    without,
)

SILENT = replace(PEOPLE["shah"], email=None)
FLAG = WaitingFlag(SAFE, "maya", "lind", "riverside")
AWAY = "is away until 2026-03-08"


def steps(here: DutyRoster, flag: WaitingFlag = FLAG) -> list[Step]:
    return list(escalate(flag, here, HOURS, NOON).steps)


@pytest.mark.parametrize(
    ("here", "now", "told"),
    [
        # the second round is as whole as the first: nobody is told again and again
        (roster(), NOON, ["maya", "cleo", "lind", "dana", "line", "maya", "cleo", "lind"]),
        (roster(), NIGHT, ["cleo", "maya", "lind", "dana", "line", "cleo", "maya"]),
    ],
)
def test_the_second_round_of_the_ladder(here: DutyRoster, now: object, told: list[str]) -> None:
    assert climb(here, now, len(told)) == told  # type: ignore[arg-type]


def test_a_round_that_begins_anew_says_so_and_when_the_next_step_falls_due() -> None:
    order = ("maya", "cleo", "lind", "dana", "line")
    rungs = (Rung.OWNER, Rung.ON_CALL, Rung.CONSULTANT, Rung.DIRECTOR, Rung.SAFETY_CONTACT)
    past = [PastStep(rung, who, True) for rung, who in zip(rungs, order, strict=True)]
    move = escalate(replace(FLAG, steps=past), roster(), HOURS, NOON)
    assert move.anew is True
    assert [step.rung for step in move.steps if step.told] == [Rung.OWNER]
    assert move.next_at == NOON + timedelta(minutes=SAFE.acknowledge_minutes)
    assert escalate(FLAG, roster(), HOURS, NOON).anew is False


def test_where_nobody_can_be_told_the_next_try_is_a_whole_new_round() -> None:
    nobody = DutyRoster(people={}, time_zone="UTC")
    move = escalate(WaitingFlag(SAFE, None, None, None), nobody, HOURS, NOON)
    assert move.anew is True
    # of another kind: after seven days, once the clinic is open
    move = escalate(WaitingFlag(STUCK, None, None, None), nobody, HOURS, NOON)
    assert (move.anew, move.next_at) == (True, NOON + timedelta(days=7))


def test_a_flag_that_nobody_owns_goes_on_to_who_is_on_call() -> None:
    assert steps(roster(), replace(FLAG, owner_id=None))[:2] == [
        Step(Rung.OWNER, None, False, "nobody owns this flag"),
        Step(Rung.ON_CALL, PEOPLE["cleo"], True, "Cleo X is on call"),
    ]


def test_an_absent_owner_is_named_and_the_cover_told() -> None:
    assert steps(roster(absences=[away("maya", "ben")])) == [
        Step(Rung.OWNER, PEOPLE["maya"], False, f"Maya X {AWAY}"),
        Step(Rung.COVER, PEOPLE["ben"], True, "Ben X stands in for the owner"),
    ]


def test_an_absent_consultant_is_named_and_whoever_stands_in_is_told() -> None:
    here = roster(shifts=[], people=without("maya", active=False), absences=[away("lind", "shah")])
    assert [step for step in steps(here) if step.rung is Rung.CONSULTANT] == [
        Step(Rung.CONSULTANT, PEOPLE["lind"], False, f"Lind X {AWAY}"),
        Step(Rung.CONSULTANT, PEOPLE["shah"], True, "Shah X is the psychiatric consultant"),
    ]


def test_whoever_is_not_known_here_is_passed_over() -> None:
    """An owner of another place, or one whose account is gone."""
    stranger = replace(FLAG, owner_id="nobody-knows")
    assert steps(roster(), stranger)[0] == Step(
        Rung.OWNER, None, False, "this person is not known here"
    )


@pytest.mark.parametrize("contact", [None, SILENT])
def test_a_last_resort_that_cannot_be_told_is_said(contact: Person | None) -> None:
    here = DutyRoster(
        people={}, time_zone="UTC", safety_contacts={} if contact is None else {"": contact}
    )
    assert steps(here, WaitingFlag(SAFE, None, None, None))[-1] == Step(
        Rung.SAFETY_CONTACT, contact, False, "no safety contact of last resort is set"
    )


def test_the_last_resort_is_told_in_words() -> None:
    line = Person("", "Safety line", "line@clinic.example")
    here = DutyRoster(people={}, time_zone="UTC", safety_contacts={"": line})
    assert steps(here, WaitingFlag(SAFE, None, None, None))[-1] == Step(
        Rung.SAFETY_CONTACT,
        line,
        True,
        "Safety line is the clinic's safety contact of last resort",
    )
