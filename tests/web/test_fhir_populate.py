"""Questionnaire/$populate: a form begun, never an answer made up."""

import pytest
from fhir.resources.R4B.parameters import Parameters
from sqlalchemy import select

from app.domain.scopes import read_scopes
from app.store.tables import audit_events
from tests.mappings.examples import make_patient
from tests.web.fhir_face import BASE, make_client

pytest_plugins = ["tests.web.fhir_face"]
PHQ_9 = "https://stepwell.example/fhir/Questionnaire/phq-9"


def asked(**references):
    parameters = [
        {"name": name, "valueUri" if name == "questionnaire" else "valueReference": value}
        for name, value in references.items()
    ]
    return {"resourceType": "Parameters", "parameter": parameters}


@pytest.fixture
async def known(fhir):
    await fhir.put("Patient/85", make_patient(id="85"))
    return fhir


async def test_the_questions_come_without_answers(known):
    told = await known.get("Questionnaire/phq-9/$populate?subject=Patient/85")
    assert told.status_code == 200, told.text
    Parameters.model_validate_json(told.text)
    response, issues = (one["resource"] for one in told.json()["parameter"])
    assert response["status"] == "in-progress"
    assert response["questionnaire"] == f"{PHQ_9}|Reported.PHQ"
    assert response["subject"] == {"reference": "Patient/85"}
    assert "authored" not in response
    assert [set(one) for one in response["item"]] == [{"linkId", "text"}] * 10
    assert issues["issue"][0]["severity"] == "information"


@pytest.mark.parametrize(
    "references",
    [
        {"questionnaire": PHQ_9},
        {"questionnaire": f"{PHQ_9}|Reported.PHQ"},
        {"questionnaire": "http://loinc.org/q/44249-1"},
        {"questionnaireRef": {"reference": "Questionnaire/phq-9"}},
        {"questionnaireRef": {"reference": f"{BASE}/fhir/Questionnaire/phq-9"}},
    ],
)
async def test_at_the_type_the_form_is_named(known, references):
    sent = asked(**references, subject={"reference": f"{BASE}/fhir/Patient/85"})
    told = await known.post("Questionnaire/$populate", sent)
    assert told.status_code == 200, told.text
    assert told.json()["parameter"][0]["resource"]["questionnaire"].startswith(PHQ_9)


@pytest.mark.parametrize(
    ("query", "status", "where"),
    [
        ("Questionnaire/phq-9/$populate", 400, "subject"),
        ("Questionnaire/phq-9/$populate?subject=Group/1", 400, "subject"),
        ("Questionnaire/phq-9/$populate?subject=", 400, "subject"),
        ("Questionnaire/phq-9/$populate?subject=Patient/nobody", 422, "subject"),
        ("Questionnaire/phq-9/$populate?subject=Patient/85&subject=Patient/86", 400, "subject"),
        ("Questionnaire/phq-9/$populate?subject=Patient/85&who=me", 400, "who"),
        ("Questionnaire/nothing/$populate?subject=Patient/85", 404, None),
        ("Questionnaire/$populate?subject=Patient/85", 400, "questionnaire"),
        (f"Questionnaire/$populate?subject=Patient/85&canonical={PHQ_9}|1", 400, "canonical"),
        ("Questionnaire/$populate?subject=Patient/85&identifier=x", 400, "identifier"),
    ],
)
async def test_what_is_wrong_is_named(known, query, status, where):
    told = await known.get(query)
    assert told.status_code == status, told.text
    issue = told.json()["issue"][0]
    assert where is None or issue["expression"] == [where]


async def test_a_stranger_s_patient_is_nobody_and_scopes_hold(known, other_fhir, engine, open_face):
    stranger = await other_fhir.get("Questionnaire/phq-9/$populate?subject=Patient/85")
    nobody = await other_fhir.get("Questionnaire/phq-9/$populate?subject=Patient/86")
    assert (stranger.status_code, stranger.json()) == (nobody.status_code, nobody.json())
    for scopes in ("system/Patient.rs", "system/Questionnaire.rs"):
        narrow = await make_client(engine, known.actor.org_id, scopes, read_scopes(scopes))
        face = await open_face(narrow)
        told = await face.get("Questionnaire/phq-9/$populate?subject=Patient/85")
        assert told.status_code == 403, told.text


async def test_that_somebody_asked_about_the_patient_is_in_the_audit(known):
    await known.get("Questionnaire/phq-9/$populate?subject=Patient/85")
    rows = await known._rows(select(audit_events.c.action, audit_events.c.subject))
    assert ("resource.read", "Patient/85") in [tuple(row) for row in rows]
