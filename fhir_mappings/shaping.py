"""Part of a resource, as a client asked for it: a summary, or certain elements.

What is left out is told by the tag SUBSETTED (hl7.org/fhir/R4/search.html#summary), so that nobody
sends the part back as the whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fhir_mappings.summary_elements import MANDATORY, MODIFYING, SUMMARY

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "Resource encoded in summary mode",
}
_ALWAYS = ("resourceType", "id", "implicitRules", "meta")
_MEANING = "modifierExtension"
"""Of a resource and of its parts: never left out, since it changes what the rest means."""


class Summary(StrEnum):
    """The values of ``_summary``."""

    TRUE = "true"
    TEXT = "text"
    DATA = "data"
    COUNT = "count"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of each resource is asked for."""

    summary: Summary = Summary.FALSE
    elements: tuple[str, ...] = ()
    """Names of elements; ``Patient.name`` holds for one type, ``name`` for what was searched."""

    @property
    def is_whole(self) -> bool:
        return self.summary in (Summary.FALSE, Summary.COUNT) and not self.elements


WHOLE = Shape()


def shaped(resource: Mapping[str, Any], shape: Shape, *, searched: bool = True) -> dict[str, Any]:
    """The part of the resource that is asked for; its id, meta and meaning always.

    `searched` is false for what only came along with a search: elements without a type before
    them do not hold for it.
    """
    if shape.is_whole:
        return dict(resource)
    if shape.summary is Summary.DATA:
        return _marked({name: one for name, one in resource.items() if name != "text"})
    wanted = tuple(_wanted(str(resource.get("resourceType")), shape, searched=searched))
    if not wanted:
        return dict(resource)
    kept = _kept(resource, [*wanted, *_ALWAYS])
    return _marked(kept | _contained(resource, kept))


def _wanted(kind: str, shape: Shape, *, searched: bool) -> Iterator[str]:
    """Paths of what is kept; nothing where the shape is not about this type."""
    mandatory = MANDATORY.get(kind, ())
    if shape.summary is Summary.TEXT:
        yield from ("text", *mandatory)
    elif shape.summary is Summary.TRUE:
        yield from (*SUMMARY.get(kind, ()), *mandatory)
    else:
        named = tuple(_named(kind, shape.elements, searched=searched))
        if named:
            yield from (*named, *mandatory, *MODIFYING.get(kind, ()))


def _named(kind: str, elements: Iterable[str], *, searched: bool) -> Iterator[str]:
    for one in elements:
        first, dot, rest = one.partition(".")
        if not first[:1].isupper():
            if searched:
                yield one
        elif dot and first == kind:
            yield rest


def _kept(node: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """What stands at the paths, in the order of the whole, with the siblings of primitives."""
    deeper: dict[str, list[str]] = {}
    for path in paths:
        first, _, rest = path.partition(".")
        deeper.setdefault(first, []).append(rest)
    kept = {}
    for name, child in node.items():
        found = next((rests for at, rests in deeper.items() if _is(name, at)), None)
        if name == _MEANING:
            kept[name] = child
        elif found is not None:
            kept[name] = child if "" in found else _within(child, found)
    return {name: child for name, child in kept.items() if child not in ({}, [])}


def _is(name: str, wanted: str) -> bool:
    """Whether a name in JSON is the element, a type of its choice, or its sibling."""
    bare = name.removeprefix("_")
    if not wanted.endswith("[x]"):
        return bare == wanted or _is_choice(bare, wanted)
    return _is_choice(bare, wanted.removesuffix("[x]"))


_CHOICES = frozenset(
    [
        "abatement",
        "asNeeded",
        "deceased",
        "effective",
        "identified",
        "medication",
        "multipleBirth",
        "occurred",
        "occurrence",
        "onset",
        "performed",
        "quantity",
        "reported",
        "source",
        "value",
    ]
)
"""Elements of more than one type: clients name them without their type."""


def _is_choice(name: str, stem: str) -> bool:
    rest = name.removeprefix(stem)
    return stem in _CHOICES and rest != name and rest[:1].isupper()


def _within(child: Any, paths: list[str]) -> Any:
    if isinstance(child, list):
        parts = (_within(one, paths) for one in child)
        return [one for one in parts if one not in ({}, [])]
    return _kept(child, paths) if isinstance(child, Mapping) else child


def _contained(whole: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """The contained resources that the kept part refers to, and those that they refer to."""
    held = {f"#{one.get('id')}": one for one in whole.get("contained") or () if "id" in one}
    reached: list[str] = []
    waiting = list(_local_references(kept))
    while waiting:
        name = waiting.pop()
        if name in held and name not in reached:
            reached.append(name)
            waiting += _local_references(held[name])
    found = [one for name, one in held.items() if name in reached]
    return {"contained": found} if found else {}


def _local_references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        reference = node.get("reference")
        if isinstance(reference, str) and reference.startswith("#"):
            yield reference
    for child in node.values() if isinstance(node, Mapping) else node:
        if isinstance(child, Mapping | list):
            yield from _local_references(child)


def _marked(resource: dict[str, Any]) -> dict[str, Any]:
    meta = dict(resource.get("meta") or {})
    tags = list(meta.get("tag") or ())
    if not any((one.get("system"), one.get("code")) == _SAID for one in tags):
        tags.append(dict(SUBSETTED))
    return resource | {"meta": meta | {"tag": tags}}


_SAID = (SUBSETTED["system"], SUBSETTED["code"])
