"""AuditEvent: rows of the audit by FHIR, under a scope of its own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from fhir.resources.R4B.bundle import Bundle
from httpx import Response

from app.auth.bearer import issue_token
from app.domain.actor import system
from app.domain.scopes import EVERY_SCOPE, Interaction, covers, grant, permissions_of, read_scopes
from app.store import audit
from tests.web.records import UNSAFE, Records, make_records
from tests.web.site import Site

FAMILY = "Zzyzxson"


@pytest.fixture
async def records(site: Site) -> Records:
    records = await make_records(site)
    await records.patient("p1", "77", name=[{"family": FAMILY, "given": ["Quill"]}])
    await records.screened("p1", "q1", UNSAFE, 30)
    await site.send(None, "/fhir/Observation?patient=p1", "GET")
    await site.send(None, "/fhir/Patient/p1", "GET")
    tess = await site.sign_in("tess")
    await tess.get(f"/patients/{await records.id_of('p1')}")
    return records


async def watcher(site: Site, scopes: str = "system/AuditEvent.rs") -> Any:
    """What asks as a client with these scopes."""
    async with site.services.database.transaction(system(site.org_id)) as store:
        token = await issue_token(store, "SIEM", 1, read_scopes(scopes))

    async def ask(path: str, method: str = "GET", **more: Any) -> Response:
        http = await site.open()
        headers = {"Authorization": f"Bearer {token}"} | more.pop("headers", {})
        return await http.request(method, f"/fhir/{path}", headers=headers, **more)  # type: ignore[no-any-return]

    return ask


def events(answer: Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    Bundle.model_validate(answer.json())
    found = [entry["resource"] for entry in answer.json().get("entry", [])]
    for one in found:
        AuditEvent.model_validate(one)
    return found


def acts(found: list[dict[str, Any]]) -> list[str]:
    return [one["subtype"][-1]["code"] for one in found]


async def test_every_row_is_a_valid_audit_event(site: Site, records: Records) -> None:
    ask = await watcher(site)
    found = events(await ask("AuditEvent?_count=200"))
    assert {"resource.create", "resource.read", "resource.search", "session.begin"} <= set(
        acts(found)
    )
    assert FAMILY not in str(found), "patients are named by reference alone"
    for one in found:
        again = await ask(f"AuditEvent/{one['id']}")
        assert again.json() == one
        assert again.headers["etag"] == 'W/"1"'


async def test_a_read_by_fhir_has_the_codes_of_a_rest_operation(
    site: Site, records: Records
) -> None:
    ask = await watcher(site)
    (one,) = events(await ask("AuditEvent?subtype=resource.read&patient=p1"))
    assert one["type"]["code"] == "rest"
    assert (one["subtype"][0]["code"], one["action"], one["outcome"]) == ("read", "R", "0")
    client, server = one["agent"]
    assert (client["type"]["coding"][0]["code"], client["requestor"]) == ("110153", True)
    assert client["who"]["display"] == "EHR"
    assert (server["type"]["coding"][0]["code"], server["requestor"]) == ("110152", False)
    assert one["entity"][0]["what"] == {"reference": "Patient/p1"}
    (search,) = events(await ask("AuditEvent?subtype=resource.search&patient=p1"))
    assert (search["subtype"][0]["code"], search["action"]) == ("search-type", "E")
    assert search["entity"][0]["what"] == {"reference": "Patient/p1"}, "whom it showed"


async def test_a_refusal_is_an_alert_with_its_reason(site: Site, records: Records) -> None:
    ask = await watcher(site)
    (one,) = events(await ask("AuditEvent?outcome=4&patient=p1"))
    assert (one["type"]["code"], one["outcome"], one["outcomeDesc"]) == ("110113", "4", "forbidden")
    assert one["agent"][0]["who"]["display"] == "Tess Nguyen"
    (login,) = events(await ask("AuditEvent?subtype=session.begin"))
    assert [c["code"] for c in login["subtype"]] == ["110122", "session.begin"]


async def test_the_scope_is_of_its_own() -> None:
    assert not covers(EVERY_SCOPE, "AuditEvent", Interaction.READ), "* does not reach it"
    assert grant(EVERY_SCOPE, read_scopes("system/AuditEvent.rs")) == frozenset()
    assert [p.value for p in permissions_of(read_scopes("system/AuditEvent.rs"))] == ["view-audit"]
    assert permissions_of(read_scopes("system/AuditEvent.c")) == frozenset()


@pytest.mark.parametrize(
    ("scopes", "path"),
    [
        ("system/*.crus", "AuditEvent"),
        ("system/*.crus", "AuditEvent/x"),
        ("system/AuditEvent.s", "AuditEvent/x"),
        ("system/AuditEvent.r", "AuditEvent"),
        ("system/AuditEvent.rs", "Patient/p1"),
        ("system/AuditEvent.rs", "Patient"),
    ],
)
async def test_without_the_scope_nothing(
    site: Site, records: Records, scopes: str, path: str
) -> None:
    ask = await watcher(site, scopes)
    answer = await ask(path)
    assert answer.status_code == 403, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


async def test_looking_is_in_the_audit_too(site: Site, records: Records) -> None:
    ask = await watcher(site)
    await ask("AuditEvent?_count=1")
    found = events(await ask("AuditEvent?agent-name=SIEM"))
    assert acts(found) == ["audit.search"]


async def test_pages_by_next_links_hold_each_once(site: Site, records: Records) -> None:
    async with site.services.database.transaction(system(site.org_id)) as store:
        for _ in range(25):
            await audit.record(store, "same.time")
    ask, path, ids = await watcher(site), "AuditEvent?subtype=same.time&_count=7", []
    while path:
        answer = await ask(path)
        ids += [one["id"] for one in events(answer)]
        links = {link["relation"]: link["url"] for link in answer.json()["link"]}
        path = links.get("next", "").partition("/fhir/")[2]
    assert len(ids) == len(set(ids)) == 25


async def test_dates_narrow(site: Site, records: Records) -> None:
    ask = await watcher(site)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    assert events(await ask(f"AuditEvent?date=ge{tomorrow}")) == []
    assert events(await ask(f"AuditEvent?date=lt{tomorrow}&date=ge2026-01-01"))
    assert events(await ask("AuditEvent?date=le2020")) == []


@pytest.mark.parametrize(
    "query",
    [
        "name=x",
        "date=x",
        "date=sa2026",
        "_count=0",
        "_count=x",
        "outcome=8",
        "patient=a&patient=b",
        "subtype=%00",
    ],
)
async def test_what_cannot_be_read_is_refused(site: Site, query: str) -> None:
    ask = await watcher(site)
    answer = await ask(f"AuditEvent?{query}")
    assert answer.status_code == 400, answer.text


async def test_nobody_writes_one(site: Site) -> None:
    ask = await watcher(site)
    for method, path in (
        ("POST", "AuditEvent"),
        ("PUT", "AuditEvent/1"),
        ("DELETE", "AuditEvent/1"),
    ):
        answer = await ask(path, method, json={"resourceType": "AuditEvent"})
        assert answer.status_code in (403, 404, 405), (method, answer.text)


async def test_a_search_in_the_body(site: Site, records: Records) -> None:
    ask = await watcher(site)
    found = events(await ask("AuditEvent/_search", "POST", data={"patient": "Patient/p1"}))
    assert found
    assert events(await ask("AuditEvent?patient=nobody")) == []
