"""Integration clients: who they are, what they may do, and the keys they prove it with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import Conflict, NotFound
from app.store.ids import new_id
from app.store.tables import client_directory, client_keys, clients, clinics
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Client:
    """An integration client as it is registered."""

    client_id: UUID
    name: str
    default_clinic: str | None
    scopes: frozenset[str]
    jwks_url: str | None
    created_at: datetime
    last_used_at: datetime | None
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A public key that was registered here."""

    kid: str
    algorithm: str
    jwk: Mapping[str, Any]
    added_at: datetime
    removed_at: datetime | None


async def client_names(store: Store) -> dict[UUID, str]:
    found = await store.connection.execute(
        select(clients.c.client_id, clients.c.name).where(clients.c.org_id == store.org_id)
    )
    return {row.client_id: row.name for row in found.all()}


async def add_client(
    store: Store, name: str, scopes: Iterable[str], jwks_url: str | None = None
) -> UUID:
    """Raises Conflict where the name is taken."""
    client_id = new_id()
    try:
        async with store.connection.begin_nested():
            await store.connection.execute(
                clients.insert().values(
                    org_id=store.org_id,
                    client_id=client_id,
                    name=name,
                    scopes=sorted(scopes),
                    jwks_url=jwks_url,
                    created_at=store.now,
                )
            )
    except IntegrityError:
        raise Conflict(f"There is a client named {name!r} already.") from None
    await store.connection.execute(
        client_directory.insert().values(client_id=client_id, org_id=store.org_id)
    )
    return client_id


_CLIENT = (
    clients.c.client_id,
    clients.c.name,
    clients.c.default_clinic,
    clients.c.scopes,
    clients.c.jwks_url,
    clients.c.created_at,
    clients.c.last_used_at,
    clients.c.revoked_at,
)


def _client(row: Sequence[Any]) -> Client:
    client_id, name, default_clinic, scopes, *rest = row
    return Client(client_id, name, default_clinic, frozenset(scopes), *rest)


async def list_clients(store: Store) -> list[Client]:
    """Every client, those at work first."""
    found = await store.connection.execute(
        select(*_CLIENT)
        .where(clients.c.org_id == store.org_id)
        .order_by(clients.c.revoked_at.is_not(None), func.lower(clients.c.name))
    )
    return [_client(row) for row in found.all()]


async def get_client(store: Store, client_id: UUID) -> Client:
    """Raises NotFound."""
    found = await store.connection.execute(
        select(*_CLIENT).where(clients.c.org_id == store.org_id, clients.c.client_id == client_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such client.")
    return _client(row)


async def get_client_named(store: Store, name: str) -> Client:
    """Raises NotFound."""
    found = await store.connection.execute(
        select(*_CLIENT).where(clients.c.org_id == store.org_id, clients.c.name == name)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound(f"There is no client named {name!r}.")
    return _client(row)


async def lock_client(store: Store, client_id: UUID) -> Client:
    """The client, held until the transaction ends; raises NotFound."""
    await store.connection.execute(
        select(clients.c.client_id)
        .where(clients.c.org_id == store.org_id, clients.c.client_id == client_id)
        .with_for_update(key_share=True)  # what a client sends meanwhile refers to its row
    )
    return await get_client(store, client_id)


async def change_client(store: Store, client_id: UUID, **columns: Any) -> None:
    """Set columns of a client that is there."""
    await store.connection.execute(
        update(clients)
        .where(clients.c.org_id == store.org_id, clients.c.client_id == client_id)
        .values(columns)
    )


async def touch_client(store: Store, client: Client) -> None:
    """Remember that it was here, at most once a minute."""
    used = client.last_used_at
    if used is None or (store.now - used).total_seconds() >= 60:
        await change_client(store, client.client_id, last_used_at=store.now)


async def check_clinic(store: Store, clinic: str) -> None:
    """Raises NotFound where no clinic has this name."""
    found = await store.connection.scalar(
        select(clinics.c.clinic_id).where(
            clinics.c.org_id == store.org_id, clinics.c.name == clinic
        )
    )
    if found is None:
        raise NotFound(f"There is no clinic named {clinic!r}.")


async def add_keys(
    store: Store, client_id: UUID, keys: Iterable[tuple[str, str, Mapping[str, Any]]]
) -> list[str]:
    """Register (kid, algorithm, JWK); the ids that were not live before.

    Raises Conflict where an id named another key: an id is never given to a second key.
    """
    held = {key.kid: key for key in await list_keys(store, client_id)}
    fresh = []
    for kid, algorithm, jwk in keys:
        if kid in held and held[kid].jwk != jwk:
            raise Conflict("An id (kid) of these keys named another key before; choose a new one.")
        if kid in held and held[kid].removed_at is None:
            continue
        row = {"algorithm": algorithm, "jwk": dict(jwk), "added_at": store.now, "removed_at": None}
        await store.connection.execute(
            insert(client_keys)
            .values(org_id=store.org_id, client_id=client_id, kid=kid, **row)
            .on_conflict_do_update(index_elements=["org_id", "client_id", "kid"], set_=row)
        )
        fresh.append(kid)
    return fresh


async def remove_key(store: Store, client_id: UUID, kid: str) -> bool:
    """Whether there was such a key, live until now."""
    done = await store.connection.execute(
        update(client_keys)
        .where(
            client_keys.c.org_id == store.org_id,
            client_keys.c.client_id == client_id,
            client_keys.c.kid == kid,
            client_keys.c.removed_at.is_(None),
        )
        .values(removed_at=store.now)
    )
    return done.rowcount == 1


async def list_keys(store: Store, client_id: UUID) -> list[RegisteredKey]:
    """Every key that was ever registered for a client, the newest first."""
    kept = client_keys.c
    found = await store.connection.execute(
        select(kept.kid, kept.algorithm, kept.jwk, kept.added_at, kept.removed_at)
        .where(kept.org_id == store.org_id, kept.client_id == client_id)
        .order_by(kept.added_at.desc(), kept.kid)
    )
    return [RegisteredKey(*row) for row in found.all()]


async def live_keys(store: Store, client_id: UUID) -> list[RegisteredKey]:
    """Those that count now."""
    return [key for key in await list_keys(store, client_id) if key.removed_at is None]


async def count_live_keys(store: Store) -> dict[UUID, int]:
    """Client → how many of its registered keys count now."""
    found = await store.connection.execute(
        select(client_keys.c.client_id, func.count())
        .where(client_keys.c.org_id == store.org_id, client_keys.c.removed_at.is_(None))
        .group_by(client_keys.c.client_id)
    )
    return {row[0]: row[1] for row in found.all()}


async def find_organization(connection: AsyncConnection, client_id: UUID) -> UUID | None:
    """Whose client it is; before the organization is known."""
    found: UUID | None = await connection.scalar(
        select(client_directory.c.org_id).where(client_directory.c.client_id == client_id)
    )
    return found
