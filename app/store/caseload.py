"""The caseload: one row per open episode, from one statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.store.tables import clinics, episode_instruments, episodes, flags, patients, staff
from app.store.transaction import Store
from app.store.visibility import in_own_clinic, seen


@dataclass(frozen=True, slots=True)
class CaseloadFilter:
    """What to show; everything unset shows all open episodes."""

    care_manager_id: UUID | None = None
    clinic_id: UUID | None = None
    status: str | None = None
    flag: str | None = None
    limit: int = 300


@dataclass(frozen=True, slots=True)
class OpenFlagRow:
    """An open flag as a list shows it."""

    kind: str
    words: str
    state: str
    opened_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class TrendRow:
    """One instrument in one episode: first (baseline), latest and what lies between."""

    instrument_id: str
    baseline_total: Decimal | None
    baseline_on: date | None
    latest_total: Decimal | None
    latest_on: date | None
    latest_severity: str | None
    latest_level: int | None
    percent_change: Decimal | None
    response: str
    points: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True)
class CaseloadRow:
    """One patient in care, as the care manager scans the list."""

    patient_id: UUID
    episode_id: UUID
    name: str
    birth_on: date | None
    sex: str
    language: str | None
    status: str
    enrolled_on: date
    clinic: str
    care_manager: str | None
    urgency: int
    urgency_reason: str
    last_contact_on: date | None
    next_contact_on: date | None
    next_assessment_on: date | None
    last_review_on: date | None
    next_review_on: date | None
    flags: tuple[OpenFlagRow, ...]
    trends: Mapping[str, TrendRow]


async def list_caseload(store: Store, wanted: CaseloadFilter) -> tuple[list[CaseloadRow], int]:
    """Rows in order of urgency (then the longest waiting, then name) and how many there are."""
    found = (await store.connection.execute(_statement(store, wanted))).mappings().all()
    total = found[0]["matching"] if found else 0
    return [_row(row) for row in found], total


async def list_episodes_by_id(store: Store, ids: set[UUID]) -> list[CaseloadRow]:
    """The same rows for these open episodes."""
    if not ids:
        return []
    chosen = select(episodes, func.count().over().label("matching")).where(
        episodes.c.org_id == store.org_id,
        episodes.c.status != "closed",
        episodes.c.episode_id.in_(ids),
        _seen(store),
    )
    found = await store.connection.execute(_with_details(store, chosen))
    return [_row(row) for row in found.mappings().all()]


def _statement(store: Store, wanted: CaseloadFilter) -> Select[Any]:
    return _with_details(store, _chosen(store, wanted))


def _with_details(store: Store, narrowed: Select[Any]) -> Select[Any]:
    chosen = narrowed.cte("chosen")
    flag_list = (
        select(
            func.json_agg(
                aggregate_order_by(
                    func.json_build_array(
                        flags.c.kind,
                        flags.c.words,
                        flags.c.state,
                        flags.c.opened_at,
                        flags.c.due_at,
                    ),
                    flags.c.opened_at,
                )
            )
        )
        .where(
            flags.c.org_id == store.org_id,
            flags.c.episode_id == chosen.c.episode_id,
            flags.c.state != "closed",
        )
        .scalar_subquery()
    )
    trend_list = (
        select(
            func.json_agg(
                func.json_build_array(
                    episode_instruments.c.instrument_id,
                    episode_instruments.c.baseline_total,
                    episode_instruments.c.baseline_on,
                    episode_instruments.c.latest_total,
                    episode_instruments.c.latest_on,
                    episode_instruments.c.latest_severity,
                    episode_instruments.c.latest_level,
                    episode_instruments.c.percent_change,
                    episode_instruments.c.response,
                    episode_instruments.c.points,
                )
            )
        )
        .where(
            episode_instruments.c.org_id == store.org_id,
            episode_instruments.c.episode_id == chosen.c.episode_id,
        )
        .scalar_subquery()
    )
    return (
        select(
            chosen,
            patients.c.display_name,
            patients.c.birth_on,
            patients.c.sex,
            patients.c.language,
            clinics.c.name.label("clinic"),
            staff.c.display_name.label("care_manager"),
            flag_list.label("flag_list"),
            trend_list.label("trend_list"),
        )
        .select_from(chosen)
        .join(
            patients,
            and_(patients.c.org_id == store.org_id, patients.c.patient_id == chosen.c.patient_id),
        )
        .join(
            clinics,
            and_(clinics.c.org_id == store.org_id, clinics.c.clinic_id == chosen.c.clinic_id),
        )
        .outerjoin(
            staff,
            and_(staff.c.org_id == store.org_id, staff.c.staff_id == chosen.c.care_manager_id),
        )
        .order_by(
            chosen.c.urgency,
            chosen.c.urgent_since.asc().nulls_last(),
            patients.c.display_name,
            chosen.c.episode_id,
        )
    )


def _chosen(store: Store, wanted: CaseloadFilter) -> Select[Any]:
    chosen = select(episodes, func.count().over().label("matching")).where(
        episodes.c.org_id == store.org_id, _seen(store)
    )
    chosen = (
        chosen.where(episodes.c.status == wanted.status)
        if wanted.status
        else chosen.where(episodes.c.status != "closed")
    )
    if wanted.care_manager_id:
        chosen = chosen.where(episodes.c.care_manager_id == wanted.care_manager_id)
    if wanted.clinic_id:
        chosen = chosen.where(episodes.c.clinic_id == wanted.clinic_id)
    if wanted.flag:
        chosen = chosen.where(
            episodes.c.episode_id.in_(
                select(flags.c.episode_id).where(
                    flags.c.org_id == store.org_id,
                    flags.c.kind == wanted.flag,
                    flags.c.state != "closed",
                )
            )
        )
    return chosen.order_by(
        episodes.c.urgency, episodes.c.urgent_since.asc().nulls_last(), episodes.c.episode_id
    ).limit(wanted.limit)


def _seen(store: Store) -> ColumnElement[bool]:
    return seen(store, episodes.c.patient_id, in_own_clinic(store))


def _row(row: Any) -> CaseloadRow:
    trends = (trend_row(values) for values in row["trend_list"] or ())
    return CaseloadRow(
        patient_id=row["patient_id"],
        episode_id=row["episode_id"],
        name=row["display_name"],
        birth_on=row["birth_on"],
        sex=row["sex"],
        language=row["language"],
        status=row["status"],
        enrolled_on=row["enrolled_on"],
        clinic=row["clinic"],
        care_manager=row["care_manager"],
        urgency=row["urgency"],
        urgency_reason=row["urgency_reason"],
        last_contact_on=row["last_contact_on"],
        next_contact_on=row["next_contact_on"],
        next_assessment_on=row["next_assessment_on"],
        last_review_on=row["last_review_on"],
        next_review_on=row["next_review_on"],
        flags=tuple(
            OpenFlagRow(
                kind, words, state, datetime.fromisoformat(opened), datetime.fromisoformat(due)
            )
            for kind, words, state, opened, due in row["flag_list"] or ()
        ),
        trends={trend.instrument_id: trend for trend in trends},
    )


def trend_row(values: list[Any]) -> TrendRow:
    """A trend as json_agg gave it: numbers arrive as JSON numbers, dates as text."""
    instrument, first, first_on, latest, latest_on, severity, level, percent, response, points = (
        values
    )
    return TrendRow(
        instrument_id=instrument,
        baseline_total=_number(first),
        baseline_on=_day(first_on),
        latest_total=_number(latest),
        latest_on=_day(latest_on),
        latest_severity=severity,
        latest_level=level,
        percent_change=_number(percent),
        response=response,
        points=tuple((date.fromisoformat(on), Decimal(str(total))) for on, total in points),
    )


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


async def count_open_flags(store: Store, care_manager_id: UUID | None) -> dict[str, int]:
    """How many open episodes carry each kind of open flag."""
    statement = (
        select(flags.c.kind, func.count(func.distinct(flags.c.episode_id)))
        .join(
            episodes,
            and_(episodes.c.org_id == flags.c.org_id, episodes.c.episode_id == flags.c.episode_id),
        )
        .where(flags.c.org_id == store.org_id, flags.c.state != "closed")
        .where(episodes.c.status != "closed", _seen(store))
        .group_by(flags.c.kind)
    )
    if care_manager_id:
        statement = statement.where(episodes.c.care_manager_id == care_manager_id)
    return {kind: count for kind, count in (await store.connection.execute(statement)).all()}
