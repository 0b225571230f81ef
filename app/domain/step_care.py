"""Stepped care: the steps, and what the facts of a course suggest about the next one.

A suggestion is a function of facts and says why; the decision is a person's and is kept
beside the suggestion that was shown.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from app.domain.instrument import Instrument
from app.domain.milestones import SUSTAINED_DAYS, relapse_risk
from app.domain.protocol import Judgement, Verdict
from app.domain.response import has_worsened, in_remission, is_case
from app.domain.rule import Rule
from app.domain.severity import severity
from app.domain.step import (
    BRIEF,
    ENTRY_BY_SEVERITY,
    SELECTION,
    SPECIALTY,
    STEPS,
    WATCHFUL_WAITING,
    Step,
    next_above,
    next_below,
    offered_or_above,
)
from app.domain.trajectory import GAP_AFTER_DAYS, Measurement, Trajectory
from app.domain.words import day_words, number_words, within

STEP_NEEDS_DAYS = 42
"""How long a step is given before its failure moves the patient up: six weeks."""
FIRST_LOOK_DAYS = 14
"""How long a step is given before a rise of the score moves the patient up (ours)."""

_TIME_SOURCE = "ICSI: 6 weeks on medication; Implementation Science 7:8: 6 to 12 weeks"
_NO_WATCHING_SOURCE = (
    "NICE stepped care, read in a summary: step 1 is for people without suicidal thoughts"
)
_OURS = "ours: configurable"


class Direction(StrEnum):
    """Where a suggestion points."""

    ENTER = "enter"
    UP = "up"
    DOWN = "down"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ReferralOut:
    """An open referral to a step that the clinic does not give itself."""

    step: str
    since: date
    seen: bool
    """Whether the patient was seen there."""


@dataclass(frozen=True, slots=True)
class StepFacts:
    """All that a suggestion looks at; no clock among them but the day scores were taken."""

    instrument: Instrument
    course: Trajectory
    """On the instrument that the protocol judges by."""
    judgement: Judgement
    offered: frozenset[str]
    """The steps that the patient's clinic gives itself."""
    current: str | None = None
    since: date | None = None
    """The first day of the current step."""
    safety_open: bool = False
    """Whether a safety flag waits for its outcome."""
    stale: bool = False
    """Whether the latest score is too old to judge by."""
    referral: ReferralOut | None = None

    @property
    def days_in_step(self) -> int:
        """How far into the current step the latest score was taken; below 0: before it."""
        assert self.since
        assert self.course.latest
        return (self.course.latest.on - self.since).days


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the facts suggest, and why; where nothing is suggested, why not."""

    direction: Direction
    step: str | None
    """The step to go to; None where none is suggested."""
    words: str
    source: str
    needs_referral: bool = False
    """Whether the clinic does not offer that step itself."""
    evidence: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The same for the same suggestion on the same facts: what a decision is made on."""
        said = [self.direction, self.step, self.words, self.needs_referral, dict(self.evidence)]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]

    def as_shown(self) -> dict[str, object]:
        """What is kept beside the decision that was made on it."""
        return {
            "direction": self.direction.value,
            "step": self.step,
            "words": self.words,
            "source": self.source,
            "evidence": dict(self.evidence),
        }


def suggest(facts: StepFacts) -> Suggestion:
    """What the facts suggest; the order of the questions is the order of their weight."""
    if facts.course.latest is None:
        return _stay(facts, f"No {facts.instrument.short_title} yet: measure first.", _OURS)
    if facts.stale and not facts.safety_open:
        return _stay(facts, f"{_latest_words(facts)} is too old to go by: reassess.", _OURS)
    if facts.current is None:
        return _entry(facts, facts.course.latest)
    for ask in (_in_remission, _while_referred, _unsafe, _watched, _rising):
        found = ask(facts, facts.course.latest)
        if found:
            return found
    return _by_verdict(facts)


def _entry(facts: StepFacts, latest: Measurement) -> Suggestion:
    band = severity(facts.instrument, latest.total)
    wanted, source = ENTRY_BY_SEVERITY[band.level], SELECTION
    why = f"{_latest_words(facts)} ({within(band.label)})"
    if facts.safety_open and wanted is WATCHFUL_WAITING:
        wanted, source = BRIEF, _NO_WATCHING_SOURCE
        why += ", yet a safety flag is open"
    step = offered_or_above(wanted, facts.offered)
    return _to(facts, Direction.ENTER, step, f"{why}: begin with {_named(step)}.", source)


def _while_referred(facts: StepFacts, _: Measurement) -> Suggestion | None:
    out, current = facts.referral, _current(facts)
    if out is None or STEPS[out.step].level <= current.level:
        return None
    step = STEPS[out.step]
    if out.seen:
        words = f"The patient was seen: {_named(step)} has begun elsewhere."
        return Suggestion(Direction.UP, step.id, words, _OURS, evidence=_evidence(facts))
    words = (
        f"A referral to {_named(step)} is open since {day_words(out.since)}: "
        f"{_named(current)} goes on until the patient is seen."
    )
    safety = " Answer the open safety flag today." if facts.safety_open else ""
    return _stay(facts, words + safety, _OURS)


def _in_remission(facts: StepFacts, latest: Measurement) -> Suggestion | None:
    if not in_remission(facts.instrument, latest.total):
        return None
    if facts.safety_open:
        words = f"{_latest_words(facts)}: remission, yet a safety flag is open. Answer it first."
        return _stay(facts, words, _OURS)
    begun = _remission_since(facts)
    lower = next_below(_current(facts).id, facts.offered)
    days = (latest.on - begun).days
    if lower is None:
        return _stay(facts, f"{_latest_words(facts)}: remission, at the lowest step here.", _OURS)
    if days < SUSTAINED_DAYS or facts.days_in_step < SUSTAINED_DAYS:
        words = (
            f"{_latest_words(facts)}: remission, known for {max(days, 0)} days. A step down is "
            f"weighed once it has lasted {SUSTAINED_DAYS} days in this step."
        )
        return _stay(facts, words, _OURS)
    words = (
        f"{_latest_words(facts)}: remission since {day_words(begun)}. Go down to "
        f"{_named(lower)}; medication goes on as the plan says."
    )
    return _to(facts, Direction.DOWN, lower, words, _OURS)


def _remission_since(facts: StepFacts) -> date:
    """The first day of the run of remission that the latest score ends; a gap breaks it."""
    begun = facts.course.points[-1].on
    for point in reversed(facts.course.points):
        gap = (begun - point.on).days > GAP_AFTER_DAYS
        if gap or not in_remission(facts.instrument, point.total):
            break
        begun = point.on
    return begun


def _unsafe(facts: StepFacts, latest: Measurement) -> Suggestion | None:
    if not facts.safety_open:
        return None
    current = _current(facts)
    if current is WATCHFUL_WAITING:
        words = "A safety flag is open: nobody with such thoughts is only watched."
        return _to(facts, Direction.UP, BRIEF, words, _NO_WATCHING_SOURCE)
    failing = facts.judgement.verdict is Verdict.NOT_RESPONDING or _risen(facts, latest)
    if failing and current is not SPECIALTY:
        words = (
            f"A safety flag is open and the treatment does not hold: {_latest_words(facts)}. "
            f"Weigh {_named(SPECIALTY)}."
        )
        return _to(facts, Direction.UP, SPECIALTY, words, SPECIALTY.source)
    return _stay(facts, "A safety flag is open: answer it first, then weigh the step.", _OURS)


def _watched(facts: StepFacts, latest: Measurement) -> Suggestion | None:
    """Watchful waiting ends where a score taken in it reaches caseness."""
    if _current(facts) is not WATCHFUL_WAITING or facts.days_in_step <= 0:
        return None
    band = severity(facts.instrument, latest.total)
    step = ENTRY_BY_SEVERITY[band.level]
    if not is_case(facts.instrument, latest.total) or step is WATCHFUL_WAITING:
        return None
    words = f"{_latest_words(facts)} ({within(band.label)}) while waiting: go up to {_named(step)}."
    return _to(facts, Direction.UP, step, words, SELECTION)


def _rising(facts: StepFacts, latest: Measurement) -> Suggestion | None:
    if not _risen(facts, latest):
        return None
    if facts.days_in_step < FIRST_LOOK_DAYS:
        words = (
            f"{_rise_words(facts)} The step was {max(facts.days_in_step, 0)} days old: look at "
            f"it with the consultant; a step up is weighed from day {FIRST_LOOK_DAYS} on."
        )
        return _stay(facts, words, _OURS)
    return _up_one(facts, _rise_words(facts), _OURS)


def _by_verdict(facts: StepFacts) -> Suggestion:
    verdict, words = facts.judgement.verdict, facts.judgement.words
    if verdict is not Verdict.NOT_RESPONDING:
        more = " The aim is remission." if verdict is Verdict.IMPROVED else ""
        return _stay(facts, words + more, _protocol_source(facts))
    if facts.days_in_step < STEP_NEEDS_DAYS:
        assert facts.since
        waits = (
            f"{words} This step began on {day_words(facts.since)}: it is judged by a score taken "
            f"{STEP_NEEDS_DAYS} days or more into it."
        )
        return _stay(facts, waits, _TIME_SOURCE)
    return _up_one(facts, words, _protocol_source(facts))


def _up_one(facts: StepFacts, words: str, source: str) -> Suggestion:
    above = next_above(_current(facts).id)
    if above is None:
        return _stay(facts, f"{words} This is the highest step: review the case.", source)
    return _to(facts, Direction.UP, above, f"{words} Go up to {_named(above)}.", source)


def _to(facts: StepFacts, direction: Direction, step: Step, words: str, source: str) -> Suggestion:
    there = facts.referral and facts.referral.seen and facts.referral.step == step.id
    away = step.id not in facts.offered and not there
    if away:
        words = f"{words} This clinic does not offer it: refer, and name the care meanwhile."
    return Suggestion(direction, step.id, words, source, away, _evidence(facts))


def _stay(facts: StepFacts, words: str, source: str) -> Suggestion:
    return Suggestion(Direction.NONE, None, words, source, evidence=_evidence(facts))


def _risen(facts: StepFacts, latest: Measurement) -> bool:
    """A rise to caseness over the previous score, or back to it after a response."""
    previous = facts.course.previous
    rise = previous is not None and has_worsened(facts.instrument, previous.total, latest.total)
    again = rise or relapse_risk(facts.instrument, facts.course)
    return again and is_case(facts.instrument, latest.total)


def _rise_words(facts: StepFacts) -> str:
    if relapse_risk(facts.instrument, facts.course):
        return f"{_latest_words(facts)}, after a response."
    previous = facts.course.previous
    assert previous
    return f"{_latest_words(facts)}, up from {number_words(previous.total)}."


def _latest_words(facts: StepFacts) -> str:
    latest = facts.course.latest
    assert latest
    name = facts.instrument.short_title
    return f"{name} {number_words(latest.total)} on {day_words(latest.on)}"


def _current(facts: StepFacts) -> Step:
    assert facts.current
    return STEPS[facts.current]


def _named(step: Step) -> str:
    return within(step.title)


def _protocol_source(facts: StepFacts) -> str:
    said = facts.judgement.evidence
    return f"{said['protocol']} ({said['source']})"


def _evidence(facts: StepFacts) -> dict[str, str | int]:
    """The facts that were weighed; what only the clock changes is not among them."""
    told: dict[str, str | int] = {
        "instrument": facts.instrument.short_title,
        "verdict": facts.judgement.verdict.value,
        "step": facts.current or "none",
        "step_since": facts.since.isoformat() if facts.since else "none",
        "safety_open": "yes" if facts.safety_open else "no",
        "too_old": "yes" if facts.stale else "no",
    }
    baseline, latest = facts.course.baseline, facts.course.latest
    if baseline:
        told |= {"baseline": number_words(baseline.total), "baseline_on": baseline.on.isoformat()}
    if latest:
        told |= {"latest": number_words(latest.total), "latest_on": latest.on.isoformat()}
    return told


_HELD = "tests/rules/test_step_care.py"
RULES = (
    Rule(
        "step-no-watching-with-safety",
        "Steps of care",
        "Nobody with an open safety flag begins or stays in watchful waiting.",
        _NO_WATCHING_SOURCE,
        f"{_HELD}::test_what_the_facts_suggest",
    ),
    Rule(
        "step-up-not-responding",
        "Steps of care",
        "One step up where the protocol says not responding, by a score taken "
        f"{STEP_NEEDS_DAYS} days or more into the step.",
        _TIME_SOURCE,
        f"{_HELD}::test_what_the_facts_suggest",
    ),
    Rule(
        "step-up-rising",
        "Steps of care",
        "One step up on a rise to caseness over the previous score, or back to it after a "
        f"response, by a score taken {FIRST_LOOK_DAYS} days or more into the step.",
        _OURS,
        f"{_HELD}::test_what_the_facts_suggest",
        confirmed=False,
    ),
    Rule(
        "step-up-unsafe",
        "Steps of care",
        "Specialty care is weighed where a safety flag is open and the treatment does not hold.",
        SPECIALTY.source,
        f"{_HELD}::test_what_the_facts_suggest",
    ),
    Rule(
        "step-up-from-watching",
        "Steps of care",
        "Watchful waiting ends where a score taken in it reaches caseness (10 on the PHQ-9).",
        SELECTION,
        f"{_HELD}::test_what_the_facts_suggest",
    ),
    Rule(
        "step-stale",
        "Steps of care",
        "A score too old to judge by moves nobody: reassess first.",
        _OURS,
        f"{_HELD}::test_what_the_facts_suggest",
        confirmed=False,
    ),
    Rule(
        "step-down",
        "Steps of care",
        f"One step down after {SUSTAINED_DAYS} days of remission in the step; up is never "
        "suggested in remission.",
        _OURS,
        f"{_HELD}::test_what_the_facts_suggest",
        confirmed=False,
    ),
)
