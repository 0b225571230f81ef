"""Steps on the patient's page: suggested, decided by a person, kept with what was shown."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.web.discharging import discharge
from tests.web.site import Site, Visitor
from tests.web.test_pages import SEVERE, action, enrolled

SAME_AS_EVER = [2] * 7 + [1, 0]
"""15 after 16."""


async def in_care(site: Site, visitor: Visitor) -> str:
    """A patient in care since ten weeks, 16 at the start and 16 two days ago."""
    patient = await enrolled(site, visitor, "700")
    await site.screened("700", SEVERE, 2)
    return patient


async def shown(visitor: Visitor, patient: str) -> tuple[str, str, dict[str, str]]:
    """The page, where its step form posts to, and what the form carries."""
    page = (await visitor.get(f"/patients/{patient}")).text
    where = action(page, "steps")
    form = page.split(f'action="{where}"')[1].split("</form>")[0]
    keys = dict(re.findall(r'name="(suggestion|request_key)" value="([^"]*)"', form))
    return page, where, keys


async def decide(visitor: Visitor, patient: str, **fields: Any) -> Any:
    _, where, keys = await shown(visitor, patient)
    return await visitor.post(where, **keys | fields)


async def test_a_step_is_suggested_decided_and_kept_with_what_was_shown(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await in_care(site, maya)
    page, where, keys = await shown(maya, patient)
    assert "none decided yet" in page
    assert "(moderately severe): begin with brief treatment in the practice." in page
    for _ in range(2):  # the button pressed twice
        told = await maya.post(where, **keys, choice="accept")
        assert (told.status_code, told.headers["location"]) == (303, f"/patients/{patient}#steps")
    page = (await maya.get(f"/patients/{patient}")).text
    assert "1 decision<" in page
    assert "as suggested" in page
    assert "Was shown: PHQ-9 16" in page
    assert "Step: Brief treatment in the practice" in page, "on the time axis of the chart"


async def test_not_responding_goes_up_and_a_person_may_differ_with_a_reason(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await in_care(site, maya)
    first = (datetime.now(UTC) - timedelta(days=69)).date().isoformat()
    assert (await decide(maya, patient, choice="accept", started_on=first)).status_code == 303
    await site.screened("700", SAME_AS_EVER, 1)
    page, _, _ = await shown(maya, patient)
    assert "Go up to intensified treatment." in page
    bare = await decide(maya, patient, choice="stay")
    assert bare.status_code == 422
    assert "say why" in bare.text
    told = await decide(maya, patient, choice="stay", reason="Dose raised last week.")
    assert told.status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    assert "decided to stay" in page
    assert "Dose raised last week." in page


async def test_two_people_deciding_at_once_see_what_the_first_did(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    patient = await in_care(site, maya)
    _, where, first = await shown(maya, patient)
    _, _, second = await shown(lind, patient)
    assert (await maya.post(where, **first, choice="accept")).status_code == 303
    told = await lind.post(
        where, **second, choice="other", other="intensified", reason="Long history <b>of it</b>."
    )
    assert told.status_code == 409
    assert "The facts changed while you decided" in told.text
    assert "Long history &lt;b&gt;of it&lt;/b&gt;." in told.text, "what was typed is shown again"
    assert "No change suggested" in told.text, "on what is suggested now"
    fresh = dict(re.findall(r'name="(suggestion|request_key)" value="([^"]*)"', told.text))
    again = await lind.post(where, **fresh, choice="other", other="intensified", reason="Long.")
    assert again.status_code == 303


async def test_a_new_score_makes_an_open_form_stale(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await in_care(site, maya)
    _, where, keys = await shown(maya, patient)
    await site.screened("700", [3] * 8 + [1], 0)
    told = await maya.post(where, **keys, choice="accept")
    assert told.status_code == 409
    assert "PHQ-9 25" in told.text


async def test_a_step_that_the_clinic_does_not_offer_needs_care_meanwhile(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await in_care(site, maya)
    wish = {"choice": "other", "other": "specialty", "reason": "Psychosis in the family."}
    bare = await decide(maya, patient, **wish)
    assert bare.status_code == 422
    assert "say what is done meanwhile" in bare.text
    assert "Psychosis in the family." in bare.text
    assert (await decide(maya, patient, **wish, interim_care="Calls.")).status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    assert "needed; meanwhile Intensified treatment" in page


async def test_what_cannot_be_decided_is_refused_in_words(site: Site, other_site: Site) -> None:
    maya, stranger = await site.sign_in("maya"), await other_site.sign_in("maya")
    sam = await site.sign_in("sam")
    patient = await in_care(site, maya)
    _, where, keys = await shown(maya, patient)
    assert (await stranger.post(where, **keys, choice="accept")).status_code == 404
    assert (await sam.post(where, **keys, choice="accept")).status_code == 403
    for wrong in (
        {"choice": "perhaps"},
        {"choice": "other", "other": "hospital", "reason": "x"},
        {"choice": "accept", "started_on": "2999-01-01"},
        {"choice": "accept", "started_on": "1999-01-01"},
        {"choice": "accept", "started_on": "soon"},
    ):
        assert (await maya.post(where, **keys | wrong)).status_code == 422, wrong
    assert "none decided yet" in (await maya.get(f"/patients/{patient}")).text


async def test_a_closed_episode_takes_no_decision(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await in_care(site, maya)
    page, where, keys = await shown(maya, patient)
    assert (await discharge(maya, page, outcome="moved")).status_code == 303
    assert (await maya.post(where, **keys, choice="accept")).status_code == 409


async def test_the_director_says_what_a_clinic_offers(site: Site) -> None:
    dana, maya = await site.sign_in("dana"), await site.sign_in("maya")
    patient = await in_care(site, maya)
    page = (await dana.get("/steps")).text
    assert "Riverside" in page
    where = re.findall(r'action="(/steps/[^"]*)"', page)[0]
    assert (await maya.get("/steps")).status_code == 403
    assert (await maya.post(where, version="0", steps="specialty")).status_code == 403
    assert (await dana.post(where, version="0")).status_code == 422
    assert (await dana.post(where, version="0", steps="magic")).status_code == 422
    assert (
        await dana.post(where, version="0", steps=["intensified", "specialty"])
    ).status_code == 303
    late = await dana.post(where, version="0", steps="brief")
    assert late.status_code == 409
    assert "Somebody else changed what this clinic offers" in late.text
    assert "begin with intensified treatment" in (await maya.get(f"/patients/{patient}")).text
    assert (await dana.post(where, version="1", steps="brief")).status_code == 303


async def test_a_score_of_ten_weeks_ago_begins_no_step(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    page, where, keys = await shown(maya, patient)
    assert "is too old to go by: reassess." in page
    assert (await maya.post(where, **keys, choice="accept")).status_code == 422


async def test_severe_means_both_treatments_together(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await in_care(site, maya)
    await site.screened("700", [3] * 7 + [1, 0], 0)
    assert "begin with intensified treatment" in (await shown(maya, patient))[0]
