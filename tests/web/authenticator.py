"""A passkey made of software: what a device would answer, true or with any part of it changed."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, BACKUP_MAY, BACKED_UP, HAS_KEY = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass(slots=True)
class SoftAuthenticator:
    """One credential on one device."""

    rp_id: str
    origin: str
    counter: int = 0
    counts: bool = True
    """Whether each use is counted; synced passkeys say 0 always."""
    verifies: bool = True
    """Whether it checks its owner's PIN or finger."""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    user_handle: bytes | None = None

    def make(self, options: dict[str, Any], **changed: Any) -> str:
        """The answer to "make one" (attestation "none"), as the page's script writes it."""
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id
        data = self._data(HAS_KEY, changed) + attested + encode_cbor(cose)
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        return self._written(
            {
                "clientDataJSON": _text(self._client("webauthn.create", options, changed)),
                "attestationObject": _text(encode_cbor(statement)),
                "transports": changed.get("transports", ["internal", "telepathy"]),
            }
        )

    def use(self, options: dict[str, Any], **changed: Any) -> str:
        """The answer to "use one"."""
        if self.counts:
            self.counter += 1
        client = self._client("webauthn.get", options, changed)
        data = self._data(0, changed)
        signed = data + hashlib.sha256(client).digest()
        key = changed.get("key", self.key)
        said = {
            "clientDataJSON": _text(client),
            "authenticatorData": _text(data),
            "signature": _text(key.sign(signed, ec.ECDSA(hashes.SHA256()))),
        }
        handle = changed.get("user_handle", self.user_handle)
        return self._written(said | ({"userHandle": _text(handle)} if handle else {}))

    def _client(self, kind: str, options: dict[str, Any], changed: dict[str, Any]) -> bytes:
        said = {
            "type": changed.get("type", kind),
            "challenge": changed.get("challenge", options["challenge"]),
            "origin": changed.get("origin", self.origin),
            "crossOrigin": changed.get("cross_origin", False),
        }
        return json.dumps(said).encode()

    def _data(self, flags: int, changed: dict[str, Any]) -> bytes:
        flags |= 0 if changed.get("absent") else PRESENT
        flags |= VERIFIED if changed.get("verified", self.verifies) else 0
        flags |= 0 if self.counts else BACKUP_MAY | BACKED_UP
        party = hashlib.sha256(str(changed.get("rp_id", self.rp_id)).encode()).digest()
        return party + bytes([flags]) + int(changed.get("counter", self.counter)).to_bytes(4)

    def _written(self, response: dict[str, Any]) -> str:
        name = _text(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _text(raw: bytes) -> str:
    return str(bytes_to_base64url(raw))
