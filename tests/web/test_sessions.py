"""Sessions: new at each sign-in, never taken over, theirs alone."""

import pytest

from app.auth.sessions import AccountClosed, Browser, Proof, begin_session, prove_again
from app.domain.actor import system
from app.errors import Unauthenticated
from app.store import staff
from app.web.session_cookie import device_words
from tests.web.site import PASSWORD, Site, Visitor

COOKIE = "__Host-stepwell_session"


def token_of(visitor: Visitor) -> str:
    return visitor.http.cookies[COOKIE]


async def test_signing_in_never_goes_on_in_a_session_that_was_there_before(site: Site) -> None:
    visitor = await site.visit()
    visitor.http.cookies.set(COOKIE, "planted-by-somebody-else")
    told = await visitor.post("/sign-in", login=site.login("maya"), password=PASSWORD)
    assert told.status_code == 303
    assert "planted" not in told.headers["set-cookie"]


async def test_signing_in_again_ends_the_session_that_the_browser_had(site: Site) -> None:
    visitor = await site.sign_in("maya")
    first = token_of(visitor)
    await visitor.post("/sign-in", login=site.login("lind"), password=PASSWORD)
    thief = await site.visit()
    thief.http.cookies.set(COOKIE, first)
    assert (await thief.get("/caseload")).status_code == 303


async def test_after_a_new_proof_the_old_token_is_worth_nothing(site: Site) -> None:
    maya = await site.sign_in("maya")
    old = token_of(maya)
    new = await prove_again(site.services.database, old, site.services.now())
    assert (await maya.get("/caseload")).status_code == 303
    maya.http.cookies.clear()
    maya.http.cookies.set(COOKIE, new)
    assert (await maya.get("/caseload")).status_code == 200
    with pytest.raises(Unauthenticated):
        await prove_again(site.services.database, old, site.services.now())


async def test_any_whole_proof_begins_a_session_but_not_for_a_closed_account(site: Site) -> None:
    services = site.services
    async with services.database.directory() as connection:
        found = await staff.find_login(connection, site.login("maya"))
    assert found is not None

    async def begin() -> str:
        browser = Browser("Firefox on Linux", "192.0.2.7")
        now = services.now()
        return await begin_session(
            services.database, *found, Proof.PROVIDER, now, hours=1, browser=browser
        )

    visitor = await site.visit()
    visitor.http.cookies.set(COOKIE, await begin())
    assert "Maya Okonkwo" in (await visitor.get("/caseload")).text
    async with services.database.transaction(system(site.org_id)) as store:
        await store.connection.execute(
            staff.staff.update()
            .where(staff.staff.c.org_id == site.org_id, staff.staff.c.staff_id == found[1])
            .values(active=False)
        )
    assert (await visitor.get("/caseload")).status_code == 303
    with pytest.raises(AccountClosed):
        await begin()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("curl/8.5", "curl"),
        ("", "An unknown browser"),
        ("<script>alert(1)</script>", "An unknown browser"),  # never shown as it came
    ],
)  # fmt: skip
def test_a_browser_is_named_as_its_owner_knows_it(agent: str, words: str) -> None:
    assert device_words(agent) == words
