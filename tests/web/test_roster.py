"""A clinic without an EHR begins from a CSV roster: checked, previewed, reported line by line."""

import asyncio
import io
import re
import time
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import select, text, update

from app.domain.roster import MAX_BYTES, template
from app.importing import import_roster_file
from app.store.patients import search_patients
from app.store.tables import roster_uploads
from app.use_cases.import_roster import ImportChoice, import_roster, upload_roster
from tests.web.records import Records
from tests.web.site import Visitor

HEAD = "family name,given name,birth date,record number,enrolled on,phq9,phq9 date"
ROSA = "Alvarez,Rosa,1979-05-04,M-1,2026-03-02,16,2026-03-02"
EMEKA = "Okafor,Emeka,1988-11-21,M-2,,,"


async def send(visitor: Visitor, content: bytes, csrf: str | None = None) -> Any:
    return await visitor.http.post(
        "/roster",
        data={"csrf": visitor.csrf if csrf is None else csrf},
        files={"file": ("roster.csv", content, "text/csv")},
    )


def file(*lines: str) -> bytes:
    return "\n".join([HEAD, *lines]).encode()


async def uploaded(visitor: Visitor, content: bytes) -> tuple[str, str]:
    """(address, page) of the preview."""
    told = await send(visitor, content)
    assert told.status_code == 303, told.text
    return told.headers["location"], (await visitor.get(told.headers["location"])).text


async def confirmed(visitor: Visitor, where: str, **form: str) -> Any:
    return await visitor.post(f"{where}/import", **{"how_much": "whole", **form})


async def people(records: Records, name: str) -> list[Any]:
    found: list[Any] = await records.act(search_patients, [name], None, None, 50)
    return found


async def test_nothing_is_written_until_confirmed_then_all_of_it(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    where, page = await uploaded(maya, file(ROSA, EMEKA))
    assert "2 new" in page
    assert await people(records, "alvarez") == []
    for _ in range(2):
        assert (await confirmed(maya, where)).status_code == 303
    page = (await maya.get(where)).text
    assert "2 added" in page
    (rosa,) = await people(records, "alvarez")
    assert "Rosa Alvarez" in (await maya.get("/caseload")).text, "enrolled"
    report = (await maya.get(f"{where}/report.csv")).text
    assert report.startswith("\ufeffline,given name")
    assert "2,Rosa,Alvarez,1979-05-04,M-1,added" in report
    told = await records.read(f"Patient/{rosa.fhir_id}")
    assert told["identifier"][0]["value"] == "M-1"


async def test_the_same_file_twice_adds_nothing_twice(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    for expected in ("2 added", "2 was there"):
        where, _ = await uploaded(maya, file(ROSA, EMEKA))
        assert (await confirmed(maya, where)).status_code == 303
        assert expected in (await maya.get(where)).text
    (rosa,) = await people(records, "alvarez")
    assert len(await records.assessments(rosa.patient_id)) == 1


async def test_a_total_alone_leaves_item_nine_unknown(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    where, _ = await uploaded(maya, file(ROSA))
    await confirmed(maya, where)
    (rosa,) = await people(records, "alvarez")
    (held,) = await records.assessments(rosa.patient_id)
    assert (held.total, held.item_nine, held.total_check) == (16, "unknown", "only-claimed")
    assert len(await records.flags(rosa.patient_id, "item-9-unknown")) == 1


async def test_a_bad_line_stops_the_whole_but_not_the_good_ones(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    where, page = await uploaded(maya, file(ROSA, "Chen,Mei,3/4/26,,,,", EMEKA))
    assert "1 error" in page
    assert "write it as 2026-03-04" in page
    refused = await confirmed(maya, where)
    assert refused.status_code == 409
    assert "line 3" in refused.text
    assert await people(records, "alvarez") == []
    told = await confirmed(maya, where, how_much="good", left_out="4")
    assert told.status_code == 303
    assert len(await people(records, "alvarez")) == 1
    assert await people(records, "okafor") == [], "left out by the person"
    report = (await maya.get(f"{where}/report.csv")).text
    assert re.search(r"4,Emeka.*left out", report)
    assert re.search(r"3,Mei.*error", report)


async def test_who_is_known_is_told_and_never_changed(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    known = await records.patient("p1", "M-1", birthDate="1979-05-04")  # Ana M Rivera
    rows = (
        "Rivera,Ana,1979-05-04,M-1,,,",  # the same number: known
        "Rivera,Ana M,1979-05-04,,,,",  # the same name and birth date: known
        "Chen,Mei,1979-05-04,M-1,,,",  # the number of somebody else
        "Rivera,Ana,1955-01-01,M-1,,,",  # the number, another birth date
    )
    for row, standing in zip(rows, ("same", "same", "conflict", "conflict"), strict=True):
        _, page = await uploaded(maya, file(row))
        assert f"1 {standing}" in page, row
    where, _ = await uploaded(maya, file("Rivera,Ana,1979-05-04,M-1,2026-03-02,12,2026-03-02"))
    await confirmed(maya, where)
    assert "1 completed" in (await maya.get(where)).text
    (held,) = await people(records, "rivera")
    assert (held.patient_id, held.name) == (known, "Ana M Rivera")
    assert len(await records.assessments(known)) == 1


async def test_clinic_and_care_manager_are_known_here(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    head = "family name,given name,birth date,clinic,care manager,enrolled on"
    row = f"Alvarez,Rosa,1979-05-04,RIVERSIDE,{records.site.login('maya')},2026-03-02"
    _, page = await uploaded(maya, f"{head}\n{row}".encode())
    assert "1 new" in page
    wrong = row.replace("RIVERSIDE", "Elsewhere").replace("maya", "nobody")
    _, page = await uploaded(maya, f"{head}\n{wrong}".encode())
    assert "is no clinic of this organization" in page
    assert "is no care manager" in page


async def test_what_is_no_roster_is_told_in_words(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    cases = [
        (b"", 422),
        (b"name\nRosa", 400),
        (file(ROSA) + b"\x00", 400),
        (f"{HEAD},DOB\n{ROSA},1".encode(), 400),
        (b"x" * (MAX_BYTES + 200_000), 413),
        (f"{HEAD}\n{'A' * 10_000_000},Rosa,1979-05-04".encode(), 413),
    ]
    for content, status in cases:
        assert (await send(maya, content)).status_code == status
    assert (await send(maya, file(ROSA), csrf="wrong")).status_code == 403
    assert (await maya.post("/roster")).status_code == 400
    for how in ("", "some"):
        where, _ = await uploaded(maya, file(ROSA))
        assert (await confirmed(maya, where, how_much=how)).status_code == 422
    assert (await confirmed(maya, where, left_out="a-b")).status_code == 422
    assert (await confirmed(maya, where, left_out="2")).status_code == 422, "nothing is left"


async def test_whose_file_it_is_and_how_long_it_is_kept(records: Records) -> None:
    maya, lind = await records.site.sign_in("maya"), await records.site.sign_in("lind")
    assert (await lind.get("/roster")).status_code == 403
    assert (await send(lind, file(ROSA))).status_code == 403
    where, _ = await uploaded(maya, file(ROSA))
    upload_id = where.rpartition("/")[2]

    async def expire(store: Any) -> None:
        await store.connection.execute(
            update(roster_uploads)
            .where(roster_uploads.c.org_id == store.org_id)
            .values(expires_at=text("now() - interval '1 minute'"))
        )

    async def content(store: Any) -> list[bytes | None]:
        found = await store.connection.execute(
            select(roster_uploads.c.content)
            .where(roster_uploads.c.org_id == store.org_id)
            .order_by(roster_uploads.c.uploaded_at)
        )
        return list(found.scalars().all())

    await records.act(expire)
    assert (await maya.get(where)).status_code == 410
    assert (await confirmed(maya, where)).status_code == 410
    other, _ = await uploaded(maya, file(EMEKA))
    assert (await records.act(content))[0] is None, "forgotten at the next upload"
    await maya.post(f"{other}/drop")
    assert await records.act(content) == [None, None]
    assert await people(records, "alvarez") == []
    assert len(upload_id) == 36, "no patient stands in an address"


async def test_formulas_in_a_roster_stay_harmless_in_its_report(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    where, _ = await uploaded(maya, file('"=HYPERLINK(""x"")",Rosa,1979-05-04,+1,,,'))
    report = (await maya.get(f"{where}/report.csv")).text
    assert "\"'=HYPERLINK" in report
    assert ",'+1," in report


async def test_the_template_can_be_sent_as_it_is(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    given = await maya.get("/roster/template.csv")
    assert given.content == template()
    _, page = await uploaded(maya, given.content)
    assert "2 new" in page


def many(count: int, wrong: int | None = None) -> bytes:
    rows = [
        f"Family{n},Given{n},{1950 + n % 50}-{1 + n % 12:02}-{1 + n % 28:02},N-{n},,,"
        for n in range(count)
    ]
    if wrong is not None:
        rows[wrong] = "Family,Given,1/2/34,,,,"
    return file(*rows)


async def test_twenty_thousand_lines_with_one_error(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    begun = time.perf_counter()
    where, page = await uploaded(maya, many(20_000, wrong=12_345))
    assert "19999 new" in page
    assert '<td class="num">12347</td>' in page, "the line is shown first"
    assert time.perf_counter() - begun < 30
    assert (await confirmed(maya, where)).status_code == 409
    report = (await maya.get(f"{where}/report.csv")).text
    assert len(report.splitlines()) == 20_001


async def test_an_interrupted_import_leaves_nothing_half(records: Records) -> None:
    upload_id = await records.act(upload_roster, many(1500), records.today)
    task = asyncio.create_task(
        records.act(import_roster, upload_id, ImportChoice(True), records.today)
    )
    await asyncio.sleep(0.4)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await people(records, "given1") == []
    done = await records.act(import_roster, upload_id, ImportChoice(True), records.today)
    assert done == {"added": 1500}, "and can be confirmed again"


async def test_two_imports_of_one_file_at_once_add_nobody_twice(records: Records) -> None:
    one = await records.act(upload_roster, many(50), records.today)
    other = await records.act(upload_roster, many(50), records.today)
    done = await asyncio.gather(
        *(
            records.act(import_roster, upload_id, ImportChoice(True), records.today)
            for upload_id in (one, other)
        )
    )
    assert sorted(map(str, done)) == ["{'added': 50}", "{'was there': 50}"]


async def test_the_command_tells_and_imports_the_same(records: Records) -> None:
    told = io.StringIO()
    screen = Console(file=told, width=200)
    bad = file(ROSA, "Chen,Mei,3/4/26,,,,")
    services, org = records.site.services, records.site.org_id
    done, _ = await import_roster_file(services, org, bad, True, False, screen)
    assert not done
    assert "the year needs its four digits" in told.getvalue()
    assert await people(records, "alvarez") == []
    done, report = await import_roster_file(services, org, bad, True, True, screen)
    assert done
    assert b"2,Rosa,Alvarez,1979-05-04,M-1,added" in report
    assert len(await people(records, "alvarez")) == 1
