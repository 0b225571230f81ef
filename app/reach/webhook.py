"""Webhooks over HTTPS, signed as the Standard Webhooks specification says.

Nothing is followed: no redirect, no proxy, no second look-up of the name. The address
is resolved once, each result is checked, and the connection goes to that address.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from app.domain.delivery import (
    SENT,
    AddressNotFit,
    Attempt,
    Verdict,
    read_webhook_url,
)
from app.domain.network_address import may_be_asked
from app.errors import Problem
from app.reach.post import Parcel

_PRIVATE = Problem("webhook", "the webhook's address lies in a private network")
COME_AGAIN = frozenset({408, 425, 429})
"""Client errors that time may mend."""
REPLAY_WINDOW_SECONDS = 5 * 60
"""How old a message a receiver should take at most (Standard Webhooks)."""


def secret_of(key: str, org_id: UUID, version: int) -> str:
    """An organization's signing secret: derived from the operator's key, so that none is stored."""
    derived = hmac.digest(key.encode(), f"stepwell webhook {org_id} {version}".encode(), "sha256")
    return "whsec_" + base64.b64encode(derived).decode()


def sign(secret: str, message_id: str, at: int, body: bytes) -> str:
    """``v1,`` and the base64 of HMAC-SHA256 over id, timestamp and body, joined by dots."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """How a receiver checks a message: its signature, and that it is not an old one again."""
    at = headers.get("webhook-timestamp", "")
    if not at.isdecimal() or abs(now - int(at)) > REPLAY_WINDOW_SECONDS:
        return False
    wanted = sign(secret, headers.get("webhook-id", ""), int(at), body)
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(wanted.encode(), one.encode()) for one in given)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Sends to an organization's own address."""

    key: str = field(repr=False)
    private_allowed: bool = False
    seconds: float = 10
    certificates: str | None = None

    async def send(self, parcel: Parcel, now: datetime) -> Attempt:
        """One attempt; only the status counts, the answer's body is not read."""
        try:
            read_webhook_url(parcel.address, self.private_allowed)
            async with asyncio.timeout(self.seconds):
                status = await self._post(parcel, now)
        except AddressNotFit as error:
            return Attempt(Verdict.NEVER, error.problems[0].what if error.problems else "")
        except TimeoutError:
            return Attempt(Verdict.LATER, "the webhook did not answer in time")
        except (httpx.HTTPError, OSError, UnicodeError):
            return Attempt(Verdict.LATER, "the webhook cannot be reached")
        return _by_status(status)

    async def _post(self, parcel: Parcel, now: datetime) -> int:
        url = httpx.URL(parcel.address)
        there = await self._resolve(url)
        body = write_body(parcel)
        headers = self._headers(parcel, body, now) | {"host": urlsplit(parcel.address).netloc}
        verified = ssl.create_default_context(cafile=self.certificates)
        async with (
            httpx.AsyncClient(
                verify=verified, follow_redirects=False, trust_env=False, timeout=self.seconds
            ) as client,
            client.stream(
                "POST",
                url.copy_with(host=there),
                content=body,
                headers=headers,
                extensions={"sni_hostname": url.host},
            ) as answer,
        ):
            return answer.status_code

    async def _resolve(self, url: httpx.URL) -> str:
        """The one network address to connect to. Raises AddressNotFit for a private one."""
        loop = asyncio.get_running_loop()
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        addresses = [str(one[4][0]).partition("%")[0] for one in found]
        if not all(self.may_be_asked(one) for one in addresses):
            raise AddressNotFit("", [_PRIVATE])
        return addresses[0]

    def may_be_asked(self, address: str) -> bool:
        """Whether it may be sent to; whoever allows private networks allows this machine."""
        allowed = self.private_allowed
        return may_be_asked(address, private_allowed=allowed, loopback_allowed=allowed)

    def _headers(self, parcel: Parcel, body: bytes, now: datetime) -> dict[str, str]:
        at = int(now.timestamp())
        secret = secret_of(self.key, parcel.org_id, parcel.secret_version)
        return {
            "content-type": "application/json",
            "user-agent": "Stepwell",
            "webhook-id": str(parcel.delivery_id),
            "webhook-timestamp": str(at),
            "webhook-signature": sign(secret, str(parcel.delivery_id), at, body),
        }


def write_body(parcel: Parcel) -> bytes:
    """What a receiver is told: that flags wait, for whom, and where; nothing of a patient."""
    told = {
        "type": "flags.waiting",
        "id": str(parcel.delivery_id),
        "urgent": parcel.urgent,
        "count": parcel.count,
        "words": parcel.letter.subject,
        "link": parcel.link,
        "for": str(parcel.recipient_id) if parcel.recipient_id else None,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def _by_status(status: int) -> Attempt:
    if 200 <= status < 300:
        return SENT
    if 300 <= status < 400:
        return Attempt(Verdict.NEVER, f"the webhook redirects ({status}), which is not followed")
    if 400 <= status < 500 and status not in COME_AGAIN:
        return Attempt(Verdict.NEVER, f"the webhook refused it ({status})")
    return Attempt(Verdict.LATER, f"the webhook asked to come again ({status})")
