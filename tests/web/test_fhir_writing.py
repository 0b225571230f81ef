"""Creating and updating one resource: status, headers, ids, and what is answered."""

import pytest

from tests.mappings.examples import make_observation, make_patient, make_phq9

pytest_plugins = ["tests.web.fhir_face"]


async def test_a_patient_is_created_under_an_id_of_ours(fhir):
    answer = await fhir.post("Patient", make_patient())
    assert answer.status_code == 201
    assert answer.headers["etag"] == 'W/"1"'
    kind, resource_id, version = fhir.place(answer)
    assert (kind, version) == ("Patient", "1")
    read = await fhir.get(f"Patient/{resource_id}")
    assert read.status_code == 200
    assert read.headers["content-type"].startswith("application/fhir+json")
    assert read.headers["last-modified"] == answer.headers["last-modified"]
    body = read.json()
    assert body.pop("id") == resource_id
    assert body.pop("meta")["versionId"] == "1"
    assert body == make_patient()


async def test_the_sender_may_choose_the_id_and_update_under_it(fhir):
    patient = make_patient(id="85")
    assert (await fhir.put("Patient/85", patient)).status_code == 201
    again = await fhir.put("Patient/85", patient)
    assert (again.status_code, again.headers["etag"]) == (200, 'W/"1"')  # the same again
    changed = await fhir.put("Patient/85", patient | {"gender": "other"})
    assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
    assert (await fhir.get("Patient/85")).json()["gender"] == "other"


async def test_an_update_of_an_older_version_is_refused(fhir):
    patient = make_patient(id="85")
    await fhir.put("Patient/85", patient)
    await fhir.put("Patient/85", patient | {"gender": "other"})
    late = await fhir.put("Patient/85", patient | {"gender": "male"}, **{"If-Match": 'W/"1"'})
    assert late.status_code == 412
    assert (await fhir.get("Patient/85")).json()["gender"] == "other"
    fresh = await fhir.put("Patient/85", patient | {"gender": "male"}, **{"If-Match": 'W/"2"'})
    assert fresh.status_code == 200


async def test_every_version_is_read_as_it_was_served(fhir):
    patient = make_patient(id="85")
    await fhir.put("Patient/85", patient)
    await fhir.put("Patient/85", patient | {"gender": "other"})
    first = await fhir.get("Patient/85/_history/1")
    assert (first.json()["gender"], first.headers["etag"]) == ("female", 'W/"1"')
    assert (await fhir.get("Patient/85/_history/2")).json()["gender"] == "other"
    for version in ("3", "0", "x", "9" * 30):
        assert (await fhir.get(f"Patient/85/_history/{version}")).status_code == 404


async def test_if_none_exist_finds_the_patient_that_is_there(fhir):
    first = await fhir.post("Patient", make_patient())
    condition = {"If-None-Exist": "identifier=urn:mrn|1001"}
    second = await fhir.post("Patient", make_patient(gender="other"), **condition)
    assert second.status_code == 200
    assert fhir.place(second)[1] == fhir.place(first)[1]
    assert (await fhir.get(f"Patient/{fhir.place(first)[1]}")).json()["gender"] == "female"


async def test_the_same_screening_twice_is_answered_with_the_first(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    first = await fhir.post("QuestionnaireResponse", make_phq9(1, 1, 1, 1, 1, 1, 1, 1, 0))
    second = await fhir.post("QuestionnaireResponse", make_phq9(1, 1, 1, 1, 1, 1, 1, 1, 0))
    assert (first.status_code, second.status_code) == (201, 200)
    assert fhir.place(first) == fhir.place(second)
    assert len(await fhir.assessments()) == 1


async def test_a_correction_of_item_nine_is_never_dropped(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    form = {"system": "urn:forms", "value": "f1"}
    for item_nine in (0, 2):
        response = make_phq9(1, 1, 1, 1, 1, 1, 1, 1, item_nine, identifier=form)
        assert (await fhir.post("QuestionnaireResponse", response)).status_code in (200, 201)
    (assessment,) = await fhir.assessments()
    assert (assessment.status, assessment.version) == ("amended", 2)
    assert (assessment.item_nine, assessment.total) == ("positive", 10)


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        ("return=minimal", None),
        ("return=representation", "Patient"),
        ("return=OperationOutcome", "OperationOutcome"),
    ],
)
async def test_the_answer_is_what_the_sender_prefers(fhir, wanted, kind):
    answer = await fhir.post("Patient", make_patient(), Prefer=wanted)
    assert answer.status_code == 201
    if kind is None:
        assert answer.content == b""
    else:
        assert answer.json()["resourceType"] == kind


async def test_decimals_and_extensions_are_served_as_sent(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    body = fhir.text(make_observation("44261-6", valueQuantity={"value": 7, "unit": "{score}"}))
    body = body.replace('"value": 7', '"value": 7.00').replace(
        '"status"', '"extension": [{"url": "u", "valueDecimal": 42.674176102041564}], "status"'
    )
    answer = await fhir.post("Observation", body.encode())
    assert answer.status_code == 201, answer.text
    served = (await fhir.get(f"Observation/{fhir.place(answer)[1]}")).text
    assert '"value":7.00' in served
    assert "42.674176102041564" in served


async def test_a_warning_is_told_with_the_success(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    total = make_observation("44249-1", valueInteger=12)
    answer = await fhir.post("Observation", total, Prefer="return=OperationOutcome")
    assert answer.status_code == 201
    issue = answer.json()["issue"][0]
    assert (issue["severity"], issue["expression"]) == ("warning", ["Observation.code"])
    assert "44261-6" in issue["diagnostics"]


async def test_an_organization_sees_only_its_own(fhir, other_fhir):
    await fhir.put("Patient/85", make_patient(id="85"))
    assert (await other_fhir.get("Patient/85")).status_code == 404
    assert (await other_fhir.get("Patient?_count=0")).json()["total"] == 0
    assert (await other_fhir.put("Patient/85", make_patient(id="85"))).status_code == 201


async def test_not_modified_is_said_without_a_body(fhir):
    await fhir.put("Patient/85", make_patient(id="85"))
    answer = await fhir.get("Patient/85", **{"If-None-Match": 'W/"1"'})
    assert (answer.status_code, answer.content) == (304, b"")
