"""Who needs a second proof beside their password, and how codes are written; ours.

NIST SP 800-63B asks for two factors wherever personal data can be reached (AAL2).
"""

from collections.abc import Iterable
from enum import StrEnum

from app.domain.access import Permission, Role, may


class SecondFactorPolicy(StrEnum):
    """Of whom an organization asks a second factor."""

    CHARTS = "charts"
    """Of whoever can see patients' records or change how others sign in; where nothing is said."""
    EVERYBODY = "everybody"
    NOBODY = "nobody"
    """For a demo, or where the organization's own identity provider asks already."""


OPENS_CHARTS = (
    Permission.VIEW_PATIENT,
    Permission.RECORD_ASSESSMENT,
    Permission.MANAGE_INBOUND,
    Permission.VIEW_DUE,
    Permission.VIEW_AUDIT,
    Permission.OPEN_CHARTS,
    Permission.MANAGE_STAFF,
    Permission.MANAGE_SIGN_IN,
)
"""Whoever may do one of these reaches records of patients, or could through another's account."""


def is_asked(policy: SecondFactorPolicy, roles: Iterable[Role]) -> bool:
    """Whether somebody in these roles needs a second factor."""
    if policy is SecondFactorPolicy.CHARTS:
        held = tuple(roles)
        return any(may(held, permission) for permission in OPENS_CHARTS)
    return policy is SecondFactorPolicy.EVERYBODY


RECOVERY_CODES = 10
"""How many are made at once; each is good once."""
RECOVERY_LETTERS = "23456789" + "abcdefgh" + "jkmn" + "pqrstuvwxyz"
"""No 0, o, 1, i or l: they are read from paper."""
RECOVERY_LENGTH = 16
"""79 bits: a stolen table of their hashes tells nobody a code."""


def recovery_code_words(code: str) -> str:
    """As it is shown: in fours."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def read_recovery_code(typed: str) -> str | None:
    """A recovery code as it was typed, whatever its case and spacing; None for anything else."""
    code = "".join(c for c in typed.casefold() if c not in " -‐‑–\t")
    fits = len(code) == RECOVERY_LENGTH and all(c in RECOVERY_LETTERS for c in code)
    return code if fits else None


def read_app_code(typed: str) -> str | None:
    """The six digits of an authenticator; None for anything else."""
    code = "".join(typed.split())
    return code if len(code) == 6 and code.isascii() and code.isdigit() else None
