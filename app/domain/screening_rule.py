"""Universal screening: for what, with which forms, from which age and how often."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from app.domain.catalogue import INSTRUMENTS
from app.domain.rule import Rule
from app.errors import Problem, Unprocessable

OLDEST = 120
"""Years; nobody is older."""
LONGEST_DAYS = 3650
"""The longest interval that can be chosen: ten years (ours)."""


class Topic(StrEnum):
    """What patients are screened for."""

    DEPRESSION = "depression"
    ANXIETY = "anxiety"
    ALCOHOL = "alcohol"
    DRUGS = "drugs"


CHOICES: Mapping[Topic, tuple[str, ...]] = MappingProxyType(
    {
        Topic.DEPRESSION: ("phq-2", "phq-9", "phq-8", "phq-a", "epds", "gds-15"),
        Topic.ANXIETY: ("gad-2", "gad-7"),
        Topic.ALCOHOL: ("audit-c", "audit", "sasq"),
        Topic.DRUGS: ("sisq", "dast-10"),
    }
)
"""The forms that can screen for a topic, the shortest first."""


def choices_for(topic: Topic) -> tuple[str, ...]:
    """Those of them that this registry has."""
    return tuple(name for name in CHOICES[topic] if name in INSTRUMENTS)


@dataclass(frozen=True, slots=True)
class ScreeningRule:
    """Who is to be screened for a topic: in one clinic, or wherever no clinic has its own."""

    topic: Topic
    instruments: tuple[str, ...]
    """Any of them is a screening."""
    from_age: int
    to_age: int | None
    """The last year of age, inclusive; None: no upper bound."""
    every_days: int
    active: bool = True
    clinic_id: UUID | None = None
    version: int = 0
    """0: as it is shipped."""

    def is_of_age(self, birth_on: date, on: date) -> bool:
        """Whether a person born on that day is to be screened on this one."""
        years = on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day))
        return self.from_age <= years and (self.to_age is None or years <= self.to_age)

    def covers(self, screened_on: date, visit_on: date) -> bool:
        """Whether a screening lies within the interval before a visit, or after it."""
        return screened_on > visit_on - timedelta(days=self.every_days)


DEFAULTS: Mapping[Topic, ScreeningRule] = MappingProxyType(
    {
        Topic.DEPRESSION: ScreeningRule(
            Topic.DEPRESSION, ("phq-2", "phq-9", "phq-8", "phq-a", "epds"), 12, None, 365
        ),
        Topic.ANXIETY: ScreeningRule(Topic.ANXIETY, ("gad-2", "gad-7"), 18, None, 365),
        Topic.ALCOHOL: ScreeningRule(Topic.ALCOHOL, ("audit-c", "audit", "sasq"), 18, None, 365),
        Topic.DRUGS: ScreeningRule(Topic.DRUGS, ("sisq", "dast-10"), 18, None, 365),
    }
)
"""What holds until a director says otherwise."""


def rule_for(rules: Iterable[ScreeningRule], topic: Topic, clinic_id: UUID | None) -> ScreeningRule:
    """The clinic's own rule, else the organization's, else the shipped one."""
    found = {rule.clinic_id: rule for rule in rules if rule.topic is topic}
    return found.get(clinic_id) or found.get(None) or DEFAULTS[topic]


def check_rule(rule: ScreeningRule) -> None:
    """Raises Unprocessable naming everything that no rule can be."""
    problems = []
    allowed = choices_for(rule.topic)
    if not rule.instruments or not set(rule.instruments) <= set(allowed):
        problems.append(Problem("instruments", f"choose one or more of {', '.join(allowed)}"))
    if not 0 <= rule.from_age <= OLDEST:
        problems.append(Problem("from age", f"is 0 to {OLDEST} years"))
    if rule.to_age is not None and not rule.from_age <= rule.to_age <= OLDEST:
        problems.append(Problem("to age", f"is from age or more, {OLDEST} at most, or empty"))
    if not 1 <= rule.every_days <= LONGEST_DAYS:
        problems.append(Problem("every days", f"is 1 to {LONGEST_DAYS} days"))
    if problems:
        raise Unprocessable("This screening rule cannot be kept.", problems)


def _from_age(topic: Topic, source: str, confirmed: bool) -> Rule:
    rule = DEFAULTS[topic]
    forms = ", ".join(name.upper() for name in rule.instruments)
    return Rule(
        f"screen-{topic.value}",
        "Universal screening",
        f"Screening for {topic.value} is asked from the age of {rule.from_age} years; any of "
        f"{forms} is one.",
        source,
        "tests/rules/test_screening_reach.py::test_who_is_of_age",
        confirmed,
    )


RULES = (
    _from_age(
        Topic.DEPRESSION,
        "age, PHQ-2, PHQ-9, EPDS: aligned with HEDIS DSF-E; the other forms: ours",
        True,
    ),
    _from_age(Topic.ALCOHOL, "aligned with HEDIS ASF-E (age; AUDIT, AUDIT-C, single item)", True),
    _from_age(Topic.ANXIETY, "ours: configurable", False),
    _from_age(Topic.DRUGS, "ours: configurable", False),
    Rule(
        "screen-interval",
        "Universal screening",
        "A screening counts for "
        f"{DEFAULTS[Topic.DEPRESSION].every_days} days: at a visit later than that it is due.",
        "ours: configurable per clinic",
        "tests/rules/test_screening_reach.py::test_who_was_reached",
        confirmed=False,
    ),
)
