"""Charts opened for a while to those who see none by their role."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert

from app.errors import Conflict, NotFound
from app.store.sight import stands
from app.store.tables import chart_grants
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class ChartGrant:
    """A grant's row."""

    grant_id: UUID
    staff_id: UUID
    clinic_id: UUID | None
    """None: the patients of every clinic."""
    reason: str
    granted_by_id: UUID | None
    granted_at: datetime
    until_at: datetime
    ended_at: datetime | None
    ended_by_id: UUID | None

    def stands(self, now: datetime) -> bool:
        """Whether it holds at this moment."""
        return self.until_at > now and (self.ended_at is None or self.ended_at > now)


_ROW = [chart_grants.c[name] for name in ChartGrant.__dataclass_fields__]


async def are_open_to(store: Store, staff_id: UUID) -> bool:
    """Whether charts stand open to somebody now, of one clinic or of all."""
    held = exists(
        select(1)
        .select_from(chart_grants)
        .where(chart_grants.c.org_id == store.org_id, chart_grants.c.staff_id == staff_id)
        .where(stands(store.now))
    )
    return bool(await store.connection.scalar(select(held)))


async def list_grants(store: Store, limit: int) -> list[ChartGrant]:
    """The newest first, those that ended too."""
    found = await store.connection.execute(
        select(*_ROW)
        .where(chart_grants.c.org_id == store.org_id)
        .order_by(chart_grants.c.granted_at.desc(), chart_grants.c.grant_id.desc())
        .limit(limit)
    )
    return [ChartGrant(*row) for row in found.all()]


async def get_grant(store: Store, grant_id: UUID) -> ChartGrant:
    found = await store.connection.execute(
        select(*_ROW).where(
            chart_grants.c.org_id == store.org_id, chart_grants.c.grant_id == grant_id
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such grant of charts.")
    return ChartGrant(*row)


async def add_grant(store: Store, values: Mapping[str, Any]) -> bool:
    """Add a grant unless the same form was sent before; whether it was added now."""
    added = await store.connection.execute(
        insert(chart_grants)
        .values({"org_id": store.org_id, "granted_at": store.now} | dict(values))
        .on_conflict_do_nothing(index_elements=["org_id", "request_key"])
        .returning(chart_grants.c.grant_id)
    )
    if added.one_or_none() is not None:
        return True
    first = await store.connection.execute(
        select(chart_grants.c.granted_by_id, chart_grants.c.staff_id).where(
            chart_grants.c.org_id == store.org_id,
            chart_grants.c.request_key == values["request_key"],
        )
    )
    if tuple(first.one()) != (values["granted_by_id"], values["staff_id"]):
        raise Conflict("This form was used before for something else; open the page again.")
    return False


async def end_grants(
    store: Store, *, grant_id: UUID | None = None, staff_id: UUID | None = None
) -> int:
    """End one grant, or all that somebody holds; how many held till now."""
    ending = (
        update(chart_grants)
        .where(chart_grants.c.org_id == store.org_id, stands(store.now))
        .values(ended_at=store.now, ended_by_id=store.actor.staff_id)
    )
    if grant_id is not None:
        ending = ending.where(chart_grants.c.grant_id == grant_id)
    if staff_id is not None:
        ending = ending.where(chart_grants.c.staff_id == staff_id)
    return int((await store.connection.execute(ending)).rowcount)
