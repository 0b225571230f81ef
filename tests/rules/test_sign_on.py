"""Whose account an identity opens that nobody linked yet."""

from uuid import UUID

import pytest

from app.domain.sign_on import Candidate, Identity, NotOurs, may_require_provider, whose

MAYA, BEN = UUID(int=1), UUID(int=2)


def maya(*, active: bool = True, linked: bool = False) -> Candidate:
    return Candidate(MAYA, active, linked)


def came(*, verified: bool = True, email: str | None = "maya@clinic.example") -> Identity:
    return Identity("person-1", email, verified)


@pytest.mark.parametrize(
    ("identity", "candidates", "matches", "whom"),
    [
        (came(), [maya()], True, MAYA),
        (came(), [maya()], False, NotOurs.UNKNOWN),  # addresses speak for nobody here
        (came(email=None), [maya()], True, NotOurs.UNKNOWN),
        (came(verified=False), [maya()], True, NotOurs.EMAIL_NOT_VERIFIED),
        (came(), [], True, NotOurs.UNKNOWN),
        (came(), [maya(), Candidate(BEN, True, False)], True, NotOurs.SEVERAL_PEOPLE),
        (came(), [maya(), Candidate(BEN, False, False)], True, MAYA),  # Ben left with it
        (came(), [maya(active=False)], True, NotOurs.GONE),
        (came(), [maya(linked=True)], True, NotOurs.LINKED_TO_ANOTHER),  # a reassigned address
    ],
)
def test_an_address_speaks_for_one_person(
    identity: Identity, candidates: list[Candidate], matches: bool, whom: UUID | NotOurs
) -> None:
    assert whose(identity, candidates, matches) == whom


@pytest.mark.parametrize(
    ("used", "kept", "problems"),
    [
        (True, 1, 0),
        (False, 1, 1),  # never tried: everybody might be locked out
        (True, 0, 1),  # nobody could come in on the day it is down
        (False, 0, 2),
    ],
)
def test_passwords_close_only_when_it_is_safe(used: bool, kept: int, problems: int) -> None:
    assert len(may_require_provider(used, kept)) == problems
