"""Referrals: what may follow on what, what a move must say, and when somebody must look again."""

from datetime import date, timedelta

import pytest

from app.domain.flag import FlagKind
from app.domain.referral import (
    DEFAULT_DAYS,
    STATES,
    Move,
    OpenReferral,
    ReferralClosed,
    ReferralState,
    Standing,
    check_move,
    due_after,
    moves_from,
    overdue_referrals,
)
from app.errors import Unprocessable

S = ReferralState
DAY = date(2026, 3, 2)
LATER = DAY + timedelta(10)
FULL = {"words": "She says why.", "to_whom": "Lakeside", "appointment_on": LATER}


def problems(before: ReferralState, move: Move, to_whom: str = "") -> list[str]:
    try:
        check_move(Standing(before, DAY, to_whom), move, LATER)
    except Unprocessable as refusal:
        return [problem.where for problem in refusal.problems]
    return []


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        (S.NEEDED, S.SENT, True),
        (S.NEEDED, S.SEEN, False),  # nobody is seen who was not sent
        (S.SENT, S.ACCEPTED, True),
        (S.SENT, S.SCHEDULED, True),  # some answer with an appointment at once
        (S.SENT, S.DECLINED, True),
        (S.DECLINED, S.NEEDED, True),  # declined is no end: look for another place
        (S.NO_CAPACITY, S.SENT, True),  # asked again, or elsewhere
        (S.ACCEPTED, S.SCHEDULED, True),
        (S.SCHEDULED, S.SEEN, True),
        (S.SCHEDULED, S.SCHEDULED, True),  # missed, and set anew
        (S.SCHEDULED, S.CANNOT_REACH, True),
        (S.CANNOT_REACH, S.SCHEDULED, True),  # found again
        (S.PATIENT_DECLINED, S.NEEDED, True),  # a change of mind
        (S.SEEN, S.REPORT_RECEIVED, True),
        (S.SEEN, S.NEEDED, False),  # what happened is not undone
        (S.REPORT_RECEIVED, S.CLOSED, True),
    ],
)
def test_what_may_follow(before: ReferralState, after: ReferralState, may: bool) -> None:
    said = problems(before, Move(after, DAY, **FULL, look_again_on=LATER + timedelta(5)))
    assert ("state" not in said) == may


@pytest.mark.parametrize("state", [s for s in S if s is not S.CLOSED])
def test_any_open_referral_may_wait_or_be_closed_with_a_reason(state: ReferralState) -> None:
    assert {state, S.CLOSED} <= set(moves_from(state))


def test_closed_is_the_only_end() -> None:
    assert [state for state in S if not moves_from(state)] == [S.CLOSED]
    with pytest.raises(ReferralClosed):
        check_move(Standing(S.CLOSED, DAY, ""), Move(S.SENT, DAY), LATER)


def test_every_state_reads_and_says_what_comes_next() -> None:
    assert set(STATES) == set(S)
    assert all(words.title and words.next for words in STATES.values())


@pytest.mark.parametrize(
    ("before", "move", "asked"),
    [
        # sent needs a place, once
        (S.NEEDED, Move(S.SENT, DAY), ["to_whom"]),
        (S.NEEDED, Move(S.SENT, DAY, to_whom="Lakeside"), []),
        # bad news needs words
        (S.SENT, Move(S.DECLINED, DAY), ["words"]),
        (S.SENT, Move(S.NO_CAPACITY, DAY, "Six months."), []),
        (S.SENT, Move(S.PATIENT_DECLINED, DAY, "  "), ["words"]),
        (S.SCHEDULED, Move(S.CANNOT_REACH, DAY), ["words"]),
        # an appointment is a day, and not one before it was made
        (S.ACCEPTED, Move(S.SCHEDULED, DAY), ["appointment_on"]),
        (S.ACCEPTED, Move(S.SCHEDULED, LATER, appointment_on=DAY), ["appointment_on"]),
        (S.ACCEPTED, Move(S.SCHEDULED, DAY, appointment_on=LATER), []),
        # good news needs none
        (S.SCHEDULED, Move(S.SEEN, DAY), []),
        # closing without a report needs words; after the report it does not
        (S.SEEN, Move(S.CLOSED, DAY), ["words"]),
        (S.REPORT_RECEIVED, Move(S.CLOSED, DAY), []),
        # waiting needs words and a day to look again, and not for ever
        (S.SENT, Move(S.SENT, DAY, to_whom="x"), ["words", "look_again_on"]),
        (S.SENT, Move(S.SENT, DAY, "Called.", "x", look_again_on=LATER + timedelta(7)), []),
        (S.SENT, Move(S.SENT, DAY, "Called.", "x", look_again_on=LATER), ["look_again_on"]),
        (S.SENT, Move(S.SENT, DAY, "x", "x", look_again_on=date(2036, 1, 1)), ["look_again_on"]),
        # days in order
        (S.SENT, Move(S.ACCEPTED, LATER + timedelta(1)), ["on"]),
        (S.SENT, Move(S.ACCEPTED, DAY - timedelta(1)), ["on"]),
    ],
)  # fmt: skip
def test_what_a_move_must_say(before: ReferralState, move: Move, asked: list[str]) -> None:
    assert problems(before, move) == asked


@pytest.mark.parametrize(
    ("move", "days"),
    [
        (Move(S.NEEDED, DAY), 3),
        (Move(S.SENT, DAY), 14),  # no answer for two weeks
        (Move(S.ACCEPTED, DAY), 14),
        (Move(S.SCHEDULED, DAY, appointment_on=DAY + timedelta(40)), 43),  # after the appointment
        (Move(S.SEEN, DAY), 30),  # no report for a month
        (Move(S.REPORT_RECEIVED, DAY), 7),
        (Move(S.DECLINED, DAY, "x"), 3),
        (Move(S.NO_CAPACITY, DAY, "x"), 7),
        (Move(S.PATIENT_DECLINED, DAY, "x"), 14),
        (Move(S.CANNOT_REACH, DAY, "x"), 7),
        (Move(S.SENT, DAY, "x", look_again_on=DAY + timedelta(60)), 60),  # a person said when
        (Move(S.CLOSED, DAY, "x"), None),
    ],
)
def test_when_somebody_must_look_again(move: Move, days: int | None) -> None:
    assert due_after(move, DEFAULT_DAYS) == (None if days is None else DAY + timedelta(days))


def test_an_organization_has_days_of_its_own() -> None:
    assert due_after(Move(S.SENT, DAY), {"sent": 5}) == DAY + timedelta(5)
    assert due_after(Move(S.SEEN, DAY), {"sent": 5}) == DAY + timedelta(30)


def open_referral(due_on: date | None) -> OpenReferral:
    return OpenReferral("event", "specialty mental health care", "Lakeside", S.SENT, DAY, due_on)


@pytest.mark.parametrize(
    ("days_late", "found"),
    [
        (0, False),  # its day is not over
        (1, True),
    ],
)
def test_nothing_moved_in_time(days_late: int, found: bool) -> None:
    findings = overdue_referrals([open_referral(LATER)], LATER + timedelta(days_late))
    assert bool(findings) is found
    if findings:
        assert findings[0].kind is FlagKind.REFERRAL_OVERDUE
        assert "sent since 2 Mar 2026, nothing moved by 12 Mar 2026" in findings[0].words
        assert "Next: ask whether they take the patient." in findings[0].words
        assert findings[0].subject == "event"


def test_a_referral_without_a_day_is_not_late() -> None:
    assert overdue_referrals([open_referral(None)], LATER) == []


@pytest.mark.parametrize(("to_whom", "where"), [("Lakeside", " (Lakeside)"), ("", "")])
def test_what_a_late_referral_says(to_whom: str, where: str) -> None:
    late = OpenReferral("event", "specialty mental health care", to_whom, S.SENT, DAY, LATER)
    (finding,) = overdue_referrals([late], LATER + timedelta(1))
    assert finding.words == (
        f"Referral to specialty mental health care{where}: sent since 2 Mar 2026, nothing moved by "
        "12 Mar 2026. Next: ask whether they take the patient."
    )
    assert finding.evidence == {"state": "sent", "since": "2026-03-02", "due_on": "2026-03-12"}


@pytest.mark.parametrize(
    ("before", "move", "where", "what"),
    [
        (S.NEEDED, Move(S.SEEN, DAY), "state", 'cannot follow on "needed"'),
        (S.SENT, Move(S.DECLINED, DAY), "words", "say why"),
        (S.NEEDED, Move(S.SENT, DAY), "to_whom", "say where it was sent"),
        (S.ACCEPTED, Move(S.SCHEDULED, DAY), "appointment_on", "give the day of the appointment"),
        (
            S.ACCEPTED, Move(S.SCHEDULED, LATER, appointment_on=DAY), "appointment_on",
            "lies before the day it was set",
        ),
        (S.SEEN, Move(S.SEEN, DAY, "Called."), "look_again_on", "say when somebody looks again"),
        (
            S.SEEN, Move(S.SEEN, DAY, "Called.", look_again_on=LATER), "look_again_on",
            "give a day from tomorrow to a year from now",
        ),
        (S.SENT, Move(S.ACCEPTED, LATER + timedelta(1)), "on", "lies in the future"),
        (
            S.SENT, Move(S.ACCEPTED, DAY - timedelta(1)), "on",
            "lies before 2 Mar 2026, the last move",
        ),
    ],
)  # fmt: skip
def test_a_refused_move_says_what_to_do(
    before: ReferralState, move: Move, where: str, what: str
) -> None:
    with pytest.raises(Unprocessable) as refusal:
        check_move(Standing(before, DAY, ""), move, LATER)
    assert refusal.value.message == "The referral was not changed."
    assert [(problem.where, problem.what) for problem in refusal.value.problems] == [(where, what)]


@pytest.mark.parametrize(
    ("before", "move"),
    [
        (S.NEEDED, Move(S.SENT, LATER, to_whom="Lakeside")),  # told today of today
        (S.SCHEDULED, Move(S.SCHEDULED, DAY, "Missed.", appointment_on=DAY)),  # the same day
        (S.SEEN, Move(S.SEEN, DAY, "Called.", look_again_on=LATER + timedelta(1))),  # tomorrow
        (S.SEEN, Move(S.SEEN, DAY, "Called.", look_again_on=LATER + timedelta(365))),  # a year on
    ],
)
def test_moves_at_the_edge_of_their_days(before: ReferralState, move: Move) -> None:
    check_move(Standing(before, DAY, "Lakeside"), move, LATER)
