"""The pages as people use them, and what they are told when something does not fit."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import event

from tests.web.site import Site, Visitor

SEVERE, UNSAFE, WELL = [2] * 8 + [0], [2] * 8 + [2], [0] * 9


async def enrolled(site: Site, visitor: Visitor, number: str, **fields: Any) -> str:
    """A patient in care since ten weeks, with a PHQ-9 of 16 from the start."""
    patient = await site.screened(number, SEVERE, 70, fields.pop("name", "Rosa Alvarez"))
    page = (await visitor.get(f"/patients/{patient}")).text
    clinic = page.split('name="clinic"><option value="')[1].split('"')[0]
    since = (datetime.now(ZoneInfo("America/New_York")) - timedelta(days=70)).date().isoformat()
    told = await visitor.post(
        f"/patients/{patient}/enrol", clinic=clinic, enrolled_on=since, **fields
    )
    assert told.status_code == 303, told.text
    return patient


def action(page: str, kind: str) -> str:
    """Where a form of this kind on a patient's page posts to."""
    found = re.search(rf'action="(/patients/[^"]*/{kind}/[^"]*)"', page)
    assert found
    return found[1]


def now_local() -> str:
    return datetime.now(ZoneInfo("America/New_York")).strftime("%Y-%m-%dT00:00")


async def test_an_empty_caseload_says_so(site: Site) -> None:
    page = await (await site.sign_in("maya")).get("/caseload")
    assert page.status_code == 200
    assert "Nobody" in page.text


async def test_a_contact_sent_twice_counts_once(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    page = (await maya.get(f"/patients/{patient}")).text
    form = {"at": now_local(), "way": "phone", "minutes": "20", "reached": "yes"}
    form["request_key"] = await maya.field(f"/patients/{patient}", "request_key")
    for _ in range(2):
        assert (await maya.post(action(page, "contacts"), **form)).status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    assert page.count("phone, reached</td>") == 1
    assert "20 minutes this month" in page


async def test_two_people_changing_one_episode_are_told_and_nothing_is_lost(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    page = (await maya.get(f"/patients/{patient}")).text
    version = await maya.field(f"/patients/{patient}", "version")
    where = action(page, "episode")
    first = await maya.post(where, version=version, primary_care_clinician="Dr. Shah")
    second = await lind.post(where, version=version, primary_care_clinician="Dr. Chen")
    assert (first.status_code, second.status_code) == (303, 409)
    assert "Somebody else changed this episode" in second.text
    assert "Dr. Chen" in second.text, "what was typed is shown again"
    assert "Dr. Shah" in (await maya.get(f"/patients/{patient}")).text


async def test_forms_that_cannot_be_read_are_told_in_words(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    page = (await maya.get(f"/patients/{patient}")).text
    contact, episode = action(page, "contacts"), action(page, "episode")
    key = {"request_key": "k", "way": "phone", "at": now_local()}
    refused = [
        await maya.post(contact, **key | {"minutes": "20", "at": "yesterday"}),
        await maya.post(contact, **key | {"minutes": "-5"}),
        await maya.post(contact, **key | {"minutes": "ten"}),
        await maya.post(contact, **key | {"minutes": "20", "way": "pigeon"}),
        await maya.post(episode, version="1", care_manager="x"),
        await maya.post(episode, version="1", status="cured"),
        await maya.post(episode, version="1", status="closed"),
        await maya.post(f"/patients/{patient}/assessments/phq-9", at=now_local()),
        await maya.post(
            f"/patients/{patient}/assessments/phq-9", at=now_local(), **{"item-q1": "7"}
        ),
        await maya.post(
            f"/patients/{patient}/assessments/phq-99", at=now_local(), **{"item-q1": "1"}
        ),
    ]
    assert [told.status_code for told in refused] == [422] * len(refused)
    assert "Contacts</h2>\n<p class" in (await maya.get(f"/patients/{patient}")).text


async def test_a_questionnaire_typed_in_is_scored_and_item_nine_asks_at_once(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    items = {f"item-q{i + 1}": str(value) for i, value in enumerate(UNSAFE)}
    told = await maya.post(f"/patients/{patient}/assessments/phq-9", at=now_local(), **items)
    assert told.status_code == 303
    caseload = (await maya.get("/caseload")).text
    assert "⚠" in caseload
    assert ">18</strong>" in caseload


async def test_an_answer_marked_in_error_counts_no_more_but_a_person_closes_its_safety_flag(
    site: Site,
) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", UNSAFE, 0)
    page = (await maya.get(f"/patients/{patient}")).text
    assert "⚠" in page
    where = re.findall(r'action="(/patients/[^"]*/errors/[^"]*)"', page)[0]
    assert (await maya.post(where, reason="")).status_code == 422
    assert (await maya.post(where, reason="another patient's form")).status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    assert "entered in error" in page
    assert ">16</strong>" in (await maya.get("/caseload")).text, "the former state is back"
    assert "make sure whose it was" in (await maya.get("/caseload")).text


async def test_a_flag_is_taken_on_closed_with_words_and_not_closed_twice(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", UNSAFE, 0)
    page = (await maya.get(f"/patients/{patient}")).text
    flag = re.findall(r'action="/flags/([^/]*)/acknowledge"', page)[0]
    assert (await maya.post(f"/flags/{flag}/acknowledge")).status_code == 303
    assert "has it" in (await maya.get(f"/patients/{patient}")).text
    assert (await maya.post(f"/flags/{flag}/close", outcome=" ")).status_code == 422
    assert (await maya.post(f"/flags/{flag}/close", outcome="Safety plan made")).status_code == 303
    assert (await maya.post(f"/flags/{flag}/close", outcome="again")).status_code == 409
    assert "Safety plan made" in (await maya.get(f"/patients/{patient}")).text


async def test_a_recommendation_travels_and_is_answered(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", SEVERE, 1)
    queue = (await lind.get("/reviews")).text
    assert "Rosa Alvarez" in queue
    where = re.findall(r'action="(/episodes/[^"]*/reviews)"', queue)[0]
    key = re.findall(r'name="request_key" value="([^"]*)"', queue)[0]
    empty = await lind.post(where, request_key=key, kind="recommendation", recommendation=" ")
    assert empty.status_code == 422
    words = "Raise sertraline to 100 mg."
    for _ in range(2):
        told = await lind.post(where, request_key=key, recommendation=words, follow_up_weeks="4")
        assert told.status_code == 303, told.text
    page = (await maya.get(f"/patients/{patient}")).text
    assert page.count(f"<p>{words}</p>") == 1
    review = re.findall(r'action="(/reviews/[^"]*/answer)"', page)[0]
    assert (await maya.post(review, status="declined", words="")).status_code in (303, 403, 422)


async def test_what_is_not_there_and_what_is_not_ones_own_look_the_same(
    site: Site, other_site: Site
) -> None:
    maya, stranger = await site.sign_in("maya"), await other_site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    nobody = await stranger.get("/patients/0190d3a0-0000-7000-8000-000000000001")
    theirs = await stranger.get(f"/patients/{patient}")
    assert nobody.status_code == theirs.status_code == 404
    assert "Alvarez" not in theirs.text
    assert "Alvarez" not in (await stranger.post("/search", query="Alvarez")).text
    assert "Alvarez" in (await maya.post("/search", query="alvarez")).text
    assert (await maya.get("/nowhere")).status_code == 404


async def test_roles_bound_what_people_may_do(site: Site) -> None:
    maya, lind, sam = [await site.sign_in(who) for who in ("maya", "lind", "sam")]
    patient = await enrolled(site, maya, "700")
    page = (await maya.get(f"/patients/{patient}")).text
    form = {"at": now_local(), "way": "phone", "minutes": "5", "request_key": "k"}
    assert (await sam.post(action(page, "contacts"), **form)).status_code == 403
    assert (await sam.get(f"/patients/{patient}")).status_code == 403
    assert (await maya.get("/operator/inbound")).status_code == 403
    assert (await lind.get("/operator/inbound")).status_code == 403
    assert (await sam.get("/operator/inbound")).status_code == 200


async def test_names_are_text_never_markup(site: Site) -> None:
    maya = await site.sign_in("maya")
    await enrolled(site, maya, "700", name="<script>alert(1)</script> 李\u202e小龙")
    page = (await maya.get("/caseload")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


async def test_the_caseload_is_one_query_however_many_patients(site: Site) -> None:
    maya = await site.sign_in("maya")
    counts = []
    for until in (1, 4):
        for number in range(until):
            await site.screened(f"{until}{number}", SEVERE, 3)
            await enrolled(site, maya, f"{until}{number}")
        told: list[str] = []
        engine = site.services.database.engine.sync_engine

        def note(_a: Any, _b: Any, statement: str, *_: Any, told: list[str] = told) -> None:
            told.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        assert (await maya.get("/caseload")).status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        counts.append(len(told))
        assert sum("episode_instruments" in one for one in told) == 1
    assert counts[0] == counts[1]
