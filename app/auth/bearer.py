"""Integration clients by their bearer tokens.

Tokens are given for signed assertions and live five minutes (app/auth/smart.py). A lasting token,
made on the command line and shown once, is taken only where an operator has allowed them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from app.auth.secrets import digest, new_token
from app.domain.actor import Actor, client
from app.domain.actor import system as registry
from app.domain.scopes import EVERY_SCOPE, grant
from app.errors import Unauthenticated
from app.store import audit, client_tokens, clients, rosters
from app.store.client_tokens import HeldToken
from app.store.transaction import Database, Store


class TokenExpired(Unauthenticated):
    """The bearer token has expired; ask for a new one."""

    code = "token-expired"


class TokenUnknown(Unauthenticated):
    """Send the bearer token of a registered integration client."""

    code = "token-unknown"


class LastingTokenRefused(Unauthenticated):
    """Tokens made on the command line are not taken here: ask for one by a signed assertion."""

    code = "lasting-token-refused"


async def issue_token(
    store: Store, name: str, days: int, scopes: Iterable[str] = EVERY_SCOPE
) -> str:
    """Register a client with a lasting token; the token is shown once and never again."""
    wanted = frozenset(scopes)
    client_id = await clients.add_client(store, name, wanted)
    token = await issue_lasting_token(store, client_id, days, wanted)
    await audit.record(store, "client.add", subject=f"clients/{client_id}")
    return token


async def issue_lasting_token(
    store: Store, client_id: UUID, days: int, scopes: Iterable[str]
) -> str:
    """A token that lasts for days, of a client that is registered."""
    token = new_token()
    ends_at = store.now + timedelta(days=days)
    await client_tokens.add_token(store, client_id, digest(token), scopes, ends_at, lasting=True)
    return token


async def client_for_token(
    database: Database, token: str, now: datetime, *, lasting_allowed: bool
) -> Actor:
    """The client that carries this token, with what of its scopes is registered still.

    Raises TokenUnknown, TokenExpired or LastingTokenRefused.
    """
    async with database.directory() as connection:
        held = await client_tokens.find_token(connection, digest(token))
    if held is None:
        raise TokenUnknown()
    _check(held, now, lasting_allowed)
    async with database.transaction(registry(held.org_id)) as store:
        found = await clients.get_client(store, held.client_id)
        if found.disabled_at is not None:
            raise TokenUnknown("This client was disabled.")
        if held.lasting:
            await clients.touch_client(store, found)
        time_zone = (await rosters.get_policy(store)).time_zone
    scopes = grant(found.scopes, held.scopes)
    return client(held.org_id, held.client_id, found.name, scopes, time_zone)


def _check(held: HeldToken, now: datetime, lasting_allowed: bool) -> None:
    if held.revoked:
        raise TokenUnknown("This bearer token was revoked.")
    if held.expires_at <= now:
        raise TokenExpired()
    if held.lasting and not lasting_allowed:
        raise LastingTokenRefused()


async def registered_client(store: Store, client_id: UUID) -> Actor:
    """A client as it is registered, acting without a token: a mended message of its own."""
    found = await clients.get_client(store, client_id)
    time_zone = (await rosters.get_policy(store)).time_zone
    return client(store.org_id, client_id, found.name, found.scopes, time_zone)
