"""Treat-to-target protocols: when a treatment is judged and what counts as improved.

Published definitions differ, so each is a named protocol; a finding tells which
one made it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from app.domain.instrument import Instrument
from app.domain.response import has_responded
from app.domain.rule import Rule
from app.domain.trajectory import STALE_AFTER_DAYS, Trajectory, is_stale
from app.domain.words import change_words, day_words, number_words


@dataclass(frozen=True, slots=True)
class Stage:
    """What counts as improved from a day on; any one of the three is enough."""

    after_days: int
    """Days since enrolment."""
    below: int | None = None
    """A total below this."""
    reduction: Decimal | None = None
    """This share of the baseline gone."""
    points: int | None = None
    """This many points below the baseline."""

    def is_met(self, baseline: Decimal, latest: Decimal) -> bool:
        return (
            (self.below is not None and latest < self.below)
            or (self.reduction is not None and has_responded(baseline, latest, self.reduction))
            or (self.points is not None and baseline - latest >= self.points)
        )

    @property
    def words(self) -> str:
        """``below 10 or a fall of 50 % from day 56 on``."""
        asked = []
        if self.below is not None:
            asked.append(f"below {self.below}")
        if self.reduction is not None:
            asked.append(f"a fall of {int(self.reduction * 100)} %")
        if self.points is not None:
            asked.append(f"a fall of {self.points} points")
        return f"{' or '.join(asked)} from day {self.after_days} on"


HALF, QUARTER = Decimal("0.5"), Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Protocol:
    """A published definition of "not responding"."""

    id: str
    version: int
    title: str
    stages: tuple[Stage, ...]
    """In the order of their days; the latest one reached judges."""
    source: str
    baseline_at_least: int = 10
    then: str = "Psychiatric consultation or a change of treatment."
    stale_after_days: int = STALE_AFTER_DAYS
    confirmed: bool = True
    """Whether its numbers were read in the source named; else they are to be checked first."""

    @property
    def name(self) -> str:
        return f"{self.id} v{self.version}"

    def stage_on(self, day: int) -> Stage | None:
        """The stage that judges on a day since enrolment; None before the first."""
        return next((s for s in reversed(self.stages) if s.after_days <= day), None)


BAO_SOWA = Protocol(
    id="bao-sowa",
    version=1,
    title="Not improved by week 8",
    stages=(Stage(56, below=10, reduction=HALF),),
    source="Bao 2016; Sowa 2018",
    then="Psychiatric consultation or a change of treatment in weeks 8 to 12.",
)
NY_MEDICAID = Protocol(
    id="ny-medicaid",
    version=1,
    title="Not improved 70 days after enrolment",
    stages=(Stage(70, below=10, reduction=HALF),),
    source="Implementation Science s13012-018-0818-6",
)
GERMAN_IMPACT = Protocol(
    id="german-impact",
    version=1,
    title="No response at a review",
    # Judged at every review; that the first of them comes after four weeks is ours.
    stages=(Stage(28, reduction=HALF),),
    source="Trials 15:351",
    then="Step up; below 5: relapse plan and calls every four weeks.",
)
ICSI = Protocol(
    id="icsi",
    version=1,
    title="A quarter by week 6, half by week 10",
    stages=(Stage(42, reduction=QUARTER), Stage(70, reduction=HALF)),
    source="ICSI: 6 weeks on medication, 8 to 10 weeks of therapy",
    then="Adjust the treatment; the aim is a total below 5.",
)
AIMS = Protocol(
    id="aims",
    version=1,
    title="Not improved by week 10",
    stages=(Stage(70, reduction=HALF, points=5),),
    source="AIMS Center, 10 to 12 weeks: not confirmed",
    confirmed=False,
)
PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {p.id: p for p in (BAO_SOWA, NY_MEDICAID, GERMAN_IMPACT, ICSI, AIMS)}
)


class Verdict(StrEnum):
    """What the protocol says of a treatment today."""

    NOT_YET = "not-yet"
    IMPROVED = "improved"
    NOT_RESPONDING = "not-responding"
    CANNOT_JUDGE = "cannot-judge"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason, ready to be shown."""

    verdict: Verdict
    words: str
    evidence: Mapping[str, str | int] = field(default_factory=dict)


def judge(
    protocol: Protocol,
    instrument: Instrument,
    course: Trajectory,
    enrolled_on: date,
    today: date,
) -> Judgement:
    """Judge the latest score once the protocol's time has come.

    A latest score older than 28 days cannot judge: the finding is "reassess", never
    silence. Patients with a GAD-7 alone are judged by it in the same shape (convention).
    """
    name = instrument.short_title
    due_on = enrolled_on + timedelta(protocol.stages[0].after_days)
    if course.baseline is None or course.latest is None:
        if today < due_on:
            return Judgement(Verdict.NOT_YET, f"No {name} yet.")
        return Judgement(Verdict.CANNOT_JUDGE, f"No {name} to judge the treatment by: reassess.")
    evidence = _evidence(protocol, instrument, course, today)
    if course.baseline.total < protocol.baseline_at_least:
        words = (
            f"{name} was {number_words(course.baseline.total)} at baseline: {protocol.name} "
            f"judges from {protocol.baseline_at_least} on."
        )
        return Judgement(Verdict.NOT_APPLICABLE, words, evidence)
    if today < due_on:
        words = f"{protocol.name} judges on {day_words(due_on)}. {_course_words(name, course)}"
        return Judgement(Verdict.NOT_YET, words, evidence)
    if is_stale(course.latest.on, today, protocol.stale_after_days):
        words = (
            f"The latest {name} is of {day_words(course.latest.on)}, more than "
            f"{protocol.stale_after_days} days ago: reassess before judging."
        )
        return Judgement(Verdict.CANNOT_JUDGE, words, evidence)
    stage = protocol.stage_on((today - enrolled_on).days)
    assert stage is not None  # today is not before the first stage
    improved = stage.is_met(course.baseline.total, course.latest.total)
    return Judgement(
        Verdict.IMPROVED if improved else Verdict.NOT_RESPONDING,
        _judged_words(protocol, stage, name, course, enrolled_on),
        evidence,
    )


def _course_words(name: str, course: Trajectory) -> str:
    assert course.baseline
    assert course.latest
    baseline, latest = course.baseline, course.latest
    return (
        f"{name} was {number_words(baseline.total)} at baseline ({day_words(baseline.on)}) and is "
        f"{number_words(latest.total)} ({day_words(latest.on)}): "
        f"{change_words(baseline.total, latest.total)}."
    )


def _judged_words(
    protocol: Protocol, stage: Stage, name: str, course: Trajectory, enrolled_on: date
) -> str:
    assert course.latest
    week = max(0, (course.latest.on - enrolled_on).days // 7)
    judged = f"Judged at week {week}; {protocol.name} asks for {stage.words}."
    return f"{_course_words(name, course)} {judged}"


def _evidence(
    protocol: Protocol, instrument: Instrument, course: Trajectory, today: date
) -> dict[str, str | int]:
    assert course.baseline
    assert course.latest
    return {
        "protocol": protocol.name,
        "source": protocol.source,
        "instrument": instrument.short_title,
        "baseline": number_words(course.baseline.total),
        "baseline_on": course.baseline.on.isoformat(),
        "latest": number_words(course.latest.total),
        "latest_on": course.latest.on.isoformat(),
        "judged_on": today.isoformat(),
        "then": protocol.then,
    }


RULES = tuple(
    Rule(
        f"protocol-{p.id}",
        "Not responding",
        f"{p.name}: from a baseline of {p.baseline_at_least} on, improved is "
        f"{'; '.join(stage.words for stage in p.stages)}. Then: {p.then}",
        p.source,
        "tests/rules/test_protocols.py::test_verdicts",
        confirmed=p.confirmed,
    )
    for p in PROTOCOLS.values()
)
