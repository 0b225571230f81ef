"""A sender takes its own resources away: gone from reads and searches, entered in error inside."""

import asyncio

import pytest
from sqlalchemy import select

from app.domain.scopes import read_scopes
from app.store.tables import flags, resource_versions
from tests.mappings.examples import make_observation, make_patient, make_phq9
from tests.web.fhir_face import make_client

pytest_plugins = ["tests.web.fhir_face"]

CONDITION = {
    "resourceType": "Condition",
    "clinicalStatus": {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
        ]
    },
    "code": {"text": "Depression"},
    "subject": {"reference": "Patient/p1"},
}


@pytest.fixture
async def known(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    return fhir


async def test_a_resource_that_was_taken_away_is_gone_and_its_history_tells_it(known):
    form = make_phq9(2, 2, 2, 2, 1, 1, 2, 0, 0, id="q")
    await known.put("QuestionnaireResponse/q", form)
    gone = await known.request("DELETE", "QuestionnaireResponse/q")
    assert (gone.status_code, gone.content, gone.headers["etag"]) == (204, b"", 'W/"2"')
    read = await known.get("QuestionnaireResponse/q")
    assert (read.status_code, read.headers["etag"]) == (410, 'W/"2"')
    assert read.json()["issue"][0]["code"] == "deleted"
    found = await known.get("QuestionnaireResponse?patient=p1")
    assert "entry" not in found.json()
    assert (await known.get("QuestionnaireResponse/q/_history/1")).json()["status"] == "completed"
    assert (await known.get("QuestionnaireResponse/q/_history/2")).status_code == 410
    entries = (await known.get("QuestionnaireResponse/q/_history")).json()["entry"]
    assert [one["request"]["method"] for one in entries] == ["DELETE", "POST"]
    assert "resource" not in entries[0]
    assert entries[0]["response"]["status"] == "204"
    rows = await known._rows(
        select(resource_versions)
        .where(resource_versions.c.resource_id == "q")
        .order_by(resource_versions.c.version)
    )
    assert [(row.deleted, bool(row.body)) for row in rows] == [(False, True), (True, False)]


async def test_a_deletion_is_done_once_and_said_as_often_as_it_is_asked(known):
    await known.put("Condition/c", CONDITION | {"id": "c"})
    answers = [await known.request("DELETE", "Condition/c") for _ in range(2)]
    assert [one.status_code for one in answers] == [204, 204]
    assert (await known.get("Condition/c/_history")).json()["total"] == 2
    assert (await known.request("DELETE", "Condition/never")).status_code == 404


async def test_what_follows_from_a_deletion_is_what_follows_from_entered_in_error(known):
    await known.put("Patient/p2", make_patient(id="p2", identifier=[{"system": "u", "value": "2"}]))
    forms = [
        make_phq9(2, 2, 2, 2, 1, 1, 2, 0, 2, id=f"q{n}", subject={"reference": f"Patient/p{n}"})
        for n in (1, 2)
    ]
    for form in forms:
        await known.put(f"QuestionnaireResponse/{form['id']}", form)
    assert [one.item_nine for one in await known.assessments()] == ["positive"] * 2
    assert (await known.request("DELETE", "QuestionnaireResponse/q1")).status_code == 204
    marked = forms[1] | {"status": "entered-in-error"}
    await known.put("QuestionnaireResponse/q2", marked)
    assert await known.assessments() == []
    states = {}
    for row in await known._rows(select(flags)):
        states.setdefault(row.patient_id, set()).add((row.kind, row.state, row.closed_at is None))
    deleted, in_error = states.values()
    assert deleted == in_error
    assert "safety" in {kind for kind, _, _ in deleted}


async def test_an_update_revives_what_was_taken_away(known):
    total = make_observation("44261-6", id="t", valueInteger=12)
    await known.put("Observation/t", total)
    await known.request("DELETE", "Observation/t")
    assert await known.assessments() == []
    again = await known.put("Observation/t", total)
    assert (again.status_code, again.headers["etag"]) == (200, 'W/"3"')
    assert (await known.get("Observation/t")).json()["valueInteger"] == 12
    (assessment,) = await known.assessments()
    assert assessment.total == 12


async def test_the_version_that_is_meant_is_the_one_that_goes(known):
    await known.put("Condition/c", CONDITION | {"id": "c"})
    await known.put("Condition/c", CONDITION | {"id": "c", "code": {"text": "Anxiety"}})
    late = await known.request("DELETE", "Condition/c", **{"If-Match": 'W/"1"'})
    assert late.status_code == 412
    assert (await known.get("Condition/c")).status_code == 200
    assert (
        await known.request("DELETE", "Condition/c", **{"If-Match": 'W/"2"'})
    ).status_code == 204


async def test_nobody_takes_away_what_is_anothers(known, colleague_fhir, other_fhir):
    await known.put("Condition/c", CONDITION | {"id": "c"})
    refused = await colleague_fhir.request("DELETE", "Condition/c")
    assert refused.status_code == 403
    assert refused.json()["issue"][0]["details"]["coding"][0]["code"] == "not-the-senders"
    assert (await other_fhir.request("DELETE", "Condition/c")).status_code == 404
    assert (await known.get("Condition/c")).status_code == 200


async def test_the_letter_d_is_asked(engine, open_face, known):
    await known.put("Condition/c", CONDITION | {"id": "c"})
    scopes = read_scopes("system/*.crus")
    other = await open_face(await make_client(engine, known.actor.org_id, "No d", scopes))
    refused = await other.request("DELETE", "Condition/c")
    assert refused.status_code == 403
    assert 'scope="system/Condition.d"' in refused.headers["www-authenticate"]


async def test_a_patient_with_records_stays(known):
    await known.put("Condition/c", CONDITION | {"id": "c"})
    refused = await known.request("DELETE", "Patient/p1")
    assert refused.status_code == 409
    assert "active false" in refused.json()["issue"][0]["diagnostics"]
    await known.request("DELETE", "Condition/c")
    assert (await known.request("DELETE", "Patient/p1")).status_code == 204
    assert (await known.get("Patient/p1")).status_code == 410
    assert "entry" not in (await known.get("Patient?identifier=urn:mrn|1001")).json()
    assert (await known.put("Patient/p1", make_patient(id="p1"))).status_code == 200
    assert (await known.get("Patient/p1")).json()["gender"] == "female"


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Practitioner", "id": "x", "name": [{"family": "Lang"}]},
        {"resourceType": "Location", "id": "x", "status": "active", "name": "East"},
        CONDITION | {"id": "x"},
    ],
)
async def test_every_kind_can_be_taken_away(known, resource):
    path = f"{resource['resourceType']}/x"
    assert (await known.put(path, resource)).status_code == 201
    assert (await known.request("DELETE", path)).status_code == 204
    assert (await known.get(path)).status_code == 410


async def test_what_a_condition_finds_is_taken_away_if_it_is_one(known):
    named = CONDITION | {"identifier": [{"system": "urn:c", "value": "1"}]}
    await known.post("Condition", named)
    await known.post("Condition", named)
    many = await known.request("DELETE", "Condition?identifier=urn:c|1")
    assert many.status_code == 412
    assert (await known.request("DELETE", "Condition?identifier=urn:c|2")).status_code == 204
    assert (await known.request("DELETE", "Condition")).status_code == 405
    assert (await known.request("DELETE", "Condition?_count=1")).status_code == 400
    await known.post("Condition", CONDITION | {"identifier": [{"system": "urn:c", "value": "3"}]})
    assert (await known.request("DELETE", "Condition?identifier=urn:c|3")).status_code == 204
    assert "entry" not in (await known.get("Condition?identifier=urn:c|3")).json()


async def test_two_who_delete_one_version_do_it_once(known):
    await known.put("Condition/c", CONDITION | {"id": "c"})
    answers = await asyncio.gather(*(known.request("DELETE", "Condition/c") for _ in range(5)))
    assert {one.status_code for one in answers} == {204}
    assert (await known.get("Condition/c/_history")).json()["total"] == 2
