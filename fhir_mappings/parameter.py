"""What a search parameter is: its name, its kind, and where in a resource its values stand."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of search parameters that are offered (hl7.org/fhir/R4/search.html#ptypes)."""

    TOKEN = "token"
    REFERENCE = "reference"
    DATE = "date"
    STRING = "string"
    URI = "uri"


BESIDE_THE_BODY = ("_id", "_lastUpdated")
"""What the registry keeps of every resource, whatever its body says."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter of one resource type."""

    name: str
    kind: Kind
    paths: tuple[str, ...]
    """Where its values stand, below the resource: ``participant.role``. ``value[x]`` is every type
    of a choice, ``extension(url)`` the extensions with that url; lists are looked through whole.
    Empty where the registry keeps it beside the body (``_id``, ``_lastUpdated``)."""
    targets: tuple[str, ...] = ()
    """Of a reference: the types that it leads to here; empty for every type."""

    @property
    def is_offered(self) -> bool:
        """Whether something can be found by it."""
        return bool(self.paths) or self.name in BESIDE_THE_BODY

    def leads_to(self, resource_type: str) -> bool:
        """Whether it is a reference that may lead to the type."""
        return self.kind is Kind.REFERENCE and (not self.targets or resource_type in self.targets)


def token(name: str, *paths: str) -> Parameter:
    """Codes, identifiers, true or false."""
    return Parameter(name, Kind.TOKEN, paths or (name,))


def date(name: str, *paths: str) -> Parameter:
    """Days, instants and periods."""
    return Parameter(name, Kind.DATE, paths or (name,))


def string(name: str, *paths: str) -> Parameter:
    """Text, found by the start of its words without case and accents."""
    return Parameter(name, Kind.STRING, paths or (name,))


def uri(name: str, *paths: str) -> Parameter:
    """An address, found as it is written."""
    return Parameter(name, Kind.URI, paths or (name,))


def reference(name: str, targets: tuple[str, ...], *paths: str) -> Parameter:
    """Another resource."""
    return Parameter(name, Kind.REFERENCE, paths or (name,), targets)


PATIENT = ("Patient",)


def about(path: str = "subject", *names: str) -> tuple[Parameter, ...]:
    """Whom it is about: ``patient``, and the other names that FHIR has for the same element."""
    return tuple(reference(one, PATIENT, path) for one in ("patient", *names))
