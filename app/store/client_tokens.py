"""Bearer tokens of integration clients, and the assertions they were given for.

A token is kept as its SHA-256 alone, and so is an assertion's jti. Both tables are read before
the organization is known; no patient data is in them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import client_tokens, used_assertions
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class HeldToken:
    """A token that was found by its hash."""

    org_id: UUID
    client_id: UUID
    scopes: frozenset[str]
    lasting: bool
    """Made on the command line and good for days, not given for an assertion."""
    expires_at: datetime
    revoked: bool


async def add_token(
    store: Store,
    client_id: UUID,
    token_hash: str,
    scopes: Iterable[str],
    expires_at: datetime,
    *,
    lasting: bool = False,
) -> None:
    await store.connection.execute(
        client_tokens.insert().values(
            token_hash=token_hash,
            org_id=store.org_id,
            client_id=client_id,
            scopes=sorted(scopes),
            lasting=lasting,
            created_at=store.now,
            expires_at=expires_at,
        )
    )


async def find_token(connection: AsyncConnection, token_hash: str) -> HeldToken | None:
    """The token of this hash, whatever its state."""
    kept = client_tokens.c
    found = await connection.execute(
        select(
            kept.org_id,
            kept.client_id,
            kept.scopes,
            kept.lasting,
            kept.expires_at,
            kept.revoked_at.is_not(None),
        ).where(kept.token_hash == token_hash)
    )
    row = found.one_or_none()
    if row is None:
        return None
    org_id, client_id, scopes, lasting, expires_at, revoked = row
    return HeldToken(org_id, client_id, frozenset(scopes), lasting, expires_at, revoked)


async def lasting_until(store: Store) -> dict[UUID, datetime]:
    """Client → until when its last token made on the command line is good."""
    found = await store.connection.execute(
        select(client_tokens.c.client_id, func.max(client_tokens.c.expires_at))
        .where(
            client_tokens.c.org_id == store.org_id,
            client_tokens.c.lasting,
            client_tokens.c.revoked_at.is_(None),
            client_tokens.c.expires_at > store.now,
        )
        .group_by(client_tokens.c.client_id)
    )
    return {row[0]: row[1] for row in found.all()}


async def revoke_token(store: Store, token_hash: str) -> None:
    await store.connection.execute(
        update(client_tokens)
        .where(
            client_tokens.c.token_hash == token_hash,
            client_tokens.c.org_id == store.org_id,
            client_tokens.c.revoked_at.is_(None),
        )
        .values(revoked_at=store.now)
    )


async def revoke_tokens(store: Store, client_id: UUID, *, lasting: bool = True) -> None:
    """Every token of a client, at once; with `lasting` false only those given for assertions."""
    every = update(client_tokens).where(
        client_tokens.c.org_id == store.org_id,
        client_tokens.c.client_id == client_id,
        client_tokens.c.revoked_at.is_(None),
    )
    chosen = every if lasting else every.where(client_tokens.c.lasting.is_(False))
    await store.connection.execute(chosen.values(revoked_at=store.now))


async def take_assertion(
    connection: AsyncConnection, client_id: UUID, jti_hash: str, expires_at: datetime
) -> bool:
    """Whether this is the first time; of several at once, in any process, one is the first."""
    done = await connection.execute(
        insert(used_assertions)
        .values(client_id=client_id, jti_hash=jti_hash, expires_at=expires_at)
        .on_conflict_do_nothing()
    )
    return done.rowcount == 1


async def drop_expired(connection: AsyncConnection, now: datetime) -> int:
    """Forget assertions and tokens that time alone refuses by now; how many there were."""
    dropped = 0
    for table in (used_assertions, client_tokens):
        done = await connection.execute(delete(table).where(table.c.expires_at < now))
        dropped += done.rowcount
    return dropped
