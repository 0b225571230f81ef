"""Whose records they are and who may see them: by the source program, never the instrument."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.access import Role
from app.domain.actor import Actor, ActorKind, system
from app.domain.consent import Consent, ConsentKind, Purpose, Scope
from app.domain.part2 import (
    Emergency,
    Membership,
    emergency_ends,
    is_open,
    keys_of,
    may_see,
    source_of,
)

ORG, HARBOR, OTHER, MAYA, CLINIC = (UUID(int=n) for n in range(1, 6))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOTH = frozenset(Scope)


def person(*roles: Role) -> Actor:
    return Actor(ORG, ActorKind.STAFF, MAYA, "Maya", frozenset(roles))


CARE_MANAGER, DIRECTOR = person(Role.CARE_MANAGER), person(Role.DIRECTOR)
CLIENT = Actor(ORG, ActorKind.CLIENT, MAYA, "EHR")
PAPER = Consent(
    kind=ConsentKind.PART_TWO,
    discloser="Harbor",
    recipient="organization",
    recipient_name="Riverside",
    purposes=frozenset({Purpose.TREATMENT}),
    scope=BOTH,
    begins_at=NOON,
    ends_at=None,
)


@pytest.mark.parametrize(
    ("actor", "places", "clinics", "keys"),
    [
        (system(ORG), (), (), {"all"}),  # the registry judges all and shows nothing
        (CARE_MANAGER, (), (), {f"staff:{MAYA}", "organization", "treatment"}),
        (
            CARE_MANAGER,
            (Membership(HARBOR),),
            (CLINIC,),
            {f"program:{HARBOR}", f"staff:{MAYA}", f"clinic:{CLINIC}", "organization", "treatment"},
        ),
        (DIRECTOR, (), (CLINIC,), {f"staff:{MAYA}", "operations"}),  # treats nobody
        (person(Role.COMPLIANCE), (), (), {f"staff:{MAYA}", "compliance"}),
        (person(Role.ADMINISTRATOR), (), (), {f"staff:{MAYA}"}),  # marks programs, reads none
        (CLIENT, (), (), {f"client:{MAYA}", "treatment", "payment", "operations"}),
    ],
)
def test_who_somebody_is(
    actor: Actor, places: tuple[Membership, ...], clinics: tuple[UUID, ...], keys: set[str]
) -> None:
    assert keys_of(actor, places, clinics) == keys


@pytest.mark.parametrize(
    ("places", "source"),
    [
        ((), None),
        ((Membership(HARBOR),), None),  # works elsewhere too: where they write decides
        ((Membership(OTHER), Membership(HARBOR, sole=True)), HARBOR),
    ],
)
def test_whose_record_it_is_that_somebody_writes(
    places: tuple[Membership, ...], source: UUID | None
) -> None:
    assert source_of(places) == source


@pytest.mark.parametrize(
    ("program", "keys", "consents", "emergencies", "seen"),
    [
        (None, {"staff:1"}, (), (), True),  # general primary care: an AUDIT-C is no Part 2 record
        (HARBOR, {"staff:1", "organization", "treatment"}, (), (), False),  # the same one of Harbor
        (HARBOR, {f"program:{HARBOR}"}, (), (), True),  # its own people
        (HARBOR, {f"program:{OTHER}"}, (), (), False),  # another program's people
        (HARBOR, {"all"}, (), (), True),
        (HARBOR, {"organization", "treatment"}, (PAPER,), (), True),
        (HARBOR, {"organization", "operations"}, (PAPER,), (), False),
        (HARBOR, {"compliance"}, (PAPER,), (), False),  # oversees, does not read
        (HARBOR, {f"staff:{MAYA}"}, (), (Emergency(MAYA, NOON, emergency_ends(NOON)),), True),
        (HARBOR, {f"staff:{OTHER}"}, (), (Emergency(MAYA, NOON, emergency_ends(NOON)),), False),
    ],
)
def test_who_may_see(
    program: UUID | None,
    keys: set[str],
    consents: tuple[Consent, ...],
    emergencies: tuple[Emergency, ...],
    seen: bool,
) -> None:
    assert may_see(program, keys, NOON, BOTH, consents, emergencies) is seen


@pytest.mark.parametrize(
    ("minutes", "ended", "opened"),
    [
        (0, None, True),
        (239, None, True),
        (240, None, False),  # four hours, and it closes by itself
        (-1, None, False),
        (60, NOON + timedelta(minutes=30), False),  # closed by hand
    ],
)
def test_an_emergency_is_over(minutes: int, ended: datetime | None, opened: bool) -> None:
    emergency = Emergency(MAYA, NOON, emergency_ends(NOON), ended)
    assert is_open(emergency, NOON + timedelta(minutes=minutes)) is opened
