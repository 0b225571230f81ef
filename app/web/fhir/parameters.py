"""Search parameters as clients write them, read into criteria by the table of what is offered."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from app.domain.criteria import (
    AboutPatient,
    ChangedWhen,
    Criterion,
    HasDate,
    HasId,
    HasText,
    HasToken,
    Included,
    IsNamedBy,
    Lacks,
    Leads,
    Period,
    ResourceSearch,
    SortKey,
)
from app.errors import Malformed, Problem
from fhir_mappings.conformance import TYPES
from fhir_mappings.indexing import fold, indexed
from fhir_mappings.instants import TimeNotUsable, read_span
from fhir_mappings.parameter import PATIENT, Kind, Parameter

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
MOST_PARAMETERS = 100
MOST_CHOICES = 500
"""Of one parameter; a longer list is several searches."""

_PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb")
_COMMA = re.compile(r"(?<!\\),")
_BAR = re.compile(r"(?<!\\)\|")
_OF_PATIENTS = ("patient", "subject", "for")
"""Names of the element that says whom a record is about."""
MODIFIERS: Mapping[Kind, tuple[str, ...]] = {
    Kind.TOKEN: ("not", "text", "missing"),
    Kind.REFERENCE: ("identifier", "missing"),  # and the name of a type
    Kind.DATE: ("missing",),
    Kind.STRING: ("exact", "missing"),
    Kind.URI: ("missing",),
}

Pairs = Sequence[tuple[str, str]]


class NotOffered(Exception):
    """A parameter of this name narrows nothing here."""


@dataclass(slots=True)
class Read:
    """A search as it was understood."""

    search: ResourceSearch
    used: Pairs
    left_aside: tuple[str, ...] = ()
    """Names of parameters that are not offered and were not taken."""


@dataclass(slots=True)
class _Asked:
    """A search while its parameters are read, one after the other."""

    kind: str
    base: str
    zone: tzinfo
    criteria: list[Criterion] = field(default_factory=list)
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
) -> Read:
    """The search and what of it was used; raises Malformed naming each fault.

    A filter that is not offered is refused, unless the caller asks for leniency: left aside, it
    would answer with more patients than were meant. What only shapes an answer (its name begins
    with ``_``) is left aside and told, unless the caller asks for strictness.
    """
    asked = _Asked(kind, base, zone, criteria=list(within))
    if len(pairs) > MOST_PARAMETERS:
        raise _malformed([Problem(kind, f"Send at most {MOST_PARAMETERS} parameters.")])
    for name, text in pairs:
        _read_pair(asked, name, text)
    refused = [one for one in asked.unknown if _is_refused(one, handling)]
    asked.problems += [Problem(one, "This parameter is not offered here.") for one in refused]
    if asked.problems:
        raise _malformed(asked.problems)
    last = dict(asked.used)
    search = ResourceSearch(
        kind,
        tuple(asked.criteria),
        _sort(kind, last.get("_sort", "")),
        _count(last),
        last.get("_cursor"),
        _is_counted(asked, last),
        tuple(_included(kind, asked.used)),
    )
    return Read(search, asked.used, tuple(dict.fromkeys(asked.unknown)))


def _malformed(problems: Sequence[Problem]) -> Malformed:
    return Malformed("The search cannot be read.", problems)


def _is_refused(name: str, handling: str | None) -> bool:
    if handling == "lenient":
        return False
    return handling == "strict" or not name.startswith("_") or name.startswith("_has")


def _read_pair(asked: _Asked, name: str, text: str) -> None:
    if "\x00" in text or "\x00" in name:
        asked.problems.append(Problem(name.replace("\x00", ""), "A NUL cannot be found."))
    elif name in RESULT_PARAMETERS:
        asked.used.append((name, text))
    elif text:  # one without a value asks for nothing: hl7.org/fhir/R4/search.html
        try:
            asked.criteria.append(read_criterion(asked.kind, name, text, asked.base, asked.zone))
            asked.used.append((name, text))
        except NotOffered:
            asked.unknown.append(name)
        except Malformed as error:
            asked.problems += error.problems


def read_criterion(kind: str, name: str, text: str, base: str, zone: tzinfo) -> Criterion:
    """One criterion; raises NotOffered for a name, Malformed for a value, that is not taken."""
    if name.startswith("_has:"):
        return _read_has(kind, name, text, base, zone)
    plain, dot, rest = name.partition(".")
    plain, _, modifier = plain.partition(":")
    parameter = TYPES[kind].parameters.get(plain)
    if parameter is None or (not parameter.paths and plain not in ("_id", "_lastUpdated")):
        raise NotOffered
    where = _Where(kind, name, base, zone)
    if dot:
        return _read_chain(where, parameter, modifier, rest, text)
    if plain == "_id":
        return _read_id(where, modifier, text)
    if plain == "_lastUpdated":
        return ChangedWhen(_periods(where, text))
    if modifier == "missing":
        return Lacks(plain, _missing(where, text))
    return _READERS[parameter.kind](where, parameter, modifier, _choices(where, text))


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a value stands, for reading it and for error words."""

    kind: str
    name: str
    base: str
    zone: tzinfo

    def problem(self, words: str) -> Malformed:
        return _malformed([Problem(self.name, words)])


def _read_has(kind: str, name: str, text: str, base: str, zone: tzinfo) -> Criterion:
    """``_has:Observation:patient:code=…``: what refers to it fits."""
    parts = name.split(":", 3)
    if len(parts) != 4 or parts[1] not in TYPES:
        raise NotOffered
    other, by, what = parts[1:]
    parameter = TYPES[other].parameters.get(by)
    if parameter is None or parameter.kind is not Kind.REFERENCE or kind not in parameter.targets:
        raise NotOffered
    if what.startswith("_has:"):
        raise NotOffered
    return IsNamedBy(other, by, (read_criterion(other, what, text, base, zone),))


def _read_chain(
    where: _Where, parameter: Parameter, modifier: str, rest: str, text: str
) -> Criterion:
    """``patient.identifier=…``, ``subject:Patient.name=…``: what it refers to fits."""
    if parameter.kind is not Kind.REFERENCE or "." in rest or rest.startswith("_has"):
        raise NotOffered
    targets = [modifier] if modifier else [one for one in parameter.targets if one in TYPES]
    if not targets or not set(targets) <= set(parameter.targets):
        raise NotOffered
    if len(targets) > 1:
        raise where.problem(f"Say of which type: {parameter.name}:{targets[0]}.{rest}.")
    found = read_criterion(targets[0], rest, text, where.base, where.zone)
    return Leads(parameter.name, targets[0], (found,))


def _read_id(where: _Where, modifier: str, text: str) -> Criterion:
    if modifier not in ("", "not"):
        raise NotOffered
    return HasId(tuple(_choices(where, text)), negated=modifier == "not")


def _missing(where: _Where, text: str) -> bool:
    if text not in ("true", "false"):
        raise where.problem("Say true or false.")
    return text == "true"


def _tokens(
    where: _Where, parameter: Parameter, modifier: str, choices: Sequence[str]
) -> Criterion:
    if modifier == "text":
        return HasText(f"{parameter.name}:text", _folded(where, choices))
    if modifier not in ("", "not"):
        raise NotOffered
    found = tuple(_token(one) for one in choices)
    return HasToken(parameter.name, found, negated=modifier == "not")


def _dates(where: _Where, parameter: Parameter, modifier: str, choices: Sequence[str]) -> Criterion:
    if modifier:
        raise NotOffered
    return HasDate(parameter.name, tuple(_period(where, one) for one in choices))


def _strings(
    where: _Where, parameter: Parameter, modifier: str, choices: Sequence[str]
) -> Criterion:
    if modifier == "exact":
        return HasText(parameter.name, tuple(indexed(_unescaped(o)) for o in choices), exact=True)
    if modifier:
        raise NotOffered
    return HasText(parameter.name, _folded(where, choices))


def _uris(where: _Where, parameter: Parameter, modifier: str, choices: Sequence[str]) -> Criterion:
    if modifier:
        raise NotOffered
    return HasToken(parameter.name, tuple(("", indexed(_unescaped(one))) for one in choices))


def _references(
    where: _Where, parameter: Parameter, modifier: str, choices: Sequence[str]
) -> Criterion:
    if modifier == "identifier":
        return HasToken(f"{parameter.name}:identifier", tuple(_token(one) for one in choices))
    if modifier and modifier not in parameter.targets:
        raise NotOffered
    found = [_target(where, parameter, modifier, _unescaped(one)) for one in choices]
    if parameter.name in _OF_PATIENTS and parameter.targets == PATIENT:
        return AboutPatient(tuple(name for _, name in found))
    return HasToken(parameter.name, tuple(found))


def _target(
    where: _Where, parameter: Parameter, modifier: str, text: str
) -> tuple[str | None, str]:
    """(type, id): ``85`` and ``Patient/85`` and the whole address are the same."""
    local = text.removeprefix(f"{where.base}/").partition("/_history/")[0]
    kind, slash, name = local.rpartition("/")
    if not slash:
        one = parameter.targets[0] if len(parameter.targets) == 1 else None
        canonical = parameter.targets == ("Questionnaire",)
        return ("" if canonical else modifier or one), indexed(name)
    if kind in TYPES or (kind.isalpha() and ":" not in kind):
        if kind not in parameter.targets or (modifier and kind != modifier):
            raise where.problem(f"Name a {' or a '.join(parameter.targets)}.")
        return kind, indexed(name)
    return "", indexed(text)  # an address elsewhere


_READERS: Mapping[Kind, Callable[[_Where, Parameter, str, Sequence[str]], Criterion]] = {
    Kind.TOKEN: _tokens,
    Kind.DATE: _dates,
    Kind.STRING: _strings,
    Kind.URI: _uris,
    Kind.REFERENCE: _references,
}


def _choices(where: _Where, text: str) -> list[str]:
    found = [one for one in _COMMA.split(text) if one]
    if not found:
        raise where.problem("Give a value.")
    if len(found) > MOST_CHOICES:
        raise where.problem(f"Give at most {MOST_CHOICES} values.")
    return found


def _folded(where: _Where, choices: Sequence[str]) -> tuple[str, ...]:
    found = tuple(fold(_unescaped(one)) for one in choices)
    if not all(found):
        raise where.problem("Give at least one letter or digit.")
    return found


def _periods(where: _Where, text: str) -> tuple[Period, ...]:
    return tuple(_period(where, one) for one in _choices(where, text))


def _period(where: _Where, text: str) -> Period:
    prefix, value = (text[:2], text[2:]) if text[:2].isalpha() else ("eq", text)
    if prefix not in _PREFIXES:
        raise where.problem(f"Offered prefixes: {', '.join(_PREFIXES)}.")
    try:
        # a + in an address is read as a space
        return Period(prefix, *read_span(value.replace(" ", "+"), where.zone))
    except TimeNotUsable as error:
        raise where.problem(str(error)) from None


def _token(text: str) -> tuple[str | None, str | None]:
    """``system|code``, ``|code`` (no system), ``system|`` (any code), ``code`` (any system)."""
    parts = [_unescaped(part) for part in _BAR.split(text)]
    if len(parts) == 1:
        return None, indexed(parts[0])
    code = "|".join(parts[1:])
    return indexed(parts[0]), indexed(code) if code else None


def _unescaped(text: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", text)


def _count(last: Mapping[str, str]) -> int:
    if last.get("_summary") == "count":
        return 0
    text = last.get("_count", str(DEFAULT_COUNT))
    if not text.isdecimal() or len(text) > 9:
        raise _malformed([Problem("_count", "Give a number.")])
    return min(int(text), MAX_COUNT)


def _is_counted(asked: _Asked, last: Mapping[str, str]) -> bool:
    """Exact where it is asked for or cheap: a search within one patient; else left out."""
    total = last.get("_total", "")
    if total not in ("", "none", "estimate", "accurate"):
        raise _malformed([Problem("_total", "Say none, estimate or accurate.")])
    if total == "none":
        return False
    bounded = any(isinstance(one, (AboutPatient, HasId)) for one in asked.criteria)
    return bool(total) or bounded


def sortable(kind: str) -> tuple[str, ...]:
    """The parameters that a type can be sorted by."""
    kinds = (Kind.DATE, Kind.STRING)
    named = [one.name for one in TYPES[kind].parameters.values() if one.kind in kinds]
    return ("_id", *named)


def _sort(kind: str, text: str) -> tuple[SortKey, ...]:
    keys = []
    for one in filter(None, text.split(",")):
        name = one.removeprefix("-")
        if name not in sortable(kind):
            words = f"Sort by {', '.join(sortable(kind))}; - before it for the other way round."
            raise _malformed([Problem("_sort", words)])
        of_texts = name != "_id" and TYPES[kind].parameters[name].kind is Kind.STRING
        keys.append(SortKey(name, of_texts, one.startswith("-")))
    return tuple(keys)


def _included(kind: str, used: Pairs) -> list[Included]:
    found = []
    for name, text in used:
        way, _, modifier = name.partition(":")
        if way in ("_include", "_revinclude"):
            found += [_include(kind, way, name, one, bool(modifier)) for one in text.split(",")]
    return found


def _include(kind: str, way: str, name: str, text: str, repeated: bool) -> Included:
    """``Observation:subject`` or ``Observation:subject:Patient``; ``*`` for every reference."""
    other, _, rest = text.partition(":")
    by, _, target = rest.partition(":")
    parameter = TYPES[other].parameters.get(by) if other in TYPES else None
    backwards = way == "_revinclude"
    fits = parameter is not None and parameter.kind is Kind.REFERENCE
    if fits and backwards:
        fits = not parameter.targets or kind in parameter.targets or repeated  # type: ignore[union-attr]
    if not fits or not (backwards or repeated or other == kind):
        words = "Write Type:parameter, with a parameter of references that is offered there."
        raise _malformed([Problem(name, words)])
    return Included(other, by, target or None, backwards, repeated)
