"""What a sender put is had again by GET, to the letter, with our id, version and time beside it."""

import random
from typing import Any

import pytest

from fhir_mappings.conformance import TAKEN
from fhir_mappings.json_text import read_json, write_json
from fhir_mappings.record import SHAPES
from tests.mappings.examples import make_observation, make_patient, make_phq9
from tests.mappings.generated import make_resource

pytest_plugins = ["tests.web.fhir_face"]

SCREENING: dict[str, dict[str, Any]] = {
    "Observation": make_observation("44261-6", valueInteger=7),
    "QuestionnaireResponse": make_phq9(0, 1, 2, 3, 0, 1, 2, 3, 0),
}
_SAID = {"subject": {"reference": "Patient/85"}}
_NOT_BESIDE = {
    "Observation": (
        *("value", "_value", "effective", "_effective", "dataAbsentReason", "component"),
        *("hasMember", "derivedFrom", "_status"),
    ),
    "QuestionnaireResponse": ("item", "questionnaire", "_questionnaire", "_authored", "_status"),
    "Patient": ("identifier", "link", "birthDate", "_birthDate"),
}


def _sent(kind: str, seed: int) -> dict[str, Any]:
    """A resource by chance; of a screening what makes it one, and by chance what is said beside."""
    made = make_resource(kind, random.Random(seed))
    unwanted = _NOT_BESIDE.get(kind, ())
    beside = {name: one for name, one in made.items() if not name.startswith(unwanted)}
    whole = beside | (SCREENING[kind] | _SAID if kind in SCREENING else {})
    name = "85" if kind == "Patient" else f"f{seed}"
    return {"resourceType": kind, "id": name} | whole


@pytest.mark.parametrize("kind", sorted(TAKEN))
async def test_each_type_by_chance_comes_back_whole(fhir, kind):
    await fhir.put("Patient/85", make_patient(id="85"))
    for seed in range(5):
        sent = _sent(kind, seed)
        address = f"{kind}/{sent['id']}"
        answer = await fhir.request("PUT", address, write_json(sent))
        assert answer.status_code in (200, 201), (seed, answer.text)
        read = await fhir.get(address)
        version = await fhir.get(f"{address}/_history/{read.headers['etag'][3:-1]}")
        assert version.content == read.content
        _compare(read_json(read.content), sent)


def _compare(served: dict[str, Any], sent: dict[str, Any]) -> None:
    meta = served.pop("meta")
    told = dict(sent.get("meta") or {})
    for name in ("versionId", "lastUpdated"):
        assert meta.pop(name)
        told.pop(name, None)
    assert write_json(meta) == write_json(told)
    kept = {name: one for name, one in sent.items() if name != "meta"}
    assert write_json(served) == write_json(kept)


def test_every_type_is_tried():
    assert set(SHAPES) | set(SCREENING) | {"Patient", "Encounter"} == set(TAKEN)
