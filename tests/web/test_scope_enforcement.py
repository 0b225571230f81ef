"""Scopes hold for every interaction of the FHIR face: what is not covered is 403, told how."""

import json
from typing import Any

import pytest
from httpx import Response

from app.domain.access import Role
from app.domain.actor import Actor, ActorKind, system
from app.domain.scopes import read_scopes
from app.store.ids import new_id
from app.use_cases import manage_clients
from app.use_cases.inbound_messages import list_inbound
from tests.web.site import NUMBERS, Site, phq9
from tests.web.smart_client import Vendor, make_vendor

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"system": NUMBERS, "value": "9001"}],
    "name": [{"family": "Alvarez", "given": ["Rosa"]}],
    "gender": "female",
    "birthDate": "1979-05-04",
}
ITEM: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]},
    "subject": {"identifier": {"system": NUMBERS, "value": "9001"}},
    "effectiveDateTime": "2026-05-04T10:00:00-04:00",
    "valueInteger": 17,
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def is_refused(told: Response, scope: str) -> bool:
    """Whether it is refused as RFC 6750 and FHIR say, naming the scope that is missing."""
    issue = told.json()["issue"][0]
    return (
        told.status_code == 403
        and f'error="insufficient_scope", scope="{scope}"' in told.headers["www-authenticate"]
        and issue["code"] == "forbidden"
        and scope in issue["diagnostics"]
    )


async def vendor_with(site: Site, scopes: str) -> tuple[Vendor, str]:
    vendor = await make_vendor(site, scopes)
    return vendor, await vendor.token(scopes)


async def a_patient(site: Site) -> str:
    """A known patient's address, with a form."""
    told = await site.send(phq9("9001", [2] * 9, 1, "Rosa Alvarez"))
    return str(told.json()["entry"][0]["response"]["location"].split("/fhir")[1].split("/_his")[0])


@pytest.mark.parametrize(
    ("has", "method", "path", "body", "needs"),
    [
        ("system/Patient.cus system/Observation.r", "GET", "{patient}", None, "system/Patient.r"),
        ("system/Patient.s", "GET", "{patient}/_history/1", None, "system/Patient.r"),
        ("system/Patient.r system/Observation.s", "GET", "/Patient", None, "system/Patient.s"),
        ("system/Patient.rs", "GET", "/Observation?patient=1", None, "system/Observation.s"),
        ("system/Patient.rs", "POST", "/Observation", ITEM, "system/Observation.c"),
        ("system/Observation.rsc", "POST", "/Patient", PATIENT, "system/Patient.c"),
        ("system/Patient.c", "PUT", "/Patient/own-1", PATIENT | {"id": "own-1"}, "system/Patient.u"),
        ("system/Patient.u", "POST", "/Patient", PATIENT, "system/Patient.c"),
    ],
)  # fmt: skip
async def test_each_interaction_needs_its_scope(
    site: Site, has: str, method: str, path: str, body: Any, needs: str
) -> None:
    patient = await a_patient(site)
    vendor, token = await vendor_with(site, has.replace("rsc", "crs"))
    told = await vendor.fhir(token, method, path.format(patient=patient), body)
    assert is_refused(told, needs), (told.status_code, told.headers, told.text)
    able, enough = await vendor_with(site, needs)
    told = await able.fhir(enough, method, path.format(patient=patient), body)
    assert told.status_code != 403, told.text


async def test_a_search_by_post_needs_the_same(site: Site) -> None:
    vendor, token = await vendor_with(site, "system/Patient.cru")
    told = await vendor.http.post(
        "/fhir/Patient/_search",
        content="name=rosa",
        headers=FORM | {"Authorization": f"Bearer {token}"},
    )
    assert is_refused(told, "system/Patient.s")


async def test_a_conditional_create_needs_to_search(site: Site) -> None:
    vendor, token = await vendor_with(site, "system/Patient.cru")
    condition = {"If-None-Exist": f"identifier={NUMBERS}|9001"}
    told = await vendor.fhir(token, "POST", "/Patient", PATIENT, **condition)
    assert is_refused(told, "system/Patient.s")


def bundle(kind: str, *entries: tuple[dict[str, Any], str, str]) -> dict[str, Any]:
    listed = [
        {"resource": resource, "request": {"method": method, "url": url}}
        for resource, method, url in entries
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": listed}


async def test_in_a_batch_each_entry_stands_for_itself(site: Site) -> None:
    await a_patient(site)
    vendor, token = await vendor_with(site, "system/Observation.c")
    message = bundle("batch", (PATIENT, "POST", "Patient"), (ITEM, "POST", "Observation"))
    told = (await vendor.fhir(token, "POST", "", message)).json()
    assert [one["response"]["status"][:3] for one in told["entry"]] == ["403", "201"]


async def test_in_a_transaction_one_entry_too_many_refuses_all(site: Site) -> None:
    await a_patient(site)
    vendor, token = await vendor_with(site, "system/Observation.crs")
    message = bundle("transaction", (ITEM, "POST", "Observation"), (PATIENT, "POST", "Patient"))
    told = await vendor.fhir(token, "POST", "", message)
    assert is_refused(told, "system/Patient.c")
    assert told.json()["issue"][0]["expression"] == ["Bundle.entry[1].resource"]
    found = await vendor.fhir(token, "GET", "/Observation?code=44261-6")
    assert ITEM["effectiveDateTime"] not in found.text


async def test_a_conditional_reference_needs_to_search(site: Site) -> None:
    await a_patient(site)
    item = ITEM | {"subject": {"reference": f"Patient?identifier={NUMBERS}|9001"}}
    message = bundle("transaction", (item, "POST", "Observation"))
    vendor, token = await vendor_with(site, "system/Observation.c")
    told = await vendor.fhir(token, "POST", "", message)
    assert is_refused(told, "system/Patient.s")
    assert told.json()["issue"][0]["expression"] == ["Bundle.entry[0].resource.subject"]
    finder, enough = await vendor_with(site, "system/Observation.c system/Patient.s")
    assert (await finder.fhir(enough, "POST", "", message)).status_code != 403


async def test_what_was_written_is_not_shown_to_one_who_may_not_read(site: Site) -> None:
    await a_patient(site)
    vendor, token = await vendor_with(site, "system/Observation.c")
    told = await vendor.fhir(token, "POST", "/Observation", ITEM, Prefer="return=representation")
    assert told.status_code == 201
    assert told.json()["resourceType"] == "OperationOutcome"
    reader, enough = await vendor_with(site, "system/Observation.cr")
    other = ITEM | {"effectiveDateTime": "2026-05-05T10:00:00-04:00"}
    told = await reader.fhir(enough, "POST", "/Observation", other, Prefer="return=representation")
    assert told.json()["resourceType"] == "Observation"


async def test_a_token_of_no_scope_is_none(site: Site) -> None:
    """Everything was taken away from the client while its token lived."""
    vendor, token = await vendor_with(site, "system/Patient.rs")
    async with site.services.database.transaction(system(site.org_id)) as store:
        scopes = read_scopes("system/Encounter.c")
        await manage_clients.change_client(store, vendor.client_id, scopes, None)
    assert is_refused(await vendor.fhir(token, "GET", "/Patient"), "system/Patient.s")


async def test_a_client_reaches_no_page_and_no_explanation(site: Site) -> None:
    patient = await a_patient(site)
    vendor, token = await vendor_with(site, "system/*.crus")
    headers = {"Authorization": f"Bearer {token}"}
    page = await vendor.http.get("/caseload", headers=headers)
    assert page.status_code in (303, 401)
    explained = await vendor.http.get(f"/api/v1/patients{patient[8:]}/explain", headers=headers)
    assert explained.status_code in (403, 404)


async def test_a_refused_message_is_kept_and_replayed_within_what_is_registered(
    site: Site,
) -> None:
    """Nothing sent is lost; and an operator who mends it gives its sender no more than it has."""
    await a_patient(site)
    vendor, token = await vendor_with(site, "system/Patient.s")
    assert is_refused(
        await vendor.fhir(token, "POST", "/Observation", ITEM), "system/Observation.c"
    )
    operator = Actor(site.org_id, ActorKind.STAFF, new_id(), "Sam", frozenset({Role.OPERATOR}))
    database = site.services.database
    async with database.transaction(operator) as store:
        rows = [row for row in await list_inbound(store) if row.client_id == vendor.client_id]
    assert [row.http_status for row in rows] == [403]
    body = json.dumps(ITEM).encode()
    assert (await site.services.replay(operator, rows[0], body))[0] == 403
    async with database.transaction(system(site.org_id)) as store:
        scopes = read_scopes("system/Patient.s system/Observation.c")
        await manage_clients.change_client(store, vendor.client_id, scopes, None)
    assert (await site.services.replay(operator, rows[0], body))[0] == 201
