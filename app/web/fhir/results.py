"""What shapes the answer of a search and narrows nothing: how many, in which order, with what."""

from collections.abc import Iterator, Mapping, Sequence

from app.domain.criteria import AboutPatient, Criterion, HasId, Included, SortKey
from app.errors import Problem
from app.web.fhir.filters import malformed, says_whom
from fhir_mappings.conformance import PUBLISHED, TYPES
from fhir_mappings.parameter import Kind, Parameter

RESULT_PARAMETERS = (
    "_count",
    "_cursor",
    "_sort",
    "_total",
    "_summary",
    "_elements",
    "_include",
    "_revinclude",
    "_include:iterate",
    "_revinclude:iterate",
    "_format",
    "_pretty",
)
"""What shapes the answer and narrows nothing."""
MAX_COUNT = 200
DEFAULT_COUNT = 50


def read_count(last: Mapping[str, str]) -> int:
    """How many on a page; 0 for the total alone."""
    if last.get("_summary") == "count":
        return 0
    text = last.get("_count") or str(DEFAULT_COUNT)
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise malformed([Problem("_count", "Give a number.")])
    return min(int(text), MAX_COUNT)


def is_counted(criteria: Sequence[Criterion], last: Mapping[str, str]) -> bool:
    """Exact where it is asked for or cheap: a search within one patient; else left out."""
    total = last.get("_total", "")
    if total not in ("", "none", "estimate", "accurate"):
        raise malformed([Problem("_total", "Say none, estimate or accurate.")])
    if total == "none":
        return False
    bounded = any(isinstance(one, (AboutPatient, HasId)) for one in criteria)
    return bool(total) or bounded


def sortable(kind: str) -> tuple[str, ...]:
    """The parameters that a type can be sorted by."""
    kinds = (Kind.DATE, Kind.STRING)
    offered = [one for one in TYPES[kind].parameters.values() if one.is_offered]
    return ("_id", *(one.name for one in offered if one.kind in kinds))


def read_sort(kind: str, text: str) -> tuple[SortKey, ...]:
    """The keys of the order, the first before the others."""
    keys = []
    for one in filter(None, text.split(",")):
        name = one.removeprefix("-")
        if name not in sortable(kind):
            words = f"Sort by {', '.join(sortable(kind))}; - before it for the other way round."
            raise malformed([Problem("_sort", words)])
        of_texts = TYPES[kind].parameters[name].kind is Kind.STRING
        keys.append(SortKey(name, of_texts, one.startswith("-")))
    return tuple(keys)


def read_included(kind: str, used: Sequence[tuple[str, str]]) -> list[Included]:
    """What is to come along; raises Malformed for what no reference leads to."""
    found: list[Included] = []
    for name, text in used:
        way, _, modifier = name.partition(":")
        if way in ("_include", "_revinclude"):
            for one in filter(None, text.split(",")):
                found += _included(kind, way == "_revinclude", name, one, bool(modifier))
    return found


def included_forwards(kind: str) -> tuple[str, ...]:
    """What may come along by the references of a type: ``Observation:subject``."""
    return tuple(f"{kind}:{one.name}" for one in _references(kind) if kind in PUBLISHED)


def included_backwards(kind: str) -> tuple[str, ...]:
    """What may come along because it refers to a type: ``Observation:subject`` for Patient."""
    found = tuple(
        f"{other}:{one.name}"
        for other in PUBLISHED
        for one in _references(other)
        if one.leads_to(kind)
    )
    return (*found, "Provenance:target") if kind in PUBLISHED else ()


def _references(kind: str) -> list[Parameter]:
    """Those that lead to what lies in the versions table."""
    return [
        one
        for one in TYPES[kind].parameters.values()
        if one.kind is Kind.REFERENCE and one.is_offered
        if not one.targets or set(one.targets) & set(PUBLISHED)
    ]


def _included(
    kind: str, backwards: bool, name: str, text: str, repeated: bool
) -> Iterator[Included]:
    """``Observation:subject`` or ``Observation:subject:Patient``; ``*`` for every reference.

    What is repeated begins where something else that came along ends: at any type.
    """
    if text == "*" and not backwards:
        text = f"{kind}:*"
    other, _, rest = text.partition(":")
    by, _, target = rest.partition(":")
    if backwards and kind in PUBLISHED and text == "Provenance:target":
        yield Included("Provenance", "target", None, backwards, repeated=repeated)
        return
    offered = _references(other) if other in PUBLISHED else []
    chosen = [one for one in offered if by in ("*", one.name)]
    if target:
        chosen = [one for one in chosen if one.leads_to(target)]
    if not repeated:
        fits = (lambda one: one.leads_to(kind)) if backwards else (lambda _: other == kind)
        chosen = [one for one in chosen if fits(one)]
    if not chosen:
        words = "Write Type:parameter, with a parameter of references that is offered there."
        raise malformed([Problem(name, words)])
    for one in chosen:
        whom = says_whom(one)
        yield Included(other, one.name, target or None, backwards, whom, repeated)
