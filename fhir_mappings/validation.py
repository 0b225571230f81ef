"""The check at the door: is this resource FHIR R4 by shape, to the letter of its JSON rules?

The definitions are those of fhir.resources (R4B) with what R4 says otherwise (definitions.py). Its
models themselves are not run: they read the text "7" as a number and a text of JSON as an object,
refuse UUIDs that are not of version 4, and fall over a contained type that R4B renamed (decision
0026).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import Problem
from fhir_mappings.definitions import (
    OTHER_IN_R4,
    RESOURCE,
    Definition,
    Element,
    definition_of,
)
from fhir_mappings.primitives import fault_of
from fhir_mappings.reading import InvalidResource
from fhir_mappings.resource_types import R4_TYPES

MAX_PROBLEMS = 50
"""More would help nobody; the message says how many there are."""

MAX_PARTS = 20_000
"""Elements of one resource; the largest honest one seen has some hundreds. Each that is wrong is
noted with where it stands, so that a body of ten megabytes could ask for gigabytes."""

EMPTY = "Leave out what is empty."
REQUIRED = "This element is required."
UNKNOWN = "FHIR R4 knows no such element here."

_RELATIVE = re.compile(r"([A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(/_history/[A-Za-z0-9\-.]{1,64})?")
_CONDITION = re.compile(r"([A-Za-z]+)\?\S+")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")


def check_shape(resource: Mapping[str, Any], where: str) -> None:
    """Raises InvalidResource naming each element that is not FHIR R4 by shape."""
    name = str(resource.get("resourceType"))
    _check_size(resource, where)
    walk = _Walk(_contained_ids(resource))
    walk.resource(resource, where)
    if walk.problems:
        message = f"This {name} is not valid FHIR R4 ({len(walk.problems)} problem(s))."
        raise InvalidResource(message, walk.problems[:MAX_PROBLEMS])


def _check_size(resource: Mapping[str, Any], where: str) -> None:
    parts = 0
    waiting: list[Any] = [resource]
    while waiting:
        node = waiting.pop()
        parts += len(node)
        if parts > MAX_PARTS:
            problem = Problem(where, f"Send at most {MAX_PARTS} elements in one resource.")
            raise InvalidResource("This resource has too many elements.", [problem])
        children = node.values() if isinstance(node, Mapping) else node
        waiting.extend(child for child in children if isinstance(child, Mapping | list))


def _contained_ids(resource: Mapping[str, Any]) -> frozenset[str]:
    """What ``#id`` may name here: https://hl7.org/fhir/R4/references.html#contained (ref-1)."""
    contained = resource.get("contained")
    found = contained if isinstance(contained, list) else []
    return frozenset(str(one.get("id")) for one in found if isinstance(one, Mapping))


@dataclass(slots=True)
class _Walk:
    """One resource, element by element; everything wrong is noted where it stands."""

    contained: frozenset[str]
    problems: list[Problem] = field(default_factory=list)

    def note(self, where: str, what: str) -> None:
        self.problems.append(Problem(where, what))

    def resource(self, node: Mapping[str, Any], where: str) -> None:
        """A resource of a type that R4 has and whose definition is at hand."""
        self._object(node, definition_of(node["resourceType"]), where, is_resource=True)

    def _contained(self, node: Any, where: str) -> None:
        kind = node.get("resourceType") if isinstance(node, Mapping) else None
        if not isinstance(kind, str) or kind not in R4_TYPES:
            self.note(f"{where}.resourceType", "Name a resource type of FHIR R4.")
        elif "contained" in node:
            self.note(f"{where}.contained", "A contained resource contains no other (dom-2).")
        elif kind not in OTHER_IN_R4:
            self.resource(node, where)

    def _object(
        self, node: Any, definition: Definition, where: str, *, is_resource: bool = False
    ) -> None:
        if not isinstance(node, Mapping):
            self.note(where, EMPTY if node is None else "Send an object here: {…}.")
            return
        if not node:
            self.note(where, EMPTY)
        for name, value in node.items():
            if is_resource and name == "resourceType":
                continue
            self._member(node, definition, name, value, where)
        self._check_presence(node, definition, where)

    def _member(
        self, node: Mapping[str, Any], definition: Definition, name: str, value: Any, where: str
    ) -> None:
        path = f"{where}.{name[:64]}"
        element = definition.elements.get(name)
        if element is not None:
            if element.many:
                self._list(value, node.get(f"_{name}"), element, path)
            else:
                self._one(value, element, path)
            return
        beside = definition.elements.get(name[1:]) if name[:1] == "_" else None
        if beside is not None and beside.is_primitive and name != "_id":
            self._siblings(value, node.get(name[1:]), beside, path)
        else:
            self.note(path, UNKNOWN)

    def _check_presence(self, node: Mapping[str, Any], definition: Definition, where: str) -> None:
        for name in definition.required:
            if name not in node and f"_{name}" not in node:
                self.note(f"{where}.{name}", REQUIRED)
        for group, names in definition.choices.items():
            found = [name for name in names if name in node or f"_{name}" in node]
            if len(found) > 1:
                self.note(f"{where}.{group}", f"Send one of {', '.join(found)}.")
            elif not found and group in definition.required_choices:
                self.note(f"{where}.{group}", REQUIRED)

    def _list(self, values: Any, siblings: Any, element: Element, where: str) -> None:
        if not isinstance(values, list):
            self.note(where, EMPTY if values is None else "Send a list here: […].")
            return
        if not values:
            self.note(where, EMPTY)
        beside = siblings if isinstance(siblings, list) else []
        for index, value in enumerate(values):
            if value is None and element.is_primitive and index < len(beside) and beside[index]:
                continue
            self._one(value, element, f"{where}[{index}]")

    def _siblings(self, value: Any, beside: Any, element: Element, where: str) -> None:
        """The id and extensions of a primitive: an object, or a list with nulls between."""
        definition = definition_of("PrimitiveExtension")
        if not element.many:
            self._object(value, definition, where)
            return
        if not isinstance(value, list) or not any(value):
            self.note(where, "Send a list here: […]." if value else EMPTY)
            return
        for index, one in enumerate(value):
            if one is not None:
                self._object(one, definition, f"{where}[{index}]")
            elif not isinstance(beside, list) or index >= len(beside) or beside[index] is None:
                self.note(f"{where}[{index}]", EMPTY)

    def _one(self, value: Any, element: Element, where: str) -> None:
        if value is None or value in ("", [], {}):
            self.note(where, EMPTY)
        elif element.is_primitive:
            self._primitive(value, element, where)
        elif element.kind == RESOURCE:
            self._contained(value, where)
        else:
            self._object(value, definition_of(element.kind), where)
            if isinstance(value, Mapping):
                self._rules(value, element, where)

    def _primitive(self, value: Any, element: Element, where: str) -> None:
        fault = fault_of(element.kind, value)
        if fault:
            self.note(where, fault)
        elif element.codes and value not in element.codes:
            self.note(where, f"The code is one of {', '.join(sorted(element.codes))}.")

    def _rules(self, value: Mapping[str, Any], element: Element, where: str) -> None:
        if element.kind == "Reference":
            self._reference(value.get("reference"), element, f"{where}.reference")
        elif element.kind == "Extension":
            held = any(name.lstrip("_").startswith("value") for name in value)
            if held == ("extension" in value):
                self.note(where, "An extension has either a value or extensions (ext-1).")
        elif element.concept is not None:
            self._concept(value, *element.concept, where)

    def _reference(self, text: Any, element: Element, where: str) -> None:
        """https://hl7.org/fhir/R4/references.html#literal; what it names need not be known here."""
        if not isinstance(text, str) or not text:
            return
        if text.startswith("#"):
            if text != "#" and text[1:] not in self.contained:
                self.note(where, "No contained resource has this id (ref-1).")
            return
        named = _RELATIVE.fullmatch(text) or _CONDITION.fullmatch(text)
        if named is None:
            if _ABSOLUTE.fullmatch(text) is None:
                self.note(where, "Write a reference as Type/id, #id, or an absolute address.")
        elif named[1] not in R4_TYPES:
            self.note(where, "A reference begins with a resource type of FHIR R4.")
        elif element.targets and named[1] not in element.targets:
            self.note(where, f"This may name {', '.join(sorted(element.targets))}.")

    def _concept(
        self, value: Mapping[str, Any], system: str, codes: tuple[str, ...], where: str
    ) -> None:
        codings = value.get("coding")
        listed = codings if isinstance(codings, list) else []
        found = [one for one in listed if isinstance(one, Mapping) and one.get("system") == system]
        if not found or any(one.get("code") not in codes for one in found):
            words = f"One coding is of the system {system}, with a code of {', '.join(codes)}."
            self.note(where, words)
