"""What a provider's signed tokens must say before they are believed (OpenID Connect Core 3.1.3.7).

The algorithm is ours to allow: public keys alone, so neither "none" nor a shared secret
made of a public key passes. Every refusal has one word, which is kept in the audit and
not told to the person.
"""

import hmac
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import Key

from app.domain.sign_on import Identity
from app.errors import Unauthenticated

ALGORITHMS = frozenset(
    f"{family}{size}" for family in ("RS", "PS", "ES") for size in (256, 384, 512)
) | {"EdDSA"}
LEEWAY_SECONDS = 60
"""How far the clocks of the two may be apart."""
OLDEST_SECONDS = 10 * 60
"""How long ago a token may have been made: it answers a sign-in that began now."""
LONGEST = 32 * 1024
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

KeysFor = Callable[[str | None, bool], Awaitable[list[Key]]]
"""The provider's keys by id; asked again where those that it gave did not sign."""


class TokenRefused(Unauthenticated):
    """Your organization's sign-in could not be verified. Begin again; if it stays, tell them."""

    code = "provider-token"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose token it has to be, and for whom."""

    issuer: str
    client_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Proven:
    """What a verified ID token says."""

    identity: Identity
    provider_session: str | None
    second_factor: bool
    """Whether the provider names more than one factor ("amr", RFC 8176)."""


@dataclass(frozen=True, slots=True)
class LogoutOrder:
    """Whose sessions a verified logout token ends: a subject's, or one session's."""

    subject: str | None
    provider_session: str | None
    issued_at: int


async def verify_id_token(text: str, expected: Expected, nonce: str, keys_for: KeysFor) -> Proven:
    """Raises TokenRefused."""
    claims = await _verified(text, expected, keys_for)
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise TokenRefused("nonce")
    subject = _text(claims, "sub")
    if subject is None:
        raise TokenRefused("subject")
    identity = Identity(
        subject,
        _text(claims, "email"),
        claims.get("email_verified") is True,
        _text(claims, "name"),
    )
    methods = claims.get("amr")
    return Proven(identity, _text(claims, "sid"), isinstance(methods, list) and "mfa" in methods)


async def verify_logout_token(text: str, expected: Expected, keys_for: KeysFor) -> LogoutOrder:
    """An order to end sessions (OpenID Connect Back-Channel Logout 2.6). Raises TokenRefused."""
    claims = await _verified(text, expected, keys_for)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise TokenRefused("events")
    if "nonce" in claims:
        raise TokenRefused("nonce")
    subject, session = _text(claims, "sub"), _text(claims, "sid")
    if subject is None and session is None:
        raise TokenRefused("subject")
    return LogoutOrder(subject, session, int(claims["iat"]))


async def _verified(text: str, expected: Expected, keys_for: KeysFor) -> dict[str, Any]:
    """The claims of a token whose signature, issuer, audience and times hold."""
    algorithm, key_id = _header(text)
    try:
        claims = _signed_by_one(text, algorithm, await keys_for(key_id, False), key_id)
    except TokenRefused as refusal:
        if refusal.reason != "signature":
            raise
        claims = _signed_by_one(text, algorithm, await keys_for(key_id, True), key_id)
    if claims.get("iss") != expected.issuer:
        raise TokenRefused("issuer")
    _check_audience(claims, expected.client_id)
    _check_times(claims, int(expected.now.timestamp()))
    return claims


def _header(text: str) -> tuple[str, str | None]:
    if not text or len(text) > LONGEST:
        raise TokenRefused("unreadable")
    try:
        header = jws.extract_compact(text.encode()).headers()
    except (JoseError, ValueError, TypeError, KeyError):
        raise TokenRefused("unreadable") from None
    if not isinstance(header, dict):
        raise TokenRefused("unreadable")
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise TokenRefused("algorithm")
    if key_id is not None and not isinstance(key_id, str):
        raise TokenRefused("unreadable")
    return algorithm, key_id


def _signed_by_one(
    text: str, algorithm: str, keys: list[Key], key_id: str | None
) -> dict[str, Any]:
    """Without a key id one key alone may be meant, or nobody knows which one signed."""
    fitting = [key for key in keys if key.alg in (None, algorithm)]
    if key_id is None and len(fitting) > 1:
        raise TokenRefused("key-not-named")
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    for key in fitting:
        try:
            return jwt.decode(text, key, algorithms=[algorithm], registry=registry).claims
        except BadSignatureError:
            continue
        except (JoseError, ValueError, TypeError, RecursionError):
            raise TokenRefused("unreadable") from None
    raise TokenRefused("signature" if fitting else "unknown-key")


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    """For us; and where it is for others too, given to us (azp)."""
    audience, authorized = claims.get("aud"), claims.get("azp")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or client_id not in named:
        raise TokenRefused("audience")
    if (authorized is not None or len(named) > 1) and authorized != client_id:
        raise TokenRefused("authorized-party")


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    if expires is None or issued is None:
        raise TokenRefused("times")
    if expires + LEEWAY_SECONDS <= now:
        raise TokenRefused("expired")
    if issued > now + LEEWAY_SECONDS or issued < now - OLDEST_SECONDS:
        raise TokenRefused("times")
    before = _seconds(claims, "nbf")
    if before is not None and before > now + LEEWAY_SECONDS:
        raise TokenRefused("times")


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if math.isfinite(value) else None


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    """A claim of 1 to 255 printable characters; anything else is as if it were not there."""
    value = claims.get(name)
    fits = isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable()
    return value if fits else None
