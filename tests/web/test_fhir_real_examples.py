"""The real resources, posted as an EHR would."""

from collections import Counter

import pytest

from tests.mappings.examples import SHARED, shared_file, shared_resource

pytest_plugins = ["tests.web.fhir_face"]

NAMES = sorted(path.name for path in (SHARED / "us-core-examples").glob("*.json"))


@pytest.fixture
def names():
    if not NAMES:
        pytest.skip("the real examples are not beside this repository: ../shared/fhir")
    return sorted(NAMES, key=lambda name: not name.startswith("patient"))


async def test_the_us_core_examples_one_by_one_patient_first(fhir, names):
    became = {}
    for name in names:
        resource = shared_resource(f"us-core-examples/{name}")
        path = f"{resource['resourceType']}/{resource['id']}"
        answer = await fhir.put(path, shared_file(f"us-core-examples/{name}"))
        became[name] = answer.status_code
    assert Counter(became.values()) == {201: 33, 405: 7, 422: 11}, became
    found = {one.instrument_id: one for one in await fhir.assessments()}
    assert set(found) == {"phq-9", "audit-c", "sasq"}  # 68517-2 is a question of its own
    assert len(await fhir.assessments()) == 3
    phq9 = found["phq-9"]
    assert (phq9.total, phq9.severity, phq9.total_check) == (12, "Moderate", "agrees")
    assert phq9.item_nine == "negative"
    assert found["audit-c"].not_scorable_reason


async def test_the_reference_servers_bundle_whole(fhir):
    body = shared_file("inferno-reference/uscore_bundle_patient_85.json")
    answer = await fhir.post("", body)
    assert answer.status_code == 200, answer.text[:500]
    entries = answer.json()["entry"]
    assert len(entries) == 267
    kept = [entry for entry in entries if "location" in entry["response"]]
    assert len(kept) == 127  # a Patient, 6 Observations, 60 Encounters, 60 records
    assert all(
        entry["response"]["outcome"]["issue"][0]["code"] == "not-supported"
        for entry in entries
        if "location" not in entry["response"]
    )
    assert (await fhir.get("Patient/85")).status_code == 200
    before = await fhir.assessments()
    again = await fhir.post("", body)
    assert again.status_code == 200
    assert len(await fhir.assessments()) == len(before)
