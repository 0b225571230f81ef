"""Tokens: random, and never stored as they are."""

import hashlib
import secrets

from app.domain.second_factor import RECOVERY_LENGTH, RECOVERY_LETTERS


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token: enough to find it by, not enough to use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_code() -> str:
    """A recovery code: 79 random bits in letters that are read from paper."""
    return "".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_LENGTH))
