"""Parts of resources: what a client did not ask for is left out, and that it was is told."""

import re
from decimal import Decimal
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.backboneelement import BackboneElement

from fhir_mappings.conformance import TYPES
from fhir_mappings.shaping import SUBSETTED, Shape, Summary, shaped
from fhir_mappings.summary_elements import MANDATORY, MODIFYING, SUMMARY

OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "a",
    "meta": {"versionId": "3", "tag": [{"system": "urn:sender", "code": "kept"}]},
    "text": {"status": "generated", "div": "<div>PHQ-9: 12</div>"},
    "contained": [
        {"resourceType": "Practitioner", "id": "who", "active": True},
        {"resourceType": "Device", "id": "unused"},
    ],
    "extension": [{"url": "urn:x", "valueBoolean": True}],
    "modifierExtension": [{"url": "urn:not", "valueBoolean": True}],
    "status": "final",
    "category": [{"text": "survey"}],
    "code": {"text": "PHQ-9"},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2026-11-01",
    "_effectiveDateTime": {"extension": [{"url": "urn:guess", "valueBoolean": True}]},
    "performer": [{"reference": "#who"}],
    "valueQuantity": {"value": Decimal("12.0")},
    "note": [{"text": "said aloud"}],
    "component": [{"code": {"text": "item 9"}, "valueInteger": 2, "interpretation": []}],
}


def names(shape: Shape, resource: dict[str, Any] = OBSERVATION, **how: bool) -> set[str]:
    return set(shaped(resource, shape, **how)) - {"resourceType", "id", "meta"}


@pytest.mark.parametrize(
    ("shape", "left"),
    [
        (Shape(Summary.TEXT), {"text", "status", "code", "modifierExtension"}),
        (Shape(Summary.DATA), set(OBSERVATION) - {"resourceType", "id", "meta", "text"}),
        (
            Shape(Summary.TRUE),
            set(OBSERVATION)
            - {"resourceType", "id", "meta", "text", "extension", "category", "note"},
        ),
        # the mandatory ones stay, and a sibling goes with its primitive
        (
            Shape(elements=("effective",)),
            {"status", "code", "modifierExtension", "effectiveDateTime", "_effectiveDateTime"},
        ),
        (Shape(elements=("value[x]",)), {"status", "code", "modifierExtension", "valueQuantity"}),
        (
            Shape(elements=("Observation.performer",)),
            {"status", "code", "modifierExtension", "performer", "contained"},
        ),
    ],
)
def test_what_was_not_asked_for_is_left_out_and_told(shape: Shape, left: set[str]) -> None:
    assert names(shape) == left
    meta = shaped(OBSERVATION, shape)["meta"]
    assert meta["versionId"] == "3"
    assert meta["tag"] == [{"system": "urn:sender", "code": "kept"}, SUBSETTED]


@pytest.mark.parametrize("shape", [Shape(), Shape(Summary.FALSE), Shape(Summary.COUNT)])
def test_the_whole_stays_as_it_is(shape: Shape) -> None:
    assert shaped(OBSERVATION, shape) == OBSERVATION


def test_of_the_contained_only_those_that_are_referred_to_come_along() -> None:
    kept = shaped(OBSERVATION, Shape(Summary.TRUE))
    assert [one["id"] for one in kept["contained"]] == ["who"]


def test_elements_of_one_type_leave_other_types_whole() -> None:
    patient = {"resourceType": "Patient", "id": "p", "name": [{"family": "Reyes"}]}
    shape = Shape(elements=("Observation.status",))
    assert shaped(patient, shape) == patient
    bare = Shape(elements=("birthDate",))
    assert names(bare, patient) == set()
    assert shaped(patient, bare, searched=False) == patient


def test_a_patient_in_part_still_says_that_it_was_entered_in_error() -> None:
    patient = {"resourceType": "Patient", "id": "p", "active": False, "gender": "other"}
    assert names(Shape(elements=("gender",)), patient) == {"active", "gender"}


def test_within_parts_the_summary_is_kept_and_order_stays() -> None:
    encounter = {
        "resourceType": "Encounter",
        "participant": [
            {"period": {"start": "2026"}, "individual": {"reference": "Practitioner/1"}},
            {"period": {"start": "2026"}},
        ],
    }
    kept = shaped(encounter, Shape(Summary.TRUE))
    assert kept["participant"] == [{"individual": {"reference": "Practitioner/1"}}]


def test_the_original_is_not_touched_and_a_part_of_a_part_is_the_same() -> None:
    before = repr(OBSERVATION)
    once = shaped(OBSERVATION, Shape(Summary.TRUE))
    assert shaped(once, Shape(Summary.TRUE)) == once
    assert repr(OBSERVATION) == before


KINDS = (*TYPES, "AuditEvent", "OperationDefinition")


@pytest.mark.parametrize("kind", KINDS)
def test_the_tables_are_those_of_the_definitions(kind: str) -> None:
    """fhir.resources was made from the definitions of R4B; in these R4 says the same."""
    summary, mandatory = _defined(get_fhir_model_class(kind))
    assert sorted(SUMMARY[kind]) == sorted(summary)
    assert sorted(MANDATORY.get(kind, ())) == sorted(mandatory)


@pytest.mark.parametrize("kind", sorted(MODIFYING))
def test_what_modifies_is_an_element(kind: str) -> None:
    elements = {name for name, *_ in _elements(get_fhir_model_class(kind))}
    assert set(MODIFYING[kind]) <= elements


def _elements(model: Any) -> list[tuple[str, Any, dict[str, Any]]]:
    found = []
    for name, field in model.model_fields.items():
        told = field.json_schema_extra or {}
        choice = told.get("one_of_many")
        if told.get("element_property"):
            found.append((f"{choice}[x]" if choice else field.alias or name, field, told))
    return found


def _defined(model: Any) -> tuple[set[str], set[str]]:
    summary, mandatory = set(), set()
    for name, field, told in _elements(model):
        if name in ("id", "meta", "implicitRules"):
            continue
        if told.get("element_required") or told.get("one_of_many_required") or field.is_required():
            mandatory.add(name)
        if told.get("summary_element_property"):
            summary |= {f"{name}{rest}" for rest in _parts(field)}
    return summary, mandatory


def _parts(field: Any) -> set[str]:
    """Below a part of the resource those elements that are summary; '' for all of them."""
    named = re.search(r"abc\.([A-Za-z]+)Type", str(field.annotation))
    model = get_fhir_model_class(named[1]) if named else None
    if model is None or not issubclass(model, BackboneElement) or named[1] in ("Timing", "Dosage"):  # type: ignore[index]
        return {""}
    every = [
        (name, told.get("summary_element_property"))
        for name, _, told in _elements(model)
        if name not in ("id", "extension", "modifierExtension")
    ]
    return {f".{name}" for name, is_summary in every if is_summary}
