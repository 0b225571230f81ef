"""Choosing and changing protocols: what they would flag is shown before, what was flagged names them."""

import asyncio
import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from app.domain.actor import system
from app.domain.own_protocol import numbers_of
from app.domain.protocol import BAO_SOWA
from app.store.tables import episodes, flags, protocol_choices, protocols
from app.use_cases import choose_protocol
from app.use_cases.sweep import sweep
from tests.web.discharging import discharge
from tests.web.site import Site, Visitor
from tests.web.test_pages import WELL, action, enrolled, now_local

SLIGHTLY_BETTER = [1] * 4 + [2] * 4 + [0]
"""12 after 16: a quarter gone, not half, not below 10."""
NUMBERS = {number.key: str(number.value) for number in numbers_of(BAO_SOWA)}
CHANGE = "/protocols/bao-sowa/1/change"


def typed(**changes: str) -> dict[str, str]:
    """The form to change bao-sowa, filled in."""
    form = {**NUMBERS, "title": "By week six", "note": "Our group lasts six weeks.", "newest": "0"}
    return form | {key.replace("__", "-"): value for key, value in changes.items()}


async def choose(
    who: Visitor, protocol: str, condition: str = "depression", number: str = "0"
) -> int:
    told = await who.post("/protocols", protocol=protocol, condition=condition, number=number)
    return told.status_code


def flagged(page: str, condition: str = "depression") -> dict[str, str]:
    """Protocol by protocol: how many would be flagged, as the page says."""
    part = page.split(f'id="{condition}"')[1].split("</section>")[0]
    return dict(
        re.findall(
            r'href="/protocols/([^/"]+)/\d+">.*?With this protocol <strong>(\d+)', part, re.S
        )
    )


async def rows(site: Site, table: Any) -> list[Any]:
    async with site.services.database.transaction(system(site.org_id)) as store:
        return list((await store.connection.execute(select(table))).all())


async def test_the_preview_counts_and_the_choice_judges_anew(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", SLIGHTLY_BETTER, 1)
    page = (await lind.get("/protocols")).text
    assert "1 in care, 1 flagged as not responding" in page
    # day 70: bao-sowa, ny-medicaid, german-impact and icsi ask for half or below 10; aims 5 points
    assert set(flagged(page).values()) == {"1"}
    assert "bao-sowa v1</a> · <strong>judges here now" in page
    assert await choose(lind, "icsi v1") == 303
    page = (await maya.get(f"/patients/{patient}")).text
    assert "icsi v1 asks for a fall of 50 % from day 70 on" in page
    assert 'judged by <a href="/protocols/icsi/1">icsi v1</a>' in page
    assert "Then: Adjust the treatment" in page


async def test_who_would_be_flagged_newly_is_named_to_those_who_see_charts_alone(
    site: Site,
) -> None:
    maya, lind, dana = [await site.sign_in(who) for who in ("maya", "lind", "dana")]
    await enrolled(site, maya, "700")
    await site.screened("700", [1] * 7 + [0] * 2, 1)  # 7: below 10 and half; nobody flags it
    await enrolled(site, maya, "701", name="Ida Brandt")
    await site.screened("701", [1] * 8 + [0], 1)  # 8 of 16 is half
    await enrolled(site, maya, "702", name="Olga Nakamura")
    await site.screened("702", [2] + [1] * 7 + [0], 1)  # 9: below 10, yet not half
    seen, counted = (await lind.get("/protocols")).text, (await dana.get("/protocols")).text
    for page in (seen, counted):
        told = flagged(page)
        assert (told["bao-sowa"], told["icsi"], told["german-impact"]) == ("0", "1", "1")
        assert "1 newly flagged" in page
    assert "Olga Nakamura" in seen
    assert "Ida Brandt" not in seen
    assert "Nakamura" not in counted, "the director sees counts"
    assert "Names are shown to those who see charts" in counted


async def test_who_may_choose_and_what(site: Site) -> None:
    maya, lind, dana = [await site.sign_in(who) for who in ("maya", "lind", "dana")]
    assert (await maya.get("/protocols")).status_code == 403
    assert (await maya.get(CHANGE)).status_code == 403
    assert (await maya.post(CHANGE, act="save", **typed(stale_after_days="21"))).status_code == 403
    assert await choose(maya, "icsi v1") == 403
    for nonsense in ("nonsense", "icsi v2", "icsi", "icsi v", "icsi v99999999999", "own-icsi v1"):
        assert await choose(lind, nonsense) == 422, nonsense
    assert await choose(lind, "icsi v1", condition="gout") == 422
    assert await choose(lind, "icsi v1", number="x") == 400
    assert await choose(lind, "bao-sowa v1") == 303, "nothing to change"
    assert await rows(site, protocol_choices) == []
    assert await choose(dana, "icsi v1") == 303
    told = await lind.post(
        "/protocols", csrf="x", protocol="aims v1", condition="depression", number="1"
    )
    assert told.status_code == 403


async def test_each_condition_has_its_own_protocol(site: Site) -> None:
    maya, dana = await site.sign_in("maya"), await site.sign_in("dana")
    assert await choose(dana, "german-impact v1", "anxiety") == 303
    low = await enrolled(site, maya, "700")
    anxious = await enrolled(site, maya, "701", condition="anxiety")
    assert 'judged by <a href="/protocols/bao-sowa/1">' in (await maya.get(f"/patients/{low}")).text
    page = (await maya.get(f"/patients/{anxious}")).text
    assert 'for anxiety, judged by <a href="/protocols/german-impact/1">' in page
    assert "judged by the PHQ-9 (convention)" in page, "the chart says so, too"
    why = (await maya.get(f"/patients/{anxious}/explain")).text
    assert "yet the GAD-7 was not answered: judged by the PHQ-9 (convention)" in why
    assert (await maya.post(f"/patients/{low}/enrol", condition="gout")).status_code == 422


async def test_the_chart_of_what_does_not_judge_says_so(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    items = {f"item-q{number}": "2" for number in range(1, 8)}
    told = await maya.post(f"/patients/{patient}/assessments/gad-7", at=now_local(), **items)
    assert told.status_code == 303, told.text
    page = (await maya.get(f"/patients/{patient}")).text
    assert page.count("For comparison, since the PHQ-9 judges here: GAD-7 was 14") == 1
    version = await maya.field(f"/patients/{patient}", "version")
    form = {"version": version, "condition": "anxiety"}
    assert (await maya.post(action(page, "condition"), **form)).status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    assert page.count("For comparison, since the GAD-7 judges here: ") == 1


async def test_the_target_condition_is_changed_with_its_history_on_the_chart(site: Site) -> None:
    maya, lind, dana = [await site.sign_in(who) for who in ("maya", "lind", "dana")]
    await choose(dana, "icsi v1", "anxiety")
    patient = await enrolled(site, maya, "700")
    page = (await maya.get(f"/patients/{patient}")).text
    where, version = action(page, "condition"), await maya.field(f"/patients/{patient}", "version")
    form = {"version": version, "condition": "anxiety", "reason": "Panic came to the fore."}
    assert (await lind.post(where, **form)).status_code == 403
    assert (await maya.post(where, **form | {"condition": "gout"})).status_code == 422
    assert (await maya.post(where, **form | {"reason": "x" * 301})).status_code == 422
    assert (await maya.post(where, **form)).status_code == 303
    assert (await maya.post(where, **form)).status_code == 303, "sent twice: nothing more to do"
    assert (await maya.post(where, **form | {"condition": "depression"})).status_code == 409
    page = (await maya.get(f"/patients/{patient}")).text
    assert 'for anxiety, judged by <a href="/protocols/icsi/1">icsi v1</a>' in page
    assert page.count("Target condition: anxiety, before depression; judged by icsi v1") >= 1
    assert "Panic came to the fore." in page


async def test_a_draft_is_previewed_saved_and_never_changed(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", [1] * 8 + [0], 1)  # 8 of 16: half
    draft = typed(**{"stage-1-reduction": "60", "stage-1-below": "8"})
    shown = await lind.post(CHANGE, act="preview", **draft)
    assert shown.status_code == 200, shown.text
    assert "With these numbers <strong>1</strong> of your 1 patients would be flagged" in shown.text
    assert "Rosa Alvarez" in shown.text
    assert "or a fall of: 60, not 50 %" in shown.text
    assert await rows(site, protocols) == [], "a preview keeps nothing"
    for _ in range(2):
        kept = await lind.post(CHANGE, act="save", **draft)
        assert kept.headers["location"] == "/protocols/own-bao-sowa/1"
    assert len(await rows(site, protocols)) == 1, "sent twice, kept once"
    assert await choose(lind, "own-bao-sowa v1") == 303
    assert (
        "own-bao-sowa v1 asks for below 8 or a fall of 60 %"
        in (await maya.get(f"/patients/{patient}")).text
    )
    told = (await maya.get(f"/api/v1/patients/{patient}/explain")).json()
    flag = next(one for one in told["open"] if one["kind"] == "not-responding")
    assert flag["sum"] == "16 − 60 % = 6.4; 8 is above 6.4 and not below 8"
    assert flag["protocol"]["based_on"] == "bao-sowa v1"

    second = "/protocols/own-bao-sowa/1/change"
    again = typed(**{"stage-1-reduction": "55", "newest": "1"})
    kept = await lind.post(second, act="save", **again)
    assert kept.headers["location"] == "/protocols/own-bao-sowa/2"
    assert await choose(lind, "own-bao-sowa v2", number="1") == 303
    first = (await maya.get("/protocols/own-bao-sowa/1")).text
    assert "below 8 or a fall of 60 %" in first, "the old version is shown as it was"
    assert "or a fall of: 60, not 50 %" in first
    assert "Our group lasts six weeks." in first
    assert 'href="/protocols/own-bao-sowa/2"' in first
    body = (await maya.get("/api/v1/protocols/own-bao-sowa/1")).json()
    assert body["differences"] == [
        "Improved is below: 8, not 10 points",
        "or a fall of: 60, not 50 %",
    ]


@pytest.mark.parametrize(
    "nonsense", ["NaN", "-50", "1e2", "99999999999999999999", "", "5.5", "٥٠", "0x32", "1" * 400]
)
async def test_numbers_that_are_none_are_named_and_shown_again(site: Site, nonsense: str) -> None:
    lind = await site.sign_in("lind")
    for act in ("preview", "save"):
        told = await lind.post(CHANGE, act=act, **typed(**{"stage-1-reduction": nonsense}))
        assert told.status_code == 422
        assert "give a whole number from 10 to 90 %" in told.text
        assert f'name="stage-1-reduction" inputmode="numeric" value="{nonsense}"' in told.text
        assert "By week six" in told.text, "what was typed is not lost"
    assert await rows(site, protocols) == []


async def test_every_mistake_of_a_form_is_named_at_once(site: Site) -> None:
    lind = await site.sign_in("lind")
    told = await lind.post(CHANGE, act="save", newest="0", title="<b>", note="")
    assert told.status_code == 422
    for key in (*NUMBERS, "note"):
        assert f'id="problem-{key}"' in told.text
    assert "&lt;b&gt;" in told.text
    told = await lind.post(CHANGE, act="save", **typed())
    assert "are those of bao-sowa v1: choose that one instead" in told.text


async def test_two_edits_at_once_keep_one_and_tell_the_other(site: Site) -> None:
    lind, dana = await site.sign_in("lind"), await site.sign_in("dana")
    told = await asyncio.gather(
        lind.post(CHANGE, act="save", **typed(stale_after_days="21")),
        dana.post(CHANGE, act="save", **typed(stale_after_days="35")),
    )
    assert sorted(one.status_code for one in told) == [303, 409]
    assert "Somebody else saved a version" in next(t.text for t in told if t.status_code == 409)
    assert len(await rows(site, protocols)) == 1


async def test_two_choices_at_once_make_one_and_tell_the_other(site: Site) -> None:
    maya, lind, dana = [await site.sign_in(who) for who in ("maya", "lind", "dana")]
    await enrolled(site, maya, "700")
    told = await asyncio.gather(choose(lind, "icsi v1"), choose(dana, "aims v1"))
    assert sorted(told) == [303, 409]
    holds = (await rows(site, protocol_choices))[0]
    assert [row.protocol_id for row in await rows(site, episodes)] == [holds.protocol_id]
    assert await choose(lind, "german-impact v1") == 409, "the page is old"
    assert await choose(lind, "german-impact v1", number="1") == 303
    page = (await lind.get("/protocols")).text
    assert "Chosen before" in page
    assert "at the beginning" in page


async def test_a_protocol_of_another_organization_is_as_one_that_never_was(
    site: Site, other_site: Site
) -> None:
    lind, stranger = await site.sign_in("lind"), await other_site.sign_in("lind")
    kept = await lind.post(CHANGE, act="save", **typed(stale_after_days="21"))
    assert kept.status_code == 303
    theirs, nobodys = [
        await stranger.get(f"/protocols/{name}") for name in ("own-bao-sowa/1", "own-icsi/7")
    ]
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.text == nobodys.text
    assert await choose(stranger, "own-bao-sowa v1") == 422
    assert (await stranger.get("/protocols/own-bao-sowa/1/change")).status_code == 404
    assert "own-bao-sowa" not in (await stranger.get("/protocols")).text
    kept = await stranger.post(CHANGE, act="save", **typed(stale_after_days="35"))
    assert kept.headers["location"] == "/protocols/own-bao-sowa/1", "its own first version"


async def test_a_choice_that_fails_half_way_leaves_nothing_half_done(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    await enrolled(site, maya, "700")
    tables = (episodes, flags, protocol_choices)
    before = [await rows(site, table) for table in tables]

    async def broken(*_: object) -> int:
        raise ConnectionError("away")

    monkeypatch.setattr(choose_protocol, "evaluate_due", broken)
    assert await choose(lind, "icsi v1") == 500
    monkeypatch.undo()
    assert [await rows(site, table) for table in tables] == before
    assert await choose(lind, "icsi v1") == 303, "it can be chosen again"


async def sweep_until_done(site: Site) -> None:
    """As the job does, in this organization alone: the database is shared with other tests."""
    today = datetime.now(ZoneInfo("America/New_York")).date()
    count = 1
    while count:
        async with site.services.database.transaction(system(site.org_id)) as store:
            count = await sweep(store, today)


async def test_a_choice_in_the_middle_of_a_sweep_judges_everyone_in_the_end(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    for number in range(4):
        await enrolled(site, maya, f"70{number}", name=f"Ida Brandt{number}")
        await site.screened(f"70{number}", [2] + [1] * 7 + [0], 1)  # 9: below 10, not half
    for day in (1, 2):
        swept = sweep_until_done(site)
        wanted = "icsi v1" if day == 1 else "bao-sowa v1"
        told = await asyncio.gather(swept, choose(lind, wanted, number=str(day - 1)))
        assert told[1] == 303
        await sweep_until_done(site)
        page = (await maya.get("/caseload?flag=not-responding")).text
        assert page.count('class="who-cell"') == (4 if day == 1 else 0)


async def test_an_enrolment_beside_a_choice_is_judged_by_what_was_chosen(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    await asyncio.gather(
        enrolled(site, maya, "700"), choose(lind, "icsi v1"), enrolled(site, maya, "701")
    )
    assert {row.protocol_id for row in await rows(site, episodes)} == {"icsi"}


async def test_a_closed_episode_keeps_the_protocol_it_ended_with(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", WELL, 1)
    page = (await maya.get(f"/patients/{patient}")).text
    told = await discharge(maya, page, outcome="goals-met")
    assert told.status_code == 303, told.text
    assert await choose(lind, "icsi v1") == 303
    assert [row.protocol_id for row in await rows(site, episodes)] == ["bao-sowa"]


async def test_what_was_chosen_and_made_cannot_be_changed_even_by_a_bug(site: Site) -> None:
    for table in (protocols, protocol_choices):
        for act in (update(table).values(protocol_id="x"), delete(table)):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with site.services.database.transaction(system(site.org_id)) as store:
                    await store.connection.execute(act)
