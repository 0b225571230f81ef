"""Visits of a period and what was scored around them, for counting who was screened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, and_, cast, func, or_, select

from app.store.grouping import group
from app.store.tables import assessments, encounters, patients
from app.store.transaction import Store
from app.store.visibility import seen


@dataclass(frozen=True, slots=True)
class MonthOfVisits:
    """One patient in one clinic in one month, however often they came."""

    patient_id: UUID
    clinic_id: UUID | None
    month: date
    """Its first day."""
    last_visit_on: date
    birth_on: date | None
    sex: str
    deceased: bool


@dataclass(frozen=True, slots=True)
class ScoredForm:
    """A form that counts and has a total."""

    patient_id: UUID
    assessment_id: str
    instrument_id: str
    total: Decimal | None
    at: datetime
    on: date


@dataclass(frozen=True, slots=True)
class Expected:
    """A visit of today or planned for a later day."""

    patient_id: UUID
    clinic_id: UUID | None
    on: date
    status: str
    class_code: str | None
    birth_on: date | None
    sex: str


def _of_patient(store: Store) -> Any:
    return and_(patients.c.org_id == store.org_id, patients.c.patient_id == encounters.c.patient_id)


def _possible() -> Any:
    """After birth; where the birth date is unknown nobody can tell."""
    return or_(patients.c.birth_on.is_(None), encounters.c.started_on >= patients.c.birth_on)


async def list_months(store: Store, start: date, end: date) -> list[MonthOfVisits]:
    """The visits from one day to another, both inclusive."""
    month = cast(func.date_trunc("month", encounters.c.started_on), Date).label("month")
    found = await store.connection.execute(
        select(
            encounters.c.patient_id,
            encounters.c.clinic_id,
            month,
            func.max(encounters.c.started_on),
            patients.c.birth_on,
            patients.c.sex,
            patients.c.deceased_at.is_not(None),
        )
        .join(patients, _of_patient(store))
        .where(encounters.c.org_id == store.org_id, encounters.c.is_visit, _possible())
        .where(encounters.c.started_on.between(start, end))
        .group_by(
            encounters.c.patient_id,
            encounters.c.clinic_id,
            month,
            patients.c.birth_on,
            patients.c.sex,
            patients.c.deceased_at,
        )
    )
    return [MonthOfVisits(*row) for row in found.all()]


async def list_expected(store: Store, today: date, until: date) -> list[Expected]:
    """Encounters of those the actor sees, from today on; which are visits the domain says."""
    found = await store.connection.execute(
        select(
            encounters.c.patient_id,
            encounters.c.clinic_id,
            encounters.c.started_on,
            encounters.c.status,
            encounters.c.class_code,
            patients.c.birth_on,
            patients.c.sex,
        )
        .join(patients, _of_patient(store))
        .where(encounters.c.org_id == store.org_id, patients.c.deceased_at.is_(None))
        .where(encounters.c.started_on.between(today, until))
        .where(seen(store, encounters.c.patient_id))
        .order_by(encounters.c.started_on, encounters.c.patient_id)
    )
    return [Expected(*row) for row in found.all()]


async def list_scored(
    store: Store, instruments: Sequence[str], since: date, visited_since: date
) -> dict[UUID, list[ScoredForm]]:
    """What was scored since a day, of everybody with an encounter since another."""
    visited = select(encounters.c.patient_id).where(
        encounters.c.org_id == store.org_id, encounters.c.started_on >= visited_since
    )
    found = await store.connection.execute(
        select(
            assessments.c.patient_id,
            assessments.c.assessment_id,
            assessments.c.instrument_id,
            assessments.c.total,
            assessments.c.effective_at,
            assessments.c.effective_on,
        )
        .where(assessments.c.org_id == store.org_id, assessments.c.patient_id.in_(visited))
        .where(assessments.c.status != "entered-in-error", assessments.c.total.is_not(None))
        .where(assessments.c.instrument_id.in_(instruments), assessments.c.effective_on >= since)
        .order_by(assessments.c.effective_at, assessments.c.assessment_id)
    )
    return group((ScoredForm(*row) for row in found.all()), lambda form: form.patient_id)


async def list_names(store: Store, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Names for a list."""
    found = await store.connection.execute(
        select(patients.c.patient_id, patients.c.display_name).where(
            patients.c.org_id == store.org_id, patients.c.patient_id.in_(ids)
        )
    )
    return {row.patient_id: row.display_name for row in found.all()}
