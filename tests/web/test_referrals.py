"""Referrals on pages: opened by a decision or by hand, followed until a person closes them."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.domain.actor import system
from app.domain.words import day_words
from app.use_cases.sweep import sweep
from tests.web.site import Site, Visitor
from tests.web.test_pages import action
from tests.web.test_steps import decide, in_care

TODAY = datetime.now(ZoneInfo("America/New_York")).date()


def day(days: int) -> str:
    return (TODAY + timedelta(days)).isoformat()


async def referred(site: Site, visitor: Visitor) -> str:
    """A patient who was decided to need specialty care."""
    patient = await in_care(site, visitor)
    told = await decide(
        visitor,
        patient,
        choice="other",
        other="specialty",
        reason="Psychosis in the family.",
        interim_care="Weekly calls.",
    )
    assert told.status_code == 303, told.text
    return patient


async def form_of(visitor: Visitor, patient: str) -> tuple[str, dict[str, str]]:
    page = (await visitor.get(f"/patients/{patient}")).text
    where = re.findall(r'action="(/referrals/[^"]*)"', page)[0]
    form = page.split(f'action="{where}"')[1].split("</form>")[0]
    return where, dict(re.findall(r'name="(request_key|version)" value="([^"]*)"', form))


async def move(visitor: Visitor, patient: str, **fields: Any) -> Any:
    where, carried = await form_of(visitor, patient)
    return await visitor.post(where, **carried | fields)


async def test_a_decision_opens_a_referral_and_it_is_followed_to_its_end(site: Site) -> None:
    maya = await site.sign_in("maya")
    assert "No referral is open." in (await maya.get("/worklists/referrals")).text
    patient = await referred(site, maya)
    page = (await maya.get(f"/patients/{patient}")).text
    assert "Specialty mental health care" in page
    assert "Meanwhile: Weekly calls." in page
    assert "Next: choose where to and send it" in page
    for fields in (
        {"state": "sent", "to_whom": "Lakeside Psychiatry"},
        {"state": "no-capacity", "words": "Nine months."},
        {"state": "sent", "to_whom": "University Clinic", "words": "Asked elsewhere."},
        {"state": "scheduled", "appointment_on": day(20)},
        {"state": "seen"},
    ):
        told = await move(maya, patient, **fields)
        assert told.status_code == 303, told.text
    page = (await maya.get(f"/patients/{patient}")).text
    assert "The patient was seen: specialty mental health care has begun elsewhere." in page
    assert (await decide(maya, patient, choice="accept")).status_code == 303
    worklist = (await maya.get("/worklists/referrals")).text
    assert "University Clinic" in worklist
    assert "Ask for their report" in worklist
    assert (await move(maya, patient, state="report-received")).status_code == 303
    assert (await move(maya, patient, state="closed")).status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    for words in ("Nine months.", "Asked elsewhere.", "no capacity there", "8 moves"):
        assert words in page, "nothing of the way is lost"
    assert "No referral is open." in (await maya.get("/worklists/referrals")).text


async def test_nothing_moved_in_time_asks_for_a_person_and_a_move_answers(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await referred(site, maya)
    later = TODAY + timedelta(4)
    async with site.services.database.transaction(system(site.org_id, "America/New_York")) as store:
        assert await sweep(store, later) > 0
        assert await sweep(store, later) == 0, "once is enough"
    page = (await maya.get(f"/patients/{patient}")).text
    assert "Referral overdue" in page
    assert "nothing moved by" in page
    assert (await move(maya, patient, state="sent", to_whom="Lakeside")).status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    assert "Referral overdue</h3>" not in page


async def test_a_move_sent_twice_counts_once_and_a_late_one_is_told(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    patient = await referred(site, maya)
    where, carried = await form_of(maya, patient)
    _, theirs = await form_of(lind, patient)
    for _ in range(2):
        told = await maya.post(where, **carried, state="sent", to_whom="Lakeside")
        assert told.status_code == 303
    late = await lind.post(where, **theirs, state="sent", to_whom="Harbor <i>Clinic</i>")
    assert late.status_code in (409, 422)
    assert "Harbor &lt;i&gt;Clinic&lt;/i&gt;" in late.text, "what was typed is shown again"
    assert "2 moves" in (await maya.get(f"/patients/{patient}")).text


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "cured"},
        {"state": "seen"},  # nobody is seen who was not sent
        {"state": "sent"},  # where to?
        {"state": "sent", "to_whom": "x", "on": "2999-01-01"},
        {"state": "sent", "to_whom": "x", "on": "tomorrow"},
        {"state": "closed"},  # without a word
    ],
)
async def test_what_cannot_be_is_refused_in_words(site: Site, fields: dict[str, str]) -> None:
    maya = await site.sign_in("maya")
    patient = await referred(site, maya)
    assert (await move(maya, patient, **fields)).status_code == 422
    assert "1 move<" in (await maya.get(f"/patients/{patient}")).text


async def test_a_referral_of_another_organization_is_as_if_it_never_was(
    site: Site, other_site: Site
) -> None:
    maya, stranger, sam = (
        await site.sign_in("maya"),
        await other_site.sign_in("maya"),
        await site.sign_in("sam"),
    )
    patient = await referred(site, maya)
    where, carried = await form_of(maya, patient)
    theirs = await stranger.post(where, **carried, state="sent", to_whom="x")
    nobody = await stranger.post(
        "/referrals/0190d3a0-0000-7000-8000-000000000001", **carried, state="sent", to_whom="x"
    )
    assert (theirs.status_code, nobody.status_code) == (404, 404)
    assert theirs.text.replace("x", "") == nobody.text.replace("x", "")
    assert "Alvarez" not in (await stranger.get("/worklists/referrals")).text
    assert (await sam.get("/worklists/referrals")).status_code == 403
    assert (await sam.post(where, **carried, state="sent", to_whom="x")).status_code == 403


async def test_a_referral_by_hand_outlives_the_page_and_the_name_is_text(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await in_care(site, maya)
    page = (await maya.get(f"/patients/{patient}")).text
    where = action(page, "referrals")
    form = page.split(f'action="{where}"')[1].split("</form>")[0]
    key = dict(re.findall(r'name="(request_key)" value="([^"]*)"', form))
    bare = await maya.post(where, **key, reason="Alcohol: AUDIT 24")
    assert bare.status_code == 422
    assert "what is done while the patient waits" in bare.text
    for _ in range(2):
        told = await maya.post(
            where,
            **key,
            reason="<b>Alcohol</b>: AUDIT 24",
            interim_care="Brief advice.",
            to_whom="Harbor " * 40,
        )
        assert told.status_code == 303
    page = (await maya.get("/worklists/referrals")).text
    assert page.count("&lt;b&gt;Alcohol&lt;/b&gt;: AUDIT 24") == 1
    assert "1 open." in page


async def test_the_director_says_how_long_a_state_may_last(site: Site) -> None:
    maya, dana = await site.sign_in("maya"), await site.sign_in("dana")
    patient = await referred(site, maya)
    page = (await dana.get("/steps")).text
    days = dict(re.findall(r'name="([a-z-]+)"[^>]*value="(\d+)"[^>]*max="365"', page))
    assert days["sent"] == "14"
    assert (await maya.post("/referral-days", version="0", **days)).status_code == 403
    wrong = days | {"sent": "-1"}
    assert (await dana.post("/referral-days", version="0", **wrong)).status_code == 422
    chosen = days | {"sent": "5"}
    assert (await dana.post("/referral-days", version="0", **chosen)).status_code == 303
    assert (await dana.post("/referral-days", version="0", **chosen)).status_code == 409
    assert (await move(maya, patient, state="sent", to_whom="Lakeside")).status_code == 303
    assert day_words(TODAY + timedelta(5)) in (await maya.get(f"/patients/{patient}")).text
