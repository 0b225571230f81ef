"""A search as a client writes it, read by the table of what is offered."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from app.domain.criteria import Criterion, ResourceSearch
from app.errors import Malformed, Problem
from app.web.fhir.filters import NotOffered, Where, malformed, read_criterion
from app.web.fhir.results import (
    DEFAULT_COUNT,
    MAX_COUNT,
    RESULT_PARAMETERS,
    is_counted,
    read_count,
    read_included,
    read_sort,
)
from app.web.fhir.shaping import read_shape
from fhir_mappings.shaping import WHOLE, Shape

__all__ = ["DEFAULT_COUNT", "MAX_COUNT", "Pairs", "Read", "read_search"]

MOST_PARAMETERS = 100
NARROWING = ("_has", "_text", "_content", "_filter", "_list", "_query", "_type", "_source", "_in")
"""Filters whose names begin as those of what only shapes an answer."""

Pairs = Sequence[tuple[str, str]]


@dataclass(slots=True)
class Read:
    """A search as it was understood."""

    search: ResourceSearch
    used: Pairs
    left_aside: tuple[str, ...] = ()
    """Names of parameters that are not offered and were not taken."""
    shape: Shape = WHOLE
    """How much of each resource is asked for."""


@dataclass(slots=True)
class _Asked:
    """A search while its parameters are read, one after the other."""

    where: Where
    criteria: list[Criterion]
    used: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_search(
    kind: str,
    pairs: Pairs,
    base: str,
    zone: tzinfo,
    *,
    handling: str | None = None,
    within: Sequence[Criterion] = (),
    now: datetime | None = None,
) -> Read:
    """The search and what of it was used; raises Malformed naming each fault.

    A filter that is not offered is refused, unless the caller asks for leniency: left aside, it
    would answer with more patients than were meant. What only shapes an answer (its name begins
    with ``_``) is left aside and told, unless the caller asks for strictness. Without `now` no date
    is approximate.
    """
    where = Where(kind, "", base, zone, now)
    asked = _Asked(where, list(within))
    if len(pairs) > MOST_PARAMETERS:
        raise malformed([Problem(where.kind, f"Send at most {MOST_PARAMETERS} parameters.")])
    for name, text in pairs:
        _read_pair(asked, name, text)
    refused = [one for one in asked.unknown if _is_refused(one, handling)]
    asked.problems += [Problem(one, "This parameter is not offered here.") for one in refused]
    if asked.problems:
        raise malformed(asked.problems)
    unknown = tuple(dict.fromkeys(asked.unknown))
    return Read(_search(asked), asked.used, unknown, read_shape(asked.used))


def _search(asked: _Asked) -> ResourceSearch:
    last = dict(asked.used)
    return ResourceSearch(
        asked.where.kind,
        tuple(asked.criteria),
        read_sort(asked.where.kind, last.get("_sort", "")),
        read_count(last),
        last.get("_cursor"),
        is_counted(asked.criteria, last),
        tuple(read_included(asked.where.kind, asked.used)),
    )


def _is_refused(name: str, handling: str | None) -> bool:
    if handling == "lenient":
        return False
    narrows = not name.startswith("_") or name.partition(":")[0] in NARROWING
    return narrows or handling == "strict"


def _read_pair(asked: _Asked, name: str, text: str) -> None:
    if "\x00" in text or "\x00" in name:
        asked.problems.append(Problem(name.replace("\x00", ""), "A NUL cannot be found."))
    elif name in RESULT_PARAMETERS:
        asked.used.append((name, text))
    elif text:  # one without a value asks for nothing: hl7.org/fhir/R4/search.html
        try:
            asked.criteria.append(read_criterion(replace(asked.where, name=name), name, text))
            asked.used.append((name, text))
        except NotOffered:
            asked.unknown.append(name)
        except Malformed as error:
            asked.problems += error.problems
