"""Flags: findings that ask for a person, and the policy each kind is handled by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class FlagKind(StrEnum):
    """What was found."""

    SAFETY = "safety"
    ITEM_9_UNKNOWN = "item-9-unknown"
    SCORE_MISMATCH = "score-mismatch"
    NOT_RESPONDING = "not-responding"
    CANNOT_JUDGE = "cannot-judge"
    WORSENING = "worsening"
    RELAPSE_RISK = "relapse-risk"
    NEW_POSITIVE_SCREEN = "new-positive-screen"
    SECOND_STAGE_OWED = "second-stage-owed"
    CONTACT_OVERDUE = "contact-overdue"
    ASSESSMENT_OVERDUE = "assessment-overdue"
    REVIEW_OVERDUE = "review-overdue"
    REMISSION_REACHED = "remission-reached"
    REFERRAL_OVERDUE = "referral-overdue"


@dataclass(frozen=True, slots=True)
class FlagPolicy:
    """How a kind of flag is handled; the times are ours and configurable."""

    rank: int
    """0 comes first on every list."""
    title: str
    due_in_days: int
    """0: the same day."""
    closes_itself: bool
    """Whether it closes where the finding is no longer true; else a person closes it."""
    needs_review: bool
    """Whether the psychiatric consultant should look."""
    level: int
    """0 to 4, for colour."""


FLAG_POLICY: Mapping[FlagKind, FlagPolicy] = MappingProxyType(
    {
        FlagKind.SAFETY: FlagPolicy(0, "Safety", 0, False, True, 4),
        FlagKind.NOT_RESPONDING: FlagPolicy(2, "Not responding", 7, True, True, 3),
        FlagKind.WORSENING: FlagPolicy(2, "Worsening", 3, True, True, 3),
        FlagKind.RELAPSE_RISK: FlagPolicy(2, "Relapse risk", 3, True, True, 3),
        FlagKind.ITEM_9_UNKNOWN: FlagPolicy(3, "Item 9 unknown", 1, True, False, 3),
        FlagKind.SCORE_MISMATCH: FlagPolicy(3, "Score mismatch", 3, True, False, 2),
        FlagKind.NEW_POSITIVE_SCREEN: FlagPolicy(3, "New positive screen", 7, True, False, 2),
        FlagKind.SECOND_STAGE_OWED: FlagPolicy(4, "Second stage owed", 7, True, False, 2),
        FlagKind.CANNOT_JUDGE: FlagPolicy(4, "Reassess", 7, True, False, 2),
        FlagKind.CONTACT_OVERDUE: FlagPolicy(5, "Contact overdue", 0, True, False, 2),
        FlagKind.REFERRAL_OVERDUE: FlagPolicy(5, "Referral overdue", 3, True, False, 2),
        FlagKind.ASSESSMENT_OVERDUE: FlagPolicy(6, "Questionnaire overdue", 7, True, False, 1),
        FlagKind.REVIEW_OVERDUE: FlagPolicy(7, "Review overdue", 7, True, True, 1),
        FlagKind.REMISSION_REACHED: FlagPolicy(8, "Remission reached", 14, True, False, 0),
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found, with its reason in words and numbers."""

    kind: FlagKind
    words: str
    evidence: Mapping[str, str | int] = field(default_factory=dict)
    subject: str = ""
    """The assessment it is about: findings about two assessments are two flags."""


@dataclass(frozen=True, slots=True)
class OpenFlag:
    """A flag that is open now."""

    flag_id: str
    kind: FlagKind
    subject: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be opened and closed."""

    to_open: tuple[Finding, ...]
    to_close: tuple[OpenFlag, ...]


def reconcile(
    open_flags: tuple[OpenFlag, ...],
    findings: tuple[Finding, ...],
    settled: frozenset[tuple[FlagKind, str]],
) -> Changes:
    """Open what is found and not open, close what closes itself and is found no more.

    `settled` are the (kind, subject) that a person closed for the same content: they
    are not asked again. A correction has other content and is asked anew. Doing it
    twice changes nothing.
    """
    held = {(flag.kind, flag.subject) for flag in open_flags}
    found: dict[tuple[FlagKind, str], Finding] = {(f.kind, f.subject): f for f in findings}
    to_open = tuple(f for key, f in found.items() if key not in held and key not in settled)
    to_close = tuple(
        flag
        for flag in open_flags
        if (flag.kind, flag.subject) not in found and FLAG_POLICY[flag.kind].closes_itself
    )
    return Changes(to_open, to_close)
