"""Every kind of refusal has a status, an issue code and valid words."""

import json

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from app.errors import Kind, Problem, RegistryError, Unprocessable
from app.web.fhir.capability import capability_statement
from app.web.fhir.errors import STATUS, MethodNotOffered, TypeNotServed, body_of, status_of
from fhir_mappings.operation_outcome import ISSUE_CODES, outcome
from fhir_mappings.reading import EntriesRefused, InvalidResource


def refusal_of(kind):
    return type("Refusal", (RegistryError,), {"kind": kind, "code": "x"})("Words.")


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_translated(kind):
    error = refusal_of(kind)
    assert 400 <= status_of(error) < 600
    found = json.loads(body_of(error))
    OperationOutcome.model_validate(found)
    assert found["issue"][0]["code"] == ISSUE_CODES[kind]
    assert found["issue"][0]["details"]["coding"][0]["code"] == "x"


def test_no_kind_is_forgotten():
    assert set(STATUS) == set(ISSUE_CODES) == set(Kind)


def test_each_problem_is_an_issue_with_its_place():
    error = Unprocessable("Wrong.", [Problem("Observation.code", "a"), Problem("", "b")])
    issues = json.loads(body_of(error))["issue"]
    assert [issue.get("expression") for issue in issues] == [["Observation.code"], None]


def test_the_refusals_of_a_transaction_are_told_together():
    causes = [
        InvalidResource("Bad.", [Problem("Bundle.entry[0].resource.status", "a")]),
        Unprocessable("Worse.", [Problem("Bundle.entry[2].resource.code", "b")]),
    ]
    error = EntriesRefused(causes)
    assert status_of(error) == 422
    assert status_of(EntriesRefused(causes[:1])) == 400
    issues = json.loads(body_of(error))["issue"]
    assert [issue["expression"][0][:15] for issue in issues] == [
        "Bundle.entry[0]",
        "Bundle.entry[2]",
    ]


def test_what_is_not_served_says_not_supported():
    assert status_of(TypeNotServed()) == 404
    assert json.loads(body_of(TypeNotServed()))["issue"][0]["code"] == "not-supported"
    assert status_of(MethodNotOffered("No.", "GET")) == 405


def test_nothing_to_say_is_said():
    OperationOutcome.model_validate(outcome([]))


def test_the_capability_statement_is_valid():
    from fhir.resources.R4B.capabilitystatement import CapabilityStatement

    base = "https://registry.example"
    places = (f"{base}/fhir", f"{base}/auth/token", f"{base}/auth/revoke")
    CapabilityStatement.model_validate(capability_statement(*places))
