"""Key sets that were fetched from clients' addresses, shared by every process."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.store.tables import client_key_sets
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class HeldKeySet:
    """What was fetched last, and how the last try went."""

    url: str
    jwks: Mapping[str, Any] | None
    etag: str | None
    fetched_at: datetime | None
    fresh_until: datetime | None
    tried_at: datetime
    trouble: str
    """'' where the last try went well."""


async def find_key_set(store: Store, client_id: UUID) -> HeldKeySet | None:
    kept = client_key_sets.c
    found = await store.connection.execute(
        select(
            kept.url,
            kept.jwks,
            kept.etag,
            kept.fetched_at,
            kept.fresh_until,
            kept.tried_at,
            kept.trouble,
        ).where(kept.org_id == store.org_id, kept.client_id == client_id)
    )
    row = found.one_or_none()
    return None if row is None else HeldKeySet(*row)


async def claim_fetch(store: Store, client_id: UUID, url: str, interval: timedelta) -> bool:
    """Whether this process may fetch now: one does, in each interval, of all that ask."""
    fresh = {"url": url, "tried_at": store.now, "trouble": ""}
    statement = insert(client_key_sets).values(org_id=store.org_id, client_id=client_id, **fresh)
    done = await store.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "client_id"],
            set_={"tried_at": store.now, "trouble": ""},
            where=client_key_sets.c.tried_at <= store.now - interval,
        )
    )
    return done.rowcount == 1


async def keep_key_set(
    store: Store, client_id: UUID, url: str, life: timedelta | None, columns: Mapping[str, Any]
) -> None:
    """Keep what a fetch brought and for how long, unless the address has changed meanwhile."""
    await store.connection.execute(
        update(client_key_sets)
        .where(
            client_key_sets.c.org_id == store.org_id,
            client_key_sets.c.client_id == client_id,
            client_key_sets.c.url == url,
        )
        .values({**columns, **_dated(store, life)})
    )


async def replace_key_set(
    store: Store, client_id: UUID, url: str, life: timedelta, columns: Mapping[str, Any]
) -> None:
    """Begin anew with an address and what was fetched from it."""
    row = {"url": url, "tried_at": store.now, **columns, **_dated(store, life)}
    await store.connection.execute(
        insert(client_key_sets)
        .values(org_id=store.org_id, client_id=client_id, **row)
        .on_conflict_do_update(index_elements=["org_id", "client_id"], set_=row)
    )


def _dated(store: Store, life: timedelta | None) -> dict[str, datetime]:
    """From when, and until when, an answer counts; nothing where there was none."""
    return {} if life is None else {"fetched_at": store.now, "fresh_until": store.now + life}


async def drop_key_set(store: Store, client_id: UUID) -> None:
    """Forget what was fetched: the client has no address any more."""
    await store.connection.execute(
        delete(client_key_sets).where(
            client_key_sets.c.org_id == store.org_id, client_key_sets.c.client_id == client_id
        )
    )
