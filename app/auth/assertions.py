"""A client's signed assertion of who it is (RFC 7523, SMART App Launch 2.2 Backend Services).

Nothing that the header names is ever followed: keys are the client's registered ones alone.
Each check that fails has a reason for the audit trail; the client is told none of them.
"""

import base64
import binascii
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from app.auth.key_sets import ALGORITHMS, LONGEST_KID, PublicKey

LARGEST_ASSERTION = 16 * 1024
"""Characters."""
LONGEST_LIFE = timedelta(minutes=5)
"""How far ahead exp may lie (SMART App Launch 2.2)."""
LEEWAY = timedelta(seconds=15)
"""What two clocks may differ by (ours)."""
LONGEST_JTI = 500
_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
_REGISTRY.max_header_length = _REGISTRY.max_signature_length = LARGEST_ASSERTION
"""What a header holds beside alg and kid is neither used nor a reason to refuse."""


class AssertionRefused(Exception):
    """Why an assertion is not taken, for the audit trail alone; holds nothing that was sent."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion as it was sent, before anything in it is believed."""

    compact: str
    algorithm: str
    kid: str
    jku: str | None
    client_id: UUID
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a verified assertion leaves: it may be used once until it expires."""

    jti: str
    expires_at: datetime


def read_assertion(compact: str) -> Assertion:
    """What it claims to be. Raises AssertionRefused for what is not of the right shape."""
    parts = compact.split(".")
    if len(compact) > LARGEST_ASSERTION or not compact.isascii() or len(parts) != 3:
        raise AssertionRefused("not a JWT")
    header, claims = _json(parts[0]), _json(parts[1])
    algorithm, kid, jku = header.get("alg"), header.get("kid"), header.get("jku")
    if algorithm not in ALGORITHMS:
        raise AssertionRefused("alg")
    if "crit" in header or "b64" in header:
        raise AssertionRefused("crit")
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID:
        raise AssertionRefused("kid")
    if jku is not None and not isinstance(jku, str):
        raise AssertionRefused("jku")
    return Assertion(compact, str(algorithm), kid, jku, _client_id(claims), claims)


def _json(part: str) -> dict[str, Any]:
    """A part of a JWT; the same name twice is refused, since readers would differ on it."""
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        read = json.loads(raw, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, binascii.Error, RecursionError):
        raise AssertionRefused("not a JWT") from None
    if not isinstance(read, dict):
        raise AssertionRefused("not a JWT")
    return read


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)


def _no_constant(text: str) -> float:
    raise ValueError(text)


def _client_id(claims: Mapping[str, Any]) -> UUID:
    """iss and sub are both the client's id, in its one spelling."""
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or issuer != claims.get("sub"):
        raise AssertionRefused("iss and sub")
    try:
        client_id = UUID(issuer)
    except ValueError:
        raise AssertionRefused("iss and sub") from None
    if str(client_id) != issuer:
        raise AssertionRefused("iss and sub")
    return client_id


def find_keys(assertion: Assertion, keys: Iterable[PublicKey]) -> list[PublicKey]:
    """Those of a client's keys that the header may mean: by kid, and of the right kind for alg."""
    return [
        key for key in keys if key.kid == assertion.kid and key.algorithm == assertion.algorithm
    ]


def verify(
    assertion: Assertion, keys: Collection[PublicKey], audiences: Collection[str], now: datetime
) -> Proof:
    """The proof that a client's key signed this for us, now. Raises AssertionRefused."""
    if not keys:
        raise AssertionRefused("no such key")
    if not any(_is_signed(assertion, key) for key in keys):
        raise AssertionRefused("signature")
    claims = assertion.claims
    _check_audience(claims.get("aud"), audiences)
    expires_at = _check_times(claims, now)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise AssertionRefused("jti")
    return Proof(jti, expires_at)


def _is_signed(assertion: Assertion, key: PublicKey) -> bool:
    try:
        jws.deserialize_compact(assertion.compact, key.material(), registry=_REGISTRY)
    except (JoseError, ValueError):
        return False
    return True


def _check_audience(audience: object, audiences: Collection[str]) -> None:
    """Exactly us: one that names others too could be sent on by any of them (ours)."""
    named = audience if isinstance(audience, list) else [audience]
    if len(named) != 1 or not isinstance(named[0], str) or named[0] not in audiences:
        raise AssertionRefused("aud")


def _check_times(claims: Mapping[str, Any], now: datetime) -> datetime:
    """When it expires; an assertion from the future, or for too long, is refused."""
    expires_at = _moment(claims.get("exp"), "exp")
    if expires_at + LEEWAY <= now:
        raise AssertionRefused("expired")
    if expires_at > now + LONGEST_LIFE + LEEWAY:
        raise AssertionRefused("exp too far ahead")
    for name in ("iat", "nbf"):
        if name not in claims:
            continue
        begins_at = _moment(claims[name], name)
        if begins_at > now + LEEWAY or begins_at > expires_at:
            raise AssertionRefused(name)
    return expires_at


def _moment(value: object, name: str) -> datetime:
    """A NumericDate (RFC 7519)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AssertionRefused(name)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise AssertionRefused(name) from None
