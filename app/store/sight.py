"""How far the party of a transaction sees, from what administrators set."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.access import Permission
from app.domain.actor import Actor, ActorKind
from app.domain.visibility import EVERYONE, NOBODY, OpenedCharts, Posting, Sight, sight_of
from app.store.tables import chart_grants, organizations, staff, staff_clinics


async def load_sight(connection: AsyncConnection, actor: Actor, now: datetime) -> Sight:
    """Which patients are there for this actor.

    The registry itself and integration clients work on every record (what a client may do, its
    scopes say); so does one who hands in a message that an EHR sent (a replay).
    """
    if actor.kind is not ActorKind.STAFF or Permission.RECEIVE_RESOURCES in actor.granted:
        return EVERYONE
    if actor.id is None:
        return NOBODY
    row = (await connection.execute(_statement(actor.org_id, actor.id, now))).one_or_none()
    if row is None:
        return NOBODY
    posting = Posting(
        actor.id, actor.roles, row.active, row.every_clinic, frozenset(row.own_clinics)
    )
    opened = [OpenedCharts(clinic_id) for clinic_id in row.opened]
    return sight_of(posting, row.clinics_open, opened)


def _statement(org_id: UUID, staff_id: UUID, now: datetime) -> Any:
    nothing = cast([], ARRAY(Uuid))
    own = (
        select(func.array_agg(staff_clinics.c.clinic_id))
        .where(staff_clinics.c.org_id == org_id, staff_clinics.c.staff_id == staff_id)
        .scalar_subquery()
    )
    opened = (
        select(func.array_agg(chart_grants.c.clinic_id))
        .where(chart_grants.c.org_id == org_id, chart_grants.c.staff_id == staff_id)
        .where(stands(now))
        .scalar_subquery()
    )
    return (
        select(
            staff.c.active,
            staff.c.every_clinic,
            organizations.c.clinics_open,
            func.coalesce(own, nothing).label("own_clinics"),
            func.coalesce(opened, nothing).label("opened"),
        )
        .join(organizations, organizations.c.org_id == staff.c.org_id)
        .where(staff.c.org_id == org_id, staff.c.staff_id == staff_id)
    )


def stands(now: datetime) -> Any:
    """Whether a grant of charts holds at this moment."""
    ended = chart_grants.c.ended_at
    return (chart_grants.c.until_at > now) & or_(ended.is_(None), ended > now)
