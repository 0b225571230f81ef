"""How often to call, to measure and to review; every interval is configurable."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.episode import EpisodeStatus
from app.domain.rule import Rule


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Intervals in days."""

    first_contact_within: int = 28
    """Bao 2016: contact within 4 weeks of enrolment, odds ratio 1.63 for improvement."""
    contact_month_1: int = 7
    contact_months_2_3: int = 14
    contact_later: int = 28
    """Weekly, every other week, then monthly (COMPASS)."""
    contact_relapse_prevention: int = 28
    """Calls every four weeks (German IMPACT, Trials 15:351), or as the patient's plan says."""
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
    if status is EpisodeStatus.RELAPSE_PREVENTION:
        return last_contact_on + timedelta(days=rhythm.contact_relapse_prevention)
    if days_in >= 84:
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


_USUAL = Rhythm()
RULES = (
    Rule(
        "contact-rhythm",
        "Rhythm",
        f"The patient is reached every {_USUAL.contact_month_1} days in the first month, every "
        f"{_USUAL.contact_months_2_3} days until day 84, then every {_USUAL.contact_later} days; "
        "what was agreed on goes before.",
        "COMPASS: weekly in month 1, every other week in months 2 to 3, then monthly",
        "tests/rules/test_findings.py::test_the_rhythm_of_contacts",
    ),
    Rule(
        "assessment-rhythm",
        "Rhythm",
        f"A questionnaire every {_USUAL.assessment_acute} days, in relapse prevention every "
        f"{_USUAL.assessment_relapse_prevention} days.",
        "from memory",
        "tests/rules/test_findings.py::test_the_rhythm_of_questionnaires_and_reviews",
        confirmed=False,
    ),
    Rule(
        "review-rhythm",
        "Rhythm",
        f"A case review every {_USUAL.review_active} days, in relapse prevention every "
        f"{_USUAL.review_relapse_prevention} days.",
        "scope-web: 1 month in active treatment, 2 months in relapse prevention",
        "tests/rules/test_findings.py::test_the_rhythm_of_questionnaires_and_reviews",
    ),
)
