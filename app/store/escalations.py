"""The steps by which flags looked for a person, and the flags whose next step is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from app.domain.flag import FlagKind
from app.store.grouping import group
from app.store.ids import new_id
from app.store.tables import deliveries, episodes, escalations, flags, patients
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class DueFlag:
    """A flag whose next step is due, with what the ladder looks at."""

    flag_id: UUID
    patient_id: UUID
    kind: str
    state: str
    owner_id: UUID | None
    asked_at: datetime
    due_at: datetime
    consultant_id: UUID | None
    clinic_id: UUID | None
    program_id: UUID | None = None
    """The Part 2 program from whose records it follows, if it does."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """One step, with what became of its message."""

    flag_id: UUID
    rung: str
    staff_id: UUID | None
    name: str
    told: bool
    why: str
    at: datetime
    email_state: str | None
    email_problem: str | None
    email_settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A flag that waits for somebody."""

    flag_id: UUID
    patient_id: UUID
    patient_name: str
    kind: str
    words: str
    state: str
    owner_id: UUID | None
    opened_at: datetime
    due_at: datetime


async def claim_due_flags(store: Store, now: datetime, limit: int) -> list[DueFlag]:
    """Flags whose next step is due, locked; those that another process holds are left to it.

    A kind that this version does not know (after a way back) holds no other up.
    """
    held = (
        select(flags.c.flag_id)
        .where(flags.c.org_id == store.org_id, flags.c.next_step_at <= now)
        .where(flags.c.state != "closed", flags.c.kind.in_(list(FlagKind)))
        .order_by(flags.c.next_step_at, flags.c.flag_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list((await store.connection.execute(held)).scalars().all())
    if not ids:
        return []
    found = await store.connection.execute(
        select(
            flags.c.flag_id,
            flags.c.patient_id,
            flags.c.kind,
            flags.c.state,
            flags.c.owner_id,
            flags.c.asked_at,
            flags.c.due_at,
            episodes.c.consultant_id,
            func.coalesce(episodes.c.clinic_id, patients.c.clinic_id),
            flags.c.program_id,
        )
        .join(
            patients,
            (patients.c.org_id == flags.c.org_id) & (patients.c.patient_id == flags.c.patient_id),
        )
        .outerjoin(
            episodes,
            (episodes.c.org_id == flags.c.org_id) & (episodes.c.episode_id == flags.c.episode_id),
        )
        .where(flags.c.org_id == store.org_id, flags.c.flag_id.in_(ids))
        .order_by(flags.c.next_step_at, flags.c.flag_id)
    )
    return [DueFlag(*tuple(row)) for row in found.all()]


async def list_steps_of(store: Store, flag_ids: Sequence[UUID]) -> dict[UUID, list[Escalation]]:
    """Every step of these flags, the first first."""
    found = await store.connection.execute(
        select(
            escalations.c.flag_id,
            escalations.c.rung,
            escalations.c.staff_id,
            escalations.c.name,
            escalations.c.told,
            escalations.c.why,
            escalations.c.at,
            deliveries.c.state,
            deliveries.c.problem,
            deliveries.c.settled_at,
        )
        .outerjoin(
            deliveries,
            (deliveries.c.org_id == escalations.c.org_id)
            & (deliveries.c.delivery_id == escalations.c.email_id),
        )
        .where(escalations.c.org_id == store.org_id, escalations.c.flag_id.in_(flag_ids))
        .order_by(escalations.c.at, escalations.c.escalation_id)
    )
    steps = [Escalation(*tuple(row)) for row in found.all()]
    return group(steps, lambda step: step.flag_id)


async def add_steps(store: Store, rows: list[dict[str, Any]]) -> None:
    if rows:
        await store.connection.execute(
            escalations.insert(),
            [
                {"org_id": store.org_id, "escalation_id": new_id(), "email_id": None}
                | {"webhook_id": None, "at": store.now}
                | row
                for row in rows
            ],
        )


async def set_next_step(
    store: Store, flag_id: UUID, next_at: datetime, asked_at: datetime | None
) -> None:
    """When a flag asks next; no new version, since nobody answered anything."""
    values: dict[str, Any] = {"next_step_at": next_at}
    if asked_at is not None:
        values["asked_at"] = asked_at
    await store.connection.execute(
        update(flags)
        .where(flags.c.org_id == store.org_id, flags.c.flag_id == flag_id)
        .values(**values)
    )


async def hurry(store: Store, delivery_id: UUID, now: datetime) -> int:
    """Let the flags that a failed message told of go on to the next person now."""
    told = select(escalations.c.flag_id).where(
        escalations.c.org_id == store.org_id, escalations.c.email_id == delivery_id
    )
    changed = await store.connection.execute(
        update(flags)
        .where(flags.c.org_id == store.org_id, flags.c.flag_id.in_(told))
        .where(flags.c.state == "open", flags.c.next_step_at > now)
        .values(next_step_at=now)
    )
    return changed.rowcount


async def count_waiting(store: Store, staff_id: UUID) -> tuple[int, int]:
    """(unanswered flags that wait for this person, those of them about safety)."""
    found = await store.connection.execute(
        select(func.count(), func.count().filter(flags.c.kind == "safety")).where(
            flags.c.org_id == store.org_id, _waits_for(staff_id)
        )
    )
    every, safety = found.one()
    return int(every), int(safety)


def _waits_for(staff_id: UUID) -> ColumnElement[bool]:
    """Mine and answered by nobody yet, or told to me since its owner was asked."""
    told = select(escalations.c.flag_id).where(
        escalations.c.org_id == flags.c.org_id,
        escalations.c.staff_id == staff_id,
        escalations.c.told,
        escalations.c.flag_id == flags.c.flag_id,
        escalations.c.at >= flags.c.asked_at,
    )
    mine = and_(flags.c.owner_id == staff_id, flags.c.state == "open")
    return and_(flags.c.state != "closed", or_(mine, told.exists()))


async def list_waiting(store: Store, staff_id: UUID) -> list[WaitingRow]:
    """The flags that wait for this person, and those they have and did not close."""
    theirs = and_(flags.c.acknowledged_by_id == staff_id, flags.c.state == "acknowledged")
    found = await store.connection.execute(
        select(
            flags.c.flag_id,
            flags.c.patient_id,
            patients.c.display_name,
            flags.c.kind,
            flags.c.words,
            flags.c.state,
            flags.c.owner_id,
            flags.c.opened_at,
            flags.c.due_at,
        )
        .join(
            patients,
            (patients.c.org_id == flags.c.org_id) & (patients.c.patient_id == flags.c.patient_id),
        )
        .where(flags.c.org_id == store.org_id, or_(_waits_for(staff_id), theirs))
        .order_by(flags.c.due_at, flags.c.flag_id)
    )
    return [WaitingRow(*row) for row in found.all()]
