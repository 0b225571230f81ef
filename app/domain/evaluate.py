"""Facts and today in, findings out: the one place that decides what asks for a person."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.domain import evidence
from app.domain.catalogue import INSTRUMENTS
from app.domain.condition import JUDGED_BY, Condition, judged_by
from app.domain.episode import EpisodeStatus
from app.domain.flag import Finding, FlagKind
from app.domain.instrument import Instrument
from app.domain.milestones import relapse_risk
from app.domain.protocol import Protocol, Verdict, judge
from app.domain.response import Response, has_worsened, response_status
from app.domain.rhythm import Rhythm, next_assessment_due, next_contact_due, next_review_due
from app.domain.rule import Rule
from app.domain.safety import ItemNine, item_nine_words, safety_item_name
from app.domain.score import Answers, TotalCheck
from app.domain.second_stage import FIRST_STAGES, owed_second_stages, second_stage_findings
from app.domain.severity import Screen, cutoff_words, screen, severity, total_words
from app.domain.trajectory import Measurement, Trajectory, trajectory
from app.domain.words import day_words, number_words, within

GRACE_DAYS = 3
"""How long after its day a contact, questionnaire or review is called overdue (ours)."""
SCREEN_COUNTS_DAYS = 365
"""How long a positive screen asks for a person (ours: the instruments' usual interval)."""


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
    answers: Answers = field(default_factory=dict)


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
    condition: Condition = Condition.DEPRESSION


def evaluate_episode(facts: EpisodeFacts, today: date) -> tuple[Finding, ...]:
    """Everything that asks for a person in this episode today."""
    findings = [*_safety(facts.assessments), *_records(facts.assessments)]
    findings += second_stage_findings(facts.screens, facts.sex, today)
    if facts.status in (EpisodeStatus.CLOSED, EpisodeStatus.PAUSED):
        return tuple(findings)
    instrument, instead = judging_instrument(facts)
    findings += _course_findings(facts, instrument, instead, today)
    return (*findings, *_overdue(facts, today))


def evaluate_unenrolled(
    assessments: Sequence[AssessmentFact], sex: str, today: date
) -> tuple[Finding, ...]:
    """What asks for a person where a patient is in no episode.

    A positive screen counts for a year (ours: the instruments' usual interval). A first
    stage asks for its second stage instead, so that one screen is told once.
    """
    recent = [a for a in assessments if (today - a.on).days <= SCREEN_COUNTS_DAYS]
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
            findings.append(_positive(instrument, fact, fact.total, sex))
    return tuple(findings)


def _positive(instrument: Instrument, fact: AssessmentFact, total: Decimal, sex: str) -> Finding:
    band = "" if instrument.ordinal else f" ({within(severity(instrument, total).label)})"
    by_sex = cutoff_words(instrument, total, sex)
    return Finding(
        FlagKind.NEW_POSITIVE_SCREEN,
        f"{instrument.short_title} {total_words(instrument, total)} on {day_words(fact.on)}{band}: "
        "a positive screen, and nobody cares for this patient yet."
        + (f" {by_sex}" if by_sex else ""),
        evidence.of_screen(instrument, total, fact.on, sex),
        fact.assessment_id,
    )


def _safety(assessments: Sequence[AssessmentFact]) -> list[Finding]:
    """A safety item above 0 at any total; unknown is asked about for the newest form alone."""
    findings = []
    for fact in assessments:
        if fact.item_nine is ItemNine.POSITIVE and fact.item_nine_value is not None:
            instrument = INSTRUMENTS[fact.instrument_id]
            words = item_nine_words(instrument, fact.item_nine_value, fact.answers)
            findings.append(
                Finding(
                    FlagKind.SAFETY,
                    f"{words} on {day_words(fact.on)}: speak with the patient today.",
                    {
                        "instrument": INSTRUMENTS[fact.instrument_id].short_title,
                        "item_9": fact.item_nine_value,
                        "on": fact.on.isoformat(),
                    },
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
                    {"instrument": instrument.short_title, "on": fact.on.isoformat()},
                    fact.assessment_id,
                )
            )
    return findings


def _records(assessments: Sequence[AssessmentFact]) -> list[Finding]:
    return [
        Finding(
            FlagKind.SCORE_MISMATCH,
            f"The sender's {INSTRUMENTS[fact.instrument_id].short_title} total of "
            f"{day_words(fact.on)} is {_told(fact, fact.claimed_total)}; its answers "
            f"{_made(fact)}. Check which is right.",
            {
                "instrument": INSTRUMENTS[fact.instrument_id].short_title,
                "on": fact.on.isoformat(),
                "claimed": _told(fact, fact.claimed_total),
                "counted": "—" if fact.total is None else _told(fact, fact.total),
            },
            fact.assessment_id,
        )
        for fact in assessments
        if fact.check is TotalCheck.MISMATCH and fact.claimed_total is not None
    ]


def _made(fact: AssessmentFact) -> str:
    return "cannot make that" if fact.total is None else f"make {_told(fact, fact.total)}"


def _told(fact: AssessmentFact, total: Decimal) -> str:
    return total_words(INSTRUMENTS[fact.instrument_id], total)


def judging_instrument(facts: EpisodeFacts) -> tuple[Instrument, str]:
    """What the episode is judged by, and why in words where that is not the target's own."""
    baselines = {}
    for instrument_id in JUDGED_BY.values():
        course = course_of(facts, INSTRUMENTS[instrument_id])
        if course.latest is not None:
            baselines[instrument_id] = course.baseline.total if course.baseline else None
    judge_id, instead = judged_by(facts.condition, baselines, facts.protocol.baseline_at_least)
    return INSTRUMENTS[judge_id], instead


def course_of(facts: EpisodeFacts, instrument: Instrument) -> Trajectory:
    return trajectory(
        [
            Measurement(a.assessment_id, a.total, a.on, a.at, a.prorated)
            for a in facts.assessments
            if a.instrument_id == instrument.id and a.total is not None
        ],
        facts.enrolled_on,
        higher_is_worse=instrument.higher_is_worse,
    )


def _course_findings(
    facts: EpisodeFacts, instrument: Instrument, instead: str, today: date
) -> list[Finding]:
    course = course_of(facts, instrument)
    judged = judge(facts.protocol, instrument, course, facts.enrolled_on, today)
    findings = []
    if judged.verdict in _ASKING:
        words = f"{judged.words} {instead}".strip()
        findings.append(Finding(_ASKING[judged.verdict], words, judged.evidence))
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
        told = evidence.of_relapse(instrument, course)
        findings.append(Finding(FlagKind.RELAPSE_RISK, words, told, latest.assessment_id))
    treated = facts.status is not EpisodeStatus.RELAPSE_PREVENTION
    if treated and response_status(instrument, course) is Response.REMISSION:
        findings.append(_remission(facts.protocol, instrument, course, latest))
    return findings


_ASKING = {
    Verdict.NOT_RESPONDING: FlagKind.NOT_RESPONDING,
    Verdict.CANNOT_JUDGE: FlagKind.CANNOT_JUDGE,
}
"""The verdicts that ask for a person."""


def _remission(
    protocol: Protocol, instrument: Instrument, course: Trajectory, latest: Measurement
) -> Finding:
    words = (
        f"{instrument.short_title} {number_words(latest.total)} on {day_words(latest.on)}: "
        "remission. Offer a relapse prevention plan."
    )
    if protocol.aim_below is not None and latest.total < protocol.aim_below:
        words += f" {protocol.name}: {protocol.aim_then}"
    told = evidence.of_remission(instrument, course)
    return Finding(FlagKind.REMISSION_REACHED, words, told, latest.assessment_id)


def _rise(instrument: Instrument, previous: Measurement, latest: Measurement) -> Finding:
    return Finding(
        FlagKind.WORSENING,
        f"{instrument.short_title} rose from {number_words(previous.total)} "
        f"({day_words(previous.on)}) to {number_words(latest.total)} ({day_words(latest.on)}).",
        evidence.of_rise(instrument, previous, latest),
        latest.assessment_id,
    )


def due_days(facts: EpisodeFacts) -> list[tuple[FlagKind, date | None, str]]:
    """What is due next by the rhythm, or by what was agreed on."""
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
        Finding(
            kind,
            f"{what} was due on {day_words(due_on)}.",
            {"due_on": due_on.isoformat(), "grace_days": GRACE_DAYS},
        )
        for kind, due_on, what in due_days(facts)
        if due_on and today > due_on + timedelta(days=GRACE_DAYS)
    ]


def next_evaluation_on(facts: EpisodeFacts, today: date) -> date | None:
    """The next day on which time alone can change the findings; None where none can."""
    if facts.status in (EpisodeStatus.CLOSED, EpisodeStatus.PAUSED):
        return None
    days = [due + timedelta(days=GRACE_DAYS + 1) for _, due, _ in due_days(facts) if due]
    days += facts.protocol.turning_days(facts.enrolled_on, today)
    stale = timedelta(days=facts.protocol.stale_after_days + 1)
    days += [a.on + stale for a in facts.assessments]
    days += [owed.lapses_on for owed in owed_second_stages(facts.screens, facts.sex, today)]
    return min((day for day in days if day > today), default=None)


RULES = (
    Rule(
        "score-mismatch",
        "Records",
        "Where the answers cannot make the sender's total, a person checks which is right; until "
        "then the answers count.",
        "found as practice: senders' totals disagree with their answers",
        "tests/rules/test_scoring.py::test_the_senders_total",
        confirmed=False,
    ),
    Rule(
        "new-positive-screen",
        "Screening",
        f"A total at or beyond the instrument's cut-off asks for a person where the patient is in "
        f"nobody's care; a screen counts for {SCREEN_COUNTS_DAYS} days.",
        "the cut-offs: see each instrument; the year: ours",
        "tests/rules/test_findings.py::test_a_positive_screen_in_nobodys_care",
        confirmed=False,
    ),
    Rule(
        "overdue",
        "Rhythm",
        f"A contact, questionnaire or review is overdue {GRACE_DAYS} days after its day.",
        "ours: configurable",
        "tests/rules/test_findings.py::test_overdue_after_the_days_of_grace",
        confirmed=False,
    ),
)
