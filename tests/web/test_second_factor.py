"""The second step: what it opens, and what somebody with a stolen password or code can do."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.domain.actor import system
from app.domain.second_factor import SecondFactorPolicy
from app.store import organizations, staff
from app.store.tables import metadata
from tests.web.second_step import clock, code_at, enrol, halfway, pay
from tests.web.site import PASSWORD, Site


async def ask_of(site: Site, policy: SecondFactorPolicy) -> None:
    async with site.services.database.transaction(system(site.org_id)) as store:
        await organizations.set_second_factor(store, policy)


async def test_a_code_of_the_app_completes_the_sign_in(site: Site) -> None:
    now = site.services.now()
    secret, _ = await enrol(site, await site.sign_in("maya"), now)
    later = now + timedelta(minutes=5)
    maya = await halfway(site, "maya", later)
    told = await pay(maya, code_at(secret, later))
    assert (told.status_code, told.headers["location"]) == (303, "/")
    assert (await maya.get("/caseload")).status_code == 200


async def test_the_right_password_alone_opens_nothing(site: Site) -> None:
    now = site.services.now()
    await enrol(site, await site.sign_in("maya"), now)
    thief = await halfway(site, "maya", now + timedelta(minutes=5))
    for path in ("/caseload", "/my-account", "/my-account/authenticator", "/"):
        told = await thief.get(path)
        assert (told.status_code, told.headers["location"].split("?")[0]) == (303, "/sign-in")
    half = thief.http.cookies["__Host-stepwell_half"]
    thief.http.cookies.set("__Host-stepwell_session", half)  # the one token in place of the other
    assert (await thief.get("/caseload")).status_code == 303
    assert (await thief.post("/my-account/authenticator/begin")).status_code == 401


@pytest.mark.parametrize(
    ("seconds", "right"),
    [
        (0, True),
        (-30, True),  # a phone half a minute late
        (30, True),  # or early
        (-90, False),
        (90, False),
    ],
)
async def test_a_phones_clock_may_be_a_step_off(site: Site, seconds: int, right: bool) -> None:
    now = site.services.now()
    secret, _ = await enrol(site, await site.sign_in("maya"), now)
    later = now + timedelta(minutes=5)
    told = await pay(
        await halfway(site, "maya", later), code_at(secret, later + timedelta(seconds=seconds))
    )
    assert told.status_code == (303 if right else 401)


async def test_a_code_is_good_once_even_for_two_at_the_same_time(site: Site) -> None:
    now = site.services.now()
    secret, _ = await enrol(site, await site.sign_in("maya"), now)
    later = now + timedelta(minutes=5)
    code = code_at(secret, later)
    both = [await halfway(site, "maya", later) for _ in range(2)]
    told = await asyncio.gather(*(pay(one, code) for one in both))
    assert sorted(one.status_code for one in told) == [303, 401]
    again = await pay(await halfway(site, "maya", later + timedelta(seconds=5)), code)
    assert again.status_code == 401
    earlier = code_at(secret, later - timedelta(seconds=30))  # unused, yet older than a used one
    assert (await pay(await halfway(site, "maya", later), earlier)).status_code == 401


async def test_the_code_that_confirmed_the_app_signs_nobody_in(site: Site) -> None:
    now = site.services.now()
    secret, _ = await enrol(site, await site.sign_in("maya"), now)
    told = await pay(await halfway(site, "maya", now), code_at(secret, now))
    assert told.status_code == 401


async def test_a_recovery_code_is_good_once_even_for_two_at_the_same_time(site: Site) -> None:
    now = site.services.now()
    _, codes = await enrol(site, await site.sign_in("maya"), now)
    both = [await halfway(site, "maya", now) for _ in range(2)]
    told = await asyncio.gather(*(pay(one, codes[0]) for one in both))
    assert sorted(one.status_code for one in told) == [303, 401]
    typed = codes[1].upper().replace("-", " ")  # however it was copied from paper
    maya = await halfway(site, "maya", now)
    assert (await pay(maya, typed)).status_code == 303
    assert "8 of 10" in (await maya.get("/my-account")).text


async def test_new_recovery_codes_end_the_old_ones(site: Site) -> None:
    now = site.services.now()
    maya = await site.sign_in("maya")
    _, old = await enrol(site, maya, now)
    new = re.findall(
        r"<li><code>([a-z2-9-]{19})", (await maya.post("/my-account/recovery-codes")).text
    )
    assert len(new) == 10 and not set(new) & set(old)
    assert (await pay(await halfway(site, "maya", now), old[0])).status_code == 401
    assert (await pay(await halfway(site, "maya", now), new[0])).status_code == 303


async def test_guessing_codes_is_throttled_and_the_owners_own_browser_is_not(site: Site) -> None:
    now = site.services.now()
    owner = await site.sign_in("maya")
    secret, _ = await enrol(site, owner, now)
    later = now + timedelta(minutes=5)
    statuses = []
    for _ in range(7):  # each time with the right password, in a browser nobody knows
        statuses.append((await pay(await halfway(site, "maya", later), "000000")).status_code)
    assert statuses == [401] * 5 + [429] * 2
    stranger = await pay(await halfway(site, "maya", later), code_at(secret, later))
    assert stranger.status_code == 429
    await owner.post("/sign-out")
    clock(owner, site, later)
    assert (
        await owner.post("/sign-in", login=site.login("maya"), password=PASSWORD)
    ).status_code == 303
    assert (await pay(owner, code_at(secret, later))).status_code == 303


async def test_a_half_sign_in_ends_after_ten_minutes_and_with_use(site: Site) -> None:
    now = site.services.now()
    secret, codes = await enrol(site, await site.sign_in("maya"), now)
    late = await halfway(site, "maya", now)
    clock(late, site, now + timedelta(minutes=11))
    told = await pay(late, code_at(secret, now + timedelta(minutes=11)))
    assert (told.status_code, "took too long" in told.text) == (401, True)
    used = await halfway(site, "maya", now)
    half = used.http.cookies["__Host-stepwell_half"]
    assert (await pay(used, codes[0])).status_code == 303
    used.http.cookies.set("__Host-stepwell_half", half)
    assert "took too long" in (await pay(used, codes[1])).text


async def test_who_sees_charts_sets_up_a_second_step_before_anything_else(site: Site) -> None:
    await ask_of(site, SecondFactorPolicy.CHARTS)
    visitor = await site.visit()
    assert (
        await visitor.post("/sign-in", login=site.login("maya"), password=PASSWORD)
    ).status_code == 303
    for path in ("/caseload", "/flags", "/my-account", "/"):
        told = await visitor.get(path)
        assert (told.status_code, told.headers["location"]) == (303, "/my-account/authenticator")
    assert (await visitor.get("/api/v1/rules")).status_code in (403, 404)
    page = (await visitor.get("/my-account/authenticator")).text
    assert "Your organization asks for a second step" in page
    assert 'href="/caseload"' not in page
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    visitor.csrf = found[1]
    await enrol(site, visitor, site.services.now())
    assert (await visitor.get("/caseload")).status_code == 200


async def test_who_sees_counts_alone_is_not_asked_unless_everybody_is(site: Site) -> None:
    await ask_of(site, SecondFactorPolicy.CHARTS)
    dana = await site.visit()
    await dana.post("/sign-in", login=site.login("dana"), password=PASSWORD)
    assert (await dana.get("/screening")).status_code == 200
    await ask_of(site, SecondFactorPolicy.EVERYBODY)
    assert (await dana.get("/screening")).headers["location"] == "/my-account/authenticator"


async def test_setting_up_an_app_ends_every_session_that_was_begun_with_less(site: Site) -> None:
    elsewhere = await site.sign_in("maya")
    here = await site.sign_in("maya")
    before = here.http.cookies["__Host-stepwell_session"]
    await enrol(site, here, site.services.now())
    assert (await elsewhere.get("/caseload")).status_code == 303
    assert (await here.get("/caseload")).status_code == 200
    assert here.http.cookies["__Host-stepwell_session"] != before


async def test_a_wrong_first_code_confirms_nothing(site: Site) -> None:
    maya = await site.sign_in("maya")
    await maya.post("/my-account/authenticator/begin")
    for wrong in ("000000", "", "abcdef", "1234567", "٠٠٠٠٠٠"):
        assert (await maya.post("/my-account/authenticator", code=wrong)).status_code == 422
    assert (
        await (await site.visit()).post("/sign-in", login=site.login("maya"), password=PASSWORD)
    ).headers["location"] == "/"


async def test_the_app_can_be_removed_only_where_nobody_asks_for_it(site: Site) -> None:
    maya = await site.sign_in("maya")
    now = site.services.now()
    await enrol(site, maya, now)
    await ask_of(site, SecondFactorPolicy.CHARTS)
    assert (await maya.post("/my-account/authenticator/remove")).status_code == 403
    await ask_of(site, SecondFactorPolicy.NOBODY)
    assert (await maya.post("/my-account/authenticator/remove")).status_code == 303
    told = await (await site.visit()).post("/sign-in", login=site.login("maya"), password=PASSWORD)
    assert told.headers["location"] == "/"


async def test_changes_to_signing_in_ask_for_a_fresh_proof(site: Site) -> None:
    maya = await site.sign_in("maya")
    now = site.services.now()
    secret, _ = await enrol(site, maya, now)
    later = now + timedelta(minutes=11)
    clock(maya, site, later)
    told = await maya.post("/my-account/recovery-codes")
    assert told.headers["location"] == "/my-account/confirm?next=/my-account"
    for fields in (
        {"password": PASSWORD, "code": "000000"},
        {"password": "wrong", "code": code_at(secret, later)},
        {"password": PASSWORD},
    ):
        assert (await maya.post("/my-account/confirm", **fields)).status_code == 422
    before = maya.http.cookies["__Host-stepwell_session"]
    proved = await maya.post(
        "/my-account/confirm", password=PASSWORD, code=code_at(secret, later), next="/my-account"
    )
    assert (proved.status_code, proved.headers["location"]) == (303, "/my-account")
    assert maya.http.cookies["__Host-stepwell_session"] != before
    maya.csrf = await maya.field("/my-account", "csrf")
    assert (await maya.post("/my-account/recovery-codes")).status_code == 200


async def test_no_secret_of_anybody_stands_in_the_database(site: Site) -> None:
    maya = await site.sign_in("maya")
    secret, codes = await enrol(site, maya, site.services.now())
    hidden = {
        secret,
        *(code.replace("-", "") for code in codes),
        *codes,
        *maya.http.cookies.values(),
        PASSWORD,
    }
    async with site.services.database.transaction(system(site.org_id)) as store:
        for name in metadata.tables:
            found = await store.connection.execute(text(f"SELECT {name}::text FROM {name}"))
            kept = "\n".join(found.scalars().all())
            assert not [one for one in hidden if one in kept], name


async def test_a_secret_moved_to_another_persons_row_opens_nothing(site: Site) -> None:
    """Somebody who can write to the database gives Lind's account their own app."""
    now = site.services.now()
    secret, _ = await enrol(site, await site.sign_in("maya"), now)
    await enrol(site, await site.sign_in("lind"), now)
    async with site.services.database.directory() as connection:
        maya = await staff.find_login(connection, site.login("maya"))
        lind = await staff.find_login(connection, site.login("lind"))
    assert maya and lind
    async with site.services.database.transaction(system(site.org_id)) as store:
        await store.connection.execute(
            text(
                "UPDATE authenticators SET sealed_secret = (SELECT sealed_secret FROM "
                "authenticators WHERE staff_id = :maya AND removed_at IS NULL) "
                "WHERE staff_id = :lind AND removed_at IS NULL"
            ),
            {"maya": maya[1], "lind": lind[1]},
        )
    later = now + timedelta(minutes=5)
    told = await pay(await halfway(site, "lind", later), code_at(secret, later))
    assert told.status_code == 503
