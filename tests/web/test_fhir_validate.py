"""$validate: the same door as what is sent goes through, and nothing is kept."""

import pytest
from sqlalchemy import select

from app.domain.scopes import read_scopes
from app.store.tables import audit_events, inbound_messages, resource_versions
from tests.clients.screenings import form
from tests.mappings.examples import make_patient
from tests.mappings.record_examples import make_record
from tests.web.fhir_face import make_client

pytest_plugins = ["tests.web.fhir_face"]
WHEN = "2026-03-02T10:00:00-05:00"


def told(answer):
    """(severity, expression, code) of each issue."""
    assert answer.status_code == 200, answer.text
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    return [
        (one["severity"], one.get("expression", [""])[0], one["code"]) for one in outcome["issue"]
    ]


FINE = [("information", "", "informational")]


def asked(resource, **more):
    parts = [{"name": "resource", "resource": resource}]
    parts += [{"name": name, "valueCode": value} for name, value in more.items()]
    return {"resourceType": "Parameters", "parameter": parts}


@pytest.mark.parametrize("mode", ["create", None])
async def test_what_would_be_taken_is_well_and_not_kept(fhir, mode):
    await fhir.put("Patient/85", make_patient(id="85"))
    before = await everything_kept(fhir)
    body = form("85", [2] * 8 + [3], WHEN)
    sent = asked(body, mode=mode) if mode else body
    assert told(await fhir.post("QuestionnaireResponse/$validate", sent)) == FINE
    assert await everything_kept(fhir) == before
    assert await fhir.assessments() == []


async def everything_kept(fhir):
    versions = await fhir._rows(select(resource_versions))
    return await fhir.counts(), len(versions), len(await fhir._rows(select(inbound_messages)))


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        ({"resourceType": "QuestionnaireResponse"}, "QuestionnaireResponse.status"),
        (form("85", [1] * 9, "yesterday"), "QuestionnaireResponse.authored"),
        (form("85", [1] * 9, WHEN) | {"colour": 1}, "QuestionnaireResponse.colour"),
        (make_patient(id="85"), "resourceType"),
    ],
)
@pytest.mark.parametrize("mode", ["create", ""])
async def test_what_is_wrong_is_named_where_it_stands(fhir, resource, where, mode):
    await fhir.put("Patient/85", make_patient(id="85"))
    path = (
        f"QuestionnaireResponse/$validate?mode={mode}"
        if mode
        else "QuestionnaireResponse/$validate"
    )
    issues = told(await fhir.post(path, resource))
    assert ("error", where) in {(severity, place) for severity, place, _ in issues}


async def test_only_a_mode_asks_what_the_registry_knows(fhir):
    body = form("nobody", [1] * 9, WHEN)
    assert told(await fhir.post("QuestionnaireResponse/$validate", body)) == FINE
    [issue] = told(await fhir.post("QuestionnaireResponse/$validate", asked(body, mode="create")))
    assert issue[:2] == ("error", "QuestionnaireResponse.subject")


async def test_what_is_held_and_what_would_replace_it(fhir):
    await fhir.put("Patient/85", make_patient(id="85"))
    assert told(await fhir.get("Patient/85/$validate")) == FINE
    changed = make_patient(id="85", gender="male")
    assert told(await fhir.post("Patient/85/$validate", asked(changed, mode="update"))) == FINE
    assert (await fhir.get("Patient/85")).json()["gender"] != "male"
    wrong = make_patient(id="86")
    [issue] = told(await fhir.post("Patient/85/$validate", asked(wrong, mode="update")))
    assert issue[0] == "error"
    assert (await fhir.get("Patient/nobody/$validate")).status_code == 404


async def test_what_a_condition_names_is_looked_for(fhir):
    """By the same door: a reference by a condition is settled, not passed over."""
    await fhir.put("Patient/85", make_patient(id="85"))
    number = make_patient()["identifier"][0]
    condition = f"Patient?identifier={number['system']}|{number['value']}"
    known = make_record("Condition", subject={"reference": condition})
    unknown = make_record("Condition", subject={"reference": f"{condition}x"})
    assert told(await fhir.post("Condition/$validate", asked(known, mode="create"))) == FINE
    [issue] = told(await fhir.post("Condition/$validate", asked(unknown, mode="create")))
    assert issue[0] == "error"


async def test_what_would_come_of_a_deletion(fhir):
    await fhir.put("Patient/85", make_patient(id="85"))
    await fhir.put("Condition/mine", make_record("Condition", id="mine"))
    gone = await fhir.post("Condition/mine/$validate?mode=delete", asked({}, mode="delete"))
    assert gone.status_code == 400, "the mode is given once"
    assert told(await fhir.get("Condition/mine/$validate?mode=delete")) == FINE
    assert (await fhir.get("Condition/mine")).status_code == 200
    [issue] = told(await fhir.get("Patient/85/$validate?mode=delete"))
    assert issue[0] == "error", "a patient of whom there are records stays"


async def test_a_type_that_only_goes_out_is_examined_and_said_so(fhir):
    plan = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": "Patient/85"},
    }
    assert told(await fhir.post("CarePlan/$validate", plan)) == [
        ("information", "CarePlan", "not-supported")
    ]
    issues = told(await fhir.post("CarePlan/$validate", plan | {"intent": "wish"}))
    assert ("error", "CarePlan.intent") in {one[:2] for one in issues}


async def test_a_profile_is_not_claimed_to_be_examined(fhir):
    path = (
        "Patient/$validate?profile=http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
    )
    assert told(await fhir.post(path, make_patient())) == [("warning", "profile", "not-supported")]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("Patient/$validate", asked(make_patient(), mode="guess"), 422),
        ("Patient/$validate", asked(make_patient(), colour="red"), 400),
        ("Patient/$validate", {"resourceType": "Parameters"}, 400),
        ("Patient/$validate?mode=update", make_patient(), 400),
        ("Device/$validate", {"resourceType": "Device"}, 404),
    ],
)
async def test_what_is_refused(fhir, path, body, status):
    answer = await fhir.post(path, body)
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


async def test_a_mode_needs_the_scope_of_what_it_rehearses(engine, open_face, fhir):
    await fhir.put("Patient/85", make_patient(id="85"))
    reader = read_scopes("system/*.rs")
    other = await open_face(await make_client(engine, fhir.actor.org_id, "Reader", reader))
    record = make_record("Condition")
    assert told(await other.post("Condition/$validate", record)) == FINE
    answer = await other.post("Condition/$validate", asked(record, mode="create"))
    assert answer.status_code == 403
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_the_audit_tells_that_it_was_asked(fhir):
    await fhir.post("Condition/$validate", asked(make_record("Condition"), mode="create"))
    rows = await fhir._rows(
        select(audit_events).where(audit_events.c.action == "resource.rehearse")
    )
    assert [(row.subject, row.detail) for row in rows] == [("Condition", {"refused": True})]
    created = select(audit_events).where(audit_events.c.action == "resource.create")
    assert await fhir._rows(created) == []
