"""Secrets that must be read again, sealed at rest: authenticators' and providers'.

AES-256-GCM under a key that is derived (HKDF-SHA256) from the operator's secret key, which
stands in a file or the environment and never in the database. What a secret is for is part of
the seal, so that nobody who can write to the database moves one to another person's row. Several
keys may be listed: the first seals, all of them open, so that keys are rotated without a pause.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.errors import Unavailable

NONCE = 12
"""Bytes; random for each secret, which 96 bits allow for 2^32 of them (NIST SP 800-38D)."""

SEALS, LINKS = b"stepwell sealed secrets 1", b"stepwell mailed links 1"


class CannotUnseal(Unavailable):
    """A secret cannot be opened: STEPWELL_SECRET_KEY lacks the key that sealed it."""

    code = "cannot-unseal"


@dataclass(frozen=True, slots=True, repr=False)
class Sealer:
    """Seals with its first key and opens with any."""

    keys: tuple[tuple[str, AESGCM], ...] = ()
    link_key: bytes = b""
    """What links that are mailed are made with."""

    @classmethod
    def of(cls, secrets: Sequence[str]) -> Self:
        """A sealer of the operator's secret keys, the newest first."""
        keys = tuple((_name(one), AESGCM(_derive(one, SEALS))) for one in secrets)
        return cls(keys, _derive(secrets[0], LINKS) if secrets else b"")

    def link_token(self, message: UUID) -> str:
        """The token of the link in a mailed message: 256 bits that the outbox does not hold.

        The one who writes the message keeps its SHA-256, the one who sends it makes it again.
        Raises CannotUnseal.
        """
        if not self.link_key:
            raise CannotUnseal("No link can be mailed: an operator sets STEPWELL_SECRET_KEY.")
        made = hmac.new(self.link_key, message.bytes, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()

    def seal(self, plain: str, about: str) -> str:
        """`about` says whose and what it is; the same words open it. Raises CannotUnseal."""
        if not self.keys:
            raise CannotUnseal("Nothing can be sealed: an operator sets STEPWELL_SECRET_KEY.")
        name, key = self.keys[0]
        nonce = os.urandom(NONCE)
        sealed = nonce + key.encrypt(nonce, plain.encode(), about.encode())
        return f"1.{name}.{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, about: str) -> str:
        """Raises CannotUnseal where no key here sealed it, or it was sealed for something else."""
        _, _, rest = sealed.partition(".")
        name, _, body = rest.partition(".")
        key = dict(self.keys).get(name)
        if key is None:
            raise CannotUnseal()
        raw = base64.urlsafe_b64decode(body)
        try:
            return key.decrypt(raw[:NONCE], raw[NONCE:], about.encode()).decode()
        except (InvalidTag, ValueError):
            raise CannotUnseal("A sealed secret was changed, or belongs elsewhere.") from None

    def is_newest(self, sealed: str) -> bool:
        """Whether it was sealed with the key that seals now."""
        return bool(self.keys) and sealed.split(".")[1:2] == [self.keys[0][0]]


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, purpose).derive(secret.encode())


def _name(secret: str) -> str:
    """Which key it is, telling nothing of it."""
    return hashlib.sha256(b"stepwell key name " + _derive(secret, SEALS)).hexdigest()[:8]
