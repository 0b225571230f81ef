"""Searches over published resources: filters on narrow columns, bodies joined at the end."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, union_all

from app.errors import Malformed
from app.store.resources import StoredResource, same_version, served_columns
from app.store.tables import (
    patient_name_tokens,
    patients,
    resource_tokens,
    resource_versions,
    resources,
)
from app.store.transaction import Store

TokenChoice = tuple[str | None, str | None]
"""(system, value); None stands for any."""
Period = tuple[str, datetime, datetime]
"""(comparator, start, end): the half-open interval that the value as written covers."""


@dataclass(frozen=True, slots=True)
class ResourceSearch:
    """A search, in words of no protocol. Everything is combined with and; choices with or."""

    resource_type: str
    ids: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    """FHIR ids of patients."""
    tokens: tuple[tuple[str, tuple[TokenChoice, ...]], ...] = ()
    dates: tuple[Period, ...] = ()
    birth_dates: tuple[Period, ...] = ()
    last_updated: tuple[Period, ...] = ()
    names: tuple[str, ...] = ()
    """Folded starts of name tokens; each must be found."""
    statuses: tuple[str, ...] = ()
    questionnaires: tuple[str, ...] = ()
    count: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class ResourcePage:
    """One page of a search, the total of all pages, and where the next begins."""

    resources: list[StoredResource]
    total: int
    next_cursor: str | None
    patient_ids: tuple[UUID, ...] = ()
    """Whom the page is about."""
    shown: tuple[tuple[UUID, UUID], ...] = ()
    """(patient, Part 2 program) of each record of a program's on the page."""


async def search(store: Store, wanted: ResourceSearch) -> ResourcePage:
    """The matching resources, the newest change first, ties broken by id."""
    matching = _matching(store, wanted)
    total = await store.connection.scalar(select(func.count()).select_from(matching.subquery()))
    if wanted.count == 0:
        return ResourcePage([], int(total or 0), None)
    columns = (resources.c.patient_id, *served_columns())
    page = matching.with_only_columns(*columns).join(resource_versions, same_version())
    if wanted.cursor:
        page = page.where(_after(wanted.cursor))
    page = page.order_by(resources.c.last_updated.desc(), resources.c.resource_id.desc())
    rows = (await store.connection.execute(page.limit(wanted.count + 1))).all()
    found = [StoredResource(*row[1:]) for row in rows[: wanted.count]]
    people = tuple({row.patient_id for row in rows[: wanted.count] if row.patient_id})
    more = len(rows) > wanted.count
    cursor = _cursor(found[-1]) if more else None
    shown = {(row.patient_id, row.program_id) for row in rows[: wanted.count] if row.program_id}
    labelled = tuple((patient, program) for patient, program in shown if patient)
    return ResourcePage(found, int(total or 0), cursor, people, labelled)


def _matching(store: Store, wanted: ResourceSearch) -> Select[Any]:
    statement = select(resources.c.resource_id).where(
        resources.c.org_id == store.org_id,
        resources.c.resource_type == wanted.resource_type,
        resources.c.deleted.is_(False),
    )
    if wanted.ids:
        statement = statement.where(resources.c.resource_id.in_(wanted.ids))
    if wanted.patients:
        known = _records_of(store, wanted.patients)
        statement = statement.where(resources.c.patient_id.in_(known))
    if wanted.statuses:
        statement = statement.where(resources.c.status.in_(wanted.statuses))
    if wanted.questionnaires:
        statement = statement.where(resources.c.questionnaire.in_(wanted.questionnaires))
    for parameter, choices in wanted.tokens:
        statement = statement.where(_has_token(store, wanted.resource_type, parameter, choices))
    for name in wanted.names:
        statement = statement.where(_has_name(store, name))
    for column, periods in (
        (resources.c.effective_at, wanted.dates),
        (resources.c.last_updated, wanted.last_updated),
    ):
        for period in periods:
            statement = statement.where(_within(column, *period))
    for comparator, start, end in wanted.birth_dates:
        statement = statement.where(
            _within(resources.c.birth_on, comparator, start.date(), end.date())
        )
    return statement


def _records_of(store: Store, fhir_ids: tuple[str, ...]) -> Any:
    """All records of these people: one that was joined with another leads to both."""
    named = select(func.coalesce(patients.c.merged_into_id, patients.c.patient_id)).where(
        patients.c.org_id == store.org_id, patients.c.fhir_id.in_(fhir_ids)
    )
    joined = select(patients.c.patient_id).where(
        patients.c.org_id == store.org_id, patients.c.merged_into_id.in_(named)
    )
    return union_all(named, joined)


def _has_token(
    store: Store, resource_type: str, parameter: str, choices: tuple[TokenChoice, ...]
) -> Any:
    fits = [
        and_(
            *([resource_tokens.c.system == system] if system is not None else []),
            *([resource_tokens.c.value == value] if value is not None else []),
        )
        for system, value in choices
    ]
    return resources.c.resource_id.in_(
        select(resource_tokens.c.resource_id).where(
            resource_tokens.c.org_id == store.org_id,
            resource_tokens.c.resource_type == resource_type,
            resource_tokens.c.parameter == parameter,
            or_(*fits),
        )
    )


def _has_name(store: Store, start: str) -> Any:
    return resources.c.patient_id.in_(
        select(patient_name_tokens.c.patient_id).where(
            patient_name_tokens.c.org_id == store.org_id,
            patient_name_tokens.c.token >= start,
            patient_name_tokens.c.token < start + "\U0010ffff",
        )
    )


def _within(column: Any, comparator: str, start: date, end: date) -> Any:
    """How a stored instant or day compares with the interval a search value covers."""
    conditions = {
        "eq": and_(column >= start, column < end),
        "ne": or_(column < start, column >= end),
        "lt": column < start,
        "le": column < end,
        "gt": column >= end,
        "ge": column >= start,
        "sa": column >= end,
        "eb": column < start,
    }
    return conditions[comparator]


def _cursor(last: StoredResource) -> str:
    place = json.dumps([last.last_updated.isoformat(), last.resource_id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _after(cursor: str) -> Any:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        instant, resource_id = json.loads(base64.urlsafe_b64decode(padded))
        last_updated = datetime.fromisoformat(instant)
        if not isinstance(resource_id, str) or last_updated.tzinfo is None:
            raise ValueError(cursor)
    except (ValueError, TypeError, binascii.Error):
        raise Malformed("The page link is not one of ours; search again from the start.") from None
    return or_(
        resources.c.last_updated < last_updated,
        and_(resources.c.last_updated == last_updated, resources.c.resource_id < resource_id),
    )
