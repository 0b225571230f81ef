"""A sign-in that takes more than one step, bound to the browser that began it.

One random token stands behind everything: the browser alone holds it, in a cookie that
scripts cannot read; the database keeps its hash. State, nonce, PKCE verifier and
WebAuthn challenge are derived from it, so that what another browser began, or what
leaked from an address or the database, finishes nothing.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from app.auth.secrets import digest, new_token
from app.errors import Unauthenticated
from app.store.ceremonies import add_ceremony, take_ceremony
from app.store.transaction import Database

LASTS = timedelta(minutes=10)
"""Long enough for a second factor at the provider, short enough to be of no use tomorrow."""


class CeremonyOver(Unauthenticated):
    """This sign-in took too long, was used already, or began in another window. Begin again."""

    code = "ceremony-over"


def derive(token: str, purpose: str) -> str:
    """43 characters that the token's holder alone can make; one tells nothing of another."""
    made = hmac.digest(token.encode(), f"stepwell {purpose}".encode(), "sha256")
    return unpadded(made)


def unpadded(raw: bytes) -> str:
    """base64url without padding, as JOSE and WebAuthn write it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def pkce_challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, 4.2)."""
    return unpadded(hashlib.sha256(verifier.encode()).digest())


async def begin_ceremony(
    database: Database, kind: str, content: dict[str, Any], now: datetime
) -> str:
    """Begin; the token is for the browser's cookie alone."""
    token = new_token()
    async with database.directory() as connection:
        await add_ceremony(connection, digest(token), kind, content, now, now + LASTS)
    return token


async def finish_ceremony(
    database: Database, kind: str, token: str, now: datetime
) -> dict[str, Any]:
    """What was begun with this token, once. Raises CeremonyOver."""
    async with database.directory() as connection:
        found = await take_ceremony(connection, digest(token), kind, now) if token else None
    if found is None:
        raise CeremonyOver()
    return found
