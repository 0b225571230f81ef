"""What a passkey is asked and what it must answer (W3C Web Authentication), over py_webauthn.

The relying party is this service's own address; the challenge is derived from a token that
the browser alone holds. Attestation is not asked for: any authenticator will do.
"""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.parse_authentication_credential_json import (
    parse_authentication_credential_json,
)
from webauthn.helpers.parse_registration_credential_json import parse_registration_credential_json
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.auth.ceremonies import derive
from app.domain.delivery import is_loopback
from app.errors import Unauthenticated
from app.store.passkeys import PasskeyRow

LONGEST = 16 * 1024
"""Characters; an answer without attestation has about one thousand."""
TRANSPORTS = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal"})
UNREADABLE = (WebAuthnException, ValueError, TypeError, KeyError, IndexError, RecursionError)
"""What an answer that is none makes the library raise."""


class PasskeyRefused(Unauthenticated):
    """This passkey was not accepted. Try again, or come in another way."""

    code = "passkey-refused"

    def __init__(self, reason: str, message: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Whom passkeys are made for."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class MadePasskey:
    """A passkey that was just made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]
    synced: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a passkey answered; nothing of it is verified yet."""

    credential: AuthenticationCredential
    owner: tuple[UUID, UUID] | None
    """(organization, staff), as the passkey was told when it was made."""


def relying_party(base_url: str) -> RelyingParty:
    """This service, by the address that people use; browsers know no passkeys for bare numbers.

    A service on this machine is ``localhost``.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or "localhost"
    if not is_loopback(host):
        return RelyingParty(host, f"{parts.scheme}://{parts.netloc}")
    port = f":{parts.port}" if parts.port else ""
    return RelyingParty("localhost", f"{parts.scheme}://localhost{port}")


def handle_of(org_id: UUID, staff_id: UUID) -> bytes:
    """What a passkey keeps of its owner: two ids that tell nobody else anything."""
    return org_id.bytes + staff_id.bytes


def ask_to_make(
    party: RelyingParty,
    token: str,
    owner: tuple[UUID, UUID],
    login: str,
    name: str,
    had: list[PasskeyRow],
) -> str:
    """The options for making one, as JSON; not on a device that holds one already."""
    return options_to_json(
        generate_registration_options(
            rp_id=party.id,
            rp_name="Stepwell",
            user_id=handle_of(*owner),
            user_name=login,
            user_display_name=name,
            challenge=_challenge(token),
            timeout=300_000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=_known(had),
        )
    )


def ask_to_use(party: RelyingParty, token: str, had: list[PasskeyRow], *, alone: bool) -> str:
    """The options for using one, as JSON: any that its owner chooses, or one of these.

    `alone`: it is the only proof, so its owner must be verified (PIN, finger, face).
    """
    asks = UserVerificationRequirement
    return options_to_json(
        generate_authentication_options(
            rp_id=party.id,
            challenge=_challenge(token),
            timeout=300_000,
            allow_credentials=_known(had),
            user_verification=asks.REQUIRED if alone else asks.PREFERRED,
        )
    )


def _challenge(token: str) -> bytes:
    return derive(token, "challenge").encode()


def _known(had: list[PasskeyRow]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one.credential_id) for one in had]


def read_made(party: RelyingParty, token: str, text: str) -> MadePasskey:
    """Raises PasskeyRefused for what is not an answer to this question, made here."""
    try:
        credential = parse_registration_credential_json(said := _object(text))
        framed = _is_framed(credential.response.client_data_json)
        made = verify_registration_response(
            credential=credential,
            expected_challenge=_challenge(token),
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
        kept = _transports(said)
    except UNREADABLE:
        raise PasskeyRefused("registration") from None
    if framed or len(made.credential_id) > 1023:
        raise PasskeyRefused("registration")
    return MadePasskey(
        made.credential_id,
        made.credential_public_key,
        made.sign_count,
        kept,
        made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
    )


def _transports(said: dict[str, object]) -> list[str]:
    """How the device is reached, as far as these are words that browsers use."""
    response = said["response"]
    told = response.get("transports") if isinstance(response, dict) else None
    return sorted(TRANSPORTS & set(told)) if isinstance(told, list) else []


def _is_framed(client_data: bytes) -> bool:
    """Whether another site's page asked, with ours in a frame of its own."""
    return bool(parse_client_data_json(client_data).cross_origin)


def read_answer(text: str) -> Answer:
    """Raises PasskeyRefused for what cannot be read."""
    try:
        credential = parse_authentication_credential_json(_object(text))
        framed = _is_framed(credential.response.client_data_json)
    except UNREADABLE:
        raise PasskeyRefused("unreadable") from None
    if framed:
        raise PasskeyRefused("framed")
    handle = credential.response.user_handle or b""
    owner = (UUID(bytes=handle[:16]), UUID(bytes=handle[16:])) if len(handle) == 32 else None
    return Answer(credential, owner)


def verify_answer(
    party: RelyingParty, token: str, answer: Answer, kept: PasskeyRow, *, alone: bool
) -> int:
    """The counter of an answer that this passkey signed, to this question. Raises PasskeyRefused.

    The counter is judged by the store, where no two answers can pass side by side.
    """
    try:
        verified = verify_authentication_response(
            credential=answer.credential,
            expected_challenge=_challenge(token),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=kept.public_key,
            credential_current_sign_count=0,
            require_user_verification=alone,
        )
    except UNREADABLE:
        raise PasskeyRefused("proof") from None
    return verified.new_sign_count


def _object(text: str) -> dict[str, object]:
    if not text or len(text) > LONGEST:
        raise ValueError("empty or too long")
    said = json.loads(text)
    if not isinstance(said, dict):
        raise TypeError("not an object")
    return said
