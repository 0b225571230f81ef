"""What is kept as it was said, beside screenings: conditions, referrals, people, places."""

import pytest
import simplejson

from fhir_mappings.record import SHAPES
from tests.mappings.examples import make_patient
from tests.mappings.record_examples import RECORDS, make_record

pytest_plugins = ["tests.web.fhir_face"]

OF_A_PATIENT = sorted(kind for kind, shape in SHAPES.items() if shape.subject)


def test_there_is_an_example_of_each_type():
    assert set(RECORDS) == set(SHAPES)


@pytest.mark.parametrize("kind", sorted(SHAPES))
async def test_each_type_comes_back_as_it_was_sent(fhir, kind):
    await fhir.put("Patient/85", make_patient(id="85"))
    sent = make_record(
        kind,
        extension=[{"url": "https://ehr.example/score", "valueDecimal": 1.10}],
        identifier=[{"system": "https://ehr.example/records", "value": "r-1"}],
    )
    body = simplejson.dumps(sent).replace("1.1}", "1.10}").encode()
    answer = await fhir.post(kind, body)
    assert answer.status_code == 201, answer.text
    _, name, _ = fhir.place(answer)
    read = await fhir.get(f"{kind}/{name}")
    assert b'"valueDecimal":1.10}' in read.content
    served = read.json()
    assert served.pop("id") == name
    assert served.pop("meta")["versionId"] == "1"
    assert served == sent
    found = (await fhir.get(f"{kind}?identifier=https://ehr.example/records|r-1")).json()
    assert [one["resource"]["id"] for one in found["entry"]] == [name]


@pytest.mark.parametrize("kind", ["Condition", "ServiceRequest", "Practitioner"])
async def test_the_same_twice_is_two(fhir, kind):
    """A record has no identity but its id: two equal Conditions may be two episodes of illness."""
    await fhir.put("Patient/85", make_patient(id="85"))
    places = [fhir.place(await fhir.post(kind, make_record(kind)))[1] for _ in range(2)]
    assert len(set(places)) == 2


@pytest.mark.parametrize("kind", OF_A_PATIENT)
async def test_of_a_patient_nobody_knows_nothing_is_kept(fhir, kind):
    answer = await fhir.post(kind, make_record(kind))
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == [f"{kind}.{SHAPES[kind].subject}"]
    assert await fhir.counts() == [0, 0, 0]


@pytest.mark.parametrize("kind", OF_A_PATIENT)
async def test_a_record_is_found_by_its_patient_and_never_becomes_anothers(fhir, kind):
    await fhir.put("Patient/85", make_patient(id="85"))
    other = make_patient(id="86", identifier=[{"system": "urn:mrn", "value": "86"}])
    await fhir.put("Patient/86", other)
    await fhir.put(f"{kind}/r1", make_record(kind, id="r1"))
    found = (await fhir.get(f"{kind}?patient=85")).json()
    assert [one["resource"]["id"] for one in found["entry"]] == ["r1"]
    assert "entry" not in (await fhir.get(f"{kind}?patient=86")).json()
    subject = {SHAPES[kind].subject: {"reference": "Patient/86"}}
    moved = await fhir.put(f"{kind}/r1", make_record(kind, id="r1", **subject))
    assert moved.status_code == 422
    assert (await fhir.get(f"{kind}/r1")).headers["etag"] == 'W/"1"'


async def test_a_bundle_ties_records_together(fhir):
    patient = {"fullUrl": "urn:uuid:6f1c6b0e-0001-4000-8000-000000000001"}
    condition = {"fullUrl": "urn:uuid:6f1c6b0e-0001-4000-8000-000000000002"}
    entries = [
        patient | {"resource": make_patient(), "request": {"method": "POST", "url": "Patient"}},
        {
            "resource": make_record(
                "EpisodeOfCare",
                patient={"reference": patient["fullUrl"]},
                diagnosis=[{"condition": {"reference": condition["fullUrl"]}}],
            ),
            "request": {"method": "POST", "url": "EpisodeOfCare"},
        },
        condition
        | {
            "resource": make_record("Condition", subject={"reference": patient["fullUrl"]}),
            "request": {"method": "POST", "url": "Condition"},
        },
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = await fhir.post("", bundle)
    assert answer.status_code == 200, answer.text
    places = [
        entry["response"]["location"].split("/fhir/")[1].split("/_history")[0]
        for entry in answer.json()["entry"]
    ]
    episode = (await fhir.get(places[1])).json()
    assert episode["patient"]["reference"] == places[0]
    assert episode["diagnosis"][0]["condition"]["reference"] == places[2]


async def test_a_record_that_may_be_of_nobody_is_kept_without_a_patient(fhir):
    answer = await fhir.post("Task", make_record("Task", **{"for": None}))
    assert answer.status_code == 201


async def test_a_record_of_a_group_is_not_kept(fhir):
    group = {"reference": "Group/g1"}
    answer = await fhir.post("ServiceRequest", make_record("ServiceRequest", subject=group))
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == ["ServiceRequest.subject"]


async def test_another_sender_cannot_take_a_record_over(fhir, colleague_fhir):
    await fhir.put("Patient/85", make_patient(id="85"))
    await fhir.put("Condition/c1", make_record("Condition", id="c1"))
    theirs = await colleague_fhir.put("Condition/c1", make_record("Condition", id="c1"))
    assert theirs.status_code == 409
