"""Whose account a proven identity opens: linked once, never guessed, never made on arrival."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a provider says has signed in."""

    subject: str
    email: str | None = None
    email_verified: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member of staff whose own, confirmed address is the one that the provider names."""

    staff_id: UUID
    active: bool
    linked: bool
    """Whether another subject of this provider is linked to them already."""


class NotOurs(StrEnum):
    """Why an identity opens nothing; an administrator reads it, the person does not."""

    UNKNOWN = "unknown"
    EMAIL_NOT_VERIFIED = "email-not-verified"
    SEVERAL_PEOPLE = "several-people"
    LINKED_TO_ANOTHER = "linked-to-another"
    GONE = "gone"


def whose(
    identity: Identity, candidates: Sequence[Candidate], matches_email: bool
) -> UUID | NotOurs:
    """Who an identity that is linked to nobody yet belongs to, by its verified address.

    An address speaks for a person only if the provider has verified it, exactly one active
    member of staff has confirmed it as theirs, and no other subject of the provider is theirs:
    an address that was given to somebody new must not open the account of who had it before.
    """
    if not matches_email or not identity.email:
        return NotOurs.UNKNOWN
    if not identity.email_verified:
        return NotOurs.EMAIL_NOT_VERIFIED
    here = [one for one in candidates if one.active]
    if len(here) > 1:
        return NotOurs.SEVERAL_PEOPLE
    if not here:
        return NotOurs.GONE if candidates else NotOurs.UNKNOWN
    return NotOurs.LINKED_TO_ANOTHER if here[0].linked else here[0].staff_id


def may_require_provider(provider_used: bool, break_glass: int) -> list[str]:
    """What keeps an organization from closing its own passwords; empty: nothing does."""
    problems = []
    if not provider_used:
        problems.append("nobody has signed in through the provider yet: try it first")
    if not break_glass:
        problems.append("name an administrator who keeps a password for the day it is down")
    return problems
