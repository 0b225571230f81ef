"""Why a patient is not flagged: what each rule looked at today, and what it would take."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from app.domain import arithmetic
from app.domain.episode import EpisodeStatus
from app.domain.evaluate import GRACE_DAYS, EpisodeFacts, course_of, due_days, judging_instrument
from app.domain.flag import FlagKind
from app.domain.protocol import judge
from app.domain.response import response_status
from app.domain.safety import ItemNine
from app.domain.words import day_words, number_words


@dataclass(frozen=True, slots=True)
class Absence:
    """A kind of flag that is not there, and why."""

    kind: FlagKind
    words: str


def why_not(facts: EpisodeFacts, found: Collection[FlagKind], today: date) -> tuple[Absence, ...]:
    """What each rule says of this episode where it finds nothing."""
    resting = facts.status in (EpisodeStatus.PAUSED, EpisodeStatus.CLOSED)
    told = []
    for kind, reason in _REASONS.items():
        if kind in found:
            continue
        words = reason(facts, today)
        if resting and kind is not FlagKind.SAFETY:
            words = f"Not looked at while the episode is {facts.status.value}."
        told.append(Absence(kind, words))
    return tuple(told)


def _safety(facts: EpisodeFacts, today: date) -> str:
    asked = [a for a in facts.assessments if a.item_nine is not ItemNine.NOT_ASKED]
    if not asked:
        return "No questionnaire that asks about death or self-harm is there: nothing is known."
    newest = max(asked, key=lambda a: (a.at, a.assessment_id))
    if newest.item_nine is ItemNine.NEGATIVE:
        return f"The safety item was answered 0 on {day_words(newest.on)}."
    return f"What was answered by {day_words(newest.on)} is with a person already."


def _judged(facts: EpisodeFacts, today: date) -> str:
    instrument, instead = judging_instrument(facts)
    judged = judge(
        facts.protocol, instrument, course_of(facts, instrument), facts.enrolled_on, today
    )
    parts = [
        judged.words,
        f"{judged.evidence['sum']}." if "sum" in judged.evidence else "",
        instead,
    ]
    return " ".join(part for part in parts if part)


def _worsening(facts: EpisodeFacts, today: date) -> str:
    instrument, _ = judging_instrument(facts)
    course = course_of(facts, instrument)
    if course.previous is None or course.latest is None or instrument.worsening is None:
        return f"A rise needs two {instrument.short_title}; there are {course.count}."
    sum_words = arithmetic.rise(course.previous.total, course.latest.total, instrument.worsening)
    return f"{instrument.short_title}: {sum_words}."


def _relapse(facts: EpisodeFacts, today: date) -> str:
    instrument, _ = judging_instrument(facts)
    course = course_of(facts, instrument)
    if course.latest is None:
        return f"No {instrument.short_title} yet."
    return (
        f"The latest {instrument.short_title} is {number_words(course.latest.total)}; it takes "
        f"{instrument.caseness} or more after a response or remission."
    )


def _remission(facts: EpisodeFacts, today: date) -> str:
    instrument, _ = judging_instrument(facts)
    course = course_of(facts, instrument)
    if course.latest is None:
        return f"No {instrument.short_title} yet."
    if facts.status is EpisodeStatus.RELAPSE_PREVENTION:
        return "The episode is in relapse prevention already."
    status = response_status(instrument, course).value.replace("-", " ")
    return (
        f"The latest {instrument.short_title} is {number_words(course.latest.total)} ({status}); "
        f"remission is below {instrument.remission_below} from a baseline of "
        f"{instrument.caseness} or more."
    )


def _due(kind: FlagKind) -> Callable[[EpisodeFacts, date], str]:
    def words(facts: EpisodeFacts, today: date) -> str:
        due_on = next((due for known, due, _ in due_days(facts) if known is kind), None)
        if due_on is None:
            return "Nothing is due."
        late_on = due_on + timedelta(days=GRACE_DAYS + 1)
        return f"Due on {day_words(due_on)}; overdue from {day_words(late_on)} on."

    return words


_REASONS: Mapping[FlagKind, Callable[[EpisodeFacts, date], str]] = MappingProxyType(
    {
        FlagKind.SAFETY: _safety,
        FlagKind.NOT_RESPONDING: _judged,
        FlagKind.WORSENING: _worsening,
        FlagKind.RELAPSE_RISK: _relapse,
        FlagKind.REMISSION_REACHED: _remission,
        FlagKind.CONTACT_OVERDUE: _due(FlagKind.CONTACT_OVERDUE),
        FlagKind.ASSESSMENT_OVERDUE: _due(FlagKind.ASSESSMENT_OVERDUE),
        FlagKind.REVIEW_OVERDUE: _due(FlagKind.REVIEW_OVERDUE),
    }
)
"""The kinds that a person asks about; the others tell of single records."""
