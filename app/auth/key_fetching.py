"""Fetching a client's key set from its address, so that it is no way into other networks.

https alone; the name is resolved once, every address it has is checked, and the connection goes
to that address; no redirect, no proxy, no compression; bounded in size and time.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from app.auth.key_sets import LARGEST_SET
from app.domain.network_address import may_be_asked
from app.errors import Problem, Unprocessable

SECONDS = 5.0
SHORTEST_LIFE, USUAL_LIFE, LONGEST_LIFE = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=24),
)
"""How long a fetched set is used: as its headers say within bounds, else the middle one (ours)."""
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?(\d{1,9})", re.I | re.ASCII)
_NO_CACHE = re.compile(r"(?:^|,)\s*(?:no-store|no-cache)\b", re.I)


class KeysUnreachable(Unprocessable):
    """The key set cannot be fetched from this address."""

    code = "keys-unreachable"

    def __init__(self, what: str) -> None:
        super().__init__(problems=[Problem("address of the keys", what)])
        self.what = what


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered."""

    body: bytes | None
    """None where it is what it was (304)."""
    etag: str | None
    life: timedelta


def read_jwks_url(text: str) -> str | None:
    """An address as typed, or None where there is none. Raises KeysUnreachable."""
    typed = text.strip()
    if not typed:
        return None
    problem = None
    try:
        parts = urlsplit(typed)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise KeysUnreachable("write it as https://ehr.example/jwks.json") from None
    if len(typed) > 500 or not typed.isascii() or not typed.isprintable() or " " in typed:
        problem = "write one address without spaces"
    elif parts.scheme != "https":
        problem = "https is needed"
    elif parts.username is not None or parts.password is not None or "#" in typed:
        problem = "neither a user nor a fragment belongs into it"
    elif not host:
        problem = "write it as https://ehr.example/jwks.json"
    if problem:
        raise KeysUnreachable(problem)
    return typed


@dataclass(frozen=True, slots=True)
class KeyFetcher:
    """Fetches key sets, within what the operator allows."""

    hosts: tuple[str, ...] = ()
    """The only hosts to ask, ``.example.org`` for all below it; empty: any public host."""
    private_allowed: bool = False
    certificates: str | None = None
    loopback_allowed: bool = False
    """For tests alone: no setting reaches it."""
    seconds: float = SECONDS

    async def fetch(self, url: str, etag: str | None = None) -> Fetched:
        """What the address answers now. Raises KeysUnreachable, in words for an administrator."""
        read_jwks_url(url)
        try:
            async with asyncio.timeout(self.seconds):
                return await self._get(httpx.URL(url), urlsplit(url).netloc, etag)
        except TimeoutError:
            raise KeysUnreachable("it did not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError):
            raise KeysUnreachable("it cannot be reached") from None

    async def _get(self, url: httpx.URL, netloc: str, etag: str | None) -> Fetched:
        there = await self._resolve(url)
        headers = {"host": netloc, "accept": "application/json", "accept-encoding": "identity"}
        if etag:
            headers["if-none-match"] = etag
        verified = ssl.create_default_context(cafile=self.certificates)
        async with (
            httpx.AsyncClient(
                verify=verified, follow_redirects=False, trust_env=False, timeout=self.seconds
            ) as client,
            client.stream(
                "GET",
                url.copy_with(host=there),
                headers=headers,
                extensions={"sni_hostname": url.host},
            ) as answer,
        ):
            return await _read(answer, asked_with=etag)

    async def _resolve(self, url: httpx.URL) -> str:
        """The one network address to connect to."""
        if self.hosts and not any(_is_named(url.host, one) for one in self.hosts):
            raise KeysUnreachable("its host is not among those that the operator allows")
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
        addresses = [str(one[4][0]) for one in found]
        if not addresses or not all(self._allows(one) for one in addresses):
            raise KeysUnreachable("it lies in a network that is not asked")
        return addresses[0]

    def _allows(self, address: str) -> bool:
        """A scope (``fe80::1%eth0``) names a link of this machine: never asked."""
        return "%" not in address and may_be_asked(
            address, private_allowed=self.private_allowed, loopback_allowed=self.loopback_allowed
        )


def _is_named(host: str, allowed: str) -> bool:
    host, allowed = host.lower().rstrip("."), allowed.lower()
    return host.endswith(allowed) if allowed.startswith(".") else host == allowed


async def _read(answer: httpx.Response, asked_with: str | None) -> Fetched:
    if answer.status_code == 304 and asked_with:
        return Fetched(None, asked_with, life_of(answer.headers))
    if 300 <= answer.status_code < 400:
        raise KeysUnreachable(f"it redirects ({answer.status_code}), which is not followed")
    if answer.status_code != 200:
        raise KeysUnreachable(f"it answered {answer.status_code}")
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise KeysUnreachable("it answered compressed, which is not read")
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > LARGEST_SET:
            raise KeysUnreachable(f"it answered with more than {LARGEST_SET // 1024} KiB")
    etag = answer.headers.get("etag", "")
    return Fetched(bytes(body), etag if 0 < len(etag) <= 200 else None, life_of(answer.headers))


def life_of(headers: Mapping[str, str]) -> timedelta:
    """How long an answer may be used (RFC 9111), between a minute and a day."""
    said = headers.get("cache-control", "")
    if _NO_CACHE.search(said):
        return SHORTEST_LIFE
    found = _MAX_AGE.search(said)
    asked = timedelta(seconds=int(found[1])) if found else USUAL_LIFE
    return min(max(asked, SHORTEST_LIFE), LONGEST_LIFE)
