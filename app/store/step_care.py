"""Steps of care: what clinics offer, and what was decided for whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.step import OFFERED_BY_DEFAULT
from app.errors import VersionConflict
from app.store.care import add_once, was_sent
from app.store.grouping import group
from app.store.tables import step_decisions, step_offers
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class StepDecision:
    """A decision's row: what was shown, what a person made of it, what is in force from then."""

    decision_id: UUID
    patient_id: UUID
    episode_id: UUID
    number: int
    decided_at: datetime
    started_on: date
    staff_id: UUID
    choice: str
    from_step: str | None
    wanted_step: str
    step: str
    reason: str
    interim_care: str
    suggestion: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepOffer:
    """The steps that a clinic gives itself; version 0: nobody chose yet."""

    steps: frozenset[str] = OFFERED_BY_DEFAULT
    version: int = 0


_DECISION = [step_decisions.c[name] for name in StepDecision.__dataclass_fields__]


async def list_decisions(store: Store, episode_id: UUID) -> list[StepDecision]:
    """What was decided in an episode, the oldest first."""
    return (await list_decisions_of(store, [episode_id])).get(episode_id, [])


async def list_decisions_of(
    store: Store, episode_ids: Sequence[UUID]
) -> dict[UUID, list[StepDecision]]:
    """The same for each of many episodes."""
    found = await store.connection.execute(
        select(*_DECISION)
        .where(
            step_decisions.c.org_id == store.org_id, step_decisions.c.episode_id.in_(episode_ids)
        )
        .order_by(step_decisions.c.episode_id, step_decisions.c.number)
    )
    return group((StepDecision(*row) for row in found.all()), lambda row: row.episode_id)


async def was_decided(store: Store, episode_id: UUID, request_key: str) -> bool:
    """Whether this very form was sent before."""
    owner = {"staff_id": store.actor.staff_id, "episode_id": episode_id}
    return await was_sent(store, step_decisions, request_key, owner)


async def add_decision(store: Store, values: Mapping[str, Any]) -> bool:
    return await add_once(store, step_decisions, {"decided_at": store.now} | dict(values))


async def list_offers(store: Store) -> dict[UUID, StepOffer]:
    """What each clinic offers, where somebody chose."""
    found = await store.connection.execute(
        select(step_offers.c.clinic_id, step_offers.c.steps, step_offers.c.version).where(
            step_offers.c.org_id == store.org_id
        )
    )
    return {row[0]: StepOffer(frozenset(row[1]), row[2]) for row in found.all()}


async def get_offer(store: Store, clinic_id: UUID) -> StepOffer:
    """What a clinic offers; the usual steps where nobody chose."""
    return (await list_offers(store)).get(clinic_id, StepOffer())


async def save_offer(store: Store, clinic_id: UUID, version: int, steps: Sequence[str]) -> None:
    """Keep what a clinic offers, where nobody changed it since `version` was read."""
    values = {
        "steps": list(steps),
        "version": version + 1,
        "changed_at": store.now,
        "changed_by_id": store.actor.staff_id,
    }
    statement: Any = (
        insert(step_offers)
        .values(org_id=store.org_id, clinic_id=clinic_id, **values)
        .on_conflict_do_nothing()
        if version == 0
        else update(step_offers)
        .where(step_offers.c.org_id == store.org_id, step_offers.c.clinic_id == clinic_id)
        .where(step_offers.c.version == version)
        .values(**values)
    )
    if (await store.connection.execute(statement)).rowcount != 1:
        raise VersionConflict(
            "Somebody else changed what this clinic offers while you had it open. Nothing was "
            "saved; look at it again and repeat your change."
        )
