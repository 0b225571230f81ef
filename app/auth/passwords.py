"""Passwords: how they are chosen, kept and compared."""

import asyncio
import re
import secrets
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from app.errors import Problem, Unprocessable

SHORTEST = 12
"""Characters; length counts, composition rules do not (NIST SP 800-63B 5.1.1)."""
LONGEST = 256
"""Characters; far beyond any passphrase, and nobody makes us hash a book."""
JUDGED = 72
"""Of how many characters the strength is judged; the time grows with their square."""
STRONG_ENOUGH = 4
"""Of zxcvbn's 0 to 4: more than 10^10 guesses by its 30,000 known passwords and its rules."""
FAMOUS = frozenset({"correcthorsebatterystaple"})
"""Passphrases that everybody has read of, which zxcvbn takes for words of one's own."""
OWN_PART = 8
"""How many characters of a password are neither its owner's name nor their organization's."""
AT_ONCE = 2
"""How many passwords are hashed at the same time; each takes 64 MiB for its while."""

_hasher = PasswordHasher()
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))
_hashing = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")


class WeakPassword(Unprocessable):
    """Choose another password."""

    code = "weak-password"


def check_password_choice(password: str, about: Iterable[str] = ()) -> None:
    """Raises WeakPassword for one that is short, common, or made of what is known of its owner.

    `about` are words such as their name, login and organization. All of it is judged here:
    nothing of a password leaves this machine.
    """
    if len(password) < SHORTEST:
        raise WeakPassword(
            f"A password has {SHORTEST} characters or more.", [Problem("password", "too short")]
        )
    if len(password) > LONGEST:
        raise WeakPassword(
            f"A password has {LONGEST} characters at most.", [Problem("password", "too long")]
        )
    words = _words(about)
    if _is_mostly(password, words) or zxcvbn(password[:JUDGED], words)["score"] < STRONG_ENOUGH:
        raise WeakPassword(
            "This password would be guessed early. Four or five words that have nothing to do "
            "with each other, or with you, make a good one.",
            [Problem("password", "easily guessed")],
        )


def _words(about: Iterable[str]) -> list[str]:
    """Each name whole and in its parts."""
    whole = [one.casefold() for one in about if one]
    parts = [part for one in whole for part in re.split(r"[\W_]+", one) if part]
    return ["stepwell", *whole, *parts]


def _is_mostly(password: str, words: list[str]) -> bool:
    """Whether too little is left where these words and repeated letters are taken out."""
    left = password.casefold()
    if re.sub(r"[\W_]+", "", left) in FAMOUS:
        return True
    for word in sorted((one for one in words if len(one) >= 3), key=len, reverse=True):
        left = left.replace(word, "")
    return len(left) < OWN_PART or len(set(left)) < 5


def _typed(password: str) -> str:
    """One password however a keyboard composes its letters (NIST SP 800-63B 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str) -> str:
    """Argon2id, with the library's current parameters."""
    return _hasher.hash(_typed(password))


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; takes as long where there is no such account."""
    try:
        _hasher.verify(password_hash or _NOBODY, _typed(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the parameters have grown since it was hashed."""
    return _hasher.check_needs_rehash(password_hash)


async def hash_aside(password: str) -> str:
    """The same without holding up other requests, and bounded in memory."""
    return await asyncio.get_running_loop().run_in_executor(_hashing, hash_password, password)


async def verify_aside(password_hash: str | None, password: str) -> bool:
    """The same without holding up other requests, and bounded in memory."""
    work = partial(verify_password, password_hash, password)
    return await asyncio.get_running_loop().run_in_executor(_hashing, work)
