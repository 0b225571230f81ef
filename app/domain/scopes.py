"""SMART scopes: what an integration client may do with which type of resource.

SMART App Launch 2.2, "Scopes for requesting FHIR resources": ``system/Type.cruds`` (v2) and
``system/Type.read|write|*`` (v1). A scope is kept in one form: v2, the letters in their order.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from app.domain.access import Permission
from app.errors import Forbidden, Problem, Unprocessable

ANY = "*"
RESOURCE_TYPES = (
    "CarePlan",
    "CareTeam",
    "CodeSystem",
    "Communication",
    "Condition",
    "Consent",
    "DetectedIssue",
    "Encounter",
    "EpisodeOfCare",
    "Flag",
    "Group",
    "Location",
    "MedicationRequest",
    "Observation",
    "OperationDefinition",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Provenance",
    "Questionnaire",
    "QuestionnaireResponse",
    "ServiceRequest",
    "Task",
)
"""What a scope may name beside ``*``: the types that the registry keeps."""
ONLY_GIVEN = frozenset(
    {
        "CarePlan",
        "CodeSystem",
        "DetectedIssue",
        "Flag",
        "Group",
        "OperationDefinition",
        "Provenance",
        "Questionnaire",
    }
)
"""The types that go out alone: nobody sends them, and no scope to send them is offered."""
AUDIT = "AuditEvent"
"""The audit, which a scope names itself or does not reach: ``*`` is for what the registry keeps."""

MOST_SCOPES, LONGEST_TEXT = 100, 4_000
_SYSTEM = re.compile(r"system/([A-Za-z]{1,64}|\*)\.(\*|read|write|c?r?u?d?s?)", re.ASCII)
_V1 = {"read": "rs", "write": "cud", ANY: "cruds"}


class Interaction(StrEnum):
    """A letter of a scope."""

    CREATE = "c"
    READ = "r"
    """Read, vread and one resource's history."""
    UPDATE = "u"
    """An update under an id of the sender's, which may begin the resource; a patch."""
    DELETE = "d"
    """Withdrawing a resource of one's own."""
    SEARCH = "s"
    """Searches, and everything that finds a resource by a condition."""


GRANTED_BY: Mapping[Permission, frozenset[Interaction]] = MappingProxyType(
    {
        Permission.READ_RESOURCES: frozenset({Interaction.READ, Interaction.SEARCH}),
        Permission.RECEIVE_RESOURCES: frozenset(
            {Interaction.CREATE, Interaction.UPDATE, Interaction.DELETE}
        ),
    }
)
"""Permission → the interactions of which a client needs one, with any type, to have it.

Which type it may read or send is asked again where each resource is named (`check_scope`).
"""

Letters = Mapping[str, frozenset[str]]
"""Type → letters."""


class ScopeNotFit(Unprocessable):
    """A scope cannot be read or is not offered here."""

    code = "scope-not-fit"


class InsufficientScope(Forbidden):
    """The client's scopes do not cover this."""

    code = "insufficient-scope"

    def __init__(self, resource_type: str, interaction: Interaction, where: str = "") -> None:
        self.scope = self.needs = f"system/{resource_type}.{interaction.value}"
        needed = Problem(where or resource_type, f"It needs {self.scope}.")
        super().__init__("The scopes of your token do not cover this.", [needed])


EVERY_SCOPE = frozenset({"system/*.cruds"})
"""Everything that the registry offers."""


class TypeNotKept(ScopeNotFit):
    """A scope names a type that is not kept here."""


def read_scopes(text: str, *, leave_strange: bool = False) -> frozenset[str]:
    """Scopes as a client or an administrator writes them, in the kept form.

    Raises ScopeNotFit for one that cannot be read, that has a filter, or that names another
    level than ``system`` or a type that is not kept. With `leave_strange` such types are left out
    (RFC 6749, 3.3: what is granted may be less than what was asked for): clients ask for every type
    they know, smart-fetch for 21. Where nothing is left, it is refused all the same.
    """
    words = text.split(" ") if len(text) <= LONGEST_TEXT else []
    if not 0 < len(words) <= MOST_SCOPES:
        raise ScopeNotFit(f"Send 1 to {MOST_SCOPES} scopes, separated by one space.")
    read: dict[str, frozenset[str]] = {}
    strange: TypeNotKept | None = None
    for word in filter(None, words):
        try:
            resource_type, letters = _read_one(word)
        except TypeNotKept as refusal:
            strange = refusal
            if not leave_strange:
                raise
            continue
        read[resource_type] = read.get(resource_type, frozenset()) | letters
    if strange and not read:
        raise strange
    return _written(read)


def _read_one(word: str) -> tuple[str, frozenset[str]]:
    if "?" in word:
        raise ScopeNotFit("Scopes with a filter (?) are not offered: leave the filter away.")
    found = _SYSTEM.fullmatch(word)
    if found is None or not found[2]:
        raise ScopeNotFit("Only scopes like system/Observation.rs or system/*.read are offered.")
    if found[1] not in (ANY, AUDIT, *RESOURCE_TYPES):
        kept = ", ".join(RESOURCE_TYPES)
        raise TypeNotKept(f"A scope names a type that is not kept here. Kept are {kept}.")
    return found[1], frozenset(_V1.get(found[2], found[2]))


def grant(registered: Iterable[str], requested: Iterable[str]) -> frozenset[str]:
    """What of the requested scopes the registered ones hold; empty where nothing is left."""
    held, wanted = _letters(registered), _letters(requested)
    granted: dict[str, frozenset[str]] = {}
    for resource_type, letters in wanted.items():
        if resource_type == ANY:
            for one, theirs in held.items():
                granted[one] = granted.get(one, frozenset()) | letters & theirs
            continue
        own = _of_type(held, resource_type)
        granted[resource_type] = granted.get(resource_type, frozenset()) | letters & own
    return _written(granted)


def covers(scopes: Iterable[str], resource_type: str, interaction: Interaction) -> bool:
    """Whether these scopes allow the interaction with a resource of the type."""
    return interaction.value in _of_type(_letters(scopes), resource_type)


def check_scope(
    scopes: Iterable[str], resource_type: str, interaction: Interaction, where: str = ""
) -> None:
    """Raises InsufficientScope, which names the scope that is missing and where it is needed."""
    if not covers(scopes, resource_type, interaction):
        raise InsufficientScope(resource_type, interaction, where)


def permissions_of(scopes: Iterable[str]) -> frozenset[Permission]:
    """What a client with these scopes may do, by GRANTED_BY."""
    by_type = dict(_letters(scopes))
    audit = by_type.pop(AUDIT, frozenset())
    held = frozenset[str]().union(*by_type.values())
    granted = {one for one, letters in GRANTED_BY.items() if not held.isdisjoint(letters)}
    if not audit.isdisjoint({Interaction.READ, Interaction.SEARCH}):
        granted.add(Permission.VIEW_AUDIT)
    return frozenset(granted)


def scopes_offered() -> list[str]:
    """Every scope that can be granted, as ``scopes_supported`` lists them."""
    return [*(f"system/{one}.cruds" for one in (ANY, *RESOURCE_TYPES)), f"system/{AUDIT}.rs"]


def scope_text(scopes: Iterable[str]) -> str:
    """Scopes as a token's answer tells them."""
    return " ".join(sorted(scopes))


def chosen_scopes(choices: Iterable[str]) -> frozenset[str]:
    """Scopes from check boxes named ``Patient.r``; raises ScopeNotFit where none is checked."""
    words = [f"system/{one}" for one in choices]
    if not words:
        raise ScopeNotFit("Choose at least one scope.", [Problem("scopes", "choose one or more")])
    return read_scopes(" ".join(words))


def _letters(scopes: Iterable[str]) -> Letters:
    """Kept scopes by type."""
    pairs = [one.removeprefix("system/").partition(".") for one in scopes]
    return {resource_type: frozenset(letters) for resource_type, _, letters in pairs}


def _of_type(held: Letters, resource_type: str) -> frozenset[str]:
    """What is held for a type, by its name or by ``*``."""
    by_name = held.get(resource_type, frozenset())
    return by_name if resource_type == AUDIT else by_name | held.get(ANY, frozenset())


def _written(by_type: Letters) -> frozenset[str]:
    """The kept form: one scope for each type, its letters in order."""
    return frozenset(
        f"system/{resource_type}." + "".join(one for one in "cruds" if one in letters)
        for resource_type, letters in by_type.items()
        if letters
    )
