"""The JSON that the API gives, with an example of each."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.domain.protocol import Protocol
from app.domain.rule import Rule
from app.use_cases.explain_flags import AbsentFlag, FlagExplanation, PatientExplanation
from app.use_cases.read_protocol import ProtocolReading


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class RuleOut(_Shape):
    """A rule of the rulebook."""

    id: str = Field(examples=["baseline"])
    subject: str = Field(examples=["Courses"])
    says: str = Field(examples=["Response is at least half of the baseline total gone."])
    source: str = Field(examples=["MNCM, ICSI"])
    confirmed: bool = Field(description="Whether the source named was read and states it.")


class StageOut(_Shape):
    """What counts as improved from a day on; any one of the three is enough."""

    after_days: int = Field(description="Days since enrolment.", examples=[56])
    below: int | None = Field(description="A total below this.", examples=[10])
    reduction_percent: int | None = Field(
        description="This share of the baseline gone.", examples=[50]
    )
    points: int | None = Field(description="This many points below the baseline.")


class ProtocolOut(_Shape):
    """One version of a protocol; a version never changes."""

    id: str = Field(examples=["bao-sowa"])
    version: int = Field(examples=[1])
    title: str = Field(examples=["Not improved by week 8"])
    stages: list[StageOut]
    baseline_at_least: int = Field(examples=[10])
    stale_after_days: int = Field(examples=[28])
    then: str
    source: str = Field(examples=["Bao 2016; Sowa 2018"])
    confirmed: bool
    based_on: str = Field(description="The published one that an own protocol was made from.")
    note: str = Field(description="Why the organization judges by numbers of its own.")
    differences: list[str] = Field(default_factory=list)


class NumberOut(_Shape):
    """One number of the evidence."""

    name: str = Field(examples=["Latest"])
    value: str = Field(examples=["11 on 27 Apr 2026"])


class FlagOut(_Shape):
    """A flag with the rules, the numbers and the sources that explain it."""

    flag_id: UUID
    kind: str = Field(examples=["not-responding"])
    title: str = Field(examples=["Not responding"])
    state: str = Field(examples=["open"])
    words: str
    sum: str = Field(examples=["20 − 50 % = 10; 11 is above 10 and not below 10"])
    numbers: list[NumberOut]
    evidence: dict[str, str | int]
    rules: list[RuleOut]
    protocol: ProtocolOut | None
    then: str
    owner: str | None
    opened_at: datetime
    due_at: datetime
    acknowledged_by: str | None
    closed_at: datetime | None
    outcome: str | None
    closes: str = Field(description="What would close it.")


class AbsentOut(_Shape):
    """A kind of flag that is not there, and why."""

    kind: str = Field(examples=["worsening"])
    title: str
    words: str = Field(examples=["PHQ-9: 16 − 12 = 4; 4 is less than 5."])
    rules: list[RuleOut]


class ExplanationOut(_Shape):
    """Why a patient is flagged, and why nothing else is."""

    patient_id: UUID
    on: date
    protocol: ProtocolOut | None
    instrument: str = Field(examples=["PHQ-9"])
    judged_by_words: str
    open: list[FlagOut]
    recently_closed: list[FlagOut]
    not_flagged: list[AbsentOut]


class ProblemPart(_Shape):
    """One thing that is wrong and where."""

    where: str
    what: str


class ProblemOut(_Shape):
    """A refusal (RFC 9457)."""

    type: str = Field(examples=["urn:stepwell:problem:not-found"])
    title: str = Field(examples=["Nothing is here by that name"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no such patient."])
    code: str = Field(examples=["not-found"])
    problems: list[ProblemPart]
    request_id: str | None


def rule_out(rule: Rule) -> RuleOut:
    return RuleOut.model_validate(rule)


def protocol_out(protocol: Protocol, reading: ProtocolReading | None = None) -> ProtocolOut:
    """A protocol with its stages; an own one with how it differs."""
    stages = [
        StageOut(
            after_days=stage.after_days,
            below=stage.below,
            reduction_percent=None if stage.reduction is None else int(stage.reduction * 100),
            points=stage.points,
        )
        for stage in protocol.stages
    ]
    given: dict[str, Any] = {
        name: getattr(protocol, name)
        for name in ProtocolOut.model_fields
        if name not in ("stages", "then", "differences")
    }
    told = list(reading.differences) if reading else []
    return ProtocolOut(**given, stages=stages, then=protocol.follows, differences=told)


def explanation_out(told: PatientExplanation) -> ExplanationOut:
    """The whole answer; it names the patient by the opaque id alone."""
    return ExplanationOut(
        patient_id=told.patient_id,
        on=told.today,
        protocol=protocol_out(told.protocol) if told.protocol else None,
        instrument=told.instrument,
        judged_by_words=told.judged_by_words,
        open=[_flag_out(one) for one in told.flags],
        recently_closed=[_flag_out(one) for one in told.closed],
        not_flagged=[_absent_out(one) for one in told.absent],
    )


def _flag_out(told: FlagExplanation) -> FlagOut:
    flag = told.flag
    return FlagOut(
        flag_id=flag.flag_id,
        kind=flag.kind,
        title=flag.title,
        state=flag.state,
        words=flag.words,
        sum=told.sum,
        numbers=[NumberOut(name=name, value=value) for name, value in told.numbers],
        evidence=flag.evidence,
        rules=[rule_out(rule) for rule in told.rules],
        protocol=protocol_out(told.protocol) if told.protocol else None,
        then=told.then,
        owner=flag.owner,
        opened_at=flag.opened_at,
        due_at=flag.due_at,
        acknowledged_by=flag.acknowledged_by,
        closed_at=flag.closed_at,
        outcome=flag.outcome,
        closes=told.closes,
    )


def _absent_out(one: AbsentFlag) -> AbsentOut:
    rules = [rule_out(rule) for rule in one.rules]
    return AbsentOut(kind=one.kind, title=one.title, words=one.words, rules=rules)
