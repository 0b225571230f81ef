"""Why a flag is there: the rules that found it, its numbers in words, and what would close it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from app.domain.flag import FlagKind
from app.domain.rule import Rule
from app.domain.rulebook import RULES
from app.domain.words import day_words


@dataclass(frozen=True, slots=True)
class Reading:
    """How flags of one kind are to be read."""

    rules: tuple[str, ...]
    """The ids of the rules that find it, the one that decides first."""
    closes: str
    """What would close it."""


READINGS: Mapping[FlagKind, Reading] = MappingProxyType(
    {
        FlagKind.SAFETY: Reading(
            ("item-9",), "A person who says what came of it; no later answer closes it."
        ),
        FlagKind.ITEM_9_UNKNOWN: Reading(
            ("item-9-unknown",),
            "A newer form with the safety item answered, or a person who asked the patient.",
        ),
        FlagKind.SCORE_MISMATCH: Reading(
            ("score-mismatch",), "A corrected form, or a person who found out which total is right."
        ),
        FlagKind.NOT_RESPONDING: Reading(
            ("judged-by", "baseline", "stale"),
            "A newer total that the protocol calls improved; a person may close it, too.",
        ),
        FlagKind.CANNOT_JUDGE: Reading(
            ("stale", "judged-by", "baseline"), "A new questionnaire of the instrument that judges."
        ),
        FlagKind.WORSENING: Reading(
            ("worsening",), "A newer total that is no such rise over this one, or a person."
        ),
        FlagKind.RELAPSE_RISK: Reading(
            ("relapse-risk", "response", "remission"), "A newer total below caseness, or a person."
        ),
        FlagKind.NEW_POSITIVE_SCREEN: Reading(
            ("new-positive-screen",),
            "Enrolment, a newer screen that is negative, or a person who says what came of it.",
        ),
        FlagKind.SECOND_STAGE_OWED: Reading(
            ("second-stage-overdue", "second-stage-newer-negative"),
            "The longer form, a correction of the screen, or a person who says what came of it.",
        ),
        FlagKind.CONTACT_OVERDUE: Reading(
            ("contact-rhythm", "overdue"), "A contact in which the patient is reached."
        ),
        FlagKind.ASSESSMENT_OVERDUE: Reading(
            ("assessment-rhythm", "overdue"), "A questionnaire that is answered."
        ),
        FlagKind.REVIEW_OVERDUE: Reading(
            ("review-rhythm", "overdue"), "A case review by the psychiatric consultant."
        ),
        FlagKind.REFERRAL_OVERDUE: Reading(
            ("referral-overdue", "referral-loop"),
            "Telling what happened to the referral, or a new day to look again.",
        ),
        FlagKind.REMISSION_REACHED: Reading(
            ("remission",),
            "The step to relapse prevention, a newer total that is no remission, or a person.",
        ),
    }
)
"""Every kind of flag; one without a reading fails a test, so that none goes unexplained."""

_NOTHING: Mapping[str, str | int] = MappingProxyType({})
_BY_ID = {rule.id: rule for rule in RULES}
_PAIRED = ("baseline", "previous", "latest", "responded")
"""Totals whose day stands beside them."""
_LABELS = {
    "instrument": "Instrument",
    "baseline": "At baseline",
    "previous": "The one before",
    "latest": "Latest",
    "responded": "Response",
    "total": "Total",
    "on": "Answered on",
    "item_9": "Safety item answered",
    "claimed": "Total sent",
    "counted": "Total that the answers make",
    "asked": "Improved means",
    "baseline_at_least": "Judged from a baseline of",
    "stale_after_days": "A total judges for (days)",
    "rise_at_least": "Worsening is a rise of",
    "caseness": "Caseness",
    "remission_below": "Remission is below",
    "cutoff": "Positive from",
    "due_on": "Due on",
    "screen": "Screen",
    "cut_off": "Positive from",
    "owed": "Longer form",
    "since": "Owed since",
    "grace_days": "Days of grace",
    "enrolled_on": "Enrolled on",
    "judged_on": "Judged on",
    "state": "State",
}
_APART = ("protocol", "source", "then", "sum")
"""Told beside the table of numbers."""


def rules_for(kind: FlagKind, evidence: Mapping[str, str | int] = _NOTHING) -> tuple[Rule, ...]:
    """The rules that find flags of this kind, those that the evidence points at first."""
    pointed = [f"protocol-{evidence.get('protocol', '')}".rpartition(" v")[0]]
    pointed.append(f"second-stage-{evidence.get('screen', '')}")
    ids = [*(one for one in pointed if one in _BY_ID), *READINGS[kind].rules]
    return tuple(_BY_ID[rule_id] for rule_id in ids)


def numbers(evidence: Mapping[str, str | int]) -> tuple[tuple[str, str], ...]:
    """The evidence as a table for reading: ``("Latest", "17 on 9 Mar 2026")``."""
    told = []
    for key, value in sorted(evidence.items(), key=_place):
        paired = key.removesuffix("_on")
        if key in _APART or (key != paired and paired in _PAIRED and paired in evidence):
            continue
        day = evidence.get(f"{key}_on") if key in _PAIRED else None
        words = _value_words(key, value) + (f" on {_day(str(day))}" if day else "")
        told.append((_LABELS.get(key, key.replace("_", " ").capitalize()), words))
    return tuple(told)


def _place(entry: tuple[str, str | int]) -> int:
    """In the order of the labels: stored evidence keeps no order of its own."""
    return list(_LABELS).index(entry[0]) if entry[0] in _LABELS else len(_LABELS)


def _value_words(key: str, value: str | int) -> str:
    is_day = key in ("on", "since") or key.endswith("_on")
    return _day(str(value)) if is_day else str(value)


def _day(text: str) -> str:
    """A day in words; what is no date stays as it is."""
    try:
        return day_words(date.fromisoformat(text))
    except ValueError:
        return text
