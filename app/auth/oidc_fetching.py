"""Asking an identity provider: https, bounded in time and size, nothing followed, one address.

The name is resolved once and the connection goes to that address, so that a provider's
documents cannot lead this server into its own network.
"""

import asyncio
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from app.domain.delivery import is_loopback
from app.domain.network_address import may_be_asked
from app.errors import Unavailable

LARGEST = 256 * 1024
"""Bytes; a provider's documents are a few kB."""
SECONDS = 6.0
ASKED = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "Stepwell"}
"""Nothing compressed: a small answer could unfold to a large one."""
UNUSABLE = (
    TimeoutError,
    httpx.HTTPError,
    httpx.InvalidURL,
    OSError,
    UnicodeError,
    ValueError,
    RecursionError,
)
"""What no answer, a cut one, or one that is no document of a provider raises."""


class ProviderDown(Unavailable):
    """Your organization's sign-in does not answer. Try again in a minute, or use your password."""

    code = "provider-down"


class AddressRefused(ProviderDown):
    """The provider names an address that is not asked: https alone, outside this network."""

    code = "provider-address"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: always JSON."""

    status: int
    content: dict[str, Any]
    max_age: int | None
    """Seconds for which the answer may be kept, where it says so."""


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Asks; `private_allowed` for providers in the own network, and this machine without https."""

    private_allowed: bool = False
    certificates: str | None = None
    seconds: float = SECONDS

    async def get(self, url: str) -> Answer:
        return await self._ask("GET", url, {})

    async def post(
        self, url: str, form: Mapping[str, str], authorization: tuple[str, str] | None
    ) -> Answer:
        """Send a form; with a name and secret by HTTP Basic where given."""
        return await self._ask("POST", url, dict(form), authorization)

    async def _ask(
        self,
        method: str,
        url: str,
        form: dict[str, str],
        authorization: tuple[str, str] | None = None,
    ) -> Answer:
        try:
            async with asyncio.timeout(self.seconds):
                return await self._answer(method, url, form, authorization)
        except UNUSABLE as error:
            raise ProviderDown() from error

    async def _answer(
        self, method: str, url: str, form: dict[str, str], authorization: tuple[str, str] | None
    ) -> Answer:
        check_address(url, self.private_allowed)
        parts = httpx.URL(url)
        there = await self._resolve(parts)
        verified = ssl.create_default_context(cafile=self.certificates)
        async with (
            httpx.AsyncClient(
                verify=verified, follow_redirects=False, trust_env=False, timeout=self.seconds
            ) as client,
            client.stream(
                method,
                parts.copy_with(host=there),
                data=form or None,
                headers=ASKED | {"host": urlsplit(url).netloc},
                auth=httpx.BasicAuth(*authorization) if authorization else None,
                extensions={"sni_hostname": parts.host},
            ) as answer,
        ):
            return Answer(answer.status_code, await _json_object(answer), _max_age(answer))

    async def _resolve(self, url: httpx.URL) -> str:
        loop = asyncio.get_running_loop()
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        addresses = [str(one[4][0]).partition("%")[0] for one in found]
        allowed = self.private_allowed
        if not all(
            may_be_asked(one, private_allowed=allowed, loopback_allowed=allowed)
            for one in addresses
        ):
            raise AddressRefused()
        return addresses[0]


def check_address(url: str, private_allowed: bool) -> None:
    """Raises AddressRefused for what is no plain https address (http: this machine, if allowed)."""
    parts = urlsplit(url)
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= 2000
    here = parts.scheme == "http" and private_allowed and is_loopback(parts.hostname or "")
    if not plain or not parts.hostname or not (parts.scheme == "https" or here):
        raise AddressRefused()
    if parts.username or parts.password or parts.fragment:
        raise AddressRefused()


async def _json_object(answer: httpx.Response) -> dict[str, Any]:
    body = b""
    async for part in answer.aiter_raw():
        body += part
        if len(body) > LARGEST:
            raise ValueError("larger than a provider's document is")
    read = json.loads(body)
    if not isinstance(read, dict):
        raise ValueError("not a JSON object")
    return read


def _max_age(answer: httpx.Response) -> int | None:
    for part in answer.headers.get("cache-control", "").lower().split(","):
        name, _, value = part.strip().partition("=")
        if name == "max-age" and value.isdecimal() and len(value) < 10:
            return int(value)
    return None
