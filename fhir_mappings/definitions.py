"""What FHIR R4 (4.0.1) says of each type: its elements, their types, and which must be there.

Made from the models of fhir.resources, which are those of R4B (4.3.0). For the types that are taken
the two differ in the few places below (https://hl7.org/fhir/R4B/history.html and diff.html;
decision 0026).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, get_args
from uuid import UUID

from fhir.resources.R4B import get_fhir_model_class
from fhir_core.fhirabstractmodel import FHIRAbstractModel

from fhir_mappings.bindings import CONCEPTS, required_codes
from fhir_mappings.resource_types import R4_TYPES

NOT_IN_R4: Mapping[str, frozenset[str]] = MappingProxyType(
    {"Extension": frozenset({"valueCodeableReference", "valueRatioRange"})}
)
"""Elements that R4B added to types that are taken."""

MISSING_IN_MODELS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"Extension": MappingProxyType({"valueMeta": "Meta"})}
)
"""Elements of R4 that the models leave out: Meta is one of the open types."""

OTHER_IN_R4 = frozenset(
    {
        "ActivityDefinition",
        "DeviceDefinition",
        "Evidence",
        "EvidenceVariable",
        "PlanDefinition",
    }
    | {"EffectEvidenceSynthesis", "RiskEvidenceSynthesis"}
    | {one for one in R4_TYPES if one.startswith(("MedicinalProduct", "Substance"))}
)
"""Types that R4B changed, renamed or dropped; contained in a resource they are kept unexamined."""

RESOURCE = "Resource"
"""The type of an element that holds any resource."""

_COMMENTS = "fhir_comments"
"""An element of the models for DSTU2; R4 has none of it."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type."""

    kind: str
    """A primitive type in lower case (``dateTime``), else the model's name (``HumanName``)."""
    many: bool = False
    codes: frozenset[str] = frozenset()
    """The closed list of its code; empty where any code may stand."""
    concept: tuple[str, tuple[str, ...]] | None = None
    """System and codes of which one of a CodeableConcept's codings is."""
    targets: frozenset[str] = frozenset()
    """Types that a Reference may name; empty where any."""

    @property
    def is_primitive(self) -> bool:
        return self.kind[0].islower()


@dataclass(frozen=True, slots=True)
class Definition:
    """One type."""

    elements: Mapping[str, Element]
    required: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]]
    """What stands behind ``value[x]``: at most one of them."""
    required_choices: tuple[str, ...]


@cache
def definition_of(name: str) -> Definition:
    """The definition of a resource, a data type or a part of a resource, by its model's name."""
    if name == "PrimitiveExtension":
        return Definition(_ELEMENT, (), MappingProxyType({}), ())
    return _defined(name, _model(name))


_ELEMENT: Mapping[str, Element] = MappingProxyType(
    {"id": Element("string"), "extension": Element("Extension", many=True)}
)
"""What may stand beside a primitive value."""

_PARTS: dict[str, type[FHIRAbstractModel]] = {}
"""Models of parts of resources, found on the way: they have no name of their own in FHIR."""


def _model(name: str) -> type[FHIRAbstractModel]:
    found = _PARTS.get(name)
    return found if found is not None else get_fhir_model_class(name)


def _defined(name: str, model: type[FHIRAbstractModel]) -> Definition:
    elements: dict[str, Element] = {}
    required, choices, required_choices = [], dict[str, list[str]](), dict[str, None]()
    left_out = NOT_IN_R4.get(name, frozenset())
    for alias, kind, field in _fields(model):
        if alias in left_out:
            continue
        extra = field.json_schema_extra or {}
        elements[alias] = _element(name, alias, kind, field.annotation, extra)
        group = extra.get("one_of_many")
        if group:
            choices.setdefault(group, []).append(alias)
            if extra.get("one_of_many_required"):
                required_choices[group] = None
        elif field.is_required() or extra.get("element_required"):
            required.append(alias)
    for alias, kind in MISSING_IN_MODELS.get(name, {}).items():
        elements[alias] = Element(kind)
        choices["value"].append(alias)
    return Definition(
        MappingProxyType(elements),
        tuple(required),
        MappingProxyType({group: tuple(names) for group, names in choices.items()}),
        tuple(required_choices),
    )


def _fields(model: type[FHIRAbstractModel]) -> Iterator[tuple[str, str, Any]]:
    """(name in JSON, type, field), without the siblings of primitives."""
    for field in model.model_fields.values():
        alias = str(field.alias)
        if alias != _COMMENTS and not alias.startswith("_"):
            yield alias, _kind(field.annotation), field


def _element(model: str, alias: str, kind: str, annotation: Any, extra: Any) -> Element:
    targets = frozenset(extra.get("enum_reference_types") or ())
    return Element(
        kind=kind,
        many=_is_list(annotation),
        codes=required_codes(model, alias, extra.get("enum_values")),
        concept=CONCEPTS.get((model, alias)),
        targets=frozenset() if RESOURCE in targets else targets,
    )


def _kind(annotation: Any) -> str:
    leaf = next(one for one in _leaves(annotation) if one is not type(None))
    if hasattr(leaf, "get_model_klass"):
        model = leaf.get_model_klass()
        name = str(model.__name__)
        if not model.has_resource_base():
            _PARTS.setdefault(name, model)
        return name
    if UUID in get_args(leaf):
        return "uuid"
    marks = [mark for mark in getattr(leaf, "__metadata__", ()) if hasattr(mark, "__visit_name__")]
    return str(marks[0].__visit_name__) if marks else "boolean"


def _leaves(annotation: Any) -> Iterator[Any]:
    inner = get_args(annotation)
    if not inner or hasattr(annotation, "__metadata__"):
        yield annotation
        return
    for one in inner:
        yield from _leaves(one)


def _is_list(annotation: Any) -> bool:
    return "List[" in str(annotation)
