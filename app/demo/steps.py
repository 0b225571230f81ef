"""Steps of care in the demo: decided on what the real rules suggested on that day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from app.demo.stories import WELL_FOR, Story
from app.domain.episode import EpisodeStatus
from app.domain.evaluate import AssessmentFact, EpisodeFacts, course_of, judging_instrument
from app.domain.protocol import BAO_SOWA, judge
from app.domain.safety import ItemNine
from app.domain.score import TotalCheck
from app.domain.step import OFFERED_BY_DEFAULT
from app.domain.step_care import StepFacts, Suggestion, suggest
from app.domain.step_decision import Choice, Settled, StepChoice, settle

WAITING_DAYS = 20
"""Suggestions younger than this wait for a person, so that the demo has some to decide."""
REASONS = (
    "Dose was raised last week; weigh again at the next questionnaire.",
    "Prefers to go on as it is for now; agreed to look again in two weeks.",
    "A loss in the family explains the rise; weekly calls instead.",
)
MEANWHILE = "Weekly calls and the present medication until the first appointment."


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision of the story, on a day counted from enrolment."""

    day: int
    number: int
    before: str | None
    choice: StepChoice
    settled: Settled
    suggestion: Suggestion


def decide(dice: Random, story: Story, enrolled_on: date) -> Iterator[Decided]:
    """The decisions of a course: at the first score, and wherever a change was suggested."""
    current, since, number = None, None, 0
    for day in sorted({day for day, *_ in story.phq9} | {day for day, _ in story.gad7}):
        facts = _facts(story, enrolled_on, day, current, since)
        found = suggest(facts)
        if story.kind == "relapse" and day > WELL_FOR:
            return
        if found.step is None or (current and day > story.days - WAITING_DAYS):
            continue
        choice = _choose(dice, found, current)
        settled, number = settle(choice, found, facts), number + 1
        yield Decided(day, number, current, choice, settled, found)
        if settled.in_force != current:
            current, since = settled.in_force, enrolled_on + timedelta(day)
        if settled.refer:
            return


def _choose(dice: Random, found: Suggestion, current: str | None) -> StepChoice:
    if current and dice.random() < 0.25:
        return StepChoice(Choice.STAY, reason=dice.choice(REASONS))
    return StepChoice(Choice.ACCEPT, interim_care=MEANWHILE if found.needs_referral else "")


def _facts(
    story: Story, enrolled_on: date, day: int, current: str | None, since: date | None
) -> StepFacts:
    scored = [("phq-9", d, total) for d, total, _ in story.phq9 if d <= day]
    scored += [("gad-7", d, total) for d, total in story.gad7 if d <= day]
    known = EpisodeFacts(
        status=EpisodeStatus.ACTIVE,
        enrolled_on=enrolled_on,
        assessments=tuple(_fact(enrolled_on, *one) for one in scored),
        last_contact_on=None,
        last_review_on=None,
        next_contact_on=None,
        protocol=BAO_SOWA,
    )
    instrument, _ = judging_instrument(known)
    course = course_of(known, instrument)
    on = enrolled_on + timedelta(day)
    judged = judge(BAO_SOWA, instrument, course, enrolled_on, on)
    return StepFacts(instrument, course, judged, OFFERED_BY_DEFAULT, current, since)


def _fact(enrolled_on: date, instrument_id: str, day: int, total: int) -> AssessmentFact:
    on = enrolled_on + timedelta(day)
    return AssessmentFact(
        assessment_id=f"{instrument_id} {day}",
        instrument_id=instrument_id,
        total=Decimal(total),
        at=datetime.combine(on, time(12), UTC),
        on=on,
        item_nine=ItemNine.NEGATIVE,
        item_nine_value=0,
        check=TotalCheck.NOT_CLAIMED,
        claimed_total=None,
    )
