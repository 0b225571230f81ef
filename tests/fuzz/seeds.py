"""What is mutated: whole resources of every type that is taken, made up here and real ones."""

import json
from functools import cache
from typing import Any

from fhir_mappings.conformance import TAKEN
from fhir_mappings.json_text import read_json
from tests.mappings.examples import SHARED, coded, make_observation, make_patient, make_phq9
from tests.mappings.record_examples import RECORDS, make_record

SECRET = "Zoraida"
"""Every patient's name here: it must never stand in an answer that refuses."""

EXTENSION = {
    "url": "https://ehr.example/said",
    "extension": [{"url": "how", "valueDecimal": 1}, {"url": "why", "valueString": SECRET}],
}
_SAID = {"identifier": [{"system": "urn:r", "value": "1"}], "extension": [EXTENSION]}

_SCREENINGS = (
    make_phq9(0, 1, 2, 3, identifier={"system": "urn:f", "value": "1"}),
    make_observation(
        "44249-1",
        hasMember=[{"reference": "Observation/1"}],
        component=[{"code": {"coding": [{"system": "http://loinc.org", "code": "44250-9"}]}}],
        valueQuantity={"value": 3, "unit": "{score}"},
        identifier=[{"system": "urn:o", "value": "2"}],
    ),
    make_observation(
        "44260-8", valueCodeableConcept={"coding": [coded("LA6569-3")["valueCoding"]]}
    ),
    make_observation("44261-6", valueInteger=12, note=[{"text": SECRET}]),
    {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-11-20T09:00:00-05:00"},
        "serviceProvider": {"display": "Lakeside"},
    },
)


PATCHES: tuple[list[dict[str, Any]], ...] = (
    [
        {"op": "test", "path": "/gender", "value": "female"},
        {"op": "replace", "path": "/birthDate", "value": "1980-03-01"},
    ],
    [{"op": "add", "path": "/telecom/-", "value": {"system": "phone", "value": "555-2"}}],
    [
        {"op": "copy", "from": "/name/0", "path": "/name/1"},
        {"op": "remove", "path": "/name/0/given"},
        {"op": "move", "from": "/gender", "path": "/language"},
    ],
)
MERGE = {"gender": "male", "birthDate": None, "name": [{"family": SECRET}]}


def _patient(**more: Any) -> dict[str, Any]:
    name = [{"use": "official", "family": SECRET, "given": ["Ana", "M"]}]
    return make_patient(
        name=name,
        telecom=[{"system": "phone", "value": "555-1"}],
        communication=[{"language": {"coding": [{"code": "en"}]}}],
        link=[{"type": "seealso", "other": {"reference": "Patient/2"}}],
        _birthDate={"extension": [EXTENSION]},
        **more,
    )


def _own() -> list[dict[str, Any]]:
    records = [make_record(kind, **_SAID) for kind in sorted(RECORDS)]
    contained = {"resourceType": "Medication", "id": "m", "code": {"text": "Sertraline"}}
    request = make_record(
        "MedicationRequest",
        medicationCodeableConcept=None,
        medicationReference={"reference": "#m"},
        contained=[contained],
    )
    return [_patient(), *_SCREENINGS, *records, request]


def _bundles(kind: str) -> list[dict[str, Any]]:
    """Of each type one, all of a patient whom the same Bundle brings."""
    patient = "urn:uuid:6f1c6b0e-0001-4000-8000-000000000001"
    entries = [
        {
            "fullUrl": patient,
            "resource": _patient(id="p1"),
            "request": {"method": "PUT", "url": "Patient/p1"},
        }
    ]
    for index, resource in enumerate((*_SCREENINGS, *(make_record(k) for k in sorted(RECORDS)))):
        text = json.dumps(resource).replace("Patient/p1", patient).replace("Patient/85", patient)
        one = {
            "fullUrl": f"urn:uuid:6f1c6b0e-0002-4000-8000-{index:012}",
            "resource": json.loads(text),
            "request": {"method": "POST", "url": resource["resourceType"]},
        }
        entries.append(one)
    return [
        {"resourceType": "Bundle", "type": kind, "entry": [entries[0], *entries[start : start + 4]]}
        for start in range(1, len(entries), 4)
    ] + [{"resourceType": "Bundle", "type": kind, "entry": [*_ASKED, *entries[:2]]}]


_ASKED: list[dict[str, Any]] = [
    {"request": {"method": "GET", "url": "Patient?identifier=urn:mrn|1001"}},
    {"request": {"method": "DELETE", "url": "Condition/r1"}},
    {"request": {"method": "DELETE", "url": "Task?identifier=urn:r|1"}},
    {
        "request": {
            "method": "PUT",
            "url": "Condition?identifier=urn:r|1",
            "ifMatch": 'W/"1"',
        },
        "resource": make_record("Condition", **_SAID, subject={"reference": "Patient/85"}),
    },
    {
        "request": {
            "method": "POST",
            "url": "Organization",
            "ifNoneExist": "identifier=urn:r|1",
        },
        "resource": make_record("Organization", **_SAID),
    },
]
"""What else a Bundle may ask."""


def _real() -> list[dict[str, Any]]:
    """The examples that others wrote, where they lie beside the repository."""
    files = sorted((SHARED / "us-core-examples").glob("*.json"))
    found = [read_json(path.read_bytes()) for path in files]
    for path in sorted((SHARED / "inferno-reference").glob("*.json")):
        entries = read_json(path.read_bytes())["entry"]
        found += [entry["resource"] for entry in entries][::8]
    return [one for one in found if one["resourceType"] in TAKEN]


@cache
def seeds() -> tuple[dict[str, Any], ...]:
    """Single resources and Bundles; mutators copy them."""
    return (*_own(), *_own(), *_bundles("transaction"), *_bundles("batch"), *_real())
