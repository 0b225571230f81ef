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
from app.domain.trajectory import STALE_AFTER_DAYS, Trajectory, is_stale
from app.domain.words import change_words, day_words, number_words


@dataclass(frozen=True, slots=True)
class Protocol:
    """A published definition of "not responding"."""

    id: str
    version: int
    title: str
    judged_after_days: int
    baseline_at_least: int
    improved_below: int
    improved_reduction: Decimal
    source: str
    then: str = "Psychiatric consultation or a change of treatment."
    stale_after_days: int = STALE_AFTER_DAYS

    @property
    def name(self) -> str:
        return f"{self.id} v{self.version}"


BAO_SOWA = Protocol(
    id="bao-sowa",
    version=1,
    title="Not improved by week 8",
    judged_after_days=56,
    baseline_at_least=10,
    improved_below=10,
    improved_reduction=Decimal("0.5"),
    source="Bao 2016; Sowa 2018",
    then="Psychiatric consultation or a change of treatment in weeks 8 to 12.",
)
NY_MEDICAID = Protocol(
    id="ny-medicaid",
    version=1,
    title="Not improved 70 days after enrolment",
    judged_after_days=70,
    baseline_at_least=10,
    improved_below=10,
    improved_reduction=Decimal("0.5"),
    source="Implementation Science s13012-018-0818-6",
)
PROTOCOLS: Mapping[str, Protocol] = MappingProxyType({p.id: p for p in (BAO_SOWA, NY_MEDICAID)})


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
    name, due_on = instrument.short_title, enrolled_on + timedelta(protocol.judged_after_days)
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
    improved = course.latest.total < protocol.improved_below or has_responded(
        course.baseline.total, course.latest.total, protocol.improved_reduction
    )
    return Judgement(
        Verdict.IMPROVED if improved else Verdict.NOT_RESPONDING,
        _judged_words(protocol, name, course, enrolled_on),
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


def _judged_words(protocol: Protocol, name: str, course: Trajectory, enrolled_on: date) -> str:
    assert course.latest
    week = max(0, (course.latest.on - enrolled_on).days // 7)
    percent = int(protocol.improved_reduction * 100)
    return (
        f"{_course_words(name, course)} Judged at week {week}; {protocol.name} asks for below "
        f"{protocol.improved_below} or a fall of {percent} % from day "
        f"{protocol.judged_after_days} on."
    )


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
