"""How an organization handles flags: every version it chose, the newest of which holds."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.domain.handling import Handlings, as_data, from_data
from app.errors import VersionConflict
from app.store.tables import flag_handlings
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class HandlingVersion:
    """One choice of how flags are handled."""

    version: int
    created_at: datetime
    created_by_id: UUID | None


async def get_handlings(store: Store) -> Handlings:
    """How each kind of flag is handled here now."""
    found = await store.connection.execute(
        select(flag_handlings.c.definition)
        .where(flag_handlings.c.org_id == store.org_id)
        .order_by(flag_handlings.c.version.desc())
        .limit(1)
    )
    return from_data(found.scalar_one_or_none() or {})


async def newest_version(store: Store) -> int:
    """0: nobody chose anything yet, and the defaults hold."""
    found = await store.connection.scalar(
        select(func.max(flag_handlings.c.version)).where(flag_handlings.c.org_id == store.org_id)
    )
    return int(found or 0)


async def add_version(store: Store, after: int, handlings: Handlings) -> int:
    """Handle flags like this from now on. Raises VersionConflict unless `after` is the newest."""
    if await newest_version(store) != after:
        raise VersionConflict()
    await store.connection.execute(
        flag_handlings.insert().values(
            org_id=store.org_id,
            version=after + 1,
            definition=as_data(handlings),
            created_at=store.now,
            created_by_id=store.actor.staff_id,
        )
    )
    return after + 1


async def list_versions(store: Store) -> list[HandlingVersion]:
    """Every choice, the newest first."""
    found = await store.connection.execute(
        select(
            flag_handlings.c.version, flag_handlings.c.created_at, flag_handlings.c.created_by_id
        )
        .where(flag_handlings.c.org_id == store.org_id)
        .order_by(flag_handlings.c.version.desc())
    )
    return [HandlingVersion(*row) for row in found.all()]
