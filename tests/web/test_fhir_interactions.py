"""Every interaction that the CapabilityStatement lists, with every type that it lists it for.

docs/fhir-conformance.md names these tests; what is advertised is read from the statement itself.
"""

from typing import Any

import pytest

from app.web.fhir.capability import capability_statement
from app.web.fhir.shipped import LISTERS
from fhir_mappings.conformance import TAKEN
from fhir_mappings.provenance import origin_id
from tests.clients.screenings import form, total
from tests.mappings.examples import make_patient
from tests.mappings.record_examples import RECORDS, make_record
from tests.web.fhir_face import BASE
from tests.web.publishing import publish

pytest_plugins = ["tests.web.fhir_face"]

STATEMENT = capability_statement(f"{BASE}/fhir", "token", "revoke")
[REST] = STATEMENT["rest"]
BY_TYPE = {one["type"]: one for one in REST["resource"]}
OF_THE_AUDIT = "AuditEvent"
NUMBER = [{"system": "https://ehr.example/records", "value": "r-1"}]
WHEN = "2026-03-02T10:00:00-05:00"


def types_with(code: str) -> list[str]:
    """The types for which an interaction is advertised, but the audit, which has its own tests."""
    return [
        kind
        for kind, told in BY_TYPE.items()
        if {"code": code} in told["interaction"] and kind != OF_THE_AUDIT
    ]


def types_saying(element: str, *values: Any) -> list[str]:
    return [kind for kind, told in BY_TYPE.items() if told.get(element) in values]


def example(kind: str) -> dict[str, Any]:
    """One of a type as an EHR sends it, with a number of its own."""
    made: dict[str, Any]
    if kind == "Patient":
        return make_patient(identifier=NUMBER)
    if kind == "QuestionnaireResponse":
        return form("85", [1] * 9, WHEN) | {"identifier": NUMBER[0]}
    if kind == "Observation":
        return total("85", 9, WHEN) | {"identifier": NUMBER}
    if kind == "Encounter":
        coded = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
        subject = {"reference": "Patient/85"}
        made = {"resourceType": kind, "status": "finished", "class": coded, "subject": subject}
        return made | {"identifier": NUMBER}
    return make_record(kind, identifier=NUMBER)


async def known_patient(fhir: Any) -> None:
    other = [{"system": "urn:mrn", "value": "85"}]
    assert (
        await fhir.put("Patient/85", make_patient(id="85", identifier=other))
    ).status_code == 201


async def one_of(fhir: Any, kind: str) -> str:
    """The id of a resource of the type: sent where the type is taken, else ours."""
    if kind in LISTERS:
        return str(LISTERS[kind]()[0]["id"])
    await known_patient(fhir)
    if kind == "Group":
        return str(fhir.actor.org_id)  # everyone in care
    if kind == "Provenance":
        return origin_id("Patient", "85")
    if kind in TAKEN:
        return str(fhir.place(await fhir.post(kind, example(kind)))[1])
    await publish(fhir, {"resourceType": kind, "id": "ours"}, patient="85")
    return "ours"


def test_everything_that_is_taken_has_an_example() -> None:
    assert {"Patient", "QuestionnaireResponse", "Observation", "Encounter", *RECORDS} == set(TAKEN)


@pytest.mark.parametrize("kind", types_with("read"))
async def test_read(fhir, kind):
    name = await one_of(fhir, kind)
    answer = await fhir.get(f"{kind}/{name}")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["resourceType"], answer.json()["id"]) == (kind, name)
    if kind != "Group":  # which has no versions
        assert answer.headers["etag"] == f'W/"{answer.json()["meta"]["versionId"]}"'
    assert answer.headers["last-modified"].endswith("GMT")
    assert answer.headers["content-type"].startswith("application/fhir+json")


@pytest.mark.parametrize("kind", types_with("vread"))
async def test_vread(fhir, kind):
    name = await one_of(fhir, kind)
    answer = await fhir.get(f"{kind}/{name}/_history/1")
    assert answer.status_code == 200, answer.text
    assert answer.json()["meta"]["versionId"] == "1"
    assert (await fhir.get(f"{kind}/{name}/_history/2")).status_code == 404


@pytest.mark.parametrize("kind", types_with("create"))
async def test_create(fhir, kind):
    await known_patient(fhir)
    answer = await fhir.post(kind, example(kind))
    assert answer.status_code == 201, answer.text
    made, name, version = fhir.place(answer)
    assert (made, version) == (kind, "1")
    assert answer.json()["id"] == name


@pytest.mark.parametrize("kind", types_with("update"))
async def test_update(fhir, kind):
    await known_patient(fhir)
    first = await fhir.put(f"{kind}/mine", example(kind) | {"id": "mine"})
    assert first.status_code == 201, first.text
    changed = example(kind) | {"id": "mine", "language": "es"}
    second = await fhir.put(f"{kind}/mine", changed, **{"If-Match": 'W/"1"'})
    assert second.status_code == 200, second.text
    assert fhir.place(second) == (kind, "mine", "2")
    late = await fhir.put(f"{kind}/mine", changed | {"language": "fr"}, **{"If-Match": 'W/"1"'})
    assert late.status_code == 412


@pytest.mark.parametrize("kind", types_with("patch"))
async def test_patch(fhir, kind):
    name = await one_of(fhir, kind)
    patch = [{"op": "add", "path": "/language", "value": "es"}]
    said = {"Content-Type": "application/json-patch+json"}
    answer = await fhir.request("PATCH", f"{kind}/{name}", patch, **said)
    assert answer.status_code == 200, answer.text
    read = (await fhir.get(f"{kind}/{name}")).json()
    assert (read["language"], read["meta"]["versionId"]) == ("es", "2")


@pytest.mark.parametrize("kind", types_with("delete"))
async def test_delete(fhir, kind):
    name = await one_of(fhir, kind)
    answer = await fhir.request("DELETE", f"{kind}/{name}")
    assert answer.status_code in (200, 204), answer.text
    assert (await fhir.get(f"{kind}/{name}")).status_code == 410
    found = (await fhir.get(f"{kind}?_id={name}")).json()
    assert "entry" not in found
    again = await fhir.request("DELETE", f"{kind}/{name}")
    assert again.status_code in (200, 204)


@pytest.mark.parametrize("kind", types_with("history-instance"))
async def test_history_of_one(fhir, kind):
    name = await one_of(fhir, kind)
    answer = await fhir.get(f"{kind}/{name}/_history")
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert bundle["type"] == "history"
    [entry] = bundle["entry"]
    assert entry["resource"]["meta"]["versionId"] == "1"
    assert entry["request"]["method"] in ("POST", "PUT")


@pytest.mark.parametrize("kind", types_with("history-type"))
async def test_history_of_a_type(fhir, kind):
    name = await one_of(fhir, kind)
    bundle = (await fhir.get(f"{kind}/_history")).json()
    assert bundle["type"] == "history"
    assert name in {one["resource"]["id"] for one in bundle["entry"]}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("kind", types_with("search-type"))
async def test_search(fhir, kind, method):
    name = await one_of(fhir, kind)
    if method == "GET":
        answer = await fhir.get(f"{kind}?_id={name}")
    else:
        said = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await fhir.request("POST", f"{kind}/_search", f"_id={name}".encode(), **said)
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert (bundle["type"], bundle["total"]) == ("searchset", 1)
    [entry] = bundle["entry"]
    assert entry["fullUrl"] == f"{BASE}/fhir/{kind}/{name}"
    assert entry["search"]["mode"] == "match"


@pytest.mark.parametrize("kind", types_saying("conditionalCreate", True))
async def test_conditional_create(fhir, kind):
    await known_patient(fhir)
    condition = {"If-None-Exist": f"identifier={NUMBER[0]['system']}|{NUMBER[0]['value']}"}
    first = await fhir.post(kind, example(kind), **condition)
    again = await fhir.post(kind, example(kind), **condition)
    assert (first.status_code, again.status_code) == (201, 200), again.text
    assert fhir.place(first)[:2] == fhir.place(again)[:2]


@pytest.mark.parametrize("kind", types_saying("conditionalUpdate", True))
async def test_conditional_update(fhir, kind):
    await known_patient(fhir)
    path = f"{kind}?identifier={NUMBER[0]['system']}|{NUMBER[0]['value']}"
    first = await fhir.put(path, example(kind))
    assert first.status_code == 201, first.text
    again = await fhir.put(path, example(kind) | {"language": "es"})
    assert again.status_code == 200, again.text
    assert fhir.place(again) == (*fhir.place(first)[:2], "2")


@pytest.mark.parametrize("kind", types_saying("conditionalDelete", "single", "multiple"))
async def test_conditional_delete(fhir, kind):
    name = await one_of(fhir, kind)
    path = f"{kind}?identifier={NUMBER[0]['system']}|{NUMBER[0]['value']}"
    answer = await fhir.request("DELETE", path)
    assert answer.status_code in (200, 204), answer.text
    assert (await fhir.get(f"{kind}/{name}")).status_code == 410


def entries(*requests: tuple[str, str, dict[str, Any] | None]) -> list[dict[str, Any]]:
    return [
        {"request": {"method": method, "url": url}, **({"resource": told} if told else {})}
        for method, url, told in requests
    ]


@pytest.mark.parametrize(
    "way", [one["code"] for one in REST["interaction"] if one["code"] in ("batch", "transaction")]
)
async def test_bundles(fhir, way):
    await known_patient(fhir)
    asked = entries(("POST", "Condition", example("Condition")), ("GET", "Patient/85", None))
    answer = await fhir.post("", {"resourceType": "Bundle", "type": way, "entry": asked})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["type"] == f"{way}-response"
    assert [one["response"]["status"][:3] for one in told["entry"]] == ["201", "200"]


def test_the_statement_lists_no_interaction_that_has_no_test_here() -> None:
    """What is listed for types and for the whole; what is conditional is looked at above."""
    tested = {
        "read",
        "vread",
        "create",
        "update",
        "patch",
        "delete",
        "search-type",
        "history-instance",
        "history-type",
    }
    listed = {one["code"] for told in BY_TYPE.values() for one in told["interaction"]}
    assert listed <= tested
    whole = {one["code"] for one in REST["interaction"]}
    assert whole <= {"batch", "transaction", "history-system", "search-system"}
