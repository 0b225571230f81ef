"""The plan against relapse that a patient takes home: what it holds and how often to call."""

from dataclasses import dataclass, fields
from datetime import date

from app.domain.rhythm import Rhythm
from app.domain.rule import Rule
from app.errors import Problem, Unprocessable

CALL_WEEKS = 4
"""Calls every four weeks once the score is below 5 (German IMPACT, Trials 15:351)."""
MOST_CALL_WEEKS = 26
"""Half a year without a call is no relapse prevention (ours)."""
LONGEST = 5000
"""Characters in one part of the plan: it is to fit on a page (ours)."""


@dataclass(frozen=True, slots=True)
class RelapsePlan:
    """One version of the plan, in words that the patient can read."""

    warning_signs: str
    what_helped: str
    medication: str
    whom_to_call: str
    own_words: str
    continue_until: date | None = None
    """The last day of the medication as planned."""
    call_weeks: int = CALL_WEEKS
    next_check_on: date | None = None
    agreed_on: date | None = None
    """The day the patient agreed; None: not yet."""

    @property
    def rhythm(self) -> Rhythm:
        """The usual intervals, with calls in relapse prevention as this plan says."""
        return Rhythm(contact_relapse_prevention=self.call_weeks * 7)

    def cleaned(self) -> "RelapsePlan":
        """The same without blanks at the ends of what was typed."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        bare = {key: text.strip() for key, text in told.items() if isinstance(text, str)}
        return RelapsePlan(**told | bare)


def check_plan(plan: RelapsePlan, today: date) -> None:
    """Raises Unprocessable with everything that the plan lacks."""
    problems = [*_needed(plan), *_too_long(plan), *_days(plan, today)]
    if not 1 <= plan.call_weeks <= MOST_CALL_WEEKS:
        problems.append(Problem("call_weeks", f"give weeks from 1 to {MOST_CALL_WEEKS}"))
    if problems:
        raise Unprocessable("The plan was not saved.", problems)


def _needed(plan: RelapsePlan) -> list[Problem]:
    asked = {
        "warning_signs": "say by what the patient would notice it",
        "what_helped": "say what helped this time",
        "whom_to_call": "say whom the patient calls, with the number",
    }
    return [Problem(name, why) for name, why in asked.items() if not getattr(plan, name).strip()]


def _too_long(plan: RelapsePlan) -> list[Problem]:
    return [
        Problem(field.name, f"is longer than {LONGEST} characters")
        for field in fields(plan)
        if isinstance(text := getattr(plan, field.name), str) and len(text) > LONGEST
    ]


def _days(plan: RelapsePlan, today: date) -> list[Problem]:
    problems = []
    if plan.continue_until and plan.continue_until < today:
        problems.append(Problem("continue_until", "lies in the past"))
    if plan.next_check_on and plan.next_check_on < today:
        problems.append(Problem("next_check_on", "lies in the past"))
    if plan.agreed_on and plan.agreed_on > today:
        problems.append(Problem("agreed_on", "lies in the future"))
    return problems


RULES = (
    Rule(
        "relapse-plan",
        "Relapse prevention and discharge",
        "An episode goes into relapse prevention with a plan (warning signs, what helped, whom to "
        "call), or with a reason why there is none; every version is kept.",
        "ours, after Trials 15:351: below 5, relapse plan",
        "tests/rules/test_relapse_prevention.py::test_what_a_plan_must_hold",
        confirmed=False,
    ),
    Rule(
        "relapse-calls",
        "Relapse prevention and discharge",
        f"In relapse prevention the patient is called every {CALL_WEEKS} weeks, or as the plan "
        f"says ({MOST_CALL_WEEKS} weeks at most).",
        "Trials 15:351",
        "tests/rules/test_relapse_prevention.py::test_calls_in_relapse_prevention",
    ),
)
