"""Plans against relapse, every version of them, and discharges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from app.domain.relapse_prevention import RelapsePlan
from app.errors import VersionConflict
from app.store.care import add_once, was_sent
from app.store.grouping import group
from app.store.publishing import Changed
from app.store.tables import discharges, relapse_plans
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A version of a plan, and who wrote it when."""

    episode_id: UUID
    version: int
    staff_id: UUID
    recorded_at: datetime
    plan: RelapsePlan


@dataclass(frozen=True, slots=True)
class Discharge:
    """A discharge's row; `summary` is the course as it stood on that day."""

    episode_id: UUID
    patient_id: UUID
    outcome: str
    words: str
    discharged_on: date
    summary: Mapping[str, Any]
    staff_id: UUID
    recorded_at: datetime


_PLAN = list(RelapsePlan.__dataclass_fields__)
_WHO = [relapse_plans.c[name] for name in ("episode_id", "version", "staff_id", "recorded_at")]
_DISCHARGE = [discharges.c[name] for name in Discharge.__dataclass_fields__]


def _stored(row: Row[Any]) -> StoredPlan:
    plan = RelapsePlan(**{name: getattr(row, name) for name in _PLAN})
    return StoredPlan(row.episode_id, row.version, row.staff_id, row.recorded_at, plan)


async def list_plans(store: Store, episode_id: UUID) -> list[StoredPlan]:
    """Every version of an episode's plan, the newest first."""
    found = await store.connection.execute(
        select(*_WHO, *[relapse_plans.c[name] for name in _PLAN])
        .where(relapse_plans.c.org_id == store.org_id, relapse_plans.c.episode_id == episode_id)
        .order_by(relapse_plans.c.version.desc())
    )
    return [_stored(row) for row in found.all()]


async def latest_plans(store: Store, episode_ids: Sequence[UUID]) -> dict[UUID, StoredPlan]:
    """The plan in force of each of these episodes."""
    found = await store.connection.execute(
        select(*_WHO, *[relapse_plans.c[name] for name in _PLAN])
        .ext(distinct_on(relapse_plans.c.episode_id))
        .where(relapse_plans.c.org_id == store.org_id, relapse_plans.c.episode_id.in_(episode_ids))
        .order_by(relapse_plans.c.episode_id, relapse_plans.c.version.desc())
    )
    return {row.episode_id: _stored(row) for row in found.all()}


async def was_planned(store: Store, episode_id: UUID, request_key: str) -> bool:
    """Whether this very form was sent before."""
    owner = {"staff_id": store.actor.staff_id, "episode_id": episode_id}
    return await was_sent(store, relapse_plans, request_key, owner)


async def add_plan(
    store: Store,
    episode_id: UUID,
    patient_id: UUID,
    version: int,
    plan: RelapsePlan,
    request_key: str,
) -> None:
    """Add a version; raises VersionConflict where somebody else added it first."""
    added = await store.connection.execute(
        insert(relapse_plans)
        .values(
            org_id=store.org_id,
            episode_id=episode_id,
            patient_id=patient_id,
            version=version,
            agreed=plan.agreed_on is not None,
            staff_id=store.actor.staff_id,
            recorded_at=store.now,
            request_key=request_key,
            **{name: getattr(plan, name) for name in _PLAN},
        )
        .on_conflict_do_nothing(index_elements=["org_id", "episode_id", "version"])
        .returning(relapse_plans.c.version)
    )
    if added.one_or_none() is None:
        raise VersionConflict("Somebody else wrote this version of the plan at the same moment.")


async def add_discharge(store: Store, values: Mapping[str, Any]) -> bool:
    added = await add_once(store, discharges, {"recorded_at": store.now} | dict(values))
    if added:
        store.saved.append(Changed("episode", values["episode_id"]))
    return added


async def was_discharged(store: Store, episode_id: UUID, request_key: str) -> bool:
    """Whether this very form was sent before."""
    owner = {"staff_id": store.actor.staff_id, "episode_id": episode_id}
    return await was_sent(store, discharges, request_key, owner)


async def list_discharges(store: Store, patient_id: UUID) -> dict[UUID, Discharge]:
    """A patient's discharges by episode."""
    found = await store.connection.execute(
        select(*_DISCHARGE).where(
            discharges.c.org_id == store.org_id, discharges.c.patient_id == patient_id
        )
    )
    grouped = group((Discharge(*row) for row in found.all()), lambda row: row.episode_id)
    return {episode_id: rows[0] for episode_id, rows in grouped.items()}
