"""The table of operations: each is answered, defined, advertised; what is not there is said."""

import json

import pytest

from app.domain.scopes import read_scopes
from fhir_mappings.operations import OPERATIONS, Operation, listed
from tests.mappings.examples import make_patient
from tests.mappings.official import faults
from tests.web.fhir_face import BASE, make_client

pytest_plugins = ["tests.web.fhir_face"]


def places() -> list[tuple[str, str, str]]:
    """(method, path, code) of each operation at each of its addresses, at one type."""
    found = []
    for one in OPERATIONS:
        kind = "Patient" if "Patient" in one.types else (one.types or ("",))[0]
        paths = {
            "system": f"${one.code}",
            "type": f"{kind}/${one.code}",
            "instance": f"{kind}/85/${one.code}",
        }
        found += [
            (method, paths[level], one.code) for level in one.levels for method in one.methods
        ]
    return found


def is_unknown(answer) -> bool:
    """Whether the face says that there is no such operation, or not by this method."""
    if answer.status_code not in (404, 405):
        return False
    words = answer.json()["issue"][0]["diagnostics"]
    return answer.status_code == 405 or "operation" in words or "nothing at this address" in words


@pytest.mark.parametrize(("method", "path", "code"), places())
async def test_each_operation_is_answered_where_it_is_offered(fhir, method, path, code):
    await fhir.put("Patient/85", make_patient(id="85"))
    answer = await fhir.request(method, path)
    assert answer.status_code < 500
    assert not is_unknown(answer), answer.text


@pytest.mark.parametrize("operation", OPERATIONS, ids=[one.id for one in OPERATIONS])
async def test_each_is_defined_and_found(fhir, operation: Operation):
    read = await fhir.get(f"OperationDefinition/{operation.id}")
    assert read.status_code == 200, read.text
    assert faults(read.content) == []
    told = read.json()
    assert (told["code"], told.get("resource", [])) == (operation.code, list(operation.types))
    found = (await fhir.get(f"OperationDefinition?url={told['url']}")).json()
    assert [one["resource"]["id"] for one in found["entry"]] == [operation.id]
    assert found["total"] == 1
    again = await fhir.get(f"OperationDefinition/{operation.id}", **{"If-None-Match": 'W/"1"'})
    assert again.status_code == 304


async def test_definitions_are_searched_and_paged_like_everything(fhir):
    path, names = "OperationDefinition?_count=1", []
    while path:
        page = (await fhir.get(path)).json()
        assert page["total"] == len(OPERATIONS)
        names += [one["resource"]["id"] for one in page["entry"]]
        links = {one["relation"]: one["url"] for one in page["link"]}
        path = links.get("next", "").removeprefix(f"{BASE}/fhir/")
    assert sorted(names) == sorted(one.id for one in OPERATIONS)
    found = (await fhir.get("OperationDefinition?code=everything")).json()
    assert [one["resource"]["code"] for one in found["entry"]] == ["everything"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    posted = await fhir.request("POST", "OperationDefinition/_search", b"code=match", **form)
    assert [one["resource"]["code"] for one in posted.json()["entry"]] == ["match"]
    assert (await fhir.get("OperationDefinition?_count=0")).json()["total"] == len(OPERATIONS)
    assert (await fhir.get("OperationDefinition?_cursor=x")).status_code == 400
    assert (await fhir.get("OperationDefinition/nothing")).status_code == 404


async def test_definitions_need_their_scope_too(engine, open_face, fhir):
    few = read_scopes("system/Patient.rs")
    reader = await open_face(await make_client(engine, fhir.actor.org_id, "Reader", few))
    assert (await reader.get("OperationDefinition")).status_code == 403
    assert (await reader.get("OperationDefinition/Patient-match")).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "Patient/$match", 405, "POST"),
        ("DELETE", "Patient/85/$everything", 405, "GET, POST"),
        ("PUT", "Observation/$lastn", 405, "GET, POST"),
        ("GET", "Patient/$everything", 404, None),
        ("GET", "Observation/$stats", 404, None),
        ("POST", "$graphql", 404, None),
        ("GET", "Device/$everything", 404, None),
    ],
)
async def test_what_is_not_offered_is_said(fhir, method, path, status, allow):
    answer = await fhir.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers.get("allow") == allow
    assert answer.json()["issue"][0]["code"] == "not-supported"


async def test_the_capability_statement_lists_them(fhir):
    [rest] = json.loads((await fhir.get("metadata")).content)["rest"]
    told = {one["type"]: one.get("operation", []) for one in rest["resource"]}
    for kind, operations in told.items():
        assert operations == listed(kind)
    assert rest.get("operation", []) == listed("")
