"""What is published of findings: flags, and the answers that they are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, and_, case, cast, select

from app.store.publishing import Changed
from app.store.tables import assessment_parts, assessments, flags, patients
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """A flag, whose it is and what it is about."""

    flag_id: UUID
    patient_id: UUID
    patient_fhir_id: str
    kind: str
    state: str
    words: str
    opened_at: datetime
    closed_at: datetime | None
    closed_by_id: UUID | None
    outcome_code: str | None
    program_id: UUID | None
    implicated: str | None
    """The sender's resource that came first, or the form that staff typed in: ``Type/id``."""
    assessment_status: str | None


async def list_finding_facts(store: Store, flag_ids: Sequence[UUID]) -> list[FindingFacts]:
    """What is told of each of these."""
    of, about = flags.c, assessments.c
    whose = and_(patients.c.org_id == of.org_id, patients.c.patient_id == of.patient_id)
    subject = and_(
        about.org_id == of.org_id,
        about.patient_id == of.patient_id,
        cast(about.assessment_id, Text) == of.subject,
    )
    found = await store.connection.execute(
        select(
            of.flag_id,
            of.patient_id,
            patients.c.fhir_id.label("patient_fhir_id"),
            of.kind,
            of.state,
            of.words,
            of.opened_at,
            of.closed_at,
            of.closed_by_id,
            of.outcome_code,
            of.program_id,
            _implicated().label("implicated"),
            about.status.label("assessment_status"),
        )
        .join_from(flags, patients, whose)
        .outerjoin(assessments, subject)
        .where(of.org_id == store.org_id, of.flag_id.in_(flag_ids))
        .order_by(of.flag_id)
    )
    return [FindingFacts(**row) for row in found.mappings().all()]


def _implicated() -> Any:
    """The piece that was received first, a form before its totals and items."""
    part = assessment_parts.c
    first = (
        select(part.part_key)
        .where(part.org_id == assessments.c.org_id)
        .where(part.assessment_id == assessments.c.assessment_id)
        .order_by(part.received_at, part.kind != "form", part.part_key)
        .limit(1)
        .scalar_subquery()
    )
    typed = cast("QuestionnaireResponse/", Text) + cast(assessments.c.assessment_id, Text)
    return case((assessments.c.recorded_by_id.is_not(None), typed), else_=first)


async def list_flag_ids(store: Store, after: UUID | None, count: int) -> Sequence[UUID]:
    """A page of all flags."""
    wanted = select(flags.c.flag_id).where(flags.c.org_id == store.org_id)
    if after:
        wanted = wanted.where(flags.c.flag_id > after)
    found = await store.connection.execute(wanted.order_by(flags.c.flag_id).limit(count))
    return list(found.scalars().all())


async def republish_findings_about(store: Store, assessment_id: UUID) -> None:
    """Answers were withdrawn: what was found in them, and is closed, tells so."""
    found = await store.connection.execute(
        select(flags.c.flag_id)
        .where(flags.c.org_id == store.org_id, flags.c.subject == str(assessment_id))
        .where(flags.c.patient_id == _whose(assessment_id))
    )
    store.saved += [Changed("flag", flag_id) for flag_id in found.scalars().all()]


def _whose(assessment_id: UUID) -> Any:
    of = assessments.c
    return (
        select(of.patient_id)
        .where(of.org_id == flags.c.org_id, of.assessment_id == assessment_id)
        .scalar_subquery()
    )
