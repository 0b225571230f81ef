"""No request that the descriptions allow, and none that they forbid, is answered 500.

schemathesis draws the requests: over the OpenAPI of /api/v1, and over a description of
every form of the pages that is made here from the routes. The same requests in every run.
"""

from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
import schemathesis
from httpx import AsyncClient, Response
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import content_type_conformance
from schemathesis.specs.openapi.checks import response_schema_conformance

from app.web.api.router import description
from tests.web.routes import routes_of
from tests.web.site import BASE, STAFF, Site, Visitor

POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
steadily = hypothesis.settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def operations(told: dict[str, Any]) -> list[schemathesis.APIOperation]:
    return [one.ok() for one in schemathesis.openapi.from_dict(told).get_all_operations()]


def description_of_forms(site: Site) -> dict[str, Any]:
    """An OpenAPI description of what the pages' forms send: text for every field."""
    paths: dict[str, Any] = {}
    for method, path, names in routes_of(site.services):
        if method == "POST" and not path.startswith(("/fhir", "/api")) and names:
            paths[path] = {"post": _form(path, names)}
    info = {"title": "Forms", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths}


def _form(path: str, names: list[str]) -> dict[str, Any]:
    parts = [part[1:-1].partition(":")[0] for part in path.split("/") if part.startswith("{")]
    fields = {name: {"type": "string"} for name in names}
    body = {"schema": {"type": "object", "properties": fields, "required": names[:1]}}
    return {
        "parameters": [
            {"name": part, "in": "path", "required": True, "schema": _id_schema(part)}
            for part in parts
        ],
        "requestBody": {"content": {"application/x-www-form-urlencoded": body}},
        "responses": {"default": {"description": "Anything but a failure."}},
    }


def _id_schema(name: str) -> dict[str, Any]:
    return {"type": "string", "format": "uuid"} if name.endswith("_id") else {"type": "string"}


async def send(http: AsyncClient, case: schemathesis.Case, csrf: str = "") -> Response:
    """Send what was drawn, as it would go over the network."""
    asked = case.as_transport_kwargs(base_url=BASE)
    body = asked.get("data")
    if csrf:
        body = {**(body if isinstance(body, dict) else {}), "csrf": csrf}
    headers = {k: v for k, v in (asked.get("headers") or {}).items() if _fits(k + v)}
    headers.pop("User-Agent", None)
    return await http.request(
        asked["method"],
        urlsplit(asked["url"]).path or "/",
        params=asked.get("params"),
        headers=headers,
        data=body if isinstance(body, dict) else None,
        content=body if isinstance(body, (bytes, str)) else None,
    )


def _fits(text: str) -> bool:
    return text.isascii() and text.isprintable()


@pytest.fixture
async def visitor(request: pytest.FixtureRequest, site: Site) -> Visitor:
    """With a session, with a token, with a false one, with nothing: made once for all examples."""
    who = request.param
    if who in STAFF:
        return await site.sign_in(who)
    made = await site.visit()
    if who in ("ehr", "forger"):
        token = site.token if who == "ehr" else "not.a.token"
        made.http.headers["Authorization"] = f"Bearer {token}"
    return made


@pytest.fixture
def forms(site: Site) -> list[schemathesis.APIOperation]:
    """Every form of the pages."""
    return operations(description_of_forms(site))


@pytest.mark.parametrize("visitor", ["nobody", "maya", "dana", "ehr", "forger"], indirect=True)
@steadily
@given(data=st.data())
async def test_the_api(visitor: Visitor, data: st.DataObject) -> None:
    """No 500; and what is answered is what the description says it would be."""
    case = drawn(data, operations(description()))
    told = await send(visitor.http, case)
    assert told.status_code < 500, f"{case.method} {case.formatted_path}"
    case.validate_response(told, checks=[content_type_conformance, response_schema_conformance])


@pytest.mark.parametrize("visitor", ["nobody", "maya", "dana", "sam"], indirect=True)
@steadily
@given(data=st.data())
async def test_every_form_of_the_pages(
    visitor: Visitor, forms: list[schemathesis.APIOperation], data: st.DataObject
) -> None:
    case = drawn(data, forms)
    told = await send(visitor.http, case, visitor.csrf)
    assert told.status_code < 500, f"{case.method} {case.formatted_path}: {case.body!r:.200}"


def drawn(data: st.DataObject, known: list[schemathesis.APIOperation]) -> schemathesis.Case:
    """A request that the description allows, or one that it forbids."""
    operation = data.draw(st.sampled_from(known))
    return data.draw(operation.as_strategy(data.draw(st.sampled_from([POSITIVE, NEGATIVE]))))


def test_the_description_of_the_forms_names_them_all(site: Site) -> None:
    told = description_of_forms(site)
    assert len(told["paths"]) > 40
    assert "/patients/{patient_id}/enrol" in told["paths"]
