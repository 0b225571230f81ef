"""The check at the door: is this resource FHIR R4 by shape?

fhir.resources has R4B (4.3.0), not 4.0.1; the types that are taken are the same in both. It does
not check code bindings or references; the readers check those they rely on.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from app.errors import Problem
from fhir_mappings.conformance import TAKEN
from fhir_mappings.reading import InvalidResource

MAX_PROBLEMS = 50
"""More would help nobody; the message says how many there are."""

MAX_PARTS = 20_000
"""Elements of one resource; the largest honest one seen has some hundreds. Each that is wrong takes
a kilobyte to tell of, so that a body of ten megabytes could ask for gigabytes."""

_MODELS = {name: get_fhir_model_class(name) for name in TAKEN}

_WORDS = {
    "extra_forbidden": "FHIR R4 knows no such element here.",
    "model_field_validation.missing": "This element is required.",
    "missing": "This element is required.",
}


def check_shape(resource: Mapping[str, Any], where: str) -> None:
    """Raises InvalidResource naming each element that is not FHIR R4 by shape."""
    name = str(resource.get("resourceType"))
    _check_size(resource, where)
    _check_nothing_is_empty(resource, where)
    try:
        _MODELS[name].model_validate(resource)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        problems = [_problem(where, fault["loc"], fault["type"], fault["msg"]) for fault in found]
        message = f"This {name} is not valid FHIR R4 ({len(problems)} problem(s))."
        raise InvalidResource(message, problems[:MAX_PROBLEMS]) from None


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


def _check_nothing_is_empty(resource: Mapping[str, Any], where: str) -> None:
    """What is absent is left out: https://hl7.org/fhir/R4/json.html allows no null, "", [] or {}.

    Only a null inside a list may hold a place, for an extension that stands beside it.
    """
    problems = [Problem(path, "Leave out what is empty.") for path in _empty(resource, where)]
    if problems:
        raise InvalidResource("FHIR knows no empty elements.", problems[:MAX_PROBLEMS])


def _empty(node: Any, path: str) -> Iterator[str]:
    children: Iterable[tuple[str, Any]] = ()
    if isinstance(node, Mapping):
        children = [(f"{path}.{str(name)[:64]}", child) for name, child in node.items()]
    elif isinstance(node, list):
        children = [(f"{path}[{i}]", one) for i, one in enumerate(node) if one is not None]
    for place, child in children:
        if child is None or child in ("", [], {}):
            yield place
        elif isinstance(child, Mapping | list):
            yield from _empty(child, place)


def _problem(where: str, steps: tuple[int | str, ...], kind: str, words: str) -> Problem:
    path = where
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{str(step)[:64]}"
    if kind == "model_field_validation.missing" and "'" in words:
        missing = words.split("'")[1]
        path += f".{missing}"
    return Problem(path, _WORDS.get(kind, words.removeprefix("Value error, ")))
