"""42 CFR Part 2: whose records they are, and who may see them.

It follows the source program, not the instrument: an AUDIT-C from general primary care
is no Part 2 record; a PHQ-9 from a substance-use program is one. A program is a clinic or
an integration client that an administrator marked. Whoever looks is known by keys: who
they are, which programs they belong to and to what end they look. A record without a
program is shown to all who may see its patient; any other only to the program's own
people, under a consent in force that names them, or in an emergency they declared.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.access import Role
from app.domain.actor import Actor, ActorKind
from app.domain.consent import Consent, Purpose, Scope, allows
from app.domain.rule import Rule

EVERYTHING = "all"
"""The key of the registry itself, which judges whole records and shows them to nobody."""
COMPLIANCE = "compliance"
"""The key of those who oversee consents, disclosures and emergencies, not the records."""
EMERGENCY_HOURS = 4
"""How long an emergency opens a record (ours)."""
NOTICE = (
    "42 CFR part 2 prohibits unauthorized use or disclosure of these records. "
    "They are disclosed to you from records protected by federal confidentiality rules "
    "(42 CFR part 2); you may use and disclose them only as the patient's consent or part 2 "
    "itself permits."
)
"""The notice that goes with each disclosure (§ 2.32)."""


@dataclass(frozen=True, slots=True)
class Membership:
    """Somebody's place in a program."""

    program_id: UUID
    sole: bool = False
    """Whether they work for it alone: whatever they record is its record."""


@dataclass(frozen=True, slots=True)
class Emergency:
    """A record opened in a medical emergency (§ 2.51)."""

    staff_id: UUID
    begun_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None


_CARE = frozenset({Role.CARE_MANAGER, Role.PSYCHIATRIST, Role.CLINICIAN, Role.MEDICAL_ASSISTANT})
_PURPOSES_OF_A_CLIENT = tuple(Purpose)
"""What a client does with records is agreed with whoever runs it; the consent names it."""


def keys_of(
    actor: Actor, memberships: Iterable[Membership], clinic_ids: Iterable[UUID] = ()
) -> frozenset[str]:
    """Who somebody is, which programs are theirs, and to what end they look."""
    if actor.kind is ActorKind.SYSTEM:
        return frozenset({EVERYTHING})
    keys = {f"program:{one.program_id}" for one in memberships}
    if actor.kind is ActorKind.CLIENT:
        return frozenset(keys | {f"client:{actor.id}"} | {p.value for p in _PURPOSES_OF_A_CLIENT})
    keys.add(f"staff:{actor.id}")
    if actor.roles & _CARE:
        keys |= {"organization", Purpose.TREATMENT.value}
        keys |= {f"clinic:{one}" for one in clinic_ids}
    if Role.DIRECTOR in actor.roles:
        keys.add(Purpose.OPERATIONS.value)
    if Role.COMPLIANCE in actor.roles:
        keys.add(COMPLIANCE)
    return frozenset(keys)


def source_of(memberships: Iterable[Membership]) -> UUID | None:
    """The program whose record everything is that somebody writes, if there is one."""
    return next((one.program_id for one in memberships if one.sole), None)


def may_see(
    program_id: UUID | None,
    keys: Collection[str],
    at: datetime,
    wanted: Collection[Scope],
    consents: Iterable[Consent] = (),
    emergencies: Iterable[Emergency] = (),
) -> bool:
    """Whether a record of this program and scope is shown to somebody known by these keys.

    The consents are the patient's that name this program; so are the emergencies the
    patient's. The database holds the same predicate (app/store/disclosure.py), and a test
    compares the two.
    """
    if program_id is None or EVERYTHING in keys or f"program:{program_id}" in keys:
        return True
    if any(allows(one, at, keys, wanted) for one in consents):
        return True
    return any(is_open(one, at) and f"staff:{one.staff_id}" in keys for one in emergencies)


def is_open(emergency: Emergency, at: datetime) -> bool:
    """Whether a record is still opened by this emergency."""
    ended = emergency.ended_at is not None
    return not ended and emergency.begun_at <= at < emergency.expires_at


def emergency_ends(begun_at: datetime) -> datetime:
    """When an emergency closes by itself."""
    return begun_at + timedelta(hours=EMERGENCY_HOURS)


RULES = (
    Rule(
        "part2-source",
        "Privacy",
        "A record is protected by Part 2 where the clinic or integration client that made it is "
        "marked as a Part 2 program, whatever instrument it is of; it keeps that label for good.",
        "42 CFR § 2.11, § 2.12",
        "tests/rules/test_part2.py::test_who_may_see",
        confirmed=False,
    ),
    Rule(
        "part2-emergency",
        "Privacy",
        f"In a medical emergency a clinician may open a record for {EMERGENCY_HOURS} hours, having "
        "named recipient, facility, discloser and the nature of the emergency; compliance is told "
        "at once and reviews it afterwards.",
        "42 CFR § 2.51; ours (the hours)",
        "tests/rules/test_part2.py::test_an_emergency_is_over",
        confirmed=False,
    ),
)
