"""Episodes of collaborative care, and the summary kept per instrument."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError

from app.domain.condition import Condition
from app.domain.trajectory import Trajectory
from app.errors import Conflict, NotFound, VersionConflict
from app.store.grouping import group
from app.store.ids import new_id
from app.store.publishing import Changed
from app.store.tables import episode_instruments, episodes
from app.store.transaction import Store
from app.store.visibility import seen


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode's row."""

    episode_id: UUID
    patient_id: UUID
    clinic_id: UUID
    status: str
    enrolled_on: date
    ended_on: date | None
    earlier_episode_id: UUID | None
    care_manager_id: UUID | None
    consultant_id: UUID | None
    primary_care_clinician: str | None
    condition: str
    protocol_id: str
    protocol_version: int
    last_contact_on: date | None
    next_contact_on: date | None
    next_assessment_on: date | None
    last_review_on: date | None
    next_review_on: date | None
    urgency: int
    urgency_reason: str
    next_evaluation_on: date | None
    version: int
    program_id: UUID | None = None
    """The Part 2 program that gives this care, if one does."""


_COLUMNS = [episodes.c[name] for name in Episode.__dataclass_fields__]


def _episode(row: Row[Any]) -> Episode:
    return Episode(*tuple(row))


async def get_episode(store: Store, episode_id: UUID) -> Episode:
    found = await store.connection.execute(
        select(*_COLUMNS).where(
            episodes.c.org_id == store.org_id,
            episodes.c.episode_id == episode_id,
            seen(store, episodes.c.patient_id),
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such episode of care.")
    return _episode(row)


async def list_episodes(store: Store, patient_id: UUID) -> list[Episode]:
    """A patient's episodes, the newest first."""
    return (await list_episodes_of(store, [patient_id])).get(patient_id, [])


async def list_episodes_of(store: Store, patient_ids: Sequence[UUID]) -> dict[UUID, list[Episode]]:
    """The same for each of many patients."""
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(episodes.c.org_id == store.org_id, episodes.c.patient_id.in_(patient_ids))
        .order_by(episodes.c.enrolled_on.desc(), episodes.c.episode_id.desc())
    )
    return group(map(_episode, found.all()), lambda episode: episode.patient_id)


async def add_episode(store: Store, values: Mapping[str, Any]) -> UUID:
    """Open an episode; a patient has one open at most."""
    episode_id = new_id()
    try:
        async with store.connection.begin_nested():
            await store.connection.execute(
                episodes.insert().values(
                    org_id=store.org_id,
                    episode_id=episode_id,
                    version=1,
                    urgency=99,
                    urgency_reason="",
                    created_at=store.now,
                    updated_at=store.now,
                    **values,
                )
            )
    except IntegrityError as error:
        if "uq_episodes_org_id_patient_id_open" in str(error.orig):
            raise Conflict("This patient is in care already.") from None
        raise
    store.saved.append(Changed("episode", episode_id))
    return episode_id


async def add_episodes(store: Store, many: Sequence[Mapping[str, Any]]) -> None:
    """Open many episodes at once, of patients who have none."""
    given = {
        "org_id": store.org_id,
        "version": 1,
        "urgency": 99,
        "urgency_reason": "",
        "created_at": store.now,
        "updated_at": store.now,
    }
    rows: list[dict[str, Any]]
    rows = [{**given, "episode_id": new_id(), **one} for one in many]
    if rows:
        await store.connection.execute(episodes.insert(), rows)
        store.saved += [Changed("episode", row["episode_id"]) for row in rows]


async def change_episode(
    store: Store, episode_id: UUID, version: int, values: Mapping[str, Any]
) -> None:
    """Change an episode that nobody changed since `version` was read."""
    changed = await store.connection.execute(
        update(episodes)
        .where(
            episodes.c.org_id == store.org_id,
            episodes.c.episode_id == episode_id,
            episodes.c.version == version,
        )
        .values(**values, version=version + 1, updated_at=store.now)
    )
    if changed.rowcount != 1:
        raise VersionConflict(
            "Somebody else changed this episode while you had it open. Nothing was saved; "
            "look at it again and repeat your change."
        )
    store.saved.append(Changed("episode", episode_id))


async def save_evaluations(store: Store, places: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Keep what evaluations found; no version, since no person changed anything."""
    if places:
        await store.connection.execute(
            update(episodes).where(
                episodes.c.org_id == store.org_id, episodes.c.episode_id == bindparam("episode")
            ),
            [{"episode": episode_id} | dict(values) for episode_id, values in places.items()],
        )
    told = [episode_id for episode_id, values in places.items() if "consultant_id" in values]
    store.saved += [Changed("episode", episode_id) for episode_id in told]


async def list_due_for_evaluation(store: Store, today: date, limit: int) -> list[Episode]:
    """Open episodes whose findings time alone may have changed by `today`."""
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(episodes.c.org_id == store.org_id, episodes.c.status != "closed")
        .where(episodes.c.next_evaluation_on <= today)
        .order_by(episodes.c.next_evaluation_on, episodes.c.episode_id)
        .limit(limit)
    )
    return [_episode(row) for row in found.all()]


async def list_patients_treated_for(store: Store, condition: Condition) -> list[UUID]:
    """The patients who have an open episode that treats this condition."""
    found = await store.connection.execute(
        select(episodes.c.patient_id)
        .where(episodes.c.org_id == store.org_id, episodes.c.status != "closed")
        .where(episodes.c.condition == condition.value)
        .order_by(episodes.c.patient_id)
    )
    return list(found.scalars().all())


async def set_protocol(
    store: Store, condition: Condition, protocol_id: str, version: int, today: date
) -> int:
    """Judge every open episode of a condition by this protocol, due at once; how many there are.

    The caller holds the locks of their patients, so that no judgement by the protocol before
    is under way.
    """
    changed = await store.connection.execute(
        update(episodes)
        .where(episodes.c.org_id == store.org_id, episodes.c.status != "closed")
        .where(episodes.c.condition == condition.value)
        .values(protocol_id=protocol_id, protocol_version=version, next_evaluation_on=today)
    )
    return changed.rowcount


@dataclass(frozen=True, slots=True)
class Summary:
    """What the caseload shows of one instrument in one episode."""

    instrument_id: str
    trajectory: Trajectory
    severity: str | None
    level: int | None
    response: str


async def save_summaries(store: Store, summaries: Mapping[UUID, Sequence[Summary]]) -> None:
    """Replace the summaries of these episodes."""
    if not summaries:
        return
    await store.connection.execute(
        delete(episode_instruments).where(
            episode_instruments.c.org_id == store.org_id,
            episode_instruments.c.episode_id.in_(list(summaries)),
        )
    )
    rows = [
        _summary_row(store, episode_id, summary)
        for episode_id, of_episode in summaries.items()
        for summary in of_episode
    ]
    if rows:
        await store.connection.execute(episode_instruments.insert(), rows)


def summary_columns(summary: Summary) -> dict[str, Any]:
    """The columns of `episode_instruments` that a summary fills."""
    course = summary.trajectory
    baseline, previous, latest, best = course.baseline, course.previous, course.latest, course.best
    return {
        "instrument_id": summary.instrument_id,
        "baseline_total": baseline.total if baseline else None,
        "baseline_on": baseline.on if baseline else None,
        "previous_total": previous.total if previous else None,
        "latest_total": latest.total if latest else None,
        "latest_on": latest.on if latest else None,
        "latest_assessment_id": UUID(latest.assessment_id) if latest else None,
        "latest_level": summary.level,
        "latest_severity": summary.severity,
        "best_total": best.total if best else None,
        "count": course.count,
        "percent_change": course.percent_change,
        "response": summary.response,
        "points": [[point.on.isoformat(), _plain(point.total)] for point in course.points[-24:]],
    }


def _summary_row(store: Store, episode_id: UUID, summary: Summary) -> dict[str, Any]:
    return {"org_id": store.org_id, "episode_id": episode_id} | summary_columns(summary)


def _plain(total: Decimal) -> int | float:
    return int(total) if total == total.to_integral_value() else float(total)
