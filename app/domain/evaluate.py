"""Facts and today in, findings out: the one place that decides what asks for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.domain.catalogue import INSTRUMENTS
from app.domain.episode import EpisodeStatus
from app.domain.flag import Finding, FlagKind
from app.domain.instrument import Instrument
from app.domain.milestones import relapse_risk
from app.domain.protocol import Protocol, Verdict, judge
from app.domain.response import Response, has_worsened, response_status
from app.domain.rhythm import Rhythm, next_assessment_due, next_contact_due, next_review_due
from app.domain.safety import ItemNine, item_nine_words, safety_item_name
from app.domain.score import TotalCheck
from app.domain.second_stage import FIRST_STAGES, owed_second_stages, second_stage_findings
from app.domain.severity import Screen, screen, severity
from app.domain.trajectory import Measurement, Trajectory, trajectory
from app.domain.words import day_words, number_words

GRACE_DAYS = 3
"""How long after its day a contact, questionnaire or review is called overdue (ours)."""


@dataclass(frozen=True, slots=True)
class AssessmentFact:
    """One assessment that counts."""

    assessment_id: str
    instrument_id: str
    total: Decimal | None
    at: datetime
    on: date
    item_nine: ItemNine
    item_nine_value: int | None
    check: TotalCheck
    claimed_total: Decimal | None
    prorated: bool = False


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """All that an evaluation of an episode looks at."""

    status: EpisodeStatus
    enrolled_on: date
    assessments: tuple[AssessmentFact, ...]
    last_contact_on: date | None
    last_review_on: date | None
    next_contact_on: date | None
    protocol: Protocol
    rhythm: Rhythm = Rhythm()
    sex: str = "unknown"
    screens: tuple[AssessmentFact, ...] = ()
    """Every assessment of the patient that counts, whichever episode it belongs to."""


def evaluate_episode(facts: EpisodeFacts, today: date) -> tuple[Finding, ...]:
    """Everything that asks for a person in this episode today."""
    findings = [*_safety(facts.assessments), *_records(facts.assessments)]
    findings += second_stage_findings(facts.screens, facts.sex, today)
    if facts.status in (EpisodeStatus.CLOSED, EpisodeStatus.PAUSED):
        return tuple(findings)
    for instrument in _judged_by(facts):
        findings += _course_findings(facts, instrument, today)
    return (*findings, *_overdue(facts, today))


def evaluate_unenrolled(
    assessments: Sequence[AssessmentFact], sex: str, today: date
) -> tuple[Finding, ...]:
    """What asks for a person where a patient is in no episode.

    A positive screen counts for a year (ours: the instruments' usual interval). A first
    stage asks for its second stage instead, so that one screen is told once.
    """
    recent = [a for a in assessments if (today - a.on).days <= 365]
    findings = [*_safety(recent), *_records(recent)]
    findings += second_stage_findings(assessments, sex, today)
    latest: dict[str, AssessmentFact] = {}
    for fact in sorted(recent, key=lambda a: a.at):
        if fact.total is not None and fact.instrument_id not in FIRST_STAGES:
            latest[fact.instrument_id] = fact
    for fact in latest.values():
        instrument = INSTRUMENTS[fact.instrument_id]
        assert fact.total is not None
        if screen(instrument, fact.total, sex) is Screen.POSITIVE:
            findings.append(_positive(instrument, fact, fact.total))
    return tuple(findings)


def _positive(instrument: Instrument, fact: AssessmentFact, total: Decimal) -> Finding:
    band = severity(instrument, total).label.lower()
    return Finding(
        FlagKind.NEW_POSITIVE_SCREEN,
        f"{instrument.short_title} {number_words(total)} on {day_words(fact.on)} ({band}): "
        "a positive screen, and nobody cares for this patient yet.",
        {"instrument": instrument.short_title, "total": number_words(total)},
        fact.assessment_id,
    )


def _safety(assessments: Sequence[AssessmentFact]) -> list[Finding]:
    """A safety item above 0 at any total; unknown is asked about for the newest form alone."""
    findings = []
    for fact in assessments:
        if fact.item_nine is ItemNine.POSITIVE and fact.item_nine_value is not None:
            words = item_nine_words(INSTRUMENTS[fact.instrument_id], fact.item_nine_value)
            findings.append(
                Finding(
                    FlagKind.SAFETY,
                    f"{words} on {day_words(fact.on)}: speak with the patient today.",
                    {"item_9": fact.item_nine_value, "on": fact.on.isoformat()},
                    fact.assessment_id,
                )
            )
    newest = {
        a.instrument_id: a
        for a in sorted(assessments, key=lambda a: (a.at, a.assessment_id))
        if a.item_nine is not ItemNine.NOT_ASKED
    }
    for fact in newest.values():
        if fact.item_nine is ItemNine.UNKNOWN:
            instrument = INSTRUMENTS[fact.instrument_id]
            name = safety_item_name(instrument)
            of = "" if instrument.short_title in name else f" of the {instrument.short_title}"
            findings.append(
                Finding(
                    FlagKind.ITEM_9_UNKNOWN,
                    f"{name}{of} of {day_words(fact.on)} is not known: ask the patient.",
                    {"on": fact.on.isoformat()},
                    fact.assessment_id,
                )
            )
    return findings


def _records(assessments: Sequence[AssessmentFact]) -> list[Finding]:
    return [
        Finding(
            FlagKind.SCORE_MISMATCH,
            f"The sender's {INSTRUMENTS[fact.instrument_id].short_title} total of "
            f"{day_words(fact.on)} is {number_words(fact.claimed_total)}; its answers make "
            f"{number_words(fact.total)}. Check which is right.",
            {"claimed": number_words(fact.claimed_total), "counted": number_words(fact.total)},
            fact.assessment_id,
        )
        for fact in assessments
        if fact.check is TotalCheck.MISMATCH
        and fact.claimed_total is not None
        and fact.total is not None
    ]


def _judged_by(facts: EpisodeFacts) -> list[Instrument]:
    """PHQ-9 where there is one that can be judged; else GAD-7 (convention)."""
    scored = {a.instrument_id for a in facts.assessments if a.total is not None}
    phq9 = INSTRUMENTS["phq-9"]
    baseline = _course(facts, phq9).baseline
    depressed = baseline is not None and baseline.total >= facts.protocol.baseline_at_least
    if "gad-7" in scored and not depressed:
        return [INSTRUMENTS["gad-7"]]
    return [phq9]


def _course(facts: EpisodeFacts, instrument: Instrument) -> Trajectory:
    return trajectory(
        [
            Measurement(a.assessment_id, a.total, a.on, a.at, a.prorated)
            for a in facts.assessments
            if a.instrument_id == instrument.id and a.total is not None
        ],
        facts.enrolled_on,
        higher_is_worse=instrument.higher_is_worse,
    )


def _course_findings(facts: EpisodeFacts, instrument: Instrument, today: date) -> list[Finding]:
    course = _course(facts, instrument)
    judged = judge(facts.protocol, instrument, course, facts.enrolled_on, today)
    findings = []
    if judged.verdict is Verdict.NOT_RESPONDING:
        findings.append(Finding(FlagKind.NOT_RESPONDING, judged.words, judged.evidence))
    if judged.verdict is Verdict.CANNOT_JUDGE:
        findings.append(Finding(FlagKind.CANNOT_JUDGE, judged.words, judged.evidence))
    if course.latest is None:
        return findings
    latest = course.latest
    if course.previous and has_worsened(instrument, course.previous.total, latest.total):
        findings.append(_rise(instrument, course.previous, latest))
    if relapse_risk(instrument, course):
        words = (
            f"{instrument.short_title} is back to {number_words(latest.total)} "
            f"({day_words(latest.on)}) after a response."
        )
        findings.append(Finding(FlagKind.RELAPSE_RISK, words, {}, latest.assessment_id))
    treated = facts.status is not EpisodeStatus.RELAPSE_PREVENTION
    if treated and response_status(instrument, course) is Response.REMISSION:
        words = (
            f"{instrument.short_title} {number_words(latest.total)} on {day_words(latest.on)}: "
            "remission. Offer a relapse prevention plan."
        )
        findings.append(Finding(FlagKind.REMISSION_REACHED, words, {}, latest.assessment_id))
    return findings


def _rise(instrument: Instrument, previous: Measurement, latest: Measurement) -> Finding:
    return Finding(
        FlagKind.WORSENING,
        f"{instrument.short_title} rose from {number_words(previous.total)} "
        f"({day_words(previous.on)}) to {number_words(latest.total)} ({day_words(latest.on)}).",
        {"previous": number_words(previous.total), "latest": number_words(latest.total)},
        latest.assessment_id,
    )


def _due_days(facts: EpisodeFacts) -> list[tuple[FlagKind, date | None, str]]:
    last = max((a.on for a in facts.assessments), default=None)
    contact = facts.next_contact_on or next_contact_due(
        facts.status, facts.enrolled_on, facts.last_contact_on, facts.rhythm
    )
    assessment = next_assessment_due(facts.status, facts.enrolled_on, last, facts.rhythm)
    review = next_review_due(facts.status, facts.enrolled_on, facts.last_review_on, facts.rhythm)
    return [
        (FlagKind.CONTACT_OVERDUE, contact, "A contact"),
        (FlagKind.ASSESSMENT_OVERDUE, assessment, "A questionnaire"),
        (FlagKind.REVIEW_OVERDUE, review, "A case review"),
    ]


def _overdue(facts: EpisodeFacts, today: date) -> list[Finding]:
    return [
        Finding(kind, f"{what} was due on {day_words(due_on)}.", {"due_on": due_on.isoformat()})
        for kind, due_on, what in _due_days(facts)
        if due_on and today > due_on + timedelta(days=GRACE_DAYS)
    ]


def next_evaluation_on(facts: EpisodeFacts, today: date) -> date | None:
    """The next day on which time alone can change the findings; None where none can."""
    if facts.status in (EpisodeStatus.CLOSED, EpisodeStatus.PAUSED):
        return None
    days = [due + timedelta(days=GRACE_DAYS + 1) for _, due, _ in _due_days(facts) if due]
    days += [facts.enrolled_on + timedelta(days=s.after_days) for s in facts.protocol.stages]
    stale = timedelta(days=facts.protocol.stale_after_days + 1)
    days += [a.on + stale for a in facts.assessments]
    days += [owed.lapses_on for owed in owed_second_stages(facts.screens, facts.sex, today)]
    return min((day for day in days if day > today), default=None)
