"""What a resource is found by, read out of its body by the table of parameters."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from app.domain.criteria import (
    EARLIEST,
    LATEST,
    LONG_NAME,
    LONGEST,
    DateEntry,
    Index,
    StringEntry,
    TokenEntry,
)
from app.domain.patient import folded_words
from fhir_mappings.conformance import TYPES
from fhir_mappings.instants import TimeNotUsable, read_span
from fhir_mappings.parameter import Kind, Parameter
from fhir_mappings.provenance import long_name

MOST_LETTERS, MOST_WORDS = 2_000, 100
"""Of one text that it is found by: a longer one is found by its beginning, and by `:exact` whole. A
text may have a million letters, and each word is an entry."""

_NAME_PARTS = ("text", "family", "given", "prefix", "suffix")
_ADDRESS_PARTS = ("text", "line", "city", "district", "state", "postalCode", "country")


def index_of(resource: Mapping[str, Any], base: str, zone: tzinfo) -> Index:
    """Everything that the resource is found by; days without an offset are days in the zone.

    `base` is where this FHIR face is reached: a reference there is one of ours.
    """
    tokens: set[TokenEntry] = set()
    dates: set[DateEntry] = set()
    strings: set[StringEntry] = set()
    kind = TYPES.get(str(resource.get("resourceType")))
    for parameter in kind.parameters.values() if kind else ():
        for value in values_of(resource, parameter):
            tokens.update(_tokens(parameter, value, base))
            dates.update(_dates(parameter, value, zone))
            strings.update(_strings(parameter, value))
    digest = long_name(str(resource.get("resourceType")), str(resource.get("id")))
    if digest:
        tokens.add(TokenEntry(LONG_NAME, "", digest))
    return Index(frozenset(tokens), frozenset(dates), frozenset(strings))


def values_of(resource: Mapping[str, Any], parameter: Parameter) -> Iterator[Any]:
    """Every element that stands where the parameter looks."""
    derive = _DERIVED.get((str(resource.get("resourceType")), parameter.name))
    if derive is not None:
        yield derive(resource)
        return
    for path in parameter.paths:
        yield from _at(resource, _steps(path))


def _is_deceased(patient: Mapping[str, Any]) -> bool:
    """R4: exists and is not false; a patient of whom nothing is said lives."""
    return bool(patient.get("deceasedDateTime")) or patient.get("deceasedBoolean") is True


_DERIVED: Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Any]] = {
    ("Patient", "deceased"): _is_deceased,
}


def _steps(path: str) -> list[str]:
    """The names in a path; the address of an extension has dots of its own."""
    steps, rest = [], path
    while rest:
        if rest.startswith("extension("):
            step, _, rest = rest.partition(")")
            steps.append(step + ")")
            rest = rest.removeprefix(".")
        else:
            step, _, rest = rest.partition(".")
            steps.append(step)
    return steps


def _at(node: Any, steps: list[str]) -> Iterator[Any]:
    if isinstance(node, list):
        for one in node:
            yield from _at(one, steps)
    elif not steps:
        if node is not None:
            yield node
    elif isinstance(node, Mapping):
        for child in _children(node, steps[0]):
            yield from _at(child, steps[1:])


def _children(node: Mapping[str, Any], step: str) -> Iterator[Any]:
    if step.endswith("[x]"):
        stem = step.removesuffix("[x]")
        for name, child in node.items():
            rest = name.removeprefix(stem)
            if rest != name and rest[:1].isupper():
                yield child
    elif step.startswith("extension("):
        url = step[len("extension(") : -1]
        for one in node.get("extension") or ():
            if isinstance(one, Mapping) and one.get("url") == url:
                yield one
    elif step in node:
        yield node[step]


def indexed(value: str) -> str:
    """A value as the index holds it: whole, or its digest where it is long."""
    if len(value) <= LONGEST:
        return value
    return "sha256:" + hashlib.sha256(value.encode()).hexdigest()


def fold(text: str) -> str:
    """Text without case and accents, and with one space between words."""
    return " ".join(folded_words(text))


def _tokens(parameter: Parameter, value: Any, base: str) -> Iterator[TokenEntry]:
    if parameter.kind is Kind.TOKEN:
        for system, code in _codes(value):
            if code:
                yield TokenEntry(parameter.name, indexed(system), indexed(code))
    elif parameter.kind is Kind.URI and isinstance(value, str):
        yield TokenEntry(parameter.name, "", indexed(value))
    elif parameter.kind is Kind.REFERENCE:
        yield from _references(parameter.name, value, base)


def _codes(value: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of a Coding, CodeableConcept, Identifier, ContactPoint, code or boolean."""
    if isinstance(value, bool):
        yield "", "true" if value else "false"
    elif isinstance(value, str):
        yield "", value
    elif isinstance(value, Mapping):
        if "coding" in value:
            for coding in value["coding"] or ():
                yield from _codes(coding)
        elif "code" in value or "value" in value:
            code = value.get("code", value.get("value"))
            if isinstance(code, str):
                yield _text(value.get("system")), code


def _references(name: str, value: Any, base: str) -> Iterator[TokenEntry]:
    if isinstance(value, str):  # a canonical: with its version, and without
        yield TokenEntry(name, "", indexed(value))
        yield TokenEntry(name, "", indexed(value.partition("|")[0]))
        return
    if not isinstance(value, Mapping):
        return
    reference = value.get("reference")
    if isinstance(reference, str) and not reference.startswith("#"):
        yield TokenEntry(name, *_target(reference, base))
    identifier = value.get("identifier")
    if isinstance(identifier, Mapping) and isinstance(identifier.get("value"), str):
        system = _text(identifier.get("system"))
        yield TokenEntry(f"{name}:identifier", indexed(system), indexed(identifier["value"]))


def _target(reference: str, base: str) -> tuple[str, str]:
    """(type, id) of what is here; ('', address) of what is elsewhere."""
    local = reference.removeprefix(f"{base}/").partition("/_history/")[0]
    kind, slash, name = local.partition("/")
    if slash and "/" not in name and ":" not in kind:
        return indexed(kind), indexed(name)
    return "", indexed(reference)


def _dates(parameter: Parameter, value: Any, zone: tzinfo) -> Iterator[DateEntry]:
    if parameter.kind is not Kind.DATE:
        return
    if isinstance(value, str):
        span = _span(value, zone)
        if span:
            yield DateEntry(parameter.name, *span)
    elif isinstance(value, Mapping) and "event" in value:
        for one in value["event"] or ():
            yield from _dates(parameter, one, zone)
    elif isinstance(value, Mapping) and ("start" in value or "end" in value):
        start, end = _span(value.get("start"), zone), _span(value.get("end"), zone)
        begins = start[0] if start else EARLIEST
        yield DateEntry(parameter.name, begins, max(begins, end[1] if end else LATEST))


def _span(value: object, zone: tzinfo) -> tuple[datetime, datetime] | None:
    try:
        return read_span(value, zone) if isinstance(value, str) else None
    except TimeNotUsable:
        return None


def _strings(parameter: Parameter, value: Any) -> Iterator[StringEntry]:
    if parameter.kind is Kind.STRING:
        for text in _texts(value):
            yield from _words(parameter.name, text)
    elif parameter.kind is Kind.TOKEN and isinstance(value, Mapping):
        for text in _labels(value):
            yield from _words(f"{parameter.name}:text", text)


def _texts(value: Any) -> Iterator[str]:
    """The texts of a string, a HumanName or an Address."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name in dict.fromkeys((*_NAME_PARTS, *_ADDRESS_PARTS)):
            found = value.get(name)
            for text in found if isinstance(found, list) else [found]:
                if isinstance(text, str):
                    yield text


def _labels(value: Mapping[str, Any]) -> Iterator[str]:
    """What a Coding, a CodeableConcept or an Identifier's type is called."""
    for one in (value, *(value.get("coding") or ())):
        for name in ("text", "display"):
            if isinstance(one, Mapping) and isinstance(one.get(name), str):
                yield one[name]
    if isinstance(value.get("type"), Mapping):
        yield from _labels(value["type"])


def _words(parameter: str, text: str) -> Iterator[StringEntry]:
    words = fold(text[:MOST_LETTERS]).split(" ")[:MOST_WORDS]
    for start in range(len(words)):
        from_here = " ".join(words[start : start + LONGEST])[:LONGEST]
        if from_here:
            yield StringEntry(parameter, from_here, indexed(text))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
