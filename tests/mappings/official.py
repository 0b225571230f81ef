"""FHIR R4 as others wrote it down: two sets of models and the rules of the specification.

fhir.resources has the models of R4B (4.3.0); fhirclient's are generated from R4 (4.0.1) itself and
refuse what R4 does not know. Neither looks at empty elements and at how primitives are written:
https://hl7.org/fhir/R4/json.html and https://hl7.org/fhir/R4/datatypes.html#primitive do.
"""

import importlib
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from fhir.resources.R4B import get_fhir_model_class
from fhirclient.models.fhirabstractbase import FHIRValidationError
from pydantic import ValidationError

from fhir_mappings.json_text import read_json, write_json

_YEAR = "([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_MONTH, _DAY = "(0[1-9]|1[0-2])", "(0[1-9]|[1-2][0-9]|3[0-1])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
REGEX = {
    "Instant": f"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}",
    "Date": f"{_YEAR}(-{_MONTH}(-{_DAY})?)?",
    "DateTime": f"{_YEAR}(-{_MONTH}(-{_DAY}(T{_CLOCK}{_ZONE})?)?)?",
    "Time": _CLOCK,
    "Code": r"[^\s]+(\s[^\s]+)*",
    "Id": r"[A-Za-z0-9\-\.]{1,64}",
    "Oid": r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+",
    "Uuid": r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "Uri": r"\S*",
    "Url": r"\S*",
    "Canonical": r"\S*",
    "Base64Binary": r"(\s*([0-9a-zA-Z\+\/=]){4}\s*)+",
    "String": r"[ \r\n\t\S]+",
    "Markdown": r"\s*(\S|\s)*",
    "UnsignedInt": "[0]|([1-9][0-9]*)",
    "PositiveInt": r"\+?[1-9][0-9]*",
    "Integer": "[0]|[-+]?[1-9][0-9]*",
    "Decimal": r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?",
}
"""The expressions of the specification, by the names that the models have for the types."""

BESIDE_R4: dict[str, frozenset[str]] = {}
"""Elements of a served type that R4B has and R4 has not; compared with both sets of models."""


def faults(body: bytes) -> list[str]:
    """Everything that is wrong with a resource as it goes out; empty where nothing is."""
    resource = read_json(body)
    kind = resource["resourceType"]
    return [*_r4b(kind, body), *_r4(kind, body), *_empty(resource, kind), *_written(resource)]


def _r4b(kind: str, body: bytes) -> Iterator[str]:
    try:
        get_fhir_model_class(kind).model_validate_json(body)
    except ValidationError as error:
        yield from (f"R4B {one['loc']}: {one['msg']}" for one in error.errors(include_url=False))


def _r4(kind: str, body: bytes) -> Iterator[str]:
    import json

    try:
        r4_model(kind)(json.loads(body), strict=True)
    except FHIRValidationError as error:
        yield f"R4 {error}"


def r4_model(kind: str) -> Any:
    """fhirclient's model of a type."""
    return getattr(importlib.import_module(f"fhirclient.models.{kind.lower()}"), kind)


def _empty(node: Any, path: str) -> Iterator[str]:
    """No null, "", [] or {}; a null only in a list of primitives, beside an extension."""
    if isinstance(node, dict):
        for name, child in node.items():
            if child is None or (isinstance(child, str | list | dict) and not child):
                yield f"{path}.{name} is empty"
            if isinstance(child, str) and child and not child.strip():
                yield f"{path}.{name} is nothing but spaces"
            yield from _empty(child, f"{path}.{name}")
    elif isinstance(node, list):
        for index, child in enumerate(node):
            if isinstance(child, str | list | dict) and not child:
                yield f"{path}[{index}] is empty"
            yield from _empty(child, f"{path}[{index}]")


def _written(resource: dict[str, Any]) -> Iterator[str]:
    kind = resource["resourceType"]
    yield from _of_model(resource, get_fhir_model_class(kind), kind)


def _of_model(node: dict[str, Any], model: Any, path: str) -> Iterator[str]:
    """Each primitive as its type is to be written, and one value of each choice."""
    known = elements_of(model)
    chosen: dict[str, str] = {}
    for name, child in node.items():
        if name not in known or child is None:
            continue
        leaf, choice = known[name]
        if choice:
            if choice in chosen:
                yield f"{path}: {chosen[choice]} and {name} are one choice"
            chosen[choice] = name
        for index, one in enumerate(child if isinstance(child, list) else [child]):
            yield from _of_leaf(one, leaf, f"{path}.{name}[{index}]")


def _of_leaf(one: Any, leaf: Any, path: str) -> Iterator[str]:
    if isinstance(one, dict):
        kind = one.get("resourceType")
        model = get_fhir_model_class(kind) if kind else leaf.get_model_klass()
        yield from _of_model(one, model, path)
        return
    marks = [getattr(mark, "__visit_name__", "") for mark in getattr(leaf, "__metadata__", ())]
    for mark in marks:
        rule = REGEX.get(mark[:1].upper() + mark[1:]) if mark else None
        text = one if isinstance(one, str) else write_json(one).decode()
        if rule and one is not None and not re.fullmatch(rule, text):
            yield f"{path} is no {mark}"


@cache
def elements_of(model: Any) -> dict[str, tuple[Any, str]]:
    """By name in JSON: the innermost type of an element, and the choice that it belongs to."""
    found = {}
    for field in model.model_fields.values():
        alias = str(field.alias)
        if not alias.startswith("_") and alias != "fhir_comments":
            choice = str((field.json_schema_extra or {}).get("one_of_many") or "")
            found[alias] = (_innermost(field.annotation), choice)
    return found


def _innermost(annotation: Any) -> Any:
    inner = [one for one in get_args(annotation) if one is not type(None)]
    if not inner or hasattr(annotation, "__metadata__"):
        return annotation
    return _innermost(inner[0])
