"""What is looked for in published resources, in words of no protocol, and what they are found by.

The same criteria are carried out twice with one meaning: over the index by the store, and in memory
over definitions that lie in no table.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

LONGEST = 200
"""Characters of a value that an index holds; what is longer is found by its digest alone."""

LONG_NAME = "_long-name"
"""Under this, ids are found that are too long to be told within another id."""

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
"""The start of a period that is open there."""
LATEST = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of a period that is open there."""


@dataclass(frozen=True, slots=True, order=True)
class TokenEntry:
    """A code, an identifier, a reference (system is the type, value the id) or an address."""

    parameter: str
    system: str
    value: str


@dataclass(frozen=True, slots=True, order=True)
class DateEntry:
    """A half-open interval of instants: a day is a day long, a second a second."""

    parameter: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, order=True)
class StringEntry:
    """A text from the start of one of its words, folded, beside the whole as it is written."""

    parameter: str
    word: str
    whole: str


@dataclass(frozen=True, slots=True)
class Index:
    """Everything that one resource is found by."""

    tokens: frozenset[TokenEntry] = frozenset()
    dates: frozenset[DateEntry] = frozenset()
    strings: frozenset[StringEntry] = frozenset()


Choice: TypeAlias = tuple[str | None, str | None]
"""(system, value); None stands for any."""


@dataclass(frozen=True, slots=True)
class HasToken:
    """One of the choices is among its codes; negated, none is."""

    parameter: str
    choices: tuple[Choice, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class AboutPatient:
    """It is about one of these patients, also by a record that was joined with theirs."""

    fhir_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AboutPatientWho:
    """It is about a patient who fits the criteria, also by a record that was joined with theirs."""

    criteria: "tuple[Criterion, ...]"


@dataclass(frozen=True, slots=True)
class HasId:
    """Its id is one of these."""

    ids: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """A comparator of FHIR (eq, ne, gt, ge, lt, le, sa, eb, ap) and what it compares with."""

    comparator: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class HasDate:
    """One of its dates fits one of the periods."""

    parameter: str
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class ChangedWhen:
    """When it was last changed fits one of the periods."""

    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class HasText:
    """One of its texts has a word that starts so (folded), or is one of them to the letter."""

    parameter: str
    texts: tuple[str, ...]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Lacks:
    """It has nothing under the parameter, or has something."""

    parameter: str
    missing: bool


@dataclass(frozen=True, slots=True)
class Leads:
    """It refers by the parameter to a resource of the type that itself fits the criteria."""

    parameter: str
    resource_type: str
    criteria: "tuple[Criterion, ...]"


@dataclass(frozen=True, slots=True)
class IsNamedBy:
    """A resource of the type that fits the criteria refers to it by the parameter."""

    resource_type: str
    parameter: str
    criteria: "tuple[Criterion, ...]"
    of_patients: bool = False
    """Whether the parameter says whom it is about: then by each record that was joined."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """It fits each of them."""

    criteria: "tuple[Criterion, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """It fits one of them."""

    criteria: "tuple[Criterion, ...]"


Criterion: TypeAlias = (
    HasToken
    | AboutPatient
    | AboutPatientWho
    | HasId
    | HasDate
    | ChangedWhen
    | HasText
    | Lacks
    | Leads
    | IsNamedBy
    | AnyOf
    | AllOf
)


@dataclass(frozen=True, slots=True)
class SortKey:
    """By what pages are ordered; where it is absent, the resource comes last either way."""

    parameter: str
    """``_id``, ``_lastUpdated``, or a parameter of dates or of texts."""
    of_texts: bool = False
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Included:
    """What comes along with what was found: forwards by a reference, or backwards to it."""

    resource_type: str
    """The type that refers."""
    parameter: str
    target: str | None = None
    """Only where it leads to this type."""
    backwards: bool = False
    of_patients: bool = False
    """Whether the parameter says whom it is about: then by each record that was joined."""
    repeated: bool = False
    """Also from what came along."""


@dataclass(frozen=True, slots=True)
class ResourceSearch:
    """A search: everything is combined with and."""

    resource_type: str
    criteria: tuple[Criterion, ...] = ()
    sort: tuple[SortKey, ...] = ()
    count: int = 50
    cursor: str | None = None
    counted: bool = False
    """Whether the total of all pages is asked for."""
    included: tuple[Included, ...] = field(default=())


def types_looked_through(wanted: ResourceSearch) -> frozenset[str]:
    """The other types whose content decides what is found, or that are asked to come along.

    Whoever may not search them could otherwise ask by a chain what they hold.
    """
    along = {one.target or one.resource_type for one in wanted.included}
    return frozenset(along) | types_named_in(wanted.criteria)


def types_named_in(criteria: Iterable[Criterion]) -> frozenset[str]:
    """The other types that chains and their reverse look through."""
    return frozenset[str]().union(*(_types_in(one) for one in criteria))


def _types_in(criterion: Criterion) -> frozenset[str]:
    match criterion:
        case Leads() | IsNamedBy():
            return types_named_in(criterion.criteria) | {criterion.resource_type}
        case AboutPatientWho():
            return types_named_in(criterion.criteria) | {"Patient"}
        case AnyOf() | AllOf():
            return types_named_in(criterion.criteria)
        case _:
            return frozenset()


def compares(period: Period, start: datetime, end: datetime) -> bool:
    """Whether the interval [start, end) of a resource fits (hl7.org/fhir/R4/search.html#prefix)."""
    within = start >= period.start and end <= period.end
    return {
        "eq": within,
        "ne": not within,
        "gt": end > period.end,
        "lt": start < period.start,
        "ge": end > period.end or within,
        "le": start < period.start or within,
        "sa": start >= period.end,
        "eb": end <= period.start,
        "ap": start < period.end and end > period.start,
    }[period.comparator]
