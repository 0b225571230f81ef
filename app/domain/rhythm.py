"""How often to call, to measure and to review; every interval is configurable."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.episode import EpisodeStatus


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Intervals in days."""

    first_contact_within: int = 28
    """Bao 2016: contact within 4 weeks of enrolment, odds ratio 1.63 for improvement."""
    contact_month_1: int = 7
    contact_months_2_3: int = 14
    contact_later: int = 28
    """Weekly, every other week, then monthly (COMPASS)."""
    assessment_acute: int = 14
    assessment_relapse_prevention: int = 28
    """Not confirmed."""
    review_active: int = 31
    review_relapse_prevention: int = 61
    """One month in active treatment, two in relapse prevention (scope-web)."""


def next_contact_due(
    status: EpisodeStatus, enrolled_on: date, last_contact_on: date | None, rhythm: Rhythm
) -> date | None:
    """When the patient should next be reached; None while nobody is to call."""
    if status in (EpisodeStatus.CLOSED, EpisodeStatus.PAUSED):
        return None
    if last_contact_on is None:
        return enrolled_on + timedelta(days=rhythm.contact_month_1)
    days_in = (last_contact_on - enrolled_on).days
    if status is EpisodeStatus.RELAPSE_PREVENTION or days_in >= 84:
        return last_contact_on + timedelta(days=rhythm.contact_later)
    early = rhythm.contact_month_1 if days_in < 28 else rhythm.contact_months_2_3
    return last_contact_on + timedelta(days=early)


def next_assessment_due(
    status: EpisodeStatus, enrolled_on: date, last_assessed_on: date | None, rhythm: Rhythm
) -> date | None:
    """When the next questionnaire is due; at enrolment where there is none yet."""
    if status in (EpisodeStatus.CLOSED, EpisodeStatus.PAUSED):
        return None
    if last_assessed_on is None:
        return enrolled_on
    if status is EpisodeStatus.RELAPSE_PREVENTION:
        return last_assessed_on + timedelta(days=rhythm.assessment_relapse_prevention)
    return last_assessed_on + timedelta(days=rhythm.assessment_acute)


def next_review_due(
    status: EpisodeStatus, enrolled_on: date, last_review_on: date | None, rhythm: Rhythm
) -> date | None:
    """When the consultant should next look at the case."""
    if status in (EpisodeStatus.CLOSED, EpisodeStatus.PAUSED):
        return None
    since = last_review_on or enrolled_on
    if status is EpisodeStatus.RELAPSE_PREVENTION:
        return since + timedelta(days=rhythm.review_relapse_prevention)
    return since + timedelta(days=rhythm.review_active)
