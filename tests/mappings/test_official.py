"""The rules by which everything outgoing is judged refuse what is wrong, and where R4 differs."""

import json
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_mappings.conformance import TYPES
from tests.mappings.examples import make_patient
from tests.mappings.official import BESIDE_R4, elements_of, faults, r4_model

EXTENSION = "https://ehr.example/said"


def told(**changes: Any) -> list[str]:
    return faults(json.dumps(make_patient(id="85") | changes).encode())


def extended(**value: Any) -> dict[str, Any]:
    return {"extension": [{"url": EXTENSION, **value}]}


def test_what_is_right_is_let_through() -> None:
    assert told() == []
    assert told(**extended(valueInstant="2026-03-02T10:00:00.123-05:00")) == []
    assert told(_birthDate=extended(valueBoolean=True)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"name": []},
        {"name": [{}]},
        {"gender": ""},
        {"language": None},
        {"id": "an id"},
        {"id": "x" * 65},
        {"birthDate": "1979-5-4"},
        {"birthDate": "1979-05-04T00:00:00Z"},
        {"deceasedDateTime": "2026-03-02T10:00:00"},  # no offset
        {"deceasedDateTime": "2026-03-02T10:00Z"},  # no seconds
        {"deceasedBoolean": True, "deceasedDateTime": "2026-03-02"},
        {"gender": " female"},
        {"colour": "red"},
        {"implicitRules": "a b"},
        {"meta": {"lastUpdated": "2026-03-02"}},
        extended(valueOid="1.2.3"),
        extended(valueCode=" x"),
        extended(valueBase64Binary="!"),
        extended(valuePositiveInt=0),
        extended(valueCodeableReference={"concept": {"text": "R4B alone has it"}}),
    ],
)
def test_what_is_wrong_is_seen(changes: dict[str, Any]) -> None:
    assert told(**changes)


@pytest.mark.parametrize("kind", sorted({*TYPES, "AuditEvent", "OperationOutcome", "Bundle"}))
def test_where_r4b_and_r4_differ(kind: str) -> None:
    """The models of R4B know no element of a served type that R4 does not, but those listed."""
    here = set(elements_of(get_fhir_model_class(kind))) - {"resourceType"}
    there = {json_name for _, json_name, *_ in r4_model(kind)().elementProperties()}
    assert here - there == BESIDE_R4.get(kind, frozenset())
    assert there - here == set()
