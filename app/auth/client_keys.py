"""Which keys a client has now: those registered here, or those at its address."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.auth.key_fetching import SECONDS, Fetched, KeyFetcher, KeysUnreachable
from app.auth.key_sets import KeysNotFit, PublicKey, as_key_set, usable_keys
from app.domain.actor import system
from app.store import client_key_sets, clients
from app.store.client_key_sets import HeldKeySet
from app.store.clients import Client
from app.store.transaction import Database
from app.use_cases.manage_clients import KeyAddress

FETCH_INTERVAL = timedelta(minutes=1)
"""How often an address is asked at most, whatever is wanted: by all processes together (ours)."""
STALE_FOR = timedelta(hours=24)
"""How long old keys go on where an address cannot be asked (ours): its outage loses nothing."""
_PATIENCE = timedelta(seconds=SECONDS + 1)
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class KeyRoom:
    """Where keys are looked up: the store, and the network outside any transaction."""

    database: Database
    fetcher: KeyFetcher
    org_id: UUID
    client: Client

    async def keys(self, kid: str) -> list[PublicKey]:
        """The keys that count now, fetched anew where they are old or none is named so."""
        if self.client.jwks_url is None:
            return await self._registered()
        held, now = await self._held()
        if _is_fresh(held, kid, now):
            return _keys(held)
        held, now = await self._renewed(self.client.jwks_url, held)
        return _keys(held) if _is_usable(held, now) else []

    async def live(self) -> list[PublicKey]:
        """The keys that are known now; nothing is fetched."""
        if self.client.jwks_url is None:
            return await self._registered()
        held, now = await self._held()
        return _keys(held) if _is_usable(held, now) else []

    async def _registered(self) -> list[PublicKey]:
        async with self.database.transaction(system(self.org_id)) as store:
            live = await clients.live_keys(store, self.client.client_id)
        return [PublicKey(key.kid, key.algorithm, key.jwk) for key in live]

    async def _held(self) -> tuple[HeldKeySet | None, datetime]:
        async with self.database.transaction(system(self.org_id)) as store:
            held = await client_key_sets.find_key_set(store, self.client.client_id)
            return (held if held and held.url == self.client.jwks_url else None), store.now

    async def _renewed(
        self, url: str, held: HeldKeySet | None
    ) -> tuple[HeldKeySet | None, datetime]:
        """After a fetch of ours, or of the process that came first."""
        async with self.database.transaction(system(self.org_id)) as store:
            ours = await client_key_sets.claim_fetch(
                store, self.client.client_id, url, FETCH_INTERVAL
            )
        if ours:
            await self._fetch(url, held.etag if held and held.jwks else None)
            return await self._held()
        return await self._waited()

    async def _fetch(self, url: str, etag: str | None) -> None:
        """Ask outside any transaction, then keep what came of it."""
        columns: dict[str, Any]
        life: timedelta | None = None
        try:
            fetched = await self.fetcher.fetch(url, etag)
            columns, life = key_set_columns(fetched), fetched.life
        except (KeysUnreachable, KeysNotFit) as error:
            columns = {"trouble": trouble_of(error)}
        async with self.database.transaction(system(self.org_id)) as store:
            await client_key_sets.keep_key_set(store, self.client.client_id, url, life, columns)

    async def _waited(self) -> tuple[HeldKeySet | None, datetime]:
        """Somebody else fetches: their result, or what there is when patience ends."""
        while True:
            held, now = await self._held()
            if held is None or _is_finished(held) or held.tried_at + _PATIENCE <= now:
                return held, now
            await asyncio.sleep(_PAUSE_SECONDS)


async def fetch_address(fetcher: KeyFetcher, url: str) -> KeyAddress:
    """An address that is being registered, with what it holds: it must answer now.

    Raises KeysUnreachable or KeysNotFit, in words for whoever registers it.
    """
    fetched = await fetcher.fetch(url)
    return KeyAddress(url, key_set_columns(fetched), fetched.life)


def key_set_columns(fetched: Fetched) -> dict[str, Any]:
    """What is kept of an answer; raises KeysNotFit where no key in it can be used."""
    if fetched.body is None:
        return {"trouble": ""}
    jwks = as_key_set(usable_keys(fetched.body))
    return {"jwks": jwks, "etag": fetched.etag, "trouble": ""}


def trouble_of(error: KeysUnreachable | KeysNotFit) -> str:
    """What went wrong, in one line for an administrator."""
    return "; ".join(f"{problem.where}: {problem.what}" for problem in error.problems)


def _keys(held: HeldKeySet | None) -> list[PublicKey]:
    listed = held.jwks["keys"] if held and held.jwks else []
    return [PublicKey(jwk["kid"], jwk["alg"], jwk) for jwk in listed]


def _is_usable(held: HeldKeySet | None, now: datetime) -> bool:
    return bool(held and held.fresh_until and now < held.fresh_until + STALE_FOR)


def _is_fresh(held: HeldKeySet | None, kid: str, now: datetime) -> bool:
    fresh = held is not None and held.fresh_until is not None and now < held.fresh_until
    return fresh and any(key.kid == kid for key in _keys(held))


def _is_finished(held: HeldKeySet) -> bool:
    """Whether the last try has ended, well or not."""
    return held.trouble != "" or (held.fetched_at is not None and held.fetched_at >= held.tried_at)
