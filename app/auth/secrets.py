"""Tokens and passwords: random, never stored as they are."""

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import Problem, Unprocessable

SHORTEST_PASSWORD = 12
"""Characters; length counts, composition rules do not (NIST SP 800-63B)."""
COMMON = frozenset(
    [
        "123456789012",
        "1234567890123",
        "password1234",
        "passwordpassword",
        "qwertyuiopas",
        "adminadminadmin",
        "letmeinletmein",
        "iloveyouiloveyou",
        "welcome12345",
        "stepwellstepwell",
        "changemechangeme",
    ]
)
_hasher = PasswordHasher()
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class WeakPassword(Unprocessable):
    """Choose another password."""

    code = "weak-password"


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token: enough to find it by, not enough to use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def check_password_choice(password: str) -> None:
    """Raises WeakPassword for one that is short or common."""
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword(
            f"A password has {SHORTEST_PASSWORD} characters or more.",
            [Problem("password", "short")],
        )
    if password.casefold() in COMMON or len(set(password)) < 4:
        raise WeakPassword("This password is among the first to be guessed.")


def hash_password(password: str) -> str:
    """Argon2id, with the library's current parameters."""
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; takes as long where there is no such account."""
    try:
        _hasher.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None
