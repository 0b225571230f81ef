"""Made-up resources that say one thing each, built by the definitions of FHIR alone.

The shapes come from fhir.resources, which was made from HL7's definitions: a parameter of the table
that looks where no element is cannot be built for.
"""

import re
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from fhir_mappings.parameter import Kind, Parameter

_CHOSEN = {Kind.DATE: ("DateTime", "Date", "Period"), Kind.TOKEN: ("CodeableConcept", "Boolean")}
"""Which type of a choice is made up, by what looks for it."""
SYSTEM = "urn:made-up"
CANONICAL = "http://made-up.example/Questionnaire/a"


def made_up(kind: str, parameter: Parameter, path: str, mark: str = "a") -> dict[str, Any]:
    """The elements from the resource down that say the mark at the path."""
    return _below(get_fhir_model_class(kind), path, parameter, mark)


def sought(kind: str, parameter: Parameter, path: str, mark: str = "a") -> str:
    """What to search for, to find what `made_up` says."""
    leaf = _leaf(made_up(kind, parameter, path, mark))
    if parameter.kind is Kind.DATE:
        return {"a": "2026-03-01", "b": "2026-07-01"}[mark]
    if parameter.kind is Kind.REFERENCE and leaf != CANONICAL:
        return f"{_target(parameter)}/{mark}"
    return str(leaf).lower() if isinstance(leaf, bool) else str(leaf)


def _below(model: Any, path: str, parameter: Parameter, mark: str) -> dict[str, Any]:
    step, rest = _first(path)
    if step.startswith("extension("):
        held = {"url": step[len("extension(") : -1]}
        extension = get_fhir_model_class("Extension")
        return {"extension": [held | _below(extension, rest, parameter, mark)]}
    name, field = _field(model, step, parameter)
    told = str(field.annotation)
    named = re.search(r"abc\.([A-Za-z]+)Type", told)
    if rest:
        assert named, f"{path} goes below a value"
        value: Any = _below(get_fhir_model_class(named[1]), rest, parameter, mark)
    else:
        value = _value(named[1] if named else _primitive(told), parameter, mark, name)
    return {name: [value] if "List[" in told else value}


def _first(path: str) -> tuple[str, str]:
    if path.startswith("extension("):
        step, _, rest = path.partition(")")
        return step + ")", rest.removeprefix(".")
    step, _, rest = path.partition(".")
    return step, rest


def _field(model: Any, step: str, parameter: Parameter) -> tuple[str, Any]:
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    if not step.endswith("[x]"):
        return step, fields[step]
    stem = step.removesuffix("[x]")
    found = [stem + end for end in _CHOSEN[parameter.kind] if stem + end in fields]
    return found[0], fields[found[0]]


def _primitive(told: str) -> str:
    if "bool" in told:
        return "boolean"
    return "datetime" if "date" in told.lower() else "string"


def _value(kind: str, parameter: Parameter, mark: str, name: str) -> Any:
    if parameter.kind is Kind.DATE:
        day = {"a": "2026-03-01", "b": "2026-07-01"}[mark]
        assert kind in ("datetime", "Period", "Timing"), (parameter, kind)
        return {"Period": {"start": day, "end": day}, "Timing": {"event": [day]}}.get(kind, day)
    if parameter.kind is Kind.REFERENCE:
        to = f"{_target(parameter)}/{mark}"
        return {"reference": to} if kind == "Reference" else CANONICAL
    code = f"{name}-{mark}"
    return {
        "boolean": mark == "a",
        "Identifier": {"system": SYSTEM, "value": code},
        "ContactPoint": {"system": "phone", "value": code},
        "Coding": {"system": SYSTEM, "code": code, "display": f"Display of {code}"},
        "CodeableConcept": {
            "coding": [{"system": SYSTEM, "code": code}],
            "text": f"Text of {code}",
        },
        "HumanName": {"family": code},
        "Address": {"city": code},
        "string": code,
    }[kind]


def _target(parameter: Parameter) -> str:
    return parameter.targets[0] if parameter.targets else "Observation"


def _leaf(node: Any) -> Any:
    """The code, the reference or the text at the end."""
    while isinstance(node, dict | list):
        if isinstance(node, list):
            node = node[0]
        else:
            for name in ("extension", "coding", "code", "value", "reference", "family", "city"):
                if name in node and (name not in ("code",) or isinstance(node[name], str)):
                    node = node[name]
                    break
            else:
                node = next(iter(node.values()))
    return node
