"""Bundles: one transaction or many entries, and what each is told."""

import asyncio

from tests.mappings.examples import make_observation, make_patient, make_phq9

pytest_plugins = ["tests.web.fhir_face"]

UNKEPT = {"resourceType": "Immunization", "status": "completed"}
ENCOUNTER = {
    "resourceType": "Encounter",
    "status": "finished",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    "subject": {"reference": "urn:uuid:p"},
    "period": {"start": "2026-11-20T10:00:00+01:00"},
}


def entry(resource, full_url=None, method="POST", url=None, **request):
    made = {
        "request": {"method": method, "url": url or resource["resourceType"], **request},
        "resource": resource,
    }
    return made | ({"fullUrl": full_url} if full_url else {})


def bundle(*entries, kind="transaction"):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def screening(item_nine=0):
    """A patient, an encounter, a PHQ-9 and something not kept; they refer to each other."""
    response = make_phq9(2, 2, 2, 2, 1, 1, 2, 0, item_nine, subject={"reference": "urn:uuid:p"})
    return bundle(
        entry(make_patient(), "urn:uuid:p", ifNoneExist="identifier=urn:mrn|1001"),
        entry(ENCOUNTER, "urn:uuid:e"),
        entry(
            response
            | {"encounter": {"reference": "urn:uuid:e"}, "source": {"reference": "urn:uuid:i"}},
            "urn:uuid:q",
        ),
        entry(UNKEPT, "urn:uuid:i"),
    )


def statuses(answer):
    assert answer.status_code == 200, answer.text
    return [one["response"]["status"][:3] for one in answer.json()["entry"]]


async def test_a_transaction_is_kept_with_its_references_in_place(fhir):
    answer = await fhir.post("", screening())
    assert statuses(answer) == ["201", "201", "201", "200"]
    assert answer.json()["type"] == "transaction-response"
    patient, encounter, response, unkept = [one["response"] for one in answer.json()["entry"]]
    assert "location" not in unkept
    issue = unkept["outcome"]["issue"][0]
    assert (issue["severity"], issue["code"]) == ("warning", "not-supported")
    patient_id = patient["location"].split("/")[-3]
    served = (await fhir.get("QuestionnaireResponse/" + response["location"].split("/")[-3])).json()
    assert served["subject"]["reference"] == f"Patient/{patient_id}"
    assert served["encounter"]["reference"] == f"Encounter/{encounter['location'].split('/')[-3]}"
    assert served["source"]["reference"] == "urn:uuid:i"  # not kept: as it was sent
    (assessment,) = await fhir.assessments()
    assert assessment.total == 12


async def test_what_was_not_kept_stays_with_the_message(fhir):
    await fhir.post("", screening())
    (message,) = await fhir.messages()
    assert message.outcome == "partly-kept"
    assert b"Immunization" in message.body


async def test_a_message_kept_whole_keeps_no_second_copy(fhir):
    await fhir.post("", bundle(entry(make_patient())))
    (message,) = await fhir.messages()
    assert (message.outcome, message.body) == ("accepted", None)


async def test_ten_posts_of_one_bundle_at_the_same_time_make_one_assessment(fhir):
    answers = await asyncio.gather(*(fhir.post("", screening()) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    places = {answer.json()["entry"][2]["response"]["location"] for answer in answers}
    assert len(places) == 1
    assert len(await fhir.assessments()) == 1
    assert (await fhir.get("Patient?_count=0")).json()["total"] == 1


async def test_one_refused_entry_refuses_a_transaction_and_nothing_is_kept(fhir):
    bad = make_observation("44260-8", valueInteger=7)
    answer = await fhir.post(
        "", bundle(entry(make_patient(id="p1"), method="PUT", url="Patient/p1"), entry(bad))
    )
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == ["Bundle.entry[1].resource.value"]
    assert (await fhir.get("Patient?_count=0")).json()["total"] == 0
    (message,) = await fhir.messages()
    assert (message.outcome, message.http_status) == ("refused", 422)
    assert b"44260-8" in message.body


async def test_every_fault_of_a_transaction_is_told_at_once(fhir):
    bad = make_observation("44260-8", valueInteger=7)
    answer = await fhir.post("", bundle(entry(bad), entry(bad | {"status": "nonsense"})))
    places = [issue["expression"][0] for issue in answer.json()["issue"]]
    assert places == [
        "Bundle.entry[0].resource.value",
        "Bundle.entry[1].resource.status",
    ]


async def test_one_refused_entry_of_a_batch_sinks_no_other(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    answer = await fhir.post(
        "",
        bundle(
            entry(make_observation("44260-8", valueInteger=7)),
            entry(make_observation("44261-6", valueInteger=12)),
            entry(make_observation("44261-6", subject={"reference": "Patient/nobody"})),
            entry(UNKEPT),
            entry(make_patient(id="p1"), method="DELETE", url="Patient/p1"),
            kind="batch",
        ),
    )
    assert statuses(answer) == ["422", "201", "422", "200", "409"]
    assert [one.outcome for one in await fhir.messages()][-1] == "partly-kept"
    assert len(await fhir.assessments()) == 1


async def test_an_empty_bundle_is_answered_with_one(fhir):
    for kind in ("batch", "transaction"):
        answer = await fhir.post("", {"resourceType": "Bundle", "type": kind})
        assert (answer.status_code, answer.json()["type"]) == (200, f"{kind}-response")


async def test_observations_name_their_patient_by_the_ehrs_own_addresses(fhir):
    base = "https://ehr.example/r4"
    total = make_observation("44261-6", valueInteger=12, subject={"reference": "Patient/85"})
    answer = await fhir.post(
        "",
        bundle(
            entry(make_patient(), f"{base}/Patient/85"),
            entry(total, f"{base}/Observation/1"),
        ),
    )
    assert statuses(answer) == ["201", "201"]
    places = [one["response"]["location"].split("/")[-3] for one in answer.json()["entry"]]
    served = (await fhir.get(f"Observation/{places[1]}")).json()
    assert served["subject"]["reference"] == f"Patient/{places[0]}"


async def test_panel_items_and_form_of_one_sitting_are_one_assessment(fhir):
    """In one Bundle, and again one by one in the worst order."""
    form = make_phq9(2, 2, 2, 2, 1, 1, 2, 0, 0, id="q")
    total = make_observation(
        "44261-6", id="t", valueString="12", derivedFrom=[{"reference": "QuestionnaireResponse/q"}]
    )
    panel = make_observation(
        "44249-1",
        id="n",
        hasMember=[{"reference": "Observation/t"}],
        derivedFrom=[{"reference": "QuestionnaireResponse/q"}],
    )
    await fhir.put("Patient/p1", make_patient(id="p1"))
    for one in (panel, total, form):
        answer = await fhir.put(f"{one['resourceType']}/{one['id']}", one)
        assert answer.status_code == 201, answer.text
    (assessment,) = await fhir.assessments()
    assert (assessment.instrument_id, assessment.total) == ("phq-9", 12)
    assert assessment.total_check == "agrees"


async def test_a_conditional_reference_becomes_a_reference(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    total = make_observation(
        "44261-6", valueInteger=12, subject={"reference": "Patient?identifier=urn:mrn|1001"}
    )
    answer = await fhir.post("", bundle(entry(total)))
    assert statuses(answer) == ["201"]
    place = answer.json()["entry"][0]["response"]["location"].split("/")[-3]
    served = (await fhir.get(f"Observation/{place}")).json()
    assert served["subject"]["reference"] == "Patient/p1"
