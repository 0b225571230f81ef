"""Referrals in the demo: sent, waiting, forgotten, declined, seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from app.domain.referral import DEFAULT_DAYS, Move, ReferralState, due_after

_S = ReferralState
PLACES = (
    "Lakeside Psychiatry, Dr. Ferrante",
    "University Mood Disorders Clinic",
    "Eastern County Community Mental Health Center, Adult Outpatient Services",
)
WAYS: tuple[tuple[ReferralState, ...], ...] = (
    (),
    (_S.SENT,),
    (_S.SENT, _S.NO_CAPACITY, _S.SENT, _S.ACCEPTED),
    (_S.SENT, _S.SCHEDULED),
    (_S.SENT, _S.ACCEPTED, _S.SCHEDULED, _S.SEEN),
    (_S.SENT, _S.SCHEDULED, _S.CANNOT_REACH),
    (_S.SENT, _S.ACCEPTED, _S.SCHEDULED, _S.SEEN, _S.REPORT_RECEIVED, _S.CLOSED),
    (_S.SENT, _S.PATIENT_DECLINED),
)
WORDS = {
    _S.NO_CAPACITY: "Nothing before spring; asked to be told when a place comes free.",
    _S.CANNOT_REACH: "Did not come, and the phone is switched off; a letter is sent.",
    _S.PATIENT_DECLINED: "Wants to see how the new dose works first.",
    _S.CLOSED: "Report read with the primary-care clinician; lithium added there.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A move of the story with the day by which the next one is due."""

    before: ReferralState | None
    move: Move
    due_on: date | None


def _still(state: ReferralState, on: date, where: str, again_on: date) -> Told:
    words = "Asked again by phone; they will call back."
    return Told(state, Move(state, on, words, where, look_again_on=again_on), again_on)


def follow(dice: Random, opened_on: date, today: date) -> Iterator[Told]:
    """A referral's moves from the day it was needed, none after today."""
    where = dice.choice(PLACES)
    needed = Move(_S.NEEDED, opened_on)
    yield Told(None, needed, due_after(needed, DEFAULT_DAYS))
    before, on = _S.NEEDED, opened_on
    for state in dice.choice(WAYS):
        on += timedelta(dice.randint(2, 12))
        if on > today:
            return
        meets = on + timedelta(dice.randint(3, 25)) if state is _S.SCHEDULED else None
        move = Move(state, on, WORDS.get(state, ""), where, meets)
        yield Told(before, move, due_after(move, DEFAULT_DAYS))
        before, on = state, meets or on
    if before is not _S.CLOSED and on < today - timedelta(7) and dice.random() < 0.6:
        asked, again = dice.randint(1, 6), dice.randint(2, 14)
        yield _still(before, today - timedelta(asked), where, today + timedelta(again))
