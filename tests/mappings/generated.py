"""Valid resources of FHIR R4 made by chance from its definitions, with all that senders may say."""

import random
from collections.abc import Callable
from typing import Any

from fhir_mappings.definitions import RESOURCE, Definition, Element, definition_of
from fhir_mappings.json_text import Written

DEPTH = 4

_NUMBERS = ("0", "-0", "1.10", "1.0", "1E3", "1.0e-2", "0.000000000000000001", "12345678901234.50")
_PRIMITIVES: dict[str, tuple[Any, ...]] = {
    "boolean": (True, False),
    "integer": (-(2**31), -1, 0, 7, 2**31 - 1),
    "unsignedInt": (0, 3, 2**31 - 1),
    "positiveInt": (1, 3, 2**31 - 1),
    "decimal": (7, *(Written(number) for number in _NUMBERS)),
    "string": ("a", " a b ", "Zoë 😀", "\ttab\nline", "e\u0301", "\u202eback", '{"a":1}', "null"),
    "markdown": ("**a**", "| a |\n|---|\n"),
    "code": ("a", "a-b", "a b"),
    "id": ("a", "A-1.b", "x" * 64),
    "uri": ("urn:a:b", "http://a.example/x?y=1#z", "relative", "urn:oid:1.2.3"),
    "url": ("mailto:a@b.example", "https://a.example/"),
    "canonical": ("http://a.example/q|2.0",),
    "oid": ("urn:oid:2.16.840.1.113883.6.1",),
    "uuid": ("urn:uuid:c757873d-ec9a-4326-a141-556f43239520",),
    "date": ("2020", "2020-02", "2020-02-29", "1905-08-23"),
    "dateTime": (
        *("2020", "2020-02", "2020-02-29", "2020-02-29T23:59:59.120-05:00"),
        *("2020-06-01T00:00:00+14:00", "2016-12-31T23:59:60Z", "2020-01-01T00:00:00.000000001Z"),
    ),
    "instant": ("2020-02-29T23:59:59.120-05:00", "2020-01-01T00:00:00Z"),
    "time": ("10:00:00", "23:59:59.5"),
    "base64Binary": ("YWJj", "YWI=", "YWJj ZGVm"),
    "xhtml": ('<div xmlns="http://www.w3.org/1999/xhtml">a &amp; <b>b</b></div>',),
}
_SUBJECTS = ("subject", "patient", "for")


def make_resource(kind: str, dice: random.Random) -> dict[str, Any]:
    """A valid resource of this type about Patient/85; its id and meta are its sender's affair."""
    resource = _object(definition_of(kind), dice, 0)
    resource.pop("contained", None)
    resource.pop("id", None)
    resource.pop("_implicitRules", None)
    for name in _SUBJECTS:
        if name in resource or name in definition_of(kind).elements:
            resource[name] = {"reference": "Patient/85", "display": dice.choice(("A", "Zoë"))}
    if dice.random() < 0.3:
        resource["contained"] = [
            {"resourceType": "Organization", "id": "o", "name": "Contained & kept"},
            {"resourceType": "MedicinalProduct", "id": "m", "any": [Written("1.10"), None]},
        ]
    return {"resourceType": kind} | resource


def _object(definition: Definition, dice: random.Random, depth: int) -> dict[str, Any]:
    wanted = list(definition.required)
    wanted += [dice.choice(definition.choices[group]) for group in definition.required_choices]
    chosen = {name for group in definition.choices.values() for name in group}
    rest = sorted(set(definition.elements) - chosen - set(wanted) - {"extension"})
    others = [
        dice.choice(definition.choices[group])
        for group in sorted(definition.choices)
        if group not in definition.required_choices and dice.random() < 0.5
    ]
    if depth < DEPTH:
        how_many = dice.randrange(7 if depth == 0 else 3)
        wanted += [*dice.sample(rest, min(how_many, len(rest))), *others]
        if dice.random() < 0.2:
            wanted.append("extension")
    if not wanted:
        wanted = [next((one for one in rest if definition.elements[one].is_primitive), rest[0])]
    found: dict[str, Any] = {}
    for name in wanted:
        _add(found, name, definition.elements[name], dice, depth)
    return found


def _add(
    found: dict[str, Any], name: str, element: Element, dice: random.Random, depth: int
) -> None:
    if element.kind == RESOURCE:
        return
    if element.kind == "Extension":
        found[name] = [_extension(dice, depth) for _ in range(dice.choice((1, 2)))]
    elif not element.many:
        found[name] = _value(element, dice, depth)
    else:
        found[name] = [_value(element, dice, depth) for _ in range(dice.choice((1, 1, 2)))]
    if element.is_primitive and name != "id" and dice.random() < 0.25:
        _stand_beside(found, name, element, dice)


def _stand_beside(found: dict[str, Any], name: str, element: Element, dice: random.Random) -> None:
    """An extension beside a primitive, with its value or in its place."""
    said = {"id": "e1", "extension": [_extension(dice, DEPTH)]}
    if not element.many:
        found[f"_{name}"] = said
        if dice.random() < 0.3:
            del found[name]
        return
    found[f"_{name}"] = [said, *([None] * (len(found[name]) - 1))]
    if dice.random() < 0.5:
        found[name][0] = None


def _extension(dice: random.Random, depth: int) -> dict[str, Any]:
    url = {"url": "https://ehr.example/said"}
    if depth < DEPTH and dice.random() < 0.3:
        return url | {"extension": [_extension(dice, DEPTH)]}
    elements = definition_of("Extension").elements
    names = sorted(name for name in elements if name.startswith("value"))
    if depth >= DEPTH:
        names = [name for name in names if elements[name].is_primitive]
    name = dice.choice(names)
    return url | {name: _value(elements[name], dice, max(depth, DEPTH - 1))}


_MADE: dict[str, Callable[[random.Random], Any]] = {
    "Reference": lambda dice: dice.choice(
        (
            {"display": "somebody"},
            {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239521"},
            {"reference": "https://other.example/fhir/Any/1"},
            {"identifier": {"system": "urn:s", "value": "1"}},
        )
    ),
    "Narrative": lambda dice: {"status": "generated", "div": _PRIMITIVES["xhtml"][0]},
    "Quantity": lambda dice: {"value": Written(dice.choice(_NUMBERS)), "unit": "{score}"},
}


def _value(element: Element, dice: random.Random, depth: int) -> Any:
    if element.is_primitive:
        return dice.choice(sorted(element.codes) or _PRIMITIVES[element.kind])
    if element.concept is not None:
        system, codes = element.concept
        return {"coding": [{"system": system, "code": dice.choice(codes)}], "text": "as said"}
    if element.kind in _MADE:
        return _MADE[element.kind](dice)
    return _object(definition_of(element.kind), dice, depth + 1)
