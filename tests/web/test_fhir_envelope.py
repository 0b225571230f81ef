"""The headers of HTTP on the FHIR face: methods, ids of requests, refusals before it is reached."""

import pytest

from tests.mappings.examples import make_patient
from tests.web.site import Site

pytest_plugins = ["tests.web.fhir_face"]


@pytest.mark.parametrize(
    "path",
    [
        "metadata",
        "Patient",
        "Patient/85",
        "Patient/85/_history",
        "Patient/85/_history/1",
        "Patient/_history",
        "_history",
        "AuditEvent",
        "Patient/85/Observation",
    ],
)
async def test_head_is_taken_where_get_is(fhir, path):
    await fhir.put("Patient/85", make_patient(id="85"))
    got, head = await fhir.get(path), await fhir.request("HEAD", path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers.get("etag") == got.headers.get("etag")
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize(
    ("path", "method", "taken"),
    [
        ("Patient/85", "POST", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("Patient/_search", "DELETE", "POST, OPTIONS"),
        ("Patient/85/_history/1", "DELETE", "GET, HEAD, OPTIONS"),
        ("CarePlan/1", "PATCH", "GET, HEAD, OPTIONS"),
        ("metadata", "DELETE", "GET, HEAD, OPTIONS"),
        ("", "DELETE", "POST, OPTIONS"),
    ],
)
async def test_an_address_tells_what_it_takes(fhir, path, method, taken):
    refused = await fhir.request(method, path)
    assert (refused.status_code, refused.headers["allow"]) == (405, taken)
    assert refused.json()["resourceType"] == "OperationOutcome"
    asked = await fhir.request("OPTIONS", path)
    assert (asked.status_code, asked.headers["allow"]) == (204, taken)


@pytest.mark.parametrize(
    "path",
    [
        "Patient/..%2Fmetadata",
        "Patient/a%2Fb",
        "Patient/%2e%2e%2f1",
        "nothing/at/all",
        "Patient/1/x/y",
    ],
)
async def test_no_way_leads_out_of_an_address(fhir, path):
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = await fhir.request(method, path)
        assert answer.status_code in (400, 404, 405), (method, answer.text)
        assert answer.status_code != 405 or answer.headers["allow"]


@pytest.mark.parametrize("kind", [None, "OperationOutcome", "minimal", "representation"])
async def test_a_preference_that_was_followed_is_told(fhir, kind):
    headers = {"Prefer": f"return={kind}"} if kind else {}
    answer = await fhir.post("Patient", make_patient(), **headers)
    assert answer.headers.get("preference-applied") == (f"return={kind}" if kind else None)
    if kind in (None, "representation"):
        assert answer.json()["id"] in answer.headers["content-location"]


async def test_a_clients_own_name_of_a_request_is_given_back(site: Site) -> None:
    visitor = await site.visit()
    ours = await visitor.http.get("/fhir/metadata")
    theirs = await visitor.http.get("/fhir/metadata", headers={"X-Request-Id": "their-1"})
    assert len(ours.headers["x-request-id"]) == 36
    assert theirs.headers["x-request-id"] == "their-1"
    assert len(theirs.headers["x-correlation-id"]) == 36
    wrong = await visitor.http.get("/fhir/metadata", headers={"X-Request-Id": "a b\tc"})
    assert wrong.headers["x-request-id"] != "a b\tc"
    page = await visitor.http.get("/sign-in", headers={"X-Request-Id": "their-1"})
    assert page.headers["x-request-id"] != "their-1"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"authorization": "Bearer nonsense"}, 401),
        ({}, 401),
    ],
)
async def test_every_refusal_is_an_operation_outcome(site: Site, headers, status) -> None:
    visitor = await site.visit()
    for path in ("/fhir/Patient/1", "/fhir/Nothing", "/fhir/_history"):
        answer = await visitor.http.get(path, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("application/fhir+json")
        assert answer.json()["issue"][0]["severity"] == "error"
