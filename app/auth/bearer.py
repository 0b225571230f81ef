"""Integration clients: bearer tokens made on the command line, shown once."""

from datetime import datetime, timedelta

from app.auth.secrets import digest, new_token
from app.domain.actor import Actor, ActorKind, system
from app.errors import Unauthenticated
from app.store import audit, clients, rosters
from app.store.transaction import Database, Store


class TokenExpired(Unauthenticated):
    """The bearer token has expired; ask the registry's operator for a new one."""

    code = "token-expired"


class TokenUnknown(Unauthenticated):
    """Send the bearer token of a registered integration client."""

    code = "token-unknown"


async def issue_token(store: Store, name: str, days: int) -> str:
    """Register a client and make its first token; the token is shown once and never again."""
    client_id = await clients.add_client(store, name)
    token = new_token()
    await clients.add_token(store, client_id, digest(token), store.now + timedelta(days=days))
    await audit.record(store, "client.add", subject=f"clients/{client_id}")
    return token


async def client_for_token(database: Database, token: str, now: datetime) -> Actor:
    """The client that carries this token. Raises TokenUnknown or TokenExpired."""
    async with database.directory() as connection:
        found = await clients.find_token(connection, digest(token))
    if found is None:
        raise TokenUnknown()
    org_id, client_id, expires_at, revoked = found
    if revoked:
        raise TokenUnknown("This bearer token was revoked.")
    if expires_at <= now:
        raise TokenExpired()
    async with database.transaction(system(org_id)) as store:
        name = await clients.get_client_name(store, client_id)
        time_zone = (await rosters.get_policy(store)).time_zone
    return Actor(org_id, ActorKind.CLIENT, client_id, name, time_zone=time_zone)
