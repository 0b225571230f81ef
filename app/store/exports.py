"""Bulk exports: asked for, worked on by one worker at a time, ended, forgotten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update

from app.errors import NotFound
from app.store.ids import new_id
from app.store.tables import exports
from app.store.transaction import Store

SILENCE = timedelta(seconds=60)
"""A worker that was not seen for so long is dead: another one goes on."""
OPEN = ("accepted", "running")


@dataclass(frozen=True, slots=True)
class Export:
    """An export's row."""

    export_id: UUID
    client_id: UUID
    state: str
    request: str
    wanted: Mapping[str, Any]
    transaction_time: datetime | None
    files: Sequence[Mapping[str, Any]]
    at_work_on: str | None
    failure: str | None
    claims: int
    """How often it was taken up: whoever works under an older claim was given up."""
    asked_at: datetime
    ended_at: datetime | None
    expires_at: datetime


_COLUMNS = [exports.c[name] for name in Export.__dataclass_fields__]


async def add_export(
    store: Store, client_id: UUID, request: str, wanted: Mapping[str, Any], lasts: timedelta
) -> UUID:
    """One that is to be worked on."""
    export_id = new_id()
    await store.connection.execute(
        exports.insert().values(
            org_id=store.org_id,
            export_id=export_id,
            client_id=client_id,
            state="accepted",
            request=request,
            wanted=dict(wanted),
            files=[],
            claims=0,
            asked_at=store.now,
            seen_at=store.now,
            expires_at=store.now + lasts,
        )
    )
    return export_id


async def get_export(store: Store, client_id: UUID, export_id: UUID) -> Export:
    """A client's own; raises NotFound for another's, a cancelled and an expired one."""
    found = await store.connection.execute(
        select(*_COLUMNS).where(
            exports.c.org_id == store.org_id,
            exports.c.export_id == export_id,
            exports.c.client_id == client_id,
            exports.c.state.not_in(("cancelled", "expired")),
            exports.c.expires_at > store.now,
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such export.")
    return Export(*tuple(row))


async def count_open(store: Store, client_id: UUID) -> int:
    """How many exports of this client are not ended."""
    found = await store.connection.scalar(
        select(func.count()).where(
            exports.c.org_id == store.org_id,
            exports.c.client_id == client_id,
            exports.c.state.in_(OPEN),
        )
    )
    return int(found or 0)


async def claim_export(store: Store) -> Export | None:
    """The oldest that nobody works on, taken; None where there is none."""
    waiting = (
        select(exports.c.export_id)
        .where(exports.c.org_id == store.org_id)
        .where(
            or_(
                exports.c.state == "accepted",
                (exports.c.state == "running") & (exports.c.seen_at < store.now - SILENCE),
            )
        )
        .order_by(exports.c.asked_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = await store.connection.execute(
        update(exports)
        .where(exports.c.org_id == store.org_id, exports.c.export_id == waiting.scalar_subquery())
        .values(state="running", seen_at=store.now, claims=exports.c.claims + 1)
        .returning(*_COLUMNS)
    )
    row = found.one_or_none()
    return None if row is None else Export(*tuple(row))


async def save_progress(store: Store, export: Export, **values: Any) -> bool:
    """Keep how far it is; False where it is no longer this worker's, or nobody's at all."""
    return await _change(store, export, seen_at=store.now, **values)


async def end_work(store: Store, export: Export, state: str, **values: Any) -> bool:
    """Complete or failed; False where it was no longer this worker's to say."""
    return await _change(store, export, state=state, ended_at=store.now, at_work_on=None, **values)


async def _change(store: Store, export: Export, **values: Any) -> bool:
    changed = await store.connection.execute(
        update(exports)
        .where(exports.c.org_id == store.org_id, exports.c.export_id == export.export_id)
        .where(exports.c.state == "running", exports.c.claims == export.claims)
        .values(**values)
    )
    return changed.rowcount == 1


async def cancel(store: Store, export_id: UUID) -> None:
    """Its client takes it back."""
    await store.connection.execute(
        update(exports)
        .where(exports.c.org_id == store.org_id, exports.c.export_id == export_id)
        .values(state="cancelled", ended_at=store.now, at_work_on=None)
    )


async def is_taken_back(store: Store, export_id: UUID) -> bool:
    """Whether nobody is to have its files."""
    found = await store.connection.scalar(
        select(exports.c.state).where(
            exports.c.org_id == store.org_id, exports.c.export_id == export_id
        )
    )
    return found in ("cancelled", "expired")


async def expire_all(store: Store) -> None:
    """What was given may no longer be given: every export is over now."""
    await store.connection.execute(
        update(exports)
        .where(exports.c.org_id == store.org_id, exports.c.expires_at > store.now)
        .values(expires_at=store.now)
    )


async def expire_exports(store: Store) -> list[UUID]:
    """Those whose time is over, each told once: their files are to be removed."""
    found = await store.connection.execute(
        update(exports)
        .where(exports.c.org_id == store.org_id, exports.c.expires_at <= store.now)
        .where(exports.c.state != "expired")
        .values(state="expired")
        .returning(exports.c.export_id)
    )
    return list(found.scalars().all())
