"""Integration clients and their bearer tokens; a token is kept as its SHA-256 alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import Conflict, NotFound
from app.store.ids import new_id
from app.store.tables import client_tokens, clients, clinics
from app.store.transaction import Store


async def client_names(store: Store) -> dict[UUID, str]:
    found = await store.connection.execute(
        select(clients.c.client_id, clients.c.name).where(clients.c.org_id == store.org_id)
    )
    return {row.client_id: row.name for row in found.all()}


async def add_client(store: Store, name: str) -> UUID:
    client_id = new_id()
    try:
        async with store.connection.begin_nested():
            await store.connection.execute(
                clients.insert().values(
                    org_id=store.org_id, client_id=client_id, name=name, created_at=store.now
                )
            )
    except IntegrityError:
        raise Conflict(f"There is a client named {name!r} already.") from None
    return client_id


async def add_token(store: Store, client_id: UUID, token_hash: str, expires_at: datetime) -> None:
    await store.connection.execute(
        client_tokens.insert().values(
            token_hash=token_hash,
            org_id=store.org_id,
            client_id=client_id,
            created_at=store.now,
            expires_at=expires_at,
        )
    )


async def revoke_client(store: Store, name: str) -> None:
    """The client and every token of it; at once."""
    found = await store.connection.execute(
        update(clients)
        .where(clients.c.org_id == store.org_id, clients.c.name == name)
        .values(revoked_at=store.now)
        .returning(clients.c.client_id)
    )
    client_id = found.scalar_one_or_none()
    if client_id is None:
        raise NotFound(f"There is no client named {name!r}.")
    await store.connection.execute(
        update(client_tokens)
        .where(client_tokens.c.org_id == store.org_id, client_tokens.c.client_id == client_id)
        .values(revoked_at=store.now)
    )


async def set_default_clinic(store: Store, name: str, clinic: str) -> None:
    """The clinic, by name, of a client's encounters that name none."""
    found = await store.connection.execute(
        update(clients)
        .where(clients.c.org_id == store.org_id, clients.c.name == name)
        .where(
            select(clinics.c.clinic_id)
            .where(clinics.c.org_id == store.org_id, clinics.c.name == clinic)
            .exists()
        )
        .values(default_clinic=clinic)
    )
    if found.rowcount != 1:
        raise NotFound(f"There is no client named {name!r}, or no clinic named {clinic!r}.")


async def find_token(
    connection: AsyncConnection, token_hash: str
) -> tuple[UUID, UUID, datetime, bool] | None:
    """(organization, client, expires at, revoked); before the organization is known."""
    found = await connection.execute(
        select(
            client_tokens.c.org_id,
            client_tokens.c.client_id,
            client_tokens.c.expires_at,
            client_tokens.c.revoked_at.is_not(None),
        ).where(client_tokens.c.token_hash == token_hash)
    )
    row = found.one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3])


async def get_client_name(store: Store, client_id: UUID) -> str:
    found = await store.connection.execute(
        select(clients.c.name).where(
            clients.c.org_id == store.org_id, clients.c.client_id == client_id
        )
    )
    return str(found.scalar_one())
