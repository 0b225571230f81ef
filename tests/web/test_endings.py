"""Plans against relapse, discharge with everything settled, and coming back after a relapse."""

import re
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from httpx import Response

from app.domain.actor import system
from app.use_cases.sweep import sweep
from tests.web.discharging import carried_by, discharge, ending
from tests.web.site import Site, Visitor
from tests.web.test_pages import SEVERE, UNSAFE, WELL, action, enrolled, now_local
from tests.web.test_steps import decide, in_care

TODAY = datetime.now(ZoneInfo("America/New_York")).date()
PLAN = {
    "warning_signs": "Sleeping past noon.",
    "what_helped": "Walking with her sister.",
    "medication": "Sertraline 100 mg",
    "whom_to_call": "Maya, 555-0100",
    "own_words": "I know the way out.",
    "call_weeks": "4",
    "agreed": "yes",
}
ARABIC = "أعرف علامات الخطر وأتصل بمن أثق به. "


async def plan(visitor: Visitor, patient: str, **changed: Any) -> Response:
    where = action((await visitor.get(f"/patients/{patient}")).text, "relapse-plan")
    carried = await carried_by(visitor, f"/patients/{patient}", where)
    return await visitor.post(where, **carried | PLAN | changed)


async def end(visitor: Visitor, patient: str, **fields: Any) -> Response:
    return await discharge(visitor, (await visitor.get(f"/patients/{patient}")).text, **fields)


async def row_of(visitor: Visitor, name: str) -> str:
    """A patient's row of the caseload."""
    rows = (await visitor.get("/caseload")).text.split("<tr")
    return next(row for row in rows if name in row)


async def test_a_plan_is_written_printed_and_every_version_kept(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", WELL, 1)
    page = (await maya.get(f"/patients/{patient}")).text
    assert '<a href="#relapse-plan">Write the relapse prevention plan</a>' in page
    assert (await plan(maya, patient, whom_to_call=" ")).status_code == 422
    assert (await plan(maya, patient)).status_code == 303
    assert (await plan(maya, patient, own_words=ARABIC * 110)).status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    assert "version 2" in page
    assert "1 earlier version<" in page
    assert "I know the way out." in page, "nothing is overwritten"
    where = re.findall(r'href="(/patients/[^"]*/relapse-plan/[^"]*)"', page)[0]
    sheet = (await maya.get(where)).text
    assert sheet.count(ARABIC.strip()) == 110
    assert "988" in sheet
    assert not re.search("PHQ|bao-sowa|Z\\d\\d|F3\\d", sheet), (
        "no chart codes on the patient's page"
    )


async def test_two_who_write_a_plan_at_once_lose_nothing(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    patient = await enrolled(site, maya, "700")
    path = f"/patients/{patient}"
    where = action((await maya.get(path)).text, "relapse-plan")
    first, second = await carried_by(maya, path, where), await carried_by(lind, path, where)
    for _ in range(2):  # the button pressed twice is one version
        assert (await maya.post(where, **first | PLAN)).status_code == 303
    late = await lind.post(where, **second | PLAN | {"own_words": "Hers <b>too</b>."})
    assert late.status_code == 409
    assert "Somebody else wrote a new version" in late.text
    assert "I know the way out." in late.text, "theirs"
    assert "Hers &lt;b&gt;too&lt;/b&gt;." in late.text, "what was typed is shown again"
    again = dict(re.findall(r'name="(request_key|(?:plan_)?version)" value="([^"]*)"', late.text))
    told = await lind.post(where, **again | PLAN | {"own_words": "Both."})
    assert told.status_code == 303
    assert "version 2" in (await maya.get(path)).text


async def test_relapse_prevention_asks_for_the_plan_or_why_there_is_none(site: Site) -> None:
    maya = await site.sign_in("maya")
    for number, words in (("700", {"reason": "Wants none; told whom to call."}), ("701", {})):
        patient = await enrolled(site, maya, number)
        path = f"/patients/{patient}"
        where = action((await maya.get(path)).text, "episode")
        version = (await carried_by(maya, path, where))["version"]
        change = {"version": version, "status": "relapse-prevention"}
        bare = await maya.post(where, **change)
        assert bare.status_code == 422
        assert "write the relapse prevention plan first" in bare.text
        if not words:
            assert (await plan(maya, patient, call_weeks="8")).status_code == 303
        assert (await maya.post(where, **change | words)).status_code == 303


async def test_calls_follow_the_plan(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    path = f"/patients/{patient}"
    assert (await plan(maya, patient, call_weeks="8")).status_code == 303
    where = action((await maya.get(path)).text, "episode")
    version = (await carried_by(maya, path, where))["version"]
    told = await maya.post(where, version=version, status="relapse-prevention")
    assert told.status_code == 303
    contacts = action((await maya.get(path)).text, "contacts")
    call = {"at": now_local(), "way": "phone", "minutes": "10", "reached": "yes"}
    call["request_key"] = (await carried_by(maya, path, contacts))["request_key"]
    assert (await maya.post(contacts, **call)).status_code == 303
    due = TODAY + timedelta(weeks=8)
    words = f"next call due {due.day} {due:%b} {due.year}"
    assert words in (await maya.get(path)).text


async def test_nobody_is_discharged_with_a_safety_flag_left_behind(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await in_care(site, maya)
    await site.screened("700", UNSAFE, 0)
    wish = {"choice": "other", "other": "specialty", "reason": "x", "interim_care": "Calls."}
    assert (await decide(maya, patient, **wish)).status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    where = ending(page)
    form = (await maya.get(where)).text
    safety, referral = re.findall(r'name="words-([^"]*)"', form)
    owner = re.findall(r'<option value="([0-9a-f-]{36})">Dr. Astrid Lind', form)[0]
    refused = await end(maya, patient, outcome="moved")
    assert refused.status_code == 422
    assert "say what becomes of it" in refused.text
    stranger = {f"became-{safety}": "handed-over", f"owner-{safety}": "0" * 32}
    follow = {f"became-{referral}": "handed-over", f"owner-{referral}": owner}
    assert (await end(maya, patient, outcome="moved", **stranger, **follow)).status_code == 422
    assert "Discharge: end the episode" in (await maya.get(f"/patients/{patient}")).text
    hand = {f"became-{safety}": "handed-over", f"owner-{safety}": owner}
    told = await end(maya, patient, outcome="moved", words="To Ohio.", **hand, **follow)
    assert told.status_code == 303, told.text
    page = (await maya.get(f"/patients/{patient}")).text
    assert "Moved away" in page
    assert "⚠" in page, "the flag lives on"
    assert "Rosa Alvarez" in (await maya.get("/worklists/new-screens")).text, "and is on a list"
    worklist = (await maya.get("/worklists/referrals")).text
    assert "Rosa Alvarez" in worklist, "the referral outlives the episode"
    assert "Dr. Astrid Lind" in worklist
    later = TODAY + timedelta(4)
    async with site.services.database.transaction(system(site.org_id, "America/New_York")) as store:
        assert await sweep(store, later) > 0
        assert await sweep(store, later) == 0, "once is enough"
    page = (await maya.get(f"/patients/{patient}")).text
    assert "Referral overdue" in page, "nothing moved in time, and somebody is asked"


async def test_a_discharge_settles_sums_up_and_is_made_once(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    patient = await in_care(site, maya)
    assert (await plan(maya, patient)).status_code == 303
    await site.screened("700", UNSAFE, 0)
    page = (await maya.get(f"/patients/{patient}")).text
    where = ending(page)
    assert (await lind.get(where)).status_code == 403
    safety = re.findall(r'name="words-([^"]*)"', (await maya.get(where)).text)[0]
    carried = await carried_by(maya, where, where)
    settled = {f"became-{safety}": "closed", f"words-{safety}": "Safety plan made."}
    form = carried | {"outcome": "goals-met", "words": "Works again."} | settled
    assert (await maya.post(where, **form | {"outcome": "lost"})).status_code == 422
    assert (await maya.post(where, **form | {"outcome": ""})).status_code == 422
    assert (await lind.post(where, **form)).status_code == 403
    for _ in range(2):
        assert (await maya.post(where, **form)).status_code == 303
    assert (await maya.post(where, **form | {"request_key": "other"})).status_code == 409
    page = (await maya.get(f"/patients/{patient}")).text
    assert "Goals met" in page
    summary = re.findall(r'href="(/patients/[^"]*/summary/[^"]*)"', page)[0]
    told = (await maya.get(summary)).text
    for words in ("Works again.", "Safety plan made.", "PHQ-9", "Walking with her sister."):
        assert words in told
    assert "<strong>16</strong>" in told, "the first and the best"
    assert "<strong>18</strong>" in told, "the last"


async def test_a_stale_discharge_is_refused_whole(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await in_care(site, maya)
    path = f"/patients/{patient}"
    page = (await maya.get(path)).text
    where = ending(page)
    carried = await carried_by(maya, where, where)
    episode = action(page, "episode")
    version = (await carried_by(maya, path, episode))["version"]
    changed = await maya.post(episode, version=version, primary_care_clinician="Dr. Chen")
    assert changed.status_code == 303
    late = await maya.post(where, **carried, outcome="goals-met", words="Well <i>again</i>.")
    assert late.status_code == 409
    assert "Well &lt;i&gt;again&lt;/i&gt;." in late.text
    assert "Discharge: end the episode" in (await maya.get(path)).text, "nothing was half done"


async def test_another_organization_sees_no_plan_and_ends_nothing(
    site: Site, other_site: Site
) -> None:
    maya, stranger = await site.sign_in("maya"), await other_site.sign_in("maya")
    patient = await in_care(site, maya)
    assert (await plan(maya, patient)).status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    sheet = re.findall(r'href="(/patients/[^"]*/relapse-plan/[^"]*)"', page)[0]
    last = ending(page)
    assert (await stranger.get(sheet)).status_code == 404
    assert (await stranger.get(last)).status_code == 404
    told = await stranger.post(last, version="1", request_key="k", outcome="moved")
    assert told.status_code == 404
    told = await stranger.post(sheet, plan_version="0", request_key="k", **PLAN)
    assert told.status_code == 404


async def test_who_comes_back_begins_anew_with_the_earlier_course_in_view(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await in_care(site, maya)
    assert (await decide(maya, patient, choice="accept")).status_code == 303
    assert (await plan(maya, patient)).status_code == 303
    await site.screened("700", WELL, 1)
    assert (await end(maya, patient, outcome="goals-met")).status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    assert "Walking with her sister." in page, "the last plan stays in view"
    clinic = page.split('name="clinic"><option value="')[1].split('"')[0]
    again = await maya.post(
        f"/patients/{patient}/enrol", clinic=clinic, enrolled_on=date.isoformat(TODAY)
    )
    assert again.status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    assert "the present episode follows it" in page
    assert "Steps: Brief treatment in the practice" in page
    assert "What helped" in page
    assert "Goals met" in page
    assert "none decided yet" in page, "no step is carried over"
    assert "No plan yet." in page, "no plan is carried over"
    row = await row_of(maya, "Rosa Alvarez")
    assert "0<span" not in row, "yesterday's score belongs to the course it was taken in"
    await site.screened("700", SEVERE, 0)
    row = await row_of(maya, "Rosa Alvarez")
    assert ">16</strong>" in row
    assert re.search(r"16<span[^>]*> → ", row), "the baseline is the new one"
