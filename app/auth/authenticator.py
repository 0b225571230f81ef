"""Codes of an authenticator app: TOTP (RFC 6238), six digits, thirty seconds, SHA-1 as all apps."""

import hmac
from datetime import datetime

import pyotp
import segno

from app.errors import Unprocessable

SECONDS = 30
DRIFT = 1
"""Steps that a phone's clock may be early or late."""


class WrongCode(Unprocessable):
    """This code is not right. Codes change every half minute: wait for the next one."""

    code = "wrong-code"


def new_secret() -> str:
    """160 random bits (RFC 4226 R6)."""
    return pyotp.random_base32()


def secret_words(secret: str) -> str:
    """As it is typed into an app: in fours."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The step of time whose code this is, or None; never answers sooner for a near miss."""
    made = pyotp.TOTP(secret, interval=SECONDS)
    here = int(now.timestamp()) // SECONDS
    fits = [
        step
        for step in range(here - DRIFT, here + DRIFT + 1)
        if hmac.compare_digest(made.generate_otp(step), code)
    ]
    return max(fits, default=None)


def address_of(secret: str, login: str, organization: str) -> str:
    """What an app reads (``otpauth://…``)."""
    maker = pyotp.TOTP(secret, interval=SECONDS)
    return maker.provisioning_uri(name=login, issuer_name=f"Stepwell {organization}"[:60])


def picture_of(address: str) -> str:
    """The same as a picture to scan: the address of an SVG that holds itself (``data:…``)."""
    drawn: str = segno.make(address, error="m", micro=False).svg_data_uri(
        scale=4, light="#fff", dark="#000"
    )
    return drawn
