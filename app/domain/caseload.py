"""In which order a caseload is worked, and the reason for each patient's place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.flag import FLAG_POLICY, FlagKind
from app.domain.words import day_words

DUE_RANK = 20
QUIET_RANK = 30


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """An open flag as it weighs on a patient's place."""

    kind: FlagKind
    words: str
    opened_on: date
    due_on: date
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the caseload: the lower the rank, the sooner; the reason is for reading."""

    rank: int
    reason: str


def place(matters: Sequence[OpenMatter], next_contact_on: date | None, today: date) -> Place:
    """Safety that nobody answered first, then answered, then findings, overdue, due, quiet."""
    ranked = sorted(matters, key=lambda m: (_rank(m), m.opened_on, m.words))
    if ranked:
        return Place(_rank(ranked[0]), _reason(ranked[0], today))
    if next_contact_on and next_contact_on <= today:
        return Place(DUE_RANK, f"A contact is due ({day_words(next_contact_on)}).")
    if next_contact_on:
        return Place(QUIET_RANK, f"Next contact on {day_words(next_contact_on)}.")
    return Place(QUIET_RANK, "Nothing is due.")


def _rank(matter: OpenMatter) -> int:
    rank = FLAG_POLICY[matter.kind].rank
    return 1 if matter.kind is FlagKind.SAFETY and matter.acknowledged else rank


def _reason(matter: OpenMatter, today: date) -> str:
    title = FLAG_POLICY[matter.kind].title
    words = f"{title}: {matter.words}"
    if matter.kind is not FlagKind.SAFETY:
        return words
    if matter.acknowledged:
        return f"{words} Somebody has it."
    late = (today - matter.due_on).days
    days = "1 day" if late == 1 else f"{late} days"
    return f"{words} Nobody has answered {f'for {days}' if late > 0 else 'yet'}."
