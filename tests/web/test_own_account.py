"""One's own account, and what an administrator does about others'."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from argon2 import PasswordHasher

from app.domain.actor import system
from app.store import staff
from tests.web.second_step import clock, enrol
from tests.web.site import PASSWORD, Site, Visitor

NEW = "four herons beside windmill"


async def staff_id(site: Site, who: str) -> UUID:
    async with site.services.database.directory() as connection:
        found = await staff.find_login(connection, site.login(who))
    assert found
    return found[1]


async def link_for(site: Site, ada: Visitor, who: str) -> str:
    told = await ada.post(f"/accounts/{await staff_id(site, who)}/password")
    found = re.search(r'<code class="key">http[^<]*?(/sign-in/link/[A-Za-z0-9_-]{43})<', told.text)
    assert told.status_code == 200 and found, told.text
    return found[1]


async def enters(site: Site, who: str, password: str) -> bool:
    told = await (await site.visit()).post("/sign-in", login=site.login(who), password=password)
    return bool(told.status_code == 303)


async def test_changing_the_password_ends_the_other_sessions_and_renews_this_one(
    site: Site,
) -> None:
    elsewhere, here = await site.sign_in("maya"), await site.sign_in("maya")
    before = here.http.cookies["__Host-stepwell_session"]
    told = await here.post("/my-account/password", present=PASSWORD, wanted=NEW, again=NEW)
    assert (told.status_code, told.headers["location"]) == (303, "/my-account?note=changed")
    assert here.http.cookies["__Host-stepwell_session"] != before
    assert (await here.get("/caseload")).status_code == 200
    assert (await elsewhere.get("/caseload")).status_code == 303
    assert not await enters(site, "maya", PASSWORD)
    assert await enters(site, "maya", NEW)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("short", "12 characters or more"),
        ("password12345", "guessed early"),
        ("qwertyuiop[]", "guessed early"),
        ("aaaaaaaaaaaaaaaa", "guessed early"),
        ("mayaokonkwo2024", "guessed early"),  # her own name
        ("stepwellclinic", "guessed early"),  # ours and the organization's
        ("x" * 257, "256 characters at most"),
        (PASSWORD, "the password you have"),
    ],
)
async def test_a_password_that_would_be_guessed_is_not_taken(
    site: Site, wanted: str, why: str
) -> None:
    maya = await site.sign_in("maya")
    told = await maya.post("/my-account/password", present=PASSWORD, wanted=wanted, again=wanted)
    assert told.status_code == 422
    assert why in told.text
    assert wanted not in told.text
    assert await enters(site, "maya", PASSWORD)


async def test_the_present_password_is_asked_for_and_guesses_at_it_are_throttled(
    site: Site,
) -> None:
    """Somebody sits down at an open screen."""
    maya = await site.sign_in("maya")
    statuses = [
        (
            await maya.post("/my-account/password", present=f"guess {n}", wanted=NEW, again=NEW)
        ).status_code
        for n in range(6)
    ]
    assert statuses == [422] * 5 + [429]
    told = await maya.post("/my-account/password", present=PASSWORD, wanted=NEW, again=NEW)
    assert told.status_code == 429


async def test_two_that_differ_are_not_taken(site: Site) -> None:
    maya = await site.sign_in("maya")
    told = await maya.post("/my-account/password", present=PASSWORD, wanted=NEW, again=NEW + "s")
    assert (told.status_code, "The two differ" in told.text) == (422, True)


async def test_one_password_however_a_keyboard_composes_its_letters(site: Site) -> None:
    maya = await site.sign_in("maya")
    composed, decomposed = "h\u00e9ron windmill caf\u00e9", "he\u0301ron windmill cafe\u0301"
    await maya.post("/my-account/password", present=PASSWORD, wanted=composed, again=composed)
    assert await enters(site, "maya", decomposed)


async def test_my_sessions_are_listed_and_ended(site: Site) -> None:
    here, there = await site.sign_in("maya"), await site.visit()
    there.http.headers["user-agent"] = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Firefox/140.0"
    await there.post("/sign-in", login=site.login("maya"), password=PASSWORD)
    page = (await here.get("/my-account")).text
    assert page.count("this one") == 1
    assert "Firefox on Windows" in page
    row = page.split("Firefox on Windows")[1]
    other = re.search(r"/my-account/sessions/([0-9a-f-]{36})/end", row)
    assert other
    lind = await site.sign_in("lind")  # somebody else's is as if it were not there
    assert (await lind.post(f"/my-account/sessions/{other[1]}/end")).status_code == 404
    assert (await there.get("/caseload")).status_code == 200
    assert (await here.post(f"/my-account/sessions/{other[1]}/end")).status_code == 303
    assert (await there.get("/caseload")).status_code == 303


async def test_signing_out_everywhere_else_keeps_this_one(site: Site) -> None:
    here, there = await site.sign_in("maya"), await site.sign_in("maya")
    assert (await here.post("/my-account/sessions/end-others")).status_code == 303
    assert (await there.get("/caseload")).status_code == 303
    assert (await here.get("/caseload")).status_code == 200


async def test_a_session_grows_too_old_however_busy(site: Site) -> None:
    maya = await site.sign_in("maya")
    begun = site.services.now()
    for minutes in range(0, 12 * 60, 20):
        clock(maya, site, begun + timedelta(minutes=minutes))
        assert (await maya.get("/my-account")).status_code == 200
    clock(maya, site, begun + timedelta(hours=12, minutes=1))
    assert (await maya.get("/my-account")).status_code == 303


async def test_a_reset_ends_the_old_password_and_sessions_and_the_link_chooses_a_new_one(
    site: Site,
) -> None:
    ada, maya = await site.sign_in("ada"), await site.sign_in("maya")
    link = await link_for(site, ada, "maya")
    assert not await enters(site, "maya", PASSWORD)
    assert (await maya.get("/caseload")).status_code == 303
    visitor = await site.visit()
    for _ in range(2):  # a mail scanner looks first
        assert site.login("maya") in (await visitor.get(link)).text
    weak = await visitor.post(link, wanted="mayaokonkwo2024", again="mayaokonkwo2024")
    assert weak.status_code == 422
    told = await visitor.post(link, wanted=NEW, again=NEW)
    assert told.headers["location"] == "/sign-in?note=chosen"
    assert "__Host-stepwell_session" not in visitor.http.cookies  # it signs nobody in
    assert await enters(site, "maya", NEW)
    for path in (link, link[:-1] + "x"):
        used = await visitor.post(path, wanted=NEW + "s", again=NEW + "s")
        assert (used.status_code, "Ask for another one" in used.text) == (404, True)


async def test_a_link_ends_after_a_day_and_by_the_next_link(site: Site) -> None:
    ada, visitor = await site.sign_in("ada"), await site.visit()
    first = await link_for(site, ada, "maya")
    second = await link_for(site, ada, "maya")
    assert (await visitor.get(first)).status_code == 404
    clock(visitor, site, site.services.now() + timedelta(hours=24, minutes=1))
    assert (await visitor.get(second)).status_code == 404


async def test_a_link_opens_the_door_that_others_guessing_slowed_down(site: Site) -> None:
    ada, maya = await site.sign_in("ada"), await site.visit()
    for _ in range(7):
        await maya.post("/sign-in", login=site.login("maya"), password="wrong")
    link = await link_for(site, ada, "maya")
    await maya.post(link, wanted=NEW, again=NEW)
    told = await maya.post("/sign-in", login=site.login("maya"), password=NEW)
    assert told.status_code == 303


async def test_a_link_leaves_the_second_step_owed(site: Site) -> None:
    ada, maya = await site.sign_in("ada"), await site.sign_in("maya")
    await enrol(site, maya, site.services.now())
    visitor = await site.visit()
    await visitor.post(await link_for(site, ada, "maya"), wanted=NEW, again=NEW)
    told = await visitor.post("/sign-in", login=site.login("maya"), password=NEW)
    assert told.headers["location"] == "/sign-in/second-factor"


async def test_a_lost_second_step_is_taken_away_and_every_session_with_it(site: Site) -> None:
    ada, maya = await site.sign_in("ada"), await site.sign_in("maya")
    await enrol(site, maya, site.services.now())
    told = await ada.post(f"/accounts/{await staff_id(site, 'maya')}/second-factor")
    assert told.status_code == 303
    assert (await maya.get("/caseload")).status_code == 303
    assert await enters(site, "maya", PASSWORD)


async def test_an_administrator_signs_somebody_out_everywhere(site: Site) -> None:
    ada, maya = await site.sign_in("ada"), await site.sign_in("maya")
    await ada.post(f"/accounts/{await staff_id(site, 'maya')}/sessions")
    assert (await maya.get("/caseload")).status_code == 303


async def test_only_administrators_look_after_others_and_only_their_own_organizations(
    site: Site, other_site: Site
) -> None:
    theirs = await staff_id(other_site, "maya")
    acts = ("password", "second-factor", "sessions")
    for who in ("maya", "lind", "sam", "tess", "dana"):
        visitor = await site.sign_in(who)
        assert (await visitor.get("/accounts")).status_code == 403
        for act in acts:
            path = f"/accounts/{await staff_id(site, 'ben')}/{act}"
            assert (await visitor.post(path)).status_code == 403
        assert (await visitor.post("/accounts/policy", policy="nobody")).status_code == 403
    ada = await site.sign_in("ada")
    for act in acts:
        assert (await ada.post(f"/accounts/{theirs}/{act}")).status_code == 404
    assert await enters(other_site, "maya", PASSWORD)


async def test_an_administrator_proves_again_who_they_are_first(site: Site) -> None:
    ada = await site.sign_in("ada")
    clock(ada, site, site.services.now() + timedelta(minutes=11))
    told = await ada.post(f"/accounts/{await staff_id(site, 'maya')}/password")
    assert told.headers["location"] == "/my-account/confirm?next=/accounts"
    assert await enters(site, "maya", PASSWORD)


async def test_a_password_that_somebody_else_chose_is_changed_before_anything_else(
    site: Site,
) -> None:
    who = await staff_id(site, "maya")
    async with site.services.database.transaction(system(site.org_id)) as store:
        account = await staff.get_account(store, who)
        await staff.set_password(store, who, account.password_hash, must_change=True)
    maya = await site.visit()
    await maya.post("/sign-in", login=site.login("maya"), password=PASSWORD)
    assert (await maya.get("/caseload")).headers["location"] == "/my-account/password"
    maya.csrf = await maya.field("/my-account/password", "csrf")
    told = await maya.post("/my-account/password", present=PASSWORD, wanted=NEW, again=NEW)
    assert told.headers["location"] == "/"
    assert (await maya.get("/caseload")).status_code == 200


async def test_an_old_hash_is_made_anew_at_sign_in(site: Site) -> None:
    who = await staff_id(site, "maya")
    old = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    async with site.services.database.transaction(system(site.org_id)) as store:
        await staff.set_password(store, who, old)
    assert await enters(site, "maya", PASSWORD)
    async with site.services.database.transaction(system(site.org_id)) as store:
        kept = (await staff.get_account(store, who)).password_hash
    assert kept and kept != old and "m=65536" in kept
    assert await enters(site, "maya", PASSWORD)
