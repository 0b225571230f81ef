"""fhirclient (SMART's client-py), with its models, its own sign-in and its searches."""

from typing import Any

import pytest
import requests
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirclient.models.practitioner import Practitioner
from fhirclient.models.questionnaireresponse import QuestionnaireResponse
from fhirclient.server import (
    FHIRNotFoundException,
    FHIRPermissionDeniedException,
    FHIRUnauthorizedException,
)

from tests.clients.conftest import Served
from tests.clients.screenings import form, patient, total
from tests.clients.signing_in import Account

WHEN = "2026-03-02T10:00:00-05:00"


def signed_in(account: Account) -> FHIRClient:
    """By the library's own SMART Backend Services: it finds the endpoint in /metadata."""
    smart = FHIRClient(
        settings={
            "app_id": account.client_id,
            "api_base": account.fhir,
            "scope": account.scope,
            "jwt_token": account.assertion(account.token_endpoint()),
        }
    )
    smart.wants_patient = False  # nobody launched it
    smart.prepare()
    smart.authorize()
    assert smart.ready
    return smart


@pytest.fixture
def smart(account: Account) -> FHIRClient:
    return signed_in(account)


def created(smart: FHIRClient, resource: Any) -> Any:
    """Create it, and take what the registry made of it."""
    told = resource.create(smart.server)
    return type(resource)(told)


def test_what_the_server_says_of_itself(smart: FHIRClient) -> None:
    told = smart.server.capabilityStatement
    assert told.fhirVersion == "4.0.1"
    assert {"Patient", "Observation"} <= {one.type for one in told.rest[0].resource}


def test_a_screening_from_patient_to_score(smart: FHIRClient) -> None:
    rosa = created(smart, Patient(patient("88-1001")))
    sent = created(smart, QuestionnaireResponse(form(rosa.id, [2] * 8 + [0], WHEN)))
    score = created(smart, Observation(total(rosa.id, 16, WHEN, sent.id)))
    struct = {
        "patient": rosa.id,
        "code": "http://loinc.org|44261-6",
        "date": {"$and": ["ge2026", "lt2027"]},
    }
    found = {one.id: one for one in Observation.where(struct).perform_resources_iter(smart.server)}
    assert found[score.id].valueInteger == 16
    assert found[score.id].subject.reference == f"Patient/{rosa.id}"
    assert Patient.read(rosa.id, smart.server).name[0].family == "Alvarez"


def test_pages_are_walked_to_the_end(smart: FHIRClient) -> None:
    made = {created(smart, Patient(patient(f"88-2{one:03}"))).id for one in range(7)}
    pages = list(Patient.where({"_count": "3"}).perform_iter(smart.server))
    assert [len(page.entry) for page in pages] == [3, 3, 1]
    assert {entry.resource.id for page in pages for entry in page.entry} == made


def test_an_update_is_a_new_version(smart: FHIRClient) -> None:
    rosa = created(smart, Patient(patient("88-3001")))
    rosa.active = True
    rosa.update(smart.server)
    read = Patient.read(rosa.id, smart.server)
    assert (read.active, read.meta.versionId) == (True, "2")


def test_what_is_deleted_is_gone(smart: FHIRClient) -> None:
    nobody = created(smart, Practitioner({"name": [{"family": "Nobody"}]}))
    nobody.delete(smart.server)
    with pytest.raises(requests.HTTPError) as gone:
        Practitioner.read(nobody.id, smart.server)
    assert gone.value.response.status_code == 410


def test_the_story_of_a_resource(smart: FHIRClient) -> None:
    rosa = created(smart, Patient(patient("88-3101")))
    rosa.active = True
    rosa.update(smart.server)
    told = Bundle.read_from(f"Patient/{rosa.id}/_history", smart.server)
    assert [entry.resource.meta.versionId for entry in told.entry] == ["2", "1"]
    assert told.type == "history"


def test_what_comes_along(smart: FHIRClient) -> None:
    rosa = created(smart, Patient(patient("88-3201")))
    created(smart, Observation(total(rosa.id, 12, WHEN)))
    search = Observation.where({"patient": rosa.id}).include("subject")
    found = [one.resource_type for one in search.perform_resources_iter(smart.server)]
    assert sorted(set(found)) == ["Observation", "Patient"]
    backwards = Patient.where({"_id": rosa.id}).include("subject", Observation, reverse=True)
    found = [one.resource_type for one in backwards.perform_resources_iter(smart.server)]
    assert sorted(set(found)) == ["Observation", "Patient"]


def test_a_transaction(smart: FHIRClient) -> None:
    where = "urn:uuid:11111111-1111-4111-8111-111111111111"
    sent = form("x", [1] * 9, WHEN) | {"subject": {"reference": where}}
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"fullUrl": where, "resource": patient("88-4001"), "request": _post("Patient")},
            {"resource": sent, "request": _post("QuestionnaireResponse")},
        ],
    }
    told = Bundle(Bundle(bundle).create(smart.server))
    assert [one.response.status[:3] for one in told.entry] == ["201", "201"]


def _post(kind: str) -> dict[str, str]:
    return {"method": "POST", "url": kind}


def test_a_refusal_says_what_to_change(smart: FHIRClient) -> None:
    with pytest.raises(requests.HTTPError) as refused:
        smart.server.post_json("Observation", {"resourceType": "Observation", "status": "final"})
    told = refused.value.response.json()
    assert told["resourceType"] == "OperationOutcome"
    assert told["issue"][0]["expression"] == ["Observation.code"]


def test_who_is_turned_away(registry: Served, account: Account, smart: FHIRClient) -> None:
    with pytest.raises(FHIRNotFoundException):
        Patient.read("00000000-0000-4000-8000-000000000000", smart.server)
    reader = signed_in(registry.register("system/Patient.rs", account.org_id))
    with pytest.raises(FHIRPermissionDeniedException):
        Patient(patient("88-5001")).create(reader.server)
    smart.server.auth.access_token = "made.up.token"
    with pytest.raises(FHIRUnauthorizedException):
        Patient.read("x", smart.server)
