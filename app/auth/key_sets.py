"""Public keys of integration clients: how a JWK Set is read, and what is refused in one.

RFC 7517 and 7518; SMART App Launch 2.2 asks servers for RS384 and ES384.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from app.errors import Problem, Unprocessable

ALGORITHMS = ("RS384", "ES384")
LARGEST_SET = 64 * 1024
"""Bytes."""
MOST_KEYS = 20
LONGEST_KID = 200
RSA_BITS = range(2048, 8193)
"""Shorter ones are not safe (NIST SP 800-131A), longer ones cost the verifier too much (ours)."""
LARGEST_EXPONENT = 2**32
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
PRIVATE_WORDS = (
    "hold a private or symmetric key, which nobody but its owner may have. It was not stored. "
    "Make a new key pair, and send its public half"
)
_PARTS = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}


class KeysNotFit(Unprocessable):
    """These keys cannot be registered."""

    code = "keys-not-fit"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that assertions may be signed with; its JWK holds the public parts alone."""

    kid: str
    algorithm: str
    jwk: Mapping[str, Any]

    def material(self) -> RSAKey | ECKey:
        """The key as the library takes it."""
        kind = RSAKey if self.algorithm == "RS384" else ECKey
        return kind.import_key(dict(self.jwk))


def read_key_set(text: str | bytes) -> tuple[PublicKey, ...]:
    """The keys of a JWK Set that somebody registers; every key in it must fit.

    A single JWK is taken as a set of one. Raises KeysNotFit, with where and what.
    """
    found = _listed(text)
    keys = tuple(_read_key(jwk, f"keys[{index}]") for index, jwk in enumerate(found))
    if len({key.kid for key in keys}) != len(keys):
        raise _unfit("keys", "each key needs a kid of its own")
    return keys


def usable_keys(text: str | bytes) -> tuple[PublicKey, ...]:
    """The keys of a set that its owner publishes, without those that are for something else.

    Raises KeysNotFit where none is left, or where a private key is shown to the world.
    """
    kept: dict[str, PublicKey] = {}
    for index, jwk in enumerate(_listed(text)):
        _refuse_private(jwk, f"keys[{index}]")
        try:
            key = _read_key(jwk, f"keys[{index}]")
        except KeysNotFit:
            continue
        kept.setdefault(key.kid, key)
    if not kept:
        raise _unfit("keys", "no key for RS384 (RSA) or ES384 (P-384) with a kid is among them")
    return tuple(kept.values())


def as_key_set(keys: tuple[PublicKey, ...]) -> dict[str, Any]:
    """The JWK Set of these keys, as it is cached."""
    return {"keys": [dict(key.jwk) for key in keys]}


def _unfit(where: str, what: str) -> KeysNotFit:
    return KeysNotFit(problems=[Problem(where, what)])


def _listed(text: str | bytes) -> list[dict[str, Any]]:
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > LARGEST_SET:
        raise _unfit("keys", f"are more than {LARGEST_SET // 1024} KiB")
    if b"PRIVATE KEY" in raw:
        raise _unfit("keys", PRIVATE_WORDS)
    if b"-----BEGIN" in raw:
        raise _unfit("keys", "are in PEM: send the public keys as a JWK Set (JSON)")
    try:
        read = json.loads(raw)
    except (ValueError, RecursionError):
        raise _unfit("keys", 'are not JSON: send {"keys": […]}') from None
    found = read.get("keys", [read]) if isinstance(read, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _unfit("keys", 'are no JWK Set: send {"keys": […]}')
    if not 0 < len(found) <= MOST_KEYS:
        raise _unfit("keys", f"must be 1 to {MOST_KEYS}")
    return found


def _refuse_private(jwk: Mapping[str, Any], where: str) -> None:
    if not _PRIVATE.isdisjoint(jwk):
        raise _unfit(where, PRIVATE_WORDS)


def _read_key(jwk: Mapping[str, Any], where: str) -> PublicKey:
    _refuse_private(jwk, where)
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID or not kid.isprintable():
        raise _unfit(where, f"needs a kid of 1 to {LONGEST_KID} characters")
    algorithm = _algorithm(jwk, where)
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or operations != ["verify"]:
        raise _unfit(where, "is not for signatures (use, key_ops)")
    if jwk.get("alg", algorithm) != algorithm:
        raise _unfit(where, f"is for another alg than {algorithm}")
    parts = {name: jwk.get(name) for name in _PARTS[str(jwk["kty"])]}
    key = PublicKey(kid, algorithm, {**parts, "kid": kid, "alg": algorithm, "use": "sig"})
    _check_material(key, where)
    return key


def _algorithm(jwk: Mapping[str, Any], where: str) -> str:
    if jwk.get("kty") == "RSA":
        bits, exponent = _number(jwk.get("n"), where).bit_length(), _number(jwk.get("e"), where)
        if bits not in RSA_BITS:
            raise _unfit(where, f"has {bits} bits; {RSA_BITS[0]} to {RSA_BITS[-1]} are taken")
        if not 2 < exponent < LARGEST_EXPONENT or exponent % 2 == 0:
            raise _unfit(where, "has an exponent that is not taken; 65537 is usual")
        return "RS384"
    if jwk.get("kty") == "EC" and jwk.get("crv") == "P-384":
        return "ES384"
    raise _unfit(where, "is neither RSA nor EC with the curve P-384")


def _number(text: object, where: str) -> int:
    """A Base64urlUInt (RFC 7518)."""
    try:
        if not isinstance(text, str):
            raise ValueError
        padded = text + "=" * (-len(text) % 4)
        return int.from_bytes(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise _unfit(where, "is not a key: its numbers are not base64url") from None


def _check_material(key: PublicKey, where: str) -> None:
    """Raises KeysNotFit for what the library cannot use, such as a point off the curve."""
    try:
        key.material().public_key  # noqa: B018  it is made when it is asked for
    except (JoseError, ValueError, TypeError):
        raise _unfit(where, "is not a key that can be used") from None
