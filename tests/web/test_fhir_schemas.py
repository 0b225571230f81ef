"""No request to the FHIR face is answered 500, and every refusal is an OperationOutcome.

schemathesis draws the requests, over an OpenAPI description that is made here from the
CapabilityStatement: clients have that statement, so that the service itself gives out no other.
"""

import json
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
import schemathesis
from httpx import AsyncClient, Response
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from app.web.fhir.capability import capability_statement
from fhir_mappings.operations import OPERATIONS
from tests.mappings.examples import make_patient
from tests.web.site import BASE, Site

[REST] = capability_statement(f"{BASE}/fhir", "token", "revoke")["rest"]
RESULTS = ("_count", "_sort", "_total", "_summary", "_elements", "_include", "_revinclude", "_has")
TEXT = {"type": "string", "maxLength": 60}
DAYS = {"enum": ["2026", "ge2026-03", "lt2026-03-02T10:00:00Z", "sa2026", "xx2026", "2026-13-45"]}
TOKENS = {"enum": ["a", "|a", "http://loinc.org|44261-6", "a,b", "|", "\\", "a|b|c"]}
REFERENCES = {
    "enum": ["85", "Patient/85", "Device/1", "urn:uuid:x", f"{BASE}/fhir/Patient/85", "/"]
}
VALUES = {"date": DAYS, "token": TOKENS, "reference": REFERENCES}
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]

steadily = hypothesis.settings(
    max_examples=120,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def description() -> dict[str, Any]:
    """What can be asked of the face, as far as OpenAPI can say it."""
    paths: dict[str, Any] = {
        "/fhir": {"post": _sent(_bundle())},
        "/fhir/metadata": {"get": _asked()},
    }
    for one in REST["resource"]:
        paths |= _of_type(one)
    for operation in OPERATIONS:
        kinds = operation.types[:1] or ("",)
        for kind in kinds:
            paths |= _of_operation(kind, operation.code, operation.levels)
    return {
        "openapi": "3.1.0",
        "info": {"title": "FHIR", "version": "4.0.1"},
        "paths": paths,
    }


def _of_type(one: dict[str, Any]) -> dict[str, Any]:
    kind = one["type"]
    codes = {each["code"] for each in one["interaction"]}
    search = [
        _parameter(each["name"], VALUES.get(each["type"], TEXT)) for each in one["searchParam"]
    ]
    search += [_parameter(name, TEXT) for name in RESULTS]
    whole: dict[str, Any] = {"get": _asked(*search)}
    single: dict[str, Any] = {"get": _asked(), "delete": _asked()}
    if "create" in codes:
        whole["post"] = _sent(_resource(kind))
        single["put"] = _sent(_resource(kind))
        single["patch"] = _sent(_patch(), "application/json-patch+json")
    number = {"name": "version", "in": "path", "required": True, "schema": TEXT}
    versioned = {"get": _asked(), "parameters": [_id(), number]}
    history = {"get": _asked(_parameter("_since", DAYS), _parameter("_count", TEXT))}
    return {
        f"/fhir/{kind}": whole,
        f"/fhir/{kind}/_search": {"post": _form([each["name"] for each in search])},
        f"/fhir/{kind}/{{id}}": {**single, "parameters": [_id()]},
        f"/fhir/{kind}/{{id}}/_history": {**history, "parameters": [_id()]},
        f"/fhir/{kind}/{{id}}/_history/{{version}}": versioned,
        f"/fhir/Patient/{{id}}/{kind}": {"get": _asked(*search), "parameters": [_id()]},
    }


def _of_operation(kind: str, code: str, levels: tuple[str, ...]) -> dict[str, Any]:
    places = {
        "system": f"/fhir/${code}",
        "type": f"/fhir/{kind}/${code}",
        "instance": f"/fhir/{kind}/{{id}}/${code}",
    }
    known = next(one for one in OPERATIONS if one.code == code)
    asked = [_parameter(one.name, TEXT) for one in known.inputs]
    found = {}
    for level in levels:
        here: dict[str, Any] = {
            "get": _asked(*asked),
            "post": _sent(_inputs([one.name for one in known.inputs])),
        }
        found[places[level]] = here | ({"parameters": [_id()]} if level == "instance" else {})
    return found


def _id() -> dict[str, Any]:
    ids = {"enum": ["85", "nobody", "%00", "..", "a" * 65, "$x", "_history"]}
    return {"name": "id", "in": "path", "required": True, "schema": ids}


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def _asked(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": list(parameters), "responses": {"default": {"description": "FHIR"}}}


def _sent(schema: dict[str, Any], kind: str = "application/fhir+json") -> dict[str, Any]:
    return {**_asked(), "requestBody": {"required": True, "content": {kind: {"schema": schema}}}}


def _form(names: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": {name: TEXT for name in names}}
    content = {"application/x-www-form-urlencoded": {"schema": schema}}
    return {**_asked(), "requestBody": {"content": content}}


def _resource(kind: str) -> dict[str, Any]:
    subject = {"type": "object", "properties": {"reference": REFERENCES}}
    told = {"resourceType": {"const": kind}, "id": TEXT, "status": TEXT, "subject": subject}
    return {"type": "object", "properties": told, "required": ["resourceType"]}


def _bundle() -> dict[str, Any]:
    request = {
        "type": "object",
        "properties": {
            "method": {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE"]},
            "url": {
                "enum": ["Patient", "Patient/85", "Patient?identifier=a|b", "x", "$export", ""]
            },
        },
    }
    entry = {"type": "object", "properties": {"request": request, "resource": _resource("Patient")}}
    told = {
        "resourceType": {"const": "Bundle"},
        "type": {"enum": ["batch", "transaction", "document"]},
        "entry": {"type": "array", "items": entry, "maxItems": 3},
    }
    return {"type": "object", "properties": told, "required": ["resourceType", "type"]}


def _patch() -> dict[str, Any]:
    step = {
        "type": "object",
        "properties": {
            "op": {"enum": ["add", "remove", "replace", "move", "copy", "test"]},
            "path": {"enum": ["/active", "/name/0", "", "/x/y", "/-", "name"]},
            "value": {},
        },
    }
    return {"type": "array", "items": step, "maxItems": 3}


def _inputs(names: list[str]) -> dict[str, Any]:
    part = {
        "type": "object",
        "properties": {"name": {"enum": [*names, "x"]}, "valueString": TEXT, "valueInteger": {}},
    }
    told = {
        "resourceType": {"const": "Parameters"},
        "parameter": {"type": "array", "items": part, "maxItems": 3},
    }
    return {"type": "object", "properties": told, "required": ["resourceType"]}


OPERATIONS_DRAWN = [
    one.ok() for one in schemathesis.openapi.from_dict(description()).get_all_operations()
]


async def send(http: AsyncClient, case: schemathesis.Case) -> Response:
    """What was drawn, as it would go over the network."""
    asked = case.as_transport_kwargs(base_url=BASE)
    headers = {k: v for k, v in (asked.get("headers") or {}).items() if _fits(k + v)}
    headers.pop("User-Agent", None)
    body = asked.get("data")
    if asked.get("json") is not None:
        body = json.dumps(asked["json"]).encode()
    return await http.request(
        asked["method"],
        urlsplit(asked["url"]).path or "/",
        params=asked.get("params"),
        headers=headers,
        data=body if isinstance(body, dict) else None,
        content=body if isinstance(body, bytes | str) else None,
    )


def _fits(text: str) -> bool:
    return text.isascii() and text.isprintable()


@pytest.fixture
async def http(request: pytest.FixtureRequest, site: Site) -> AsyncClient:
    """With a token, with a false one, with nothing."""
    opened: AsyncClient = await site.open()
    if request.param != "nobody":
        token = site.token if request.param == "ehr" else "not.a.token"
        opened.headers["Authorization"] = f"Bearer {token}"
    if request.param == "ehr":
        put = await opened.put("/fhir/Patient/85", json=make_patient(id="85"))
        assert put.status_code == 201, put.text
    return opened


@pytest.mark.parametrize("http", ["ehr", "forger", "nobody"], indirect=True)
@steadily
@given(data=st.data())
async def test_whatever_is_asked_is_answered_as_fhir(
    http: AsyncClient, data: st.DataObject
) -> None:
    operation = data.draw(st.sampled_from(OPERATIONS_DRAWN))
    case = data.draw(operation.as_strategy(data.draw(st.sampled_from(MODES))))
    told = await send(http, case)
    place = f"{case.method} {case.formatted_path} {case.query} {case.body!r:.200}"
    assert told.status_code < 500, place
    if told.status_code in (204, 304) or case.method == "HEAD":
        assert told.content == b"", place
        return
    assert told.headers["content-type"].startswith("application/fhir+json"), place
    kind = told.json()["resourceType"]
    assert told.is_success or kind == "OperationOutcome", place
    if kind == "OperationOutcome" and not told.is_success:
        assert told.json()["issue"][0]["diagnostics"], place


def test_the_description_names_what_is_offered() -> None:
    paths = description()["paths"]
    assert len(paths) > 100
    assert {"/fhir", "/fhir/Condition/{id}", "/fhir/Patient/{id}/$everything"} <= set(paths)
