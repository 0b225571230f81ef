"""Filters as clients write them (``code=…``, ``patient.identifier=…``), read into criteria."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from app.domain.criteria import (
    EARLIEST,
    LATEST,
    AboutPatient,
    AboutPatientWho,
    ChangedWhen,
    Criterion,
    HasDate,
    HasId,
    HasText,
    HasToken,
    IsNamedBy,
    Lacks,
    Leads,
    Period,
)
from app.errors import Malformed, Problem
from fhir_mappings.conformance import PUBLISHED, TYPES
from fhir_mappings.indexing import fold, indexed
from fhir_mappings.instants import TimeNotUsable, read_span
from fhir_mappings.parameter import BESIDE_THE_BODY, PATIENT, Kind, Parameter

MOST_CHOICES = 500
"""Of one parameter; a longer list is several searches."""

_PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap")
_COMMA = re.compile(r"(?<!\\),")
_BAR = re.compile(r"(?<!\\)\|")
_OF_PATIENTS = ("patient", "subject", "for")
"""Names of the element that says whom a record is about."""


def says_whom(parameter: Parameter) -> bool:
    """Whether the parameter says whom a record is about: whose records were joined are one."""
    return parameter.name in _OF_PATIENTS and parameter.targets == PATIENT


class NotOffered(Exception):
    """A parameter of this name narrows nothing here."""


def malformed(problems: Sequence[Problem]) -> Malformed:
    return Malformed("The search cannot be read.", problems)


@dataclass(frozen=True, slots=True)
class Where:
    """Where a filter stands: for reading its value, and for words on what is wrong with it."""

    kind: str
    """The type whose parameter it is; within a chain, the type that it leads to."""
    name: str
    """As the client wrote it, from its beginning."""
    base: str
    """Where this FHIR face is reached."""
    zone: tzinfo
    now: datetime | None

    def problem(self, words: str) -> Malformed:
        return malformed([Problem(self.name, words)])

    def no_modifier(self, *offered: str) -> Malformed:
        """R4: a modifier that is not supported is refused, however lenient one is asked to be."""
        names = ", ".join(f":{one}" for one in offered)
        return self.problem(f"Offered modifiers: {names or 'none'}.")


def read_criterion(where: Where, name: str, text: str) -> Criterion:
    """One criterion; raises NotOffered for a name, Malformed for a value, that is not taken."""
    if name.startswith("_has:"):
        return _read_has(where, name, text)
    plain, dot, rest = name.partition(".")
    plain, _, modifier = plain.partition(":")
    parameter = TYPES[where.kind].parameters.get(plain)
    if parameter is None or not parameter.is_offered:
        raise NotOffered
    if dot:
        return _read_chain(where, parameter, modifier, rest, text)
    if plain in BESIDE_THE_BODY:
        return _read_beside(where, plain, modifier, text)
    if modifier == "missing":
        return Lacks(plain, _missing(where, text))
    return _READERS[parameter.kind](where, parameter, modifier, _choices(where, text))


def _read_beside(where: Where, name: str, modifier: str, text: str) -> Criterion:
    """``_id`` and ``_lastUpdated``: every resource has them."""
    if name == "_lastUpdated" and not modifier:
        return ChangedWhen(tuple(_period(where, one) for one in _choices(where, text)))
    if name == "_id" and modifier in ("", "not"):
        return HasId(tuple(_choices(where, text)), negated=modifier == "not")
    raise where.no_modifier(*(["not"] if name == "_id" else []))


def _read_has(where: Where, name: str, text: str) -> Criterion:
    """``_has:Observation:patient:code=…``: what refers to it fits."""
    parts = name.split(":", 3)
    if len(parts) != 4 or parts[1] not in PUBLISHED or parts[3].startswith("_has:"):
        raise NotOffered
    other, by, what = parts[1:]
    parameter = TYPES[other].parameters.get(by)
    if parameter is None or not parameter.is_offered or not parameter.leads_to(where.kind):
        raise NotOffered
    found = (read_criterion(replace(where, kind=other), what, text),)
    return IsNamedBy(other, by, found, says_whom(parameter))


def _read_chain(
    where: Where, parameter: Parameter, modifier: str, rest: str, text: str
) -> Criterion:
    """``patient.identifier=…``, ``subject:Patient.name=…``: what it refers to fits."""
    if parameter.kind is not Kind.REFERENCE or "." in rest or rest.startswith("_has"):
        raise NotOffered
    targets = [modifier] if modifier else [one for one in parameter.targets if one in TYPES]
    if not targets or not all(one in TYPES and parameter.leads_to(one) for one in targets):
        raise NotOffered
    if len(targets) > 1:
        raise where.problem(f"Say of which type: {parameter.name}:{targets[0]}.{rest}.")
    found = read_criterion(replace(where, kind=targets[0]), rest, text)
    return (
        AboutPatientWho((found,))
        if says_whom(parameter)
        else Leads(parameter.name, targets[0], (found,))
    )


def _missing(where: Where, text: str) -> bool:
    if text not in ("true", "false"):
        raise where.problem("Say true or false.")
    return text == "true"


def _tokens(where: Where, parameter: Parameter, modifier: str, choices: Sequence[str]) -> Criterion:
    if modifier == "text":
        return HasText(f"{parameter.name}:text", _folded(where, choices))
    if modifier not in ("", "not"):
        raise where.no_modifier("not", "text", "missing")
    found = tuple(_token(one) for one in choices)
    return HasToken(parameter.name, found, negated=modifier == "not")


def _dates(where: Where, parameter: Parameter, modifier: str, choices: Sequence[str]) -> Criterion:
    if modifier:
        raise where.no_modifier("missing")
    return HasDate(parameter.name, tuple(_period(where, one) for one in choices))


def _strings(
    where: Where, parameter: Parameter, modifier: str, choices: Sequence[str]
) -> Criterion:
    if modifier == "exact":
        return HasText(parameter.name, tuple(indexed(_unescaped(o)) for o in choices), exact=True)
    if modifier:
        raise where.no_modifier("exact", "missing")
    return HasText(parameter.name, _folded(where, choices))


def _uris(where: Where, parameter: Parameter, modifier: str, choices: Sequence[str]) -> Criterion:
    if modifier:
        raise where.no_modifier("missing")
    return HasToken(parameter.name, tuple(("", indexed(_unescaped(one))) for one in choices))


def _references(
    where: Where, parameter: Parameter, modifier: str, choices: Sequence[str]
) -> Criterion:
    if modifier == "identifier":
        return HasToken(f"{parameter.name}:identifier", tuple(_token(one) for one in choices))
    if modifier and not parameter.leads_to(modifier):
        raise where.no_modifier("identifier", "missing", *parameter.targets)
    found = [_target(where, parameter, modifier, _unescaped(one)) for one in choices]
    if says_whom(parameter):
        return AboutPatient(tuple(name for _, name in found))
    return HasToken(parameter.name, tuple(found))


def _target(where: Where, parameter: Parameter, modifier: str, text: str) -> tuple[str | None, str]:
    """(type, id): ``85`` and ``Patient/85`` and the whole address are the same."""
    local = text.removeprefix(f"{where.base}/").partition("/_history/")[0]
    kind, slash, name = local.rpartition("/")
    if not slash:
        one = parameter.targets[0] if len(parameter.targets) == 1 else None
        canonical = parameter.targets == ("Questionnaire",)
        return ("" if canonical else modifier or one), indexed(name)
    if kind in TYPES or (kind.isalpha() and ":" not in kind):
        if not parameter.leads_to(kind) or (modifier and kind != modifier):
            raise where.problem(f"Name a {modifier or ' or a '.join(parameter.targets)}.")
        return kind, indexed(name)
    return "", indexed(text)  # an address elsewhere


_READERS: Mapping[Kind, Callable[[Where, Parameter, str, Sequence[str]], Criterion]] = {
    Kind.TOKEN: _tokens,
    Kind.DATE: _dates,
    Kind.STRING: _strings,
    Kind.URI: _uris,
    Kind.REFERENCE: _references,
}


def _choices(where: Where, text: str) -> list[str]:
    found = [one for one in _COMMA.split(text) if one]
    if not found:
        raise where.problem("Give a value.")
    if len(found) > MOST_CHOICES:
        raise where.problem(f"Give at most {MOST_CHOICES} values.")
    return found


def _folded(where: Where, choices: Sequence[str]) -> tuple[str, ...]:
    found = tuple(fold(_unescaped(one)) for one in choices)
    if not all(found):
        raise where.problem("Give at least one letter or digit.")
    return found


def _period(where: Where, text: str) -> Period:
    prefix, value = (text[:2], text[2:]) if text[:2].isalpha() else ("eq", text)
    if prefix not in _PREFIXES or (prefix == "ap" and where.now is None):
        raise where.problem(f"Offered prefixes: {', '.join(_PREFIXES)}.")
    try:
        # a + in an address is read as a space
        start, end = read_span(value.replace(" ", "+"), where.zone)
    except TimeNotUsable as error:
        raise where.problem(str(error)) from None
    if prefix == "ap" and where.now:
        return _about(start, end, where.now)
    return Period(prefix, start, end)


def _about(start: datetime, end: datetime, now: datetime) -> Period:
    """R4: approximately is within a tenth of the time between now and then."""
    near = abs(now - start) / 10
    return Period("ap", max(EARLIEST + near, start) - near, min(LATEST - near, end) + near)


def _token(text: str) -> tuple[str | None, str | None]:
    """``system|code``, ``|code`` (no system), ``system|`` (any code), ``code`` (any system)."""
    parts = [_unescaped(part) for part in _BAR.split(text)]
    if len(parts) == 1:
        return None, indexed(parts[0])
    code = "|".join(parts[1:])
    return indexed(parts[0]), indexed(code) if code else None


def _unescaped(text: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", text)
