"""fhir-kit-client (npm) over a real socket: one run of a whole integration, looked at step by step."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Served
from tests.clients.screenings import form, patient
from tests.node.packages import Node

WHEN = "2026-03-02T10:00:00-05:00"
Told = dict[str, Any]


@pytest.fixture(scope="module")
def told(registry: Served, node: Node) -> Told:
    """What came of each step of kit.mjs."""
    account = registry.register()
    asked = {
        "base": account.fhir,
        "client": account.client_id,
        "key": account.key.as_dict(private=True),
        "scope": account.scope,
        "patients": [patient(f"99-{one:04}") for one in range(7)],
        "another": patient("99-9001"),
        "form": form("x", [2] * 8 + [0], WHEN),
        "practitioner": {"resourceType": "Practitioner", "name": [{"family": "Nobody"}]},
    }
    script = Path(__file__).with_name("kit.mjs")
    ran = node.run(script, input=json.dumps(asked))
    assert ran.returncode == 0, ran.stderr
    found: Told = json.loads(ran.stdout)
    return found


def issue(refusal: Told) -> Told:
    assert refusal["data"]["resourceType"] == "OperationOutcome"
    first: Told = refusal["data"]["issue"][0]
    return first


def test_it_is_refused_without_a_token_and_signs_in(told: Told) -> None:
    assert told["refused without a token"]["status"] == 401
    assert issue(told["refused without a token"])["code"] == "login"
    assert "signed in" not in told  # nothing went wrong: it returns nothing


def test_it_knows_what_the_server_can(told: Told) -> None:
    assert told["can"]["transaction"] is True
    assert {"read", "create", "update", "patch", "delete"} <= set(told["can"]["interactions"])
    assert {"patient", "code", "category", "date"} <= set(told["can"]["parameters"])


def test_a_screening_from_patient_to_score(told: Told) -> None:
    assert (told["created"]["status"], told["created"]["version"]) == (201, "1")
    assert told["form"] == 201
    assert told["score"] == {"value": 16, "patient": told["created"]["id"], "total": 1}
    assert told["posted search"] == told["compartment"] == 1


def test_pages_are_walked_to_the_end(told: Told) -> None:
    pages = told["pages"]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert len({one for page in pages for one in page}) == 7


def test_updates_patches_and_history(told: Told) -> None:
    assert told["updated"] == {"version": "2", "before": None}
    assert told["updated by condition"] == {"id": told["created"]["id"], "language": "es"}
    assert told["patched"] == {"active": False, "version": "4"}
    assert told["history"] == ["4", "3", "2", "1"]


def test_operations(told: Told) -> None:
    assert told["everything"][0] == "Patient"
    assert {"QuestionnaireResponse", "Observation"} <= set(told["everything"])
    [wrong] = told["validated"]["issue"]
    assert (wrong["severity"], wrong["expression"]) == ("error", ["Patient.birthDate"])


def test_bundles(told: Told) -> None:
    assert [one[:3] for one in told["batch"]] == ["200", "404"]
    assert [one[:3] for one in told["transaction"]] == ["201", "201"]


def test_a_refusal_and_what_is_gone(told: Told) -> None:
    assert told["refused"]["status"] == 400
    assert issue(told["refused"])["expression"][0].startswith("Observation.")
    assert told["deleted"]["then"] == 410
    assert told["deleted"]["deleted"] in (200, 204)
    assert told["deleted"]["said"] == "OperationOutcome"
