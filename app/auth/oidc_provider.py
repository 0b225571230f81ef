"""What an identity provider says of itself: its addresses and its keys, kept and renewed."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from app.auth.oidc_fetching import AddressRefused, Answer, Fetcher, ProviderDown, check_address

METADATA_SECONDS = 3600.0
KEYS_SECONDS = (300, 24 * 3600)
"""The least and the most for which keys are kept, whatever the provider's headers say."""
REFETCH_SECONDS = 60.0
"""An unknown key is looked for once in this time: a flood of made-up ones asks nobody."""
DOWN_SECONDS = 5.0
"""For this time after it did not answer a provider is not asked: who waits is told at once."""
MOST_KEYS = 50
SMALLEST_RSA = 2048


class ProviderNotFit(ProviderDown):
    """Your organization's sign-in is not set up as its provider says. Tell an administrator."""

    code = "provider-not-fit"


@dataclass(frozen=True, slots=True)
class Metadata:
    """A provider's discovery document, as far as it is used (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    secret_in_form: bool
    """Whether it takes the client's secret in the form alone (client_secret_post)."""
    names_issuer: bool
    """Whether its answers name it: one provider's are not taken for another's (RFC 9207)."""


def read_metadata(issuer: str, said: Mapping[str, Any], private_allowed: bool) -> Metadata:
    """Raises ProviderNotFit where it is not of this issuer, or an address may not be asked."""
    if said.get("issuer") != issuer:
        raise ProviderNotFit()
    methods = said.get("token_endpoint_auth_methods_supported")
    in_form = isinstance(methods, list) and "client_secret_basic" not in methods
    ends = said.get("end_session_endpoint")
    return Metadata(
        issuer,
        _address(said, "authorization_endpoint", private_allowed),
        _address(said, "token_endpoint", private_allowed),
        _address(said, "jwks_uri", private_allowed),
        None if ends is None else _address(said, "end_session_endpoint", private_allowed),
        in_form,
        said.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(said: Mapping[str, Any], name: str, private_allowed: bool) -> str:
    address = said.get(name)
    if not isinstance(address, str):
        raise ProviderNotFit()
    try:
        check_address(address, private_allowed)
    except (AddressRefused, ValueError):
        raise ProviderNotFit() from None
    return address


def read_keys(said: Mapping[str, Any]) -> list[Key]:
    """The public keys that may sign; what cannot be read or is weak is left out, never a secret."""
    found = said.get("keys")
    if not isinstance(found, list):
        raise ProviderNotFit()
    return [key for one in found[:MOST_KEYS] if (key := _key(one)) is not None]


def _key(said: Any) -> Key | None:
    if not isinstance(said, dict) or said.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    if said.get("use", "sig") != "sig" or "d" in said:
        return None
    try:
        key = JWKRegistry.import_key(said)
    except (JoseError, ValueError, TypeError):
        return None
    if isinstance(key, RSAKey):
        return key if key.raw_value.key_size >= SMALLEST_RSA else None
    return key if isinstance(key, (ECKey, OKPKey)) else None


@dataclass(slots=True)
class _Kept:
    """What is known of one issuer, in this process."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    metadata: Metadata | None = None
    metadata_until: float = 0
    keys: list[Key] = field(default_factory=list)
    keys_until: float = 0
    keys_asked: float = float("-inf")
    down_until: float = float("-inf")


@dataclass(slots=True)
class Providers:
    """The providers that this process has asked, each kept for a while."""

    fetcher: Fetcher
    clock: Callable[[], float] = time.monotonic
    _kept: dict[str, _Kept] = field(default_factory=dict)

    async def metadata(self, issuer: str) -> Metadata:
        """Raises ProviderDown or ProviderNotFit."""
        kept = self._kept.setdefault(issuer, _Kept())
        async with kept.lock:
            return await self._metadata(issuer, kept)

    async def keys_for(
        self, issuer: str, key_id: str | None, *, doubted: bool = False
    ) -> list[Key]:
        """The keys that may have signed: by id where it is named, else all; renewed if unknown.

        `doubted`: those that were given did not sign; some providers change a key and not its id.
        """
        kept = self._kept.setdefault(issuer, _Kept())
        async with kept.lock:
            metadata, now = await self._metadata(issuer, kept), self.clock()
            found = _named(kept.keys, key_id)
            stale = now >= kept.keys_until
            wanting = doubted or not found
            if stale or (wanting and now >= kept.keys_asked + REFETCH_SECONDS):
                await self._renew_keys(metadata, kept, now)
                found = _named(kept.keys, key_id)
            return found

    async def _metadata(self, issuer: str, kept: _Kept) -> Metadata:
        now = self.clock()
        if kept.metadata is None or now >= kept.metadata_until:
            where = issuer.rstrip("/") + "/.well-known/openid-configuration"
            answer = await self._get(where, kept)
            kept.metadata = read_metadata(issuer, answer.content, self.fetcher.private_allowed)
            kept.metadata_until = now + METADATA_SECONDS
        return kept.metadata

    async def _get(self, address: str, kept: _Kept) -> Answer:
        if self.clock() < kept.down_until:
            raise ProviderDown()
        try:
            answer = await self.fetcher.get(address)
        except ProviderDown:
            kept.down_until = self.clock() + DOWN_SECONDS
            raise
        if answer.status != 200:
            kept.down_until = self.clock() + DOWN_SECONDS
            raise ProviderDown()
        return answer

    async def _renew_keys(self, metadata: Metadata, kept: _Kept, now: float) -> None:
        kept.keys_asked = now
        answer = await self._get(metadata.jwks_uri, kept)
        kept.keys = read_keys(answer.content)
        least, most = KEYS_SECONDS
        kept.keys_until = now + min(max(answer.max_age or least, least), most)


def _named(keys: list[Key], key_id: str | None) -> list[Key]:
    return keys if key_id is None else [key for key in keys if key.kid == key_id]
