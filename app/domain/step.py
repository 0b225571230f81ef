"""The ladder of care: the steps as data, which one begins, which come next."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.domain.rule import Rule

SELECTION = '"Using PHQ-9 Diagnosis and Score for Initial Treatment Selection" (depression toolkit)'


@dataclass(frozen=True, slots=True)
class Step:
    """One level of care; a higher level is more of it."""

    id: str
    level: int
    title: str
    what: str
    source: str


WATCHFUL_WAITING = Step(
    "watchful-waiting",
    1,
    "Watchful waiting",
    "Education and self-management, a call if it gets worse, the questionnaire again within "
    "a month.",
    "van Straten, Med J Aust 2010: half recover within three months",
)
BRIEF = Step(
    "brief",
    2,
    "Brief treatment in the practice",
    "Brief psychological treatment by the care manager, or medication by the primary-care "
    "clinician.",
    SELECTION,
)
INTENSIFIED = Step(
    "intensified",
    3,
    "Intensified treatment",
    "Medication and psychological treatment together, the consultant's advice, closer calls.",
    SELECTION,
)
SPECIALTY = Step(
    "specialty",
    4,
    "Specialty mental health care",
    "Treatment by, or together with, a mental health specialist.",
    "ICSI: referral or co-management for high suicide risk or inadequate response",
)
STEPS: Mapping[str, Step] = MappingProxyType(
    {step.id: step for step in (WATCHFUL_WAITING, BRIEF, INTENSIFIED, SPECIALTY)}
)
"""The ladder, from the lowest level up."""
OFFERED_BY_DEFAULT = frozenset({WATCHFUL_WAITING.id, BRIEF.id, INTENSIFIED.id})
"""What a clinic offers until its director says otherwise (ours)."""

ENTRY_BY_SEVERITY: Mapping[int, Step] = MappingProxyType(
    {0: WATCHFUL_WAITING, 1: WATCHFUL_WAITING, 2: BRIEF, 3: BRIEF, 4: INTENSIFIED}
)
"""Severity level 0 (none) to 4 (severe) → the step to begin with."""


def next_above(step_id: str) -> Step | None:
    """The next step up the ladder, whoever offers it; None at the top."""
    level = STEPS[step_id].level
    return next((step for step in STEPS.values() if step.level == level + 1), None)


def next_below(step_id: str, offered: Collection[str]) -> Step | None:
    """The next lower step that the clinic offers; None where there is none."""
    level = STEPS[step_id].level
    lower = [step for step in STEPS.values() if step.level < level and step.id in offered]
    return lower[-1] if lower else None


def interim_step(wanted: str, current: str | None, offered: Collection[str]) -> Step | None:
    """What is in force while the patient waits for a step elsewhere: the highest on offer below."""
    return STEPS[current] if current else next_below(wanted, offered)


def offered_or_above(step: Step, offered: Collection[str]) -> Step:
    """The step itself; where the clinic begins higher, the lowest that it offers."""
    lowest = next((s for s in STEPS.values() if s.id in offered), step)
    return lowest if lowest.level > step.level else step


RULES = (
    Rule(
        "step-entry",
        "Steps of care",
        "The first step follows the severity of the latest score: "
        + "; ".join(
            f"{words} → {ENTRY_BY_SEVERITY[level].title.lower()}"
            for level, words in (
                (1, "none or mild"),
                (2, "moderate"),
                (3, "moderately severe"),
                (4, "severe"),
            )
        )
        + ".",
        f"{SELECTION}; by GAD-7 the same shape by convention",
        "tests/rules/test_step_care.py::test_entry_by_severity",
    ),
)
