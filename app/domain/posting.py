"""Who works here, in which roles, for the patients of which clinics: what an administrator sets."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from app.domain.access import Permission, Role, may
from app.domain.visibility import Posting
from app.errors import Conflict, Problem, Unprocessable

LONGEST_NAME = 100
MEETS_PATIENTS = (Permission.VIEW_PATIENT, Permission.RECORD_ASSESSMENT)
"""Who may one of these works with patients, and needs a clinic where clinics are closed."""


class NoAdministratorLeft(Conflict):
    """Somebody has to administer this organization: give the role to a colleague first."""

    code = "no-administrator-left"


class SeesNobody(Conflict):
    """Some who work with patients belong to no clinic, and would see nobody."""

    code = "sees-nobody"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a member of staff is to be, as typed and chosen in a form."""

    name: str
    roles: tuple[str, ...]
    every_clinic: bool
    clinics: frozenset[UUID]
    active: bool = True


def read_wanted(wanted: Wanted, clinics: Collection[UUID]) -> tuple[str, frozenset[Role]]:
    """The name on one line and the roles. Raises Unprocessable, telling all that is wrong."""
    name = "".join(letter for letter in wanted.name if letter.isprintable()).strip()
    known = {role.value for role in Role}
    problems = []
    if not name or len(name) > LONGEST_NAME:
        problems.append(Problem("name", f"is needed, at most {LONGEST_NAME} letters"))
    if not wanted.roles or not known.issuperset(wanted.roles):
        problems.append(Problem("roles", "choose one at least of those shown"))
    if not wanted.clinics <= set(clinics):
        problems.append(Problem("clinics", "choose from the clinics shown"))
    if problems:
        raise Unprocessable("Nothing was saved.", problems)
    return name, frozenset(Role(role) for role in wanted.roles)


def posting_mark(one: Posting, name: str) -> str:
    """A short mark of what somebody is: another one once anything about it changed."""
    told = (
        name,
        sorted(role.value for role in one.roles),
        one.active,
        one.every_clinic,
        sorted(str(clinic) for clinic in one.clinics),
    )
    return sha256(repr(told).encode()).hexdigest()[:16]


def check_administrators(people: Iterable[Posting]) -> None:
    """Raises NoAdministratorLeft where nobody who works here would administer it."""
    if not any(one.active and Role.ADMINISTRATOR in one.roles for one in people):
        raise NoAdministratorLeft()


def works_with_patients(one: Posting) -> bool:
    """Whether somebody's roles bring them patients by name."""
    return one.active and any(may(one.roles, permission) for permission in MEETS_PATIENTS)


def would_see_nobody(one: Posting) -> bool:
    """Whether somebody who works with patients would see none but those they are assigned to."""
    return works_with_patients(one) and not one.every_clinic and not one.clinics
