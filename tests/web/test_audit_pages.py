"""The compliance officer's pages: search, who has seen a patient, one row, a file."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app.domain.actor import Actor, ActorKind, system
from app.jobs.sealing import seal_in
from app.store import audit, staff
from app.store.audit_search import AuditSearch, list_seers, search
from app.store.ids import new_id
from app.store.tables import audit_events
from app.use_cases import export_audit as exporting
from tests.web.records import UNSAFE, Records, make_records
from tests.web.site import HASHED, Site, Visitor

FAMILY = "Zzyzxson"


@pytest.fixture
async def cora(site: Site) -> Visitor:
    """The compliance officer, signed in."""
    async with site.services.database.transaction(system(site.org_id)) as store:
        if not await _has_login(site):
            await staff.add_staff(
                store, site.login("cora"), "Cora Bell", ["compliance"], HASHED, "c@clinic.example"
            )
    visitor = await site.sign_in("cora")
    page = (await visitor.get("/audit")).text
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    visitor.csrf = found[1]
    return visitor


async def _has_login(site: Site) -> bool:
    async with site.services.database.directory() as connection:
        return bool(await staff.find_login(connection, site.login("cora")))


@pytest.fixture
async def records(site: Site) -> Records:
    records = await make_records(site)
    one = await records.patient("p1", "77", name=[{"family": FAMILY, "given": ["Quill"]}])
    await records.screened("p1", "q1", UNSAFE, 30)
    await records.enrolled(one)
    return records


async def act(site: Site, action: str, at: datetime | None = None, **more: object) -> None:
    actor = Actor(site.org_id, ActorKind.STAFF, new_id(), "=cmd|'/c calc'!A1")
    async with site.services.database.transaction(actor) as store:
        store.now = at or store.now
        await audit.record(store, action, **more)  # type: ignore[arg-type]


def rows_of(page: str) -> list[str]:
    """The rows of the last table, as plain text."""
    body = page.rpartition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr.*?</tr>", body, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


async def test_who_has_seen_a_patient_stands_on_one_page(
    site: Site, records: Records, cora: Visitor
) -> None:
    one = await records.id_of("p1")
    maya, tess = await site.sign_in("maya"), await site.sign_in("tess")
    await maya.get("/caseload")
    await maya.get(f"/patients/{one}")
    await tess.get(f"/patients/{one}")
    await site.send(None, "/fhir/Patient/p1", "GET")
    found = (await cora.post("/audit/find", query="zzyz")).text
    assert f"/audit/patients/{one}" in found
    page = (await cora.get(f"/audit/patients/{one}")).text
    assert "Who has seen Quill Zzyzxson" in page
    rows = rows_of(page)
    assert any("Maya Okonkwo opened the chart this patient" in row for row in rows)
    assert any("Maya Okonkwo saw the caseload among 1 patient" in row for row in rows)
    assert any("Tess Nguyen was refused" in row and "view-patient" in row for row in rows)
    assert any("EHR integration client read a FHIR resource" in row for row in rows)
    assert any("Cora Bell looked for a patient in the audit" in row for row in rows)
    people = page.partition("One by one")[0]
    assert re.search(r"Tess Nguyen.*?Refused\" class=\"num\">1<", people, re.S)


async def test_who_saw_a_record_that_was_joined_saw_the_person(
    site: Site, records: Records, cora: Visitor
) -> None:
    one = await records.id_of("p1")
    other = await records.patient("p2", "78", name=[{"family": FAMILY, "given": ["Q."]}])
    lind = await site.sign_in("lind")
    await lind.get(f"/patients/{other}")
    async with site.services.database.transaction(system(site.org_id)) as store:
        await store.connection.execute(
            text("UPDATE patients SET merged_into_id = :one WHERE patient_id = :other"),
            {"one": one, "other": other},
        )
    for patient_id in (one, other):
        page = (await cora.get(f"/audit/patients/{patient_id}")).text
        assert "also recorded as" in page
        assert "Dr. Astrid Lind" in page


async def test_only_compliance_reads_the_audit_and_a_try_is_in_it(
    site: Site, records: Records, cora: Visitor
) -> None:
    one = await records.id_of("p1")
    for who in ("maya", "lind", "tess", "sam", "dana"):
        visitor = await site.sign_in(who)
        for path in ("/audit", f"/audit/patients/{one}", "/audit/rows/x"):
            assert (await visitor.get(path)).status_code == 403, (who, path)
    page = (await cora.get("/audit?outcome=refused")).text
    assert "Maya Okonkwo was refused /audit (needs view-audit)" in " ".join(rows_of(page))


async def test_compliance_finds_names_and_opens_no_chart(
    site: Site, records: Records, cora: Visitor
) -> None:
    one = await records.id_of("p1")
    assert (await cora.get(f"/patients/{one}")).status_code == 403
    assert (await cora.get("/caseload")).status_code == 403


async def test_another_organization_is_as_if_it_were_not_there(
    site: Site, other_site: Site, cora: Visitor
) -> None:
    theirs = await make_records(other_site)
    one = await theirs.patient("p9", "99", name=[{"family": FAMILY, "given": ["Quill"]}])
    assert (await cora.get(f"/audit/patients/{one}")).status_code == 404
    assert "Nobody fits" in (await cora.post("/audit/find", query=FAMILY)).text
    async with other_site.services.database.transaction(system(other_site.org_id)) as store:
        found, _ = await search(store, AuditSearch(limit=1))
    key = exporting.key_of(found[0])
    assert (await cora.get(f"/audit/rows/{key}")).status_code == 404


async def keys(site: Site, visitor: Visitor, path: str) -> list[str]:
    """The rows of every page, from the first to the last, as one who clicks "Older" sees them."""
    told: list[str] = []
    while path:
        page = (await visitor.get(path)).text
        told += re.findall(r"/audit/rows/([0-9a-f.-]+)", page)
        following = re.search(r'href="([^"]*before=[^"]*)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    return told


async def test_pages_hold_each_row_once_also_where_times_are_the_same(
    site: Site, cora: Visitor
) -> None:
    at = datetime.now(UTC) - timedelta(days=2)
    for _ in range(130):
        await act(site, "many.same", at)
    told = await keys(site, cora, "/audit?what=act:many.same")
    assert len(told) == len(set(told)) == 130
    ids = [UUID(one.partition(".")[0]) for one in told]
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        ({"first": "2026-03-08", "last": "2026-03-08"}, ["z-early", "z-late"]),  # 23 hours long
        ({"first": "2026-03-09"}, ["z-next"]),
        ({"last": "2026-03-07"}, ["z-before"]),
    ],
)
async def test_days_are_those_of_the_clinic_also_when_the_clocks_change(
    site: Site, cora: Visitor, days: dict[str, str], shown: Sequence[str]
) -> None:
    """8 March 2026 in New York runs from 05:00 to 04:00 UTC."""
    for name, at in (
        ("z-before", datetime(2026, 3, 8, 4, 59, 59, tzinfo=UTC)),
        ("z-early", datetime(2026, 3, 8, 5, tzinfo=UTC)),
        ("z-late", datetime(2026, 3, 9, 3, 59, 59, tzinfo=UTC)),
        ("z-next", datetime(2026, 3, 9, 4, tzinfo=UTC)),
    ):
        await act(site, "clock.test", at, subject=name)
    query = "&".join(f"{name}={day}" for name, day in days.items())
    page = (await cora.get(f"/audit?what=act:clock.test&{query}")).text
    assert [name for name in ("z-before", "z-early", "z-late", "z-next") if name in page] == shown


async def test_what_cannot_be_read_is_told(cora: Visitor) -> None:
    for query in ("first=x", "who=staff:x", "patient=x", "first=2026-03-02&last=2026-03-01"):
        assert (await cora.get(f"/audit?{query}")).status_code == 422, query
    for query in ("before=x", "before=%00", "what=sort:x", "what=act:%27--", "outcome=x", "who=x"):
        assert (await cora.get(f"/audit?{query}")).status_code == 200, query
    for key in ("x", f"{new_id()}.99999999999999999", f"{new_id()}.1"):
        assert (await cora.get(f"/audit/rows/{key}")).status_code == 404, key


async def test_a_row_in_full_tells_whom_a_list_showed_and_its_seal(
    site: Site, records: Records, cora: Visitor
) -> None:
    await (await site.sign_in("maya")).get("/caseload")
    key, *_ = await keys(site, cora, "/audit?what=act:caseload.view")
    page = (await cora.get(f"/audit/rows/{key}")).text
    assert "Quill Zzyzxson" in page
    assert "waits to be sealed" in page
    await seal_in(site.services.database, site.org_id)
    assert "sealed, in seal 1" in (await cora.get(f"/audit/rows/{key}")).text


async def test_the_file_is_what_was_searched_harmless_and_itself_in_the_audit(
    site: Site, records: Records, cora: Visitor
) -> None:
    one = await records.id_of("p1")
    await act(site, "=1+1", patient_id=one, subject="@SUM(A1)")
    answer = await cora.post("/audit/export", patient=str(one), what="act:=1+1")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert FAMILY not in answer.text
    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert row["patient_id"] == str(one)
    for name in ("act", "who", "subject"):
        assert row[name][0] == "'", "a spreadsheet computes nothing"
    async with site.services.database.transaction(system(site.org_id)) as store:
        told = (
            await store.connection.execute(
                select(audit_events).where(audit_events.c.action == "audit.export")
            )
        ).one()
    assert (told.actor_name, told.patient_id, told.detail) == (
        "Cora Bell",
        one,
        {"rows": 1, "cut": False},
    )


async def test_a_file_is_bounded_and_says_so(
    site: Site, cora: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 3)
    monkeypatch.setattr(exporting, "MOST", 6)
    for _ in range(8):
        await act(site, "many.more")
    answer = await cora.post("/audit/export", what="act:many.more")
    assert len(answer.text.splitlines()) == 1 + 6
    page = rows_of((await cora.get("/audit?what=act:audit.export")).text)
    assert len(page) == 1


async def test_a_file_needs_a_form_of_this_session(cora: Visitor) -> None:
    assert (await cora.post("/audit/export", csrf="another")).status_code == 403
    assert (await cora.get("/audit/export")).status_code in (404, 405)


async def test_a_patient_is_found_by_indexes(site: Site, records: Records) -> None:
    """As the application's role, whatever lies in other people's rows."""
    one = await records.id_of("p1")
    async with site.services.database.transaction(system(site.org_id)) as store:
        for _ in range(300):
            await audit.record(store, "noise", shown=[new_id()], patient_id=new_id())
        await store.connection.execute(text("SET LOCAL enable_seqscan = off"))
        told = await store.connection.execute(
            text(
                "EXPLAIN (COSTS OFF) SELECT at, audit_id FROM audit_shown "
                f"WHERE org_id = '{site.org_id}' AND patient_id = '{one}'"
            )
        )
        plan = "\n".join(row[0] for row in told.all())
        seers = await list_seers(store, AuditSearch(patient_ids=(one,)))
    assert "Seq Scan" not in plan
    assert re.search(r"Index Cond: .*patient_id", plan), plan
    assert {seer.name for seer in seers} >= {"EHR"}
