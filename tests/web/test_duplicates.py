"""Probable duplicates as a worklist, and the pages on which a person decides."""

import asyncio
import re
from typing import Any

from sqlalchemy import text

from app.domain.duplicate import BLOCK_LIMIT
from app.store import duplicates
from tests.mappings.examples import make_patient
from tests.web.records import SEVERE, UNSAFE, Records
from tests.web.site import Visitor

NAME = [{"family": "Rivera", "given": ["Ana"]}]


async def worklist(visitor: Visitor) -> str:
    return (await visitor.get("/worklists/duplicates")).text


async def test_an_empty_worklist_says_so(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    await records.patient("p1")
    assert "No two records look alike" in await worklist(maya)


async def test_the_second_record_of_a_person_is_listed_at_once(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    one, other = await records.patient("p1"), await records.patient("p2")
    page = await worklist(maya)
    assert "1 pair" in page
    assert "probable</span> the same name, the same birth date" in page
    both = await maya.get(f"/records/{one}/{other}")
    assert both.status_code == 200
    assert "One person or two?" in both.text
    await records.patient("p2", birthDate="1955-01-02")
    assert "No two records look alike" in await worklist(maya), "corrected: no longer alike"


async def test_two_records_that_arrive_at_one_moment_see_each_other(records: Records) -> None:
    for n in range(6):
        name = [{"family": f"Family{n}", "given": ["Ana"]}]
        born = f"19{50 + 7 * n}-0{1 + n}-1{n}"
        sent = [records.patient(f"{who}{n}", name=name, birthDate=born) for who in "ab"]
        await asyncio.gather(*sent)
        assert len(await records.act(duplicates.list_pairs, "open", 50)) == n + 1


async def test_two_people_is_remembered(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    one, other = await records.patient("p1"), await records.patient("p2")
    told = await maya.post(f"/records/{other}/{one}/two-people", note="Cousins of one name")
    assert told.status_code == 303
    page = await worklist(maya)
    assert "No two records look alike" in page
    assert "Cousins of one name" in page
    await records.patient("p2", telecom=[{"system": "phone", "value": "212 555 0134"}])
    assert "No two records look alike" in await worklist(maya), "a later change asks no more"


async def test_what_the_sender_says_of_a_replacement_comes_first(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    await records.patient("p1", name=[{"family": "Chen", "given": ["Mei"]}])
    await records.patient("p2", birthDate="1955-01-02")
    link = [{"type": "replaced-by", "other": {"reference": "Patient/p1"}}]
    await records.patient("p2", birthDate="1955-01-02", link=link, active=False)
    assert "certain</span> its sender says" in await worklist(maya)


async def test_joined_and_parted_on_the_pages(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    one, other = await records.patient("p1"), await records.patient("p2")
    await records.screened("p2", "q1", UNSAFE)
    first = await records.enrolled(one)
    await records.enrolled(other, 30)
    where = f"/records/{one}/{other}/join"
    form = {"goes_on": str(one), "reason": "Spoke with her", "seen": "yes"}
    assert (await maya.post(where, **form)).status_code == 422, "which episode goes on?"
    form["kept_episode"] = str(first)
    for lacking in ("seen", "reason", "goes_on"):
        less = {name: value for name, value in form.items() if name != lacking}
        assert (await maya.post(where, **less)).status_code == 422, lacking
    assert (await maya.post(where, csrf="wrong", **form)).status_code == 403
    for _ in range(2):
        assert (await maya.post(where, **form)).status_code == 303, "sent twice, done once"
    page = (await maya.get(f"/patients/{one}")).text
    assert "Also recorded as Ana M Rivera" in page
    assert "speak with the patient today" in page
    assert "nothing more is filed here" in (await maya.get(f"/patients/{other}")).text
    assert "No two records look alike" in await worklist(maya)
    joining = re.findall(r'href="(/joinings/[^"]*)"', page)[0]
    shown = (await maya.get(joining)).text
    assert "1 assessments" in shown
    assert (await maya.post(f"{joining}/undo", reason=" ")).status_code == 422
    for _ in range(2):
        assert (await maya.post(f"{joining}/undo", reason="Sisters")).status_code == 303
    assert "Joined and parted again" in (await maya.get(joining)).text
    page = await worklist(maya)
    assert "No two records look alike" in page, "parted: two people"
    assert "Sisters" in page


async def test_only_a_care_manager_joins(records: Records) -> None:
    one, other = await records.patient("p1"), await records.patient("p2")
    for who in ("lind", "sam"):
        visitor = await records.site.sign_in(who)
        told = [
            await visitor.get("/worklists/duplicates"),
            await visitor.get(f"/records/{one}/{other}"),
            await visitor.post(f"/records/{one}/{other}/two-people"),
            await visitor.post(
                f"/records/{one}/{other}/join", goes_on=str(one), reason="x", seen="yes"
            ),
        ]
        assert [t.status_code for t in told] == [403] * 4


async def test_a_questionnaire_is_moved_on_the_pages(records: Records) -> None:
    maya, lind = await records.site.sign_in("maya"), await records.site.sign_in("lind")
    wrong = await records.patient("p1", name=NAME)
    right = await records.patient("p2", name=[{"family": "Chen", "given": ["Mei"]}])
    await records.screened("p1", "q1", UNSAFE)
    page = (await maya.get(f"/patients/{wrong}")).text
    where = re.findall(r'href="(/assessments/[^"]*/move)"', page)[0]
    assert "a flag opens at once for the right person" in (await maya.get(where)).text
    found = (await maya.post(where.replace("/move", "/owner"), query="chen")).text
    assert str(right) in found
    assert str(wrong) not in re.findall(r'name="patient" value="([^"]*)"', found)
    assert (await maya.post(where, reason="x")).status_code == 422
    assert (await maya.post(where, patient=str(right), reason=" ")).status_code == 422
    assert (await lind.post(where, patient=str(right), reason="x")).status_code == 403
    told = await maya.post(where, patient=str(right), reason="The name on the form")
    assert told.status_code == 303
    left = (await maya.get(f"/patients/{wrong}")).text
    assert "Moved to another record by Maya Okonkwo" in left
    assert "Chen" not in left, "whose record it is now stands there, not here"
    assert "Moved here from another record" in (await maya.get(f"/patients/{right}")).text
    seen = (await lind.get(f"/patients/{wrong}")).text
    assert "Moved to another record" in seen
    assert str(right) not in seen, "no way there for one who may not move"


async def test_another_record_is_found_by_hand(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    one = await records.patient("p1", name=NAME)
    other = await records.patient("p2", name=[{"family": "Chen", "given": ["Mei"]}])
    found = (await maya.post(f"/patients/{one}/same-person", query="chen")).text
    assert f"/records/{one}/{other}" in found
    assert "Chosen by hand" in (await maya.get(f"/records/{one}/{other}")).text
    assert (await maya.get(f"/records/{one}/{one}")).status_code == 422


async def test_a_key_that_everybody_shares_tells_nothing(records: Records) -> None:
    """Sixty-one people with one birth date: only those who share more are looked at."""
    for n in range(BLOCK_LIMIT + 1):
        body = make_patient(
            id=f"p{n}",
            identifier=[{"system": "urn:mrn", "value": f"number{n}"}],
            name=[{"family": f"Family{max(n, 1)}", "given": ["Ana"]}],
            birthDate="1980-01-01",
        )
        await records.put(body)
    last = await records.id_of(f"p{BLOCK_LIMIT}")
    keys = await records.act(duplicates.keys_of, [last])
    assert await records.act(duplicates.find_candidates, keys) == set()
    first, second = await records.id_of("p0"), await records.id_of("p1")
    keys = await records.act(duplicates.keys_of, [first])
    found = await records.act(duplicates.find_candidates, keys)
    assert found == {duplicates.ordered(first, second)}, "who also share the name"


async def test_candidates_are_found_by_an_index(records: Records) -> None:
    """The very statement, as the application's role under row-level security."""
    one = await records.patient("p1")

    async def plan(store: Any) -> str:
        filled = text(
            "INSERT INTO duplicate_keys (org_id, patient_id, key) "
            "SELECT :org, :one, 'k' || n FROM generate_series(1, 20000) n"
        )
        await store.connection.execute(filled, {"org": store.org_id, "one": one})
        statement = duplicates.sharing_statement(store, [f"k{n}" for n in range(2000)])
        compiled = statement.compile(store.connection.engine, dialect=store.connection.dialect)
        values = tuple(compiled.params[name] for name in compiled.positiontup)
        found = await store.connection.exec_driver_sql(f"EXPLAIN {compiled}", values)
        return "\n".join(row[0] for row in found.all())

    told = await records.act(plan)
    assert "Seq Scan on duplicate_keys" not in told
    assert "duplicate_keys" in told


async def test_a_questionnaire_in_care_moves_between_two_in_care(records: Records) -> None:
    maya = await records.site.sign_in("maya")
    wrong, right = await records.patient("p1"), await records.patient("p2")
    for who in (wrong, right):
        await records.enrolled(who)
    await records.screened("p1", "q1", SEVERE)
    (held,) = await records.assessments(wrong)
    where = f"/assessments/{held.assessment_id}/move"
    told = await maya.post(where, patient=str(right), reason="The other Ana")
    assert told.status_code == 303
    assert ">16</strong>" in (await maya.get("/caseload")).text
