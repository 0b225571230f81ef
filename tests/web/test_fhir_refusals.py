"""Bad input, by name: each is told what is wrong and where, and nothing is stored by halves."""

import json

import pytest

from tests.mappings.examples import coded, make_observation, make_patient, make_phq9, make_response

pytest_plugins = ["tests.web.fhir_face"]
TOLD = {"Prefer": "return=OperationOutcome"}


async def refused(fhir, path, resource, status, **headers):
    """The first issue of a refusal with this status; nothing was stored but the message."""
    before = await fhir.counts()
    answer = await fhir.post(path, resource, **headers)
    assert answer.status_code == status, answer.text
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert await fhir.counts() == before
    assert outcome["issue"][0]["severity"] == "error"
    return outcome["issue"][0]


@pytest.fixture
async def known(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    return fhir


async def test_an_unknown_instrument(known):
    issue = await refused(
        known,
        "QuestionnaireResponse",
        make_response({"/1": {"valueString": "x"}}, "https://x/y"),
        422,
    )
    assert issue["expression"] == ["QuestionnaireResponse.questionnaire"]
    assert issue["code"] == "not-supported"


async def test_missing_items_are_kept_and_cannot_be_scored(known):
    answer = await known.post("QuestionnaireResponse", make_phq9(1, 2), **TOLD)
    assert answer.status_code == 201
    assert "cannot be scored" in answer.text
    (assessment,) = await known.assessments()
    assert (assessment.total, assessment.item_nine) == (None, "unknown")


async def test_an_extra_item(known):
    response = make_response({"/44250-9": coded("LA6568-5"), "/x": {"valueString": "y"}})
    issue = await refused(known, "QuestionnaireResponse", response, 422)
    assert issue["expression"] == ["QuestionnaireResponse.item[1]"]


async def test_an_answer_outside_its_list(known):
    response = make_response({"/44250-9": {"valueInteger": 4}})
    issue = await refused(known, "QuestionnaireResponse", response, 422)
    assert issue["expression"] == ["QuestionnaireResponse.item[0].answer[0].value"]


async def test_a_total_that_does_not_add_up_is_kept_marked_and_told(known):
    response = make_phq9(1, 1, 1, 1, 1, 1, 1, 1, 1)
    response["item"].append({"linkId": "/44261-6", "answer": [{"valueInteger": 20}]})
    answer = await known.post("QuestionnaireResponse", response, **TOLD)
    assert answer.status_code == 201
    assert "score-mismatch" in answer.text
    (assessment,) = await known.assessments()
    assert (assessment.total, assessment.claimed_total) == (9, 20)
    assert assessment.total_check == "mismatch"


async def test_a_date_in_the_future(known):
    response = make_phq9(1, authored="2099-01-01T00:00:00Z")
    issue = await refused(known, "QuestionnaireResponse", response, 422)
    assert issue["details"]["coding"][0]["code"] == "date-in-future"
    assert issue["expression"][0].startswith("QuestionnaireResponse.")


async def test_a_date_before_birth(known):
    response = make_phq9(1, authored="1979-01-01T00:00:00Z")
    issue = await refused(known, "QuestionnaireResponse", response, 422)
    assert issue["details"]["coding"][0]["code"] == "date-before-birth"


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/nobody"},
        {"reference": "urn:uuid:nobody"},
        {"reference": "https://elsewhere.example/Patient/p1"},
        {"identifier": {"system": "urn:mrn", "value": "nobody"}},
    ],
)
async def test_an_unknown_patient(known, subject):
    issue = await refused(known, "QuestionnaireResponse", make_phq9(1, subject=subject), 422)
    assert issue["details"]["coding"][0]["code"] == "unknown-patient"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b"[]", "one JSON object"),
        (b'{"resourceType":"Patient","a":NaN}', "not JSON"),
        (b'{"resourceType":"Patient","gender":"male","gender":"female"}', "twice"),
        (b'{"resourceType":"Patient","gender":"\xff"}', "not UTF-8"),
        (b'{"resourceType":"Patient","name":[{"family":"a\\u0000b"}]}', "NUL"),
        (b'{"resourceType":"Patient","name":' + b"[" * 60 + b"]" * 60 + b"}", "nested"),
    ],
)
async def test_malformed_json(fhir, body, words):
    issue = await refused(fhir, "Patient", body, 400)
    assert words in issue["diagnostics"]
    assert (await fhir.messages())[-1].body == body


async def test_a_nul_is_named_with_its_place(fhir):
    body = b'{"resourceType":"Patient","name":[{"family":"a\\u0000b"}]}'
    issue = await refused(fhir, "Patient", body, 400)
    assert issue["expression"] == ["Patient.name[0].family"]


async def test_a_body_over_the_limit_leaves_only_the_fact(fhir):
    big = b'{"resourceType":"Patient","text":"' + b"x" * 50_000_000 + b'"}'
    issue = await refused(fhir, "Patient", big, 413)
    assert issue["details"]["coding"][0]["code"] == "too-large"
    (message,) = await fhir.messages()
    assert (message.outcome, message.body) == ("refused", None)
    assert message.size_bytes >= 50_000_000


async def test_a_wrong_content_type(fhir):
    body = json.dumps(make_patient()).encode()
    await refused(fhir, "Patient", body, 415, **{"Content-Type": "text/plain"})
    await refused(fhir, "Patient", body, 415, **{"Content-Type": "application/fhir+xml"})


async def test_xml_is_not_given(fhir):
    await refused(fhir, "Patient", make_patient(), 406, Accept="application/fhir+xml")


@pytest.mark.parametrize("path", ["Account", "Nonsense", "Account/1", "metadata/x"])
async def test_an_unknown_resource_type(fhir, path):
    answer = await fhir.get(path)
    assert answer.status_code == 404
    assert answer.json()["issue"][0]["code"] == "not-supported"


async def test_a_type_that_does_not_fit_its_address(fhir):
    issue = await refused(fhir, "Observation", make_patient(), 400)
    assert "address" in issue["diagnostics"]
    issue = await refused(fhir, "", make_patient(), 400)
    assert "Bundle" in issue["diagnostics"]


async def test_an_id_that_does_not_fit_its_address(fhir):
    answer = await fhir.put("Patient/85", make_patient(id="86"))
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == ["Patient.id"]


async def test_a_trap_code_names_the_right_one(known):
    issue = await refused(known, "Observation", make_observation("70221-7", valueInteger=0), 422)
    assert "101698-9" in issue["diagnostics"]


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("DELETE", "CarePlan/1", "goes out alone"),
        ("POST", "Flag", "goes out alone"),
        ("PUT", "Patient/1/_history/1", "method"),
        ("PUT", "Patient", "condition"),
        ("DELETE", "", "method"),
        ("GET", "", "method"),
        ("POST", "metadata", "method"),
    ],
)
async def test_methods_that_are_not_offered(fhir, method, path, words):
    answer = await fhir.request(method, path)
    assert answer.status_code == 405
    assert words in answer.json()["issue"][0]["diagnostics"]
    assert answer.headers["allow"]


async def test_another_senders_resource_is_not_overwritten(fhir, colleague_fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    total = make_observation("44261-6", id="t", valueInteger=3)
    assert (await fhir.put("Observation/t", total)).status_code == 201
    answer = await colleague_fhir.put("Observation/t", total | {"valueInteger": 4})
    assert answer.status_code == 409


async def test_a_search_for_what_is_not_offered(fhir):
    answer = await fhir.get("Patient?eye-color=blue")
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == ["eye-color"]
    lenient = await fhir.get("Patient?eye-color=blue", Prefer="handling=lenient")
    assert lenient.status_code == 200
    assert lenient.json()["link"][0]["url"].endswith("/Patient")


async def test_what_is_not_there(fhir):
    for path in ("Patient/nobody", "Patient/a%00b", "Observation/" + "x" * 100):
        answer = await fhir.get(path)
        assert answer.status_code == 404
        assert answer.json()["resourceType"] == "OperationOutcome"


async def test_refusals_hold_no_patient_data(known):
    response = make_phq9(1, subject={"reference": "Patient/p1"}, authored="2099-01-01T00:00:00Z")
    await known.post("QuestionnaireResponse", response)
    (message,) = [one for one in await known.messages() if one.outcome == "refused"]
    assert "Rivera" not in json.dumps(message.reasons)
