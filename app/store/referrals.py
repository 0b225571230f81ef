"""Referrals, every move of theirs, and how long each state may last here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.referral import DEFAULT_DAYS
from app.errors import NotFound, VersionConflict
from app.store.care import add_once, was_sent
from app.store.grouping import group
from app.store.publishing import Changed
from app.store.tables import patients, referral_events, referral_policies, referrals
from app.store.transaction import Store
from app.store.visibility import seen


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral's row."""

    referral_id: UUID
    patient_id: UUID
    episode_id: UUID
    step: str | None
    reason: str
    to_whom: str
    interim_care: str
    state: str
    state_since: date
    due_on: date | None
    appointment_on: date | None
    next_evaluation_on: date | None
    last_event_id: UUID
    owner_id: UUID | None
    staff_id: UUID
    version: int
    opened_at: datetime
    program_id: UUID | None = None
    """The Part 2 program that sent the patient on, if one did."""


@dataclass(frozen=True, slots=True)
class ReferralEvent:
    """A move's row."""

    event_id: UUID
    referral_id: UUID
    from_state: str | None
    state: str
    happened_on: date
    appointment_on: date | None
    due_on: date | None
    words: str
    staff_id: UUID | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ReferralPolicy:
    """State → days until something should have moved; version 0: nobody chose yet."""

    days: Mapping[str, int]
    version: int = 0


_REFERRAL = [referrals.c[name] for name in Referral.__dataclass_fields__]
_EVENT = [referral_events.c[name] for name in ReferralEvent.__dataclass_fields__]


async def get_referral(store: Store, referral_id: UUID) -> Referral:
    found = await store.connection.execute(
        select(*_REFERRAL).where(
            referrals.c.org_id == store.org_id,
            referrals.c.referral_id == referral_id,
            seen(store, referrals.c.patient_id),
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such referral.")
    return Referral(*row)


async def list_referrals(store: Store, patient_id: UUID) -> list[Referral]:
    """All referrals of a patient, the newest first."""
    found = await store.connection.execute(
        select(*_REFERRAL)
        .where(referrals.c.org_id == store.org_id, referrals.c.patient_id == patient_id)
        .order_by(referrals.c.opened_at.desc(), referrals.c.referral_id.desc())
    )
    return [Referral(*row) for row in found.all()]


async def list_open_of(store: Store, patient_ids: Sequence[UUID]) -> dict[UUID, list[Referral]]:
    """The open referrals of each of many patients."""
    found = await store.connection.execute(
        select(*_REFERRAL)
        .where(referrals.c.org_id == store.org_id, referrals.c.patient_id.in_(patient_ids))
        .where(referrals.c.state != "closed")
        .order_by(referrals.c.opened_at, referrals.c.referral_id)
    )
    return group((Referral(*row) for row in found.all()), lambda row: row.patient_id)


async def list_open(store: Store, limit: int) -> list[tuple[Referral, str]]:
    """(open referral, patient's name), the longest due first."""
    found = await store.connection.execute(
        select(*_REFERRAL, patients.c.display_name)
        .join(
            patients,
            (patients.c.org_id == referrals.c.org_id)
            & (patients.c.patient_id == referrals.c.patient_id),
        )
        .where(referrals.c.org_id == store.org_id, referrals.c.state != "closed")
        .where(seen(store, referrals.c.patient_id))
        .order_by(referrals.c.due_on, referrals.c.referral_id)
        .limit(limit)
    )
    return [(Referral(*row[:-1]), row[-1]) for row in found.all()]


async def count_open(store: Store) -> int:
    found = await store.connection.execute(
        select(func.count())
        .select_from(referrals)
        .where(referrals.c.org_id == store.org_id, referrals.c.state != "closed")
        .where(seen(store, referrals.c.patient_id))
    )
    return int(found.scalar_one())


async def list_events(
    store: Store, referral_ids: Sequence[UUID]
) -> dict[UUID, list[ReferralEvent]]:
    """Every move of these referrals, the oldest first."""
    found = await store.connection.execute(
        select(*_EVENT)
        .where(
            referral_events.c.org_id == store.org_id,
            referral_events.c.referral_id.in_(referral_ids),
        )
        .order_by(referral_events.c.recorded_at, referral_events.c.event_id)
    )
    return group((ReferralEvent(*row) for row in found.all()), lambda row: row.referral_id)


async def add_referral(store: Store, values: Mapping[str, Any]) -> bool:
    """Add a referral unless the same form was sent before; whether it was added now."""
    given = {"version": 1, "opened_at": store.now}
    added = await add_once(store, referrals, given | dict(values))
    if added:
        store.saved.append(Changed("referral", values["referral_id"]))
    return added


async def was_moved(store: Store, referral_id: UUID, request_key: str) -> bool:
    """Whether this very move was sent before."""
    owner = {"staff_id": store.actor.staff_id, "referral_id": referral_id}
    return await was_sent(store, referral_events, request_key, owner)


async def add_event(store: Store, values: Mapping[str, Any]) -> None:
    await store.connection.execute(
        referral_events.insert().values(org_id=store.org_id, recorded_at=store.now, **values)
    )


async def change_referral(
    store: Store, referral: Referral, version: int, values: Mapping[str, Any]
) -> None:
    """Change a referral that nobody changed since `version` was read."""
    changed = await store.connection.execute(
        update(referrals)
        .where(
            referrals.c.org_id == store.org_id,
            referrals.c.referral_id == referral.referral_id,
            referrals.c.version == version,
        )
        .values(**values, version=version + 1)
    )
    if changed.rowcount != 1:
        raise VersionConflict(
            "Somebody else moved this referral while you had it open. Nothing was saved; look at "
            "it again and repeat your change."
        )
    store.saved.append(Changed("referral", referral.referral_id))


async def list_patients_due(store: Store, today: date, limit: int) -> list[UUID]:
    """Patients with a referral that time alone may have made overdue by `today`."""
    found = await store.connection.execute(
        select(referrals.c.patient_id)
        .where(referrals.c.org_id == store.org_id, referrals.c.next_evaluation_on <= today)
        .order_by(referrals.c.next_evaluation_on, referrals.c.referral_id)
        .limit(limit)
    )
    return list(dict.fromkeys(found.scalars().all()))


async def save_evaluated(store: Store, days: Mapping[UUID, date | None]) -> None:
    """Keep when time alone can next change the finding about each of these referrals."""
    if days:
        await store.connection.execute(
            update(referrals).where(
                referrals.c.org_id == store.org_id,
                referrals.c.referral_id == bindparam("referral"),
            ),
            [{"referral": key, "next_evaluation_on": day} for key, day in days.items()],
        )


async def get_policy(store: Store) -> ReferralPolicy:
    """The organization's days per state; ours where it chose none."""
    found = await store.connection.execute(
        select(referral_policies.c.days, referral_policies.c.version).where(
            referral_policies.c.org_id == store.org_id
        )
    )
    row = found.one_or_none()
    if row is None:
        return ReferralPolicy(DEFAULT_DAYS)
    return ReferralPolicy({**DEFAULT_DAYS, **row.days}, row.version)


async def save_policy(store: Store, version: int, days: Mapping[str, int]) -> None:
    """Keep the days, where nobody changed them since `version` was read."""
    values = {
        "days": dict(days),
        "version": version + 1,
        "changed_at": store.now,
        "changed_by_id": store.actor.staff_id,
    }
    statement: Any = (
        insert(referral_policies).values(org_id=store.org_id, **values).on_conflict_do_nothing()
        if version == 0
        else update(referral_policies)
        .where(referral_policies.c.org_id == store.org_id)
        .where(referral_policies.c.version == version)
        .values(**values)
    )
    if (await store.connection.execute(statement)).rowcount != 1:
        raise VersionConflict(
            "Somebody else changed these days while you had them open. Nothing was saved; look "
            "at them again and repeat your change."
        )
