"""Whoever follows every link: no page shows a patient without a row that says who saw whom."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from sqlalchemy import select

from app.domain.actor import system
from app.store.ids import new_id
from app.store.tables import audit_events, audit_shown
from tests.web.records import UNSAFE, Records, make_records
from tests.web.site import Site, Visitor

FAMILY = "Zzyzxson"
"""A name that stands nowhere else: where it is, a patient is shown."""
LINK = re.compile(r'href="(/[^"#]*)')
MOST_PAGES = 90
WHO = ("maya", "lind", "tess", "sam", "dana")


async def rows(site: Site) -> list[Any]:
    async with site.services.database.transaction(system(site.org_id)) as store:
        return list((await store.connection.execute(select(audit_events))).all())


@pytest.fixture
async def records(site: Site) -> Records:
    """A patient in care with an item 9 above 0, and another with the same number and birth date."""
    records = await make_records(site)
    name = [{"family": FAMILY, "given": ["Quill"]}]
    one = await records.patient("p1", "77", name=name)
    await records.screened("p1", "q1", UNSAFE, 60)
    await records.enrolled(one)
    await records.screened("p1", "q2", UNSAFE, 1)
    await records.patient("p2", "78", name=name)
    await records.screened("p2", "q3", UNSAFE, 1)
    return records


async def crawl(visitor: Visitor) -> dict[str, Response]:
    """Every page that links lead to, from the first one on; each sort of page a few times."""
    seen: dict[str, Response] = {}
    waiting, sorts = ["/", "/caseload"], dict[str, int]()
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        sort = re.sub(r"[0-9a-f-]{36}", "…", path.partition("?")[0])
        if path in seen or sorts.get(sort, 0) >= 3 or sort.startswith("/assets"):
            continue
        sorts[sort] = sorts.get(sort, 0) + 1
        seen[path] = await visitor.http.get(path)
        waiting += [unescape(link) for link in LINK.findall(seen[path].text)]
    return seen


def patients_in(text: str, known: list[UUID]) -> Iterator[UUID]:
    """Those whom a page names: one of them where it shows the name, each whose page it links."""
    for patient_id in known:
        if f"/patients/{patient_id}" in text:
            yield patient_id


@pytest.mark.parametrize("who", WHO)
async def test_no_page_shows_a_patient_without_a_row(
    site: Site, records: Records, who: str
) -> None:
    known = [await records.id_of("p1"), await records.id_of("p2")]
    visitor = await site.sign_in(who)
    pages = await crawl(visitor)
    pages["POST /search"] = await visitor.post("/search", query=FAMILY)
    told: dict[str, set[UUID]] = {}
    for row in await rows(site):
        if row.request_id:
            seen = told.setdefault(row.request_id, set())
            seen.update(row.patient_ids or (), [row.patient_id] if row.patient_id else ())
    shown = 0
    for path, answer in pages.items():
        if answer.status_code != 200 or FAMILY not in answer.text:
            continue
        shown += 1
        whom = told.get(answer.headers["x-request-id"], set())
        assert whom & set(known), f"{path} shows a patient and nothing tells of it"
        assert set(patients_in(answer.text, known)) <= whom, f"{path} shows more than it tells of"
    assert shown >= {"maya": 12, "lind": 4, "tess": 0, "sam": 0, "dana": 0}[who], pages.keys()


async def test_the_ehr_is_told_of_too(site: Site, records: Records) -> None:
    one, other = await records.id_of("p1"), await records.id_of("p2")
    whom = {
        "/fhir/Patient/p1": {one},
        "/fhir/Patient": {one, other},
        "/fhir/Patient?name=zzy&_count=1&_sort=-_id": {other},
        "/fhir/QuestionnaireResponse?patient=p1": {one},
        "/fhir/Observation?_count=0": set(),
        "/fhir/QuestionnaireResponse/q3/_history/1": {other},
    }
    asked = {path: await site.send(None, path, "GET") for path in whom}
    told = await rows(site)
    for path, answer in asked.items():
        assert answer.status_code == 200, answer.text
        mine = [row for row in told if row.request_id == answer.headers["x-request-id"]]
        seen = {i for r in mine for i in (r.patient_ids or [r.patient_id])}
        assert seen - {None} == whom[path], path
        assert {(r.actor_kind, r.actor_name) for r in mine} == {("client", "EHR")}


async def test_who_saw_a_patient_in_a_list_is_found_by_the_patient(
    site: Site, records: Records
) -> None:
    one = await records.id_of("p1")
    maya = await site.sign_in("maya")
    listed = await maya.get("/caseload")
    async with site.services.database.transaction(system(site.org_id)) as store:
        found = await store.connection.execute(
            select(audit_events.c.action, audit_events.c.actor_name, audit_events.c.request_id)
            .join(audit_shown, audit_shown.c.audit_id == audit_events.c.audit_id)
            .where(audit_shown.c.patient_id == one)
        )
        views = [tuple(row) for row in found.all()]
    assert ("caseload.view", "Maya Okonkwo", listed.headers["x-request-id"]) in views


async def refused(site: Site) -> list[tuple[Any, ...]]:
    return [
        (row.actor_name, row.subject, row.patient_id, row.detail)
        for row in await rows(site)
        if row.action == "access.refuse"
    ]


async def test_what_a_role_forbids_is_recorded_with_whom_it_was_about(
    site: Site, records: Records
) -> None:
    one = await records.id_of("p1")
    tess = await site.sign_in("tess")
    assert (await tess.get(f"/patients/{one}")).status_code == 403
    assert await refused(site) == [
        (
            "Tess Nguyen",
            f"/patients/{one}",
            one,
            {"code": "forbidden", "needs": "view-patient"},
        )
    ]


async def test_the_api_too(site: Site, records: Records) -> None:
    one = await records.id_of("p1")
    answer = await site.send(None, f"/api/v1/patients/{one}/explain", "GET")
    assert answer.status_code == 403
    ((name, subject, patient_id, _),) = await refused(site)
    assert (name, subject, patient_id) == ("EHR", f"/api/v1/patients/{one}/explain", one)


async def test_trying_ids_leaves_a_trail(site: Site) -> None:
    maya, nobody = await site.sign_in("maya"), new_id()
    assert (await maya.get(f"/patients/{nobody}")).status_code == 404
    ((name, _, patient_id, detail),) = await refused(site)
    assert (name, patient_id, detail["code"]) == ("Maya Okonkwo", nobody, "not-found")


async def test_what_was_refused_left_nothing_but_its_row(site: Site, records: Records) -> None:
    """Entering a form is a medical assistant's to do; enrolling is not."""
    one = await records.id_of("p2")
    tess = await site.sign_in("tess")
    tess.csrf = await tess.field("/worklists/second-stages", "csrf")
    before = {row.audit_id for row in await rows(site)}
    clinic = str(records.clinic_id)
    answer = await tess.post(f"/patients/{one}/enrol", enrolled_on="2026-01-01", clinic=clinic)
    assert answer.status_code == 403, answer.text
    (row,) = [row for row in await rows(site) if row.audit_id not in before]
    assert (row.action, row.outcome, row.detail["needs"]) == ("access.refuse", "refused", "enrol")
