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
from app.domain.rule import Rule
from app.domain.trajectory import Measurement, Trajectory, is_stale
from app.domain.treat_to_target import Protocol, Stage
from app.domain.words import change_words, day_words, number_words

__all__ = [
    "AIMS",
    "BAO_SOWA",
    "GERMAN_IMPACT",
    "ICSI",
    "NY_MEDICAID",
    "PROTOCOLS",
    "RULES",
    "Judgement",
    "Protocol",
    "Stage",
    "Verdict",
    "decide",
    "judge",
]

HALF, QUARTER = Decimal("0.5"), Decimal("0.25")


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
    then="Step up.",
    aim_below=5,
    aim_then="Relapse plan and calls every four weeks.",
    meeting_every_days=56,
)
ICSI = Protocol(
    id="icsi",
    version=1,
    title="A quarter by week 6, half by week 10",
    stages=(Stage(42, reduction=QUARTER), Stage(70, reduction=HALF)),
    source="ICSI: 6 weeks on medication, 8 to 10 weeks of therapy",
    then="Adjust the treatment; the aim is a total below 5.",
    aim_below=5,
    aim_then="The aim of the treatment is reached.",
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


def decide(
    protocol: Protocol,
    baseline: Decimal | None,
    latest: Decimal | None,
    latest_on: date | None,
    enrolled_on: date,
    today: date,
) -> Verdict:
    """The bare verdict on a course; what `judge` tells the reason of.

    A latest score older than the protocol allows cannot judge: the finding is "reassess",
    never silence.
    """
    stage = protocol.stage_on((today - enrolled_on).days)
    if baseline is None or latest is None or latest_on is None:
        return Verdict.NOT_YET if stage is None else Verdict.CANNOT_JUDGE
    if baseline < protocol.baseline_at_least:
        return Verdict.NOT_APPLICABLE
    if stage is None:
        return Verdict.NOT_YET
    if is_stale(latest_on, today, protocol.stale_after_days):
        return Verdict.CANNOT_JUDGE
    return Verdict.IMPROVED if stage.is_met(baseline, latest) else Verdict.NOT_RESPONDING


def judge(
    protocol: Protocol,
    instrument: Instrument,
    course: Trajectory,
    enrolled_on: date,
    today: date,
) -> Judgement:
    """Judge the latest score once the protocol's time has come, with the reason in words."""
    baseline, latest = course.baseline, course.latest
    verdict = decide(
        protocol,
        baseline.total if baseline else None,
        latest.total if latest else None,
        latest.on if latest else None,
        enrolled_on,
        today,
    )
    case = _Case(protocol, instrument.short_title, enrolled_on, today, verdict)
    if baseline is None or latest is None:
        return Judgement(verdict, case.without_score(), case.evidence())
    return Judgement(verdict, case.words(baseline, latest), case.evidence(baseline, latest))


@dataclass(frozen=True, slots=True)
class _Case:
    """A verdict with all that its words are made of."""

    protocol: Protocol
    name: str
    """The instrument as people name it."""
    enrolled_on: date
    today: date
    verdict: Verdict

    def without_score(self) -> str:
        if self.verdict is Verdict.NOT_YET:
            return f"No {self.name} yet."
        return f"No {self.name} to judge the treatment by: reassess."

    def words(self, baseline: Measurement, latest: Measurement) -> str:
        protocol, course = self.protocol, _course_words(self.name, baseline, latest)
        match self.verdict:
            case Verdict.NOT_APPLICABLE:
                return (
                    f"{self.name} was {number_words(baseline.total)} at baseline: {protocol.name} "
                    f"judges from {protocol.baseline_at_least} on."
                )
            case Verdict.NOT_YET:
                first = self.enrolled_on + timedelta(protocol.stages[0].after_days)
                return f"{protocol.name} judges on {day_words(first)}. {course}"
            case Verdict.CANNOT_JUDGE:
                return (
                    f"The latest {self.name} is of {day_words(latest.on)}, more than "
                    f"{protocol.stale_after_days} days ago: reassess before judging."
                )
        week = max(0, (latest.on - self.enrolled_on).days // 7)
        asked = f"Judged at week {week}; {protocol.name} asks for {self._stage().words}."
        return " ".join([course, asked, *self._next(latest)])

    def _stage(self) -> Stage:
        stage = self.protocol.stage_on((self.today - self.enrolled_on).days)
        assert stage is not None  # the verdict says that today is not before the first
        return stage

    def _next(self, latest: Measurement) -> list[str]:
        """What the protocol says of the time to come."""
        protocol, said = self.protocol, []
        later = protocol.stage_after((self.today - self.enrolled_on).days)
        if self.verdict is Verdict.IMPROVED and self._aim_reached(latest):
            said.append(f"Below {protocol.aim_below}: {protocol.aim_then}")
        elif later:
            on = self.enrolled_on + timedelta(days=later.after_days)
            said.append(f"From {day_words(on)} on it asks for {later.asks}.")
        meeting = protocol.next_meeting_on(self.enrolled_on, self.today)
        if meeting and not self._aim_reached(latest):
            said.append(f"Decision meeting on {day_words(meeting)}.")
        return said

    def _aim_reached(self, latest: Measurement) -> bool:
        below = self.protocol.aim_below
        return below is not None and latest.total < below

    def evidence(
        self, baseline: Measurement | None = None, latest: Measurement | None = None
    ) -> dict[str, str | int]:
        protocol = self.protocol
        told: dict[str, str | int] = {
            "protocol": protocol.name,
            "source": protocol.source,
            "instrument": self.name,
            "enrolled_on": self.enrolled_on.isoformat(),
            "judged_on": self.today.isoformat(),
            "baseline_at_least": protocol.baseline_at_least,
            "stale_after_days": protocol.stale_after_days,
            "then": protocol.then,
        }
        if baseline and latest:
            told |= {
                "baseline": number_words(baseline.total),
                "baseline_on": baseline.on.isoformat(),
                "latest": number_words(latest.total),
                "latest_on": latest.on.isoformat(),
            }
            if self.verdict in (Verdict.IMPROVED, Verdict.NOT_RESPONDING):
                told["asked"] = self._stage().words
                told["sum"] = self._stage().sum_words(baseline.total, latest.total)
        return told


def _course_words(name: str, baseline: Measurement, latest: Measurement) -> str:
    return (
        f"{name} was {number_words(baseline.total)} at baseline ({day_words(baseline.on)}) and is "
        f"{number_words(latest.total)} ({day_words(latest.on)}): "
        f"{change_words(baseline.total, latest.total)}."
    )


RULES = tuple(
    Rule(
        f"protocol-{p.id}",
        "Not responding",
        f"{p.name}: from a baseline of {p.baseline_at_least} on, improved is "
        f"{'; '.join(stage.words for stage in p.stages)}. Then: {p.follows}",
        p.source,
        "tests/rules/test_protocols.py::test_verdicts",
        confirmed=p.confirmed,
    )
    for p in PROTOCOLS.values()
)
