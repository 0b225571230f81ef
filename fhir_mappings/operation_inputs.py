"""What an operation is asked with: parameters of the address, or a Parameters resource."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.errors import Malformed, Problem
from fhir_mappings.reading import InvalidResource

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was asked, by name; in the order in which it was said."""

    pairs: tuple[tuple[str, str], ...] = ()
    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def first(self, name: str) -> str | None:
        """What was said under this name, if anything."""
        return next((text for known, text in self.pairs if known == name), None)

    def every(self, name: str) -> list[str]:
        """All that was said under this name; commas part it."""
        said = [text for known, text in self.pairs if known == name]
        return [one for text in said for one in text.split(",") if one]


def read_parameters(resource: Mapping[str, Any]) -> Inputs:
    """The inputs of a Parameters resource; raises InvalidResource where one cannot be read."""
    if resource.get("resourceType") != "Parameters":
        raise InvalidResource(
            "This operation takes a Parameters resource.",
            [Problem("resourceType", "Send resourceType Parameters.")],
        )
    parts = resource.get("parameter", [])
    if not isinstance(parts, list) or not all(isinstance(one, Mapping) for one in parts):
        raise _unreadable("Parameters.parameter", "Send a list of parameters.")
    pairs: list[tuple[str, str]] = []
    held: dict[str, Mapping[str, Any]] = {}
    for index, part in enumerate(parts):
        where = f"Parameters.parameter[{index}]"
        name = part.get("name")
        if not isinstance(name, str) or not name:
            raise _unreadable(f"{where}.name", "Name the parameter.")
        if isinstance(part.get("resource"), Mapping):
            held[name] = part["resource"]
        else:
            pairs += [(name, text) for text in _texts(part, where)]
    return Inputs(tuple(pairs), held)


def _texts(part: Mapping[str, Any], where: str) -> Iterator[str]:
    for key, value in part.items():
        if not key.startswith("value"):
            continue
        if isinstance(value, bool):
            yield "true" if value else "false"
        elif isinstance(value, str | int | Decimal):
            yield str(value)
        elif isinstance(value, Mapping) and isinstance(value.get("reference"), str):
            yield value["reference"]
        elif isinstance(value, Mapping) and isinstance(value.get("code"), str):
            system = value.get("system")
            yield f"{system}|{value['code']}" if isinstance(system, str) else value["code"]
        else:
            raise _unreadable(f"{where}.{key}", "Send a simple value, a Coding or a Reference.")


def _unreadable(where: str, what: str) -> InvalidResource:
    return InvalidResource("The parameters cannot be read.", [Problem(where, what)])


def check_known(inputs: Inputs, once: Sequence[str], often: Sequence[str] = ()) -> None:
    """Raises Malformed naming each input that the operation does not have, or has only once."""
    names = [*(name for name, _ in inputs.pairs), *inputs.resources]
    problems = [
        Problem(name, "This operation has no such parameter.")
        for name in dict.fromkeys(names)
        if name not in once and name not in often
    ]
    problems += [Problem(name, "Give it once.") for name in once if names.count(name) > 1]
    problems += [Problem(name, "A NUL is never meant.") for name, t in inputs.pairs if "\x00" in t]
    if problems:
        raise Malformed("The operation cannot be read.", problems)
