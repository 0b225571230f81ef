"""Register integration clients: scopes, keys, default clinic; disable them; see them all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.access import Permission
from app.errors import Conflict, NotFound, Problem, Unprocessable
from app.store import audit, client_key_sets, client_tokens, clients, rosters
from app.store.client_key_sets import HeldKeySet
from app.store.clients import Client, RegisteredKey
from app.store.transaction import Store

LONGEST_NAME = 100

Keys = Sequence[tuple[str, str, Mapping[str, Any]]]
"""(kid, algorithm, JWK)."""


@dataclass(frozen=True, slots=True)
class KeyAddress:
    """Where a client publishes its keys, and what was fetched from there just now."""

    url: str
    columns: Mapping[str, Any]
    life: timedelta
    """How long it may be used without asking again."""


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client in the list of all."""

    client: Client
    live_keys: int
    """How many of its registered keys count now; 0 where it publishes them at an address."""
    lasting_until: datetime | None
    """Until when a token made on the command line is good, if there is one."""


@dataclass(frozen=True, slots=True)
class ClientBoard:
    """All clients, and the clinics that one may be for."""

    rows: list[ClientRow]
    clinics: list[str]


@dataclass(frozen=True, slots=True)
class ClientDetails:
    """One client with its keys, those that count first."""

    client: Client
    keys: list[RegisteredKey]
    key_set: HeldKeySet | None
    lasting_until: datetime | None
    clinics: list[str]


async def view_clients(store: Store) -> ClientBoard:
    """Every client of the organization."""
    store.actor.require(Permission.MANAGE_CLIENTS)
    counted = await clients.count_live_keys(store)
    found = await clients.list_clients(store)
    lasting = await client_tokens.lasting_until(store)
    rows = [
        ClientRow(one, counted.get(one.client_id, 0), lasting.get(one.client_id)) for one in found
    ]
    return ClientBoard(rows, await _clinic_names(store))


async def view_client(store: Store, client_id: UUID) -> ClientDetails:
    """One client; raises NotFound."""
    store.actor.require(Permission.MANAGE_CLIENTS)
    found = await clients.get_client(store, client_id)
    keys = await clients.list_keys(store, client_id)
    keys.sort(key=lambda key: key.removed_at is not None)
    key_set = await client_key_sets.find_key_set(store, client_id)
    lasting = (await client_tokens.lasting_until(store)).get(client_id)
    return ClientDetails(found, keys, key_set, lasting, await _clinic_names(store))


async def _clinic_names(store: Store) -> list[str]:
    return [name for _, name in await rosters.list_clinics(store)]


async def register_client(
    store: Store,
    name: str,
    scopes: frozenset[str],
    keys: Keys = (),
    address: KeyAddress | None = None,
    clinic: str | None = None,
) -> UUID:
    """Register a client with its keys, or with the address where it publishes them."""
    store.actor.require(Permission.MANAGE_CLIENTS)
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        problem = Problem("name", f"write 1 to {LONGEST_NAME} characters")
        raise Unprocessable("The client needs a name.", [problem])
    if keys and address:
        problem = Problem("keys", "paste them, or give their address, not both")
        raise Unprocessable("Keys have one source.", [problem])
    client_id = await clients.add_client(store, name, scopes, address.url if address else None)
    if clinic:
        await clients.check_clinic(store, clinic)
        await clients.change_client(store, client_id, default_clinic=clinic)
    fresh = await clients.add_keys(store, client_id, keys)
    if address:
        await client_key_sets.replace_key_set(
            store, client_id, address.url, address.life, address.columns
        )
    told = " ".join(sorted(scopes))
    await _record(store, "client.add", client_id, {"scope": told, "keys": len(fresh)})
    return client_id


async def change_client(
    store: Store, client_id: UUID, scopes: frozenset[str], clinic: str | None
) -> None:
    """Set scopes and default clinic; what is taken away is gone from live tokens at once."""
    store.actor.require(Permission.MANAGE_CLIENTS)
    held = await clients.lock_client(store, client_id)
    if clinic:
        await clients.check_clinic(store, clinic)
    if (held.scopes, held.default_clinic) == (scopes, clinic or None):
        return
    await clients.change_client(
        store, client_id, scopes=sorted(scopes), default_clinic=clinic or None
    )
    before, after = " ".join(sorted(held.scopes)), " ".join(sorted(scopes))
    await _record(store, "client.change", client_id, {"scope": after, "before": before})


async def add_client_keys(store: Store, client_id: UUID, keys: Keys) -> list[str]:
    """Add keys beside those that count; the ids that are new. Old and new overlap until removed."""
    store.actor.require(Permission.MANAGE_CLIENTS)
    held = await clients.lock_client(store, client_id)
    if held.jwks_url is not None:
        raise Conflict("This client publishes its keys at an address; take that away first.")
    fresh = await clients.add_keys(store, client_id, keys)
    for kid in fresh:
        await _record(store, "client.add-key", client_id, {"kid": kid})
    return fresh


async def remove_client_key(store: Store, client_id: UUID, kid: str) -> None:
    """A key counts no more from now on, and no token that is out goes on."""
    store.actor.require(Permission.MANAGE_CLIENTS)
    await clients.lock_client(store, client_id)
    if not await clients.remove_key(store, client_id, kid):
        raise NotFound("There is no such key among those that count.")
    await client_tokens.revoke_tokens(store, client_id, lasting=False)
    await _record(store, "client.remove-key", client_id, {"kid": kid})


async def set_key_address(store: Store, client_id: UUID, address: KeyAddress | None) -> None:
    """Where the keys are published from now on, or that they are registered here again."""
    store.actor.require(Permission.MANAGE_CLIENTS)
    held = await clients.lock_client(store, client_id)
    url = address.url if address else None
    if address and any(key.removed_at is None for key in await clients.list_keys(store, client_id)):
        raise Conflict("This client has registered keys; remove them first.")
    await clients.change_client(store, client_id, jwks_url=url)
    if address:
        await client_key_sets.replace_key_set(
            store, client_id, address.url, address.life, address.columns
        )
    else:
        await client_key_sets.drop_key_set(store, client_id)
    if url != held.jwks_url:
        await client_tokens.revoke_tokens(store, client_id, lasting=False)
        await _record(store, "client.key-address", client_id, {"set": url is not None})


async def disable_client(store: Store, client_id: UUID) -> None:
    """The client and every token of it end at once; what it sent stays."""
    store.actor.require(Permission.MANAGE_CLIENTS)
    held = await clients.lock_client(store, client_id)
    if held.disabled_at is None:
        await clients.change_client(store, client_id, revoked_at=store.now)
        await client_tokens.revoke_tokens(store, client_id)
        await _record(store, "client.disable", client_id, {})


async def enable_client(store: Store, client_id: UUID) -> None:
    """The client may ask for tokens again; those it had stay dead."""
    store.actor.require(Permission.MANAGE_CLIENTS)
    held = await clients.lock_client(store, client_id)
    if held.disabled_at is not None:
        await clients.change_client(store, client_id, revoked_at=None)
        await _record(store, "client.enable", client_id, {})


async def _record(
    store: Store, action: str, client_id: UUID, detail: Mapping[str, str | int | bool]
) -> None:
    await audit.record(store, action, subject=f"clients/{client_id}", detail=detail)


def as_rows(keys: Iterable[Any]) -> Keys:
    """Keys as they are stored, of anything with kid, algorithm and jwk."""
    return [(key.kid, key.algorithm, key.jwk) for key in keys]
