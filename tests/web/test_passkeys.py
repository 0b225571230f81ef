"""Passkeys: made, used alone and as the second step, taken away; and what must not pass for one."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from httpx import Response
from sqlalchemy import select

from app.auth.passkey_proofs import handle_of, relying_party
from app.auth.sessions import Proof, begin_session
from app.domain.actor import system
from app.store import sign_in_rules, staff
from app.store.tables import audit_events, passkeys
from app.use_cases.set_identity_provider import NewProvider, add_identity_provider
from tests.web.authenticator import SoftAuthenticator
from tests.web.site import BASE, PASSWORD, Site, Visitor, at

PARTY = relying_party(BASE)
COOKIE = "__Host-stepwell_passkey"


def device(**options: Any) -> SoftAuthenticator:
    return SoftAuthenticator(PARTY.id, PARTY.origin, **options)


def asked(page: Response) -> dict[str, Any]:
    """What the page asks the browser."""
    found = re.search(r'data-options="([^"]*)"', page.text)
    assert found, page.text
    read: dict[str, Any] = json.loads(unescape(found[1]))
    return read


@dataclass(slots=True)
class Owner:
    """Somebody with a passkey."""

    site: Site
    visitor: Visitor
    device: SoftAuthenticator
    codes: list[str]

    async def enter(self, **changed: Any) -> tuple[Visitor, Response]:
        """Sign in with the passkey alone, in a new browser."""
        visitor = await self.site.visit()
        options = asked(await visitor.get("/sign-in/passkey"))
        answer = self.device.use(options, **changed)
        return visitor, await visitor.post("/sign-in/passkey", credential=answer)


async def arrive(site: Site, who: str) -> Visitor:
    """Somebody in a session that a password began (the form itself: test_sign_in.py)."""
    services, visitor = site.services, await site.visit()
    async with services.database.directory() as connection:
        found = await staff.find_login(connection, site.login(who))
    assert found
    now = services.now()
    token = await begin_session(services.database, *found, Proof.PASSWORD, now, hours=1)
    visitor.http.cookies.set("__Host-stepwell_session", token)
    visitor.csrf = await visitor.field("/my-account", "csrf")
    return visitor


async def make(
    site: Site, who: str = "maya", visitor: Visitor | None = None, **options: Any
) -> Owner:
    """Make a passkey in a session that began with a password."""
    visitor = visitor or await arrive(site, who)
    made = device(**options)
    told = await visitor.post(
        "/my-account/passkeys",
        credential=made.make(asked(await visitor.get("/my-account/passkeys/new"))),
        name="Blue key",
    )
    assert told.status_code in (200, 303), told.text
    codes = re.findall(r"<li><code>([^<]+)</code></li>", told.text)
    visitor.csrf = await visitor.field("/my-account", "csrf")
    return Owner(site, visitor, made, codes)


@pytest.fixture
async def maya(site: Site) -> Owner:
    return await make(site)


async def reasons(site: Site) -> list[str]:
    async with site.services.database.transaction(system(site.org_id)) as store:
        found = await store.connection.execute(
            select(audit_events.c.detail)
            .where(audit_events.c.org_id == site.org_id, audit_events.c.outcome == "refused")
            .order_by(audit_events.c.at, audit_events.c.audit_id)
        )
        return [row.detail.get("reason", "") for row in found.all()]


async def test_a_passkey_alone_signs_in_and_the_page_that_was_asked_for_opens(maya: Owner) -> None:
    visitor = await maya.site.visit()
    options = asked(await visitor.get("/sign-in/passkey?next=/flags"))
    assert options["userVerification"] == "required"
    assert options.get("allowCredentials", []) == [], "nobody is told who has which passkey"
    told = await visitor.post(
        "/sign-in/passkey", credential=maya.device.use(options), next="/flags"
    )
    assert (told.status_code, told.headers["location"]) == (303, "/flags")
    page = (await visitor.get("/my-account")).text
    assert "Maya Okonkwo" in page
    assert "Blue key" in page


async def test_a_password_alone_is_no_longer_enough_and_the_passkey_is_the_second_step(
    maya: Owner,
) -> None:
    visitor = await maya.site.visit()
    told = await visitor.post("/sign-in", login=maya.site.login("maya"), password=PASSWORD)
    assert told.headers["location"] == "/sign-in/second-factor"
    assert (await visitor.get("/caseload")).status_code == 303
    page = await visitor.get("/sign-in/second-factor")
    assert "Use my passkey" in page.text
    assert "six digits" not in page.text, "there is no app to ask for"
    options = asked(await visitor.get("/sign-in/second-factor/passkey"))
    answer = maya.device.use(options, verified=False)
    told = await visitor.post("/sign-in/second-factor/passkey", credential=answer)
    assert told.status_code == 303
    assert (await visitor.get("/caseload")).status_code == 200


async def test_a_lost_passkey_is_replaced_by_a_code_from_paper_once(maya: Owner) -> None:
    assert len(maya.codes) == 10
    for expected in (303, 401):
        visitor = await maya.site.visit()
        await visitor.post("/sign-in", login=maya.site.login("maya"), password=PASSWORD)
        told = await visitor.post("/sign-in/second-factor", code=maya.codes[0])
        assert told.status_code == expected


async def test_an_administrator_takes_lost_passkeys_away(maya: Owner) -> None:
    site = maya.site
    async with site.services.database.transaction(system(site.org_id)) as store:
        found = await staff.find_login(store.connection, site.login("maya"))
    assert found
    ada = await arrive(site, "ada")
    told = await ada.post(f"/accounts/{found[1]}/second-factor")
    assert told.status_code in (200, 303), told.text
    assert (await maya.visitor.get("/my-account")).status_code == 303, "signed out everywhere"
    _, told = await maya.enter()
    assert told.status_code == 401


async def test_making_the_first_passkey_ends_sessions_that_were_begun_with_less(site: Site) -> None:
    earlier = await arrive(site, "maya")
    maya = await make(site)
    assert (await earlier.get("/my-account")).status_code == 303
    assert (await maya.visitor.get("/my-account")).status_code == 200


async def test_a_second_passkey_is_added_without_new_codes(maya: Owner) -> None:
    second = await make(maya.site, visitor=maya.visitor)
    assert second.codes == []
    for owner in (maya, second):
        _, told = await owner.enter()
        assert told.status_code == 303
    assert (await maya.visitor.get("/my-account")).text.count("Blue key") == 2


async def test_a_device_that_holds_one_is_not_asked_to_make_another(maya: Owner) -> None:
    options = asked(await maya.visitor.get("/my-account/passkeys/new"))
    assert len(options["excludeCredentials"]) == 1


async def test_a_removed_passkey_opens_nothing_and_only_its_owner_removes_it(maya: Owner) -> None:
    page = (await maya.visitor.get("/my-account")).text
    found = re.search(r'action="(/my-account/passkeys/[^"]+/remove)"', page)
    assert found
    ben = await arrive(maya.site, "ben")
    assert (await ben.post(found[1])).status_code == 404
    assert (await maya.visitor.post(found[1])).status_code == 303
    _, told = await maya.enter()
    assert told.status_code == 401


async def test_changes_ask_for_a_fresh_proof_which_a_passkey_gives(maya: Owner) -> None:
    later = at(maya.site.services, maya.site.services.now() + timedelta(minutes=20))
    maya.visitor.http._transport.app.state.services = later  # type: ignore[attr-defined]
    told = await maya.visitor.get("/my-account/passkeys/new")
    assert told.status_code == 303
    assert told.headers["location"].startswith("/my-account/confirm")
    options = asked(await maya.visitor.get("/my-account/confirm/passkey?next=/my-account"))
    assert options["userVerification"] == "required"
    told = await maya.visitor.post(
        "/my-account/confirm/passkey", credential=maya.device.use(options), next="/my-account"
    )
    assert (told.status_code, told.headers["location"]) == (303, "/my-account")
    assert (await maya.visitor.get("/my-account/passkeys/new")).status_code == 200


Change = Callable[[Owner], dict[str, Any]]
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
ATTACKS: list[tuple[str, Change, str]] = [
    ("another site's question", lambda o: {"challenge": "AAAA"}, "proof"),
    (
        "asked on a false page",
        lambda o: {"origin": "https://registry.example.evil.example"},
        "proof",
    ),
    ("asked over another port", lambda o: {"origin": "https://registry.example:9999"}, "proof"),
    ("for another site", lambda o: {"rp_id": "evil.example"}, "proof"),
    ("in a frame of another site", lambda o: {"cross_origin": True}, ""),
    ("an answer to making one", lambda o: {"type": "webauthn.create"}, "proof"),
    ("signed by another key", lambda o: {"key": OTHER_KEY}, "proof"),
    ("nobody was there", lambda o: {"absent": True}, "proof"),
    ("its owner was not verified", lambda o: {"verified": False}, "proof"),
    ("its counter stands still", lambda o: {"counter": 0}, "counter"),
    ("it names nobody", lambda o: {"user_handle": b""}, ""),
    ("it names somebody else", lambda o: {"user_handle": uuid4().bytes + uuid4().bytes}, ""),
    ("it names another organization", lambda o: {"user_handle": b"x" * 32}, ""),
]


@pytest.mark.parametrize(
    ("change", "reason"), [row[1:] for row in ATTACKS], ids=[r[0] for r in ATTACKS]
)
async def test_an_answer(maya: Owner, change: Change, reason: str) -> None:
    if reason == "counter":
        assert (await maya.enter())[1].status_code == 303
    visitor, told = await maya.enter(**change(maya))
    assert told.status_code == 401
    assert (await visitor.get("/my-account")).status_code == 303
    if reason:
        assert (await reasons(maya.site))[-1] == reason
    assert (await maya.enter())[1].status_code == 303, "the true one still opens"


async def test_a_copy_is_noticed_by_its_counter(maya: Owner) -> None:
    copy = replace(maya.device)
    assert (await maya.enter())[1].status_code == 303
    maya.device.counter += 3
    assert (await maya.enter())[1].status_code == 303
    stale = Owner(maya.site, maya.visitor, copy, [])
    _, told = await stale.enter()
    assert told.status_code == 401
    assert "may have been copied" in told.text


async def test_of_two_answers_with_one_count_at_once_one_is_taken(maya: Owner) -> None:
    """A device and its copy, each in a browser of its own, in the same instant."""
    copy, tries = replace(maya.device), []
    for one in (maya.device, copy):
        visitor = await maya.site.visit()
        answer = one.use(asked(await visitor.get("/sign-in/passkey")))
        tries.append(visitor.post("/sign-in/passkey", credential=answer))
    told = await asyncio.gather(*tries)
    assert sorted(one.status_code for one in told) == [303, 401]


async def test_a_synced_passkey_counts_nothing_and_opens_each_time(site: Site) -> None:
    maya = await make(site, counts=False)
    for _ in range(2):
        assert (await maya.enter())[1].status_code == 303
    assert "kept by a password manager" in (await maya.visitor.get("/my-account")).text


async def test_an_answer_is_good_once_for_ten_minutes_in_its_own_browser(maya: Owner) -> None:
    visitor = await maya.site.visit()
    answer = maya.device.use(asked(await visitor.get("/sign-in/passkey")))
    thief = await maya.site.visit()
    assert (await thief.post("/sign-in/passkey", credential=answer)).status_code == 401
    await thief.get("/sign-in/passkey")
    assert (await thief.post("/sign-in/passkey", credential=answer)).status_code == 401
    kept = visitor.http.cookies[COOKIE]
    assert (await visitor.post("/sign-in/passkey", credential=answer)).status_code == 303
    again = await maya.site.visit()
    again.http.cookies.set(COOKIE, kept)
    assert (await again.post("/sign-in/passkey", credential=answer)).status_code == 401
    late = await maya.site.visit()
    answer = maya.device.use(asked(await late.get("/sign-in/passkey")))
    app = late.http._transport.app  # type: ignore[attr-defined]
    app.state.services = at(maya.site.services, maya.site.services.now() + timedelta(minutes=11))
    assert (await late.post("/sign-in/passkey", credential=answer)).status_code == 401


async def test_an_answer_to_one_question_is_none_to_another(maya: Owner) -> None:
    """A second step does not verify its owner: what it yields must not sign in alone."""
    visitor = await maya.site.visit()
    await visitor.post("/sign-in", login=maya.site.login("maya"), password=PASSWORD)
    answer = maya.device.use(asked(await visitor.get("/sign-in/second-factor/passkey")))
    visitor.http.cookies.set(COOKIE, visitor.http.cookies[f"{COOKIE}-second"])
    assert (await visitor.post("/sign-in/passkey", credential=answer)).status_code == 401


async def test_somebody_elses_passkey_is_no_second_step(maya: Owner) -> None:
    ben = await make(maya.site, "ben")
    visitor = await maya.site.visit()
    await visitor.post("/sign-in", login=maya.site.login("maya"), password=PASSWORD)
    options = asked(await visitor.get("/sign-in/second-factor/passkey"))
    told = await visitor.post("/sign-in/second-factor/passkey", credential=ben.device.use(options))
    assert told.status_code == 401
    without = ben.device.use(
        asked(await visitor.get("/sign-in/second-factor/passkey")), user_handle=b""
    )
    told = await visitor.post("/sign-in/second-factor/passkey", credential=without)
    assert told.status_code == 401
    assert (await visitor.get("/my-account")).status_code == 303


async def test_a_passkey_made_for_one_person_is_not_kept_for_another(site: Site) -> None:
    maya, ben = await arrive(site, "maya"), await arrive(site, "ben")
    answer = device().make(asked(await maya.get("/my-account/passkeys/new")))
    ben.http.cookies.set(f"{COOKIE}-new", maya.http.cookies[f"{COOKIE}-new"])
    told = await ben.post("/my-account/passkeys", credential=answer)
    assert told.status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"challenge": "AAAA"},
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"type": "webauthn.get"},
        {"cross_origin": True},
        {"absent": True},
    ],
)
async def test_what_was_not_made_here_is_not_kept(site: Site, changed: dict[str, Any]) -> None:
    maya = await arrive(site, "maya")
    answer = device().make(asked(await maya.get("/my-account/passkeys/new")), **changed)
    assert (await maya.post("/my-account/passkeys", credential=answer)).status_code == 401
    async with site.services.database.transaction(system(site.org_id)) as store:
        assert (await store.connection.execute(select(passkeys))).all() == []


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "null", "{}", '{"id": 1}', "[" * 9000, "x" * 20_000, '{"id":"","rawId":"","type":"public-key","response":{}}'],
)  # fmt: skip
async def test_what_is_no_answer_at_all_is_refused_in_words(site: Site, text: str) -> None:
    visitor = await site.visit()
    await visitor.get("/sign-in/passkey")
    told = await visitor.post("/sign-in/passkey", credential=text)
    assert told.status_code == 401
    assert "not accepted" in told.text
    maya = await arrive(site, "maya")
    await maya.get("/my-account/passkeys/new")
    assert (await maya.post("/my-account/passkeys", credential=text)).status_code == 401


async def test_somebody_who_left_does_not_come_in_by_a_passkey(maya: Owner) -> None:
    async with maya.site.services.database.transaction(system(maya.site.org_id)) as store:
        table = staff.staff
        await store.connection.execute(
            table.update().where(table.c.org_id == maya.site.org_id).values(active=False)
        )
    _, told = await maya.enter()
    assert told.status_code == 401
    assert "no longer signs in" in told.text


async def test_the_passkeys_of_one_organization_are_nothing_in_another(
    maya: Owner, other_site: Site
) -> None:
    found = await arrive(other_site, "maya")
    page = (await found.get("/my-account")).text
    assert "Blue key" not in page
    async with other_site.services.database.transaction(system(other_site.org_id)) as store:
        assert (await store.connection.execute(select(passkeys.c.passkey_id))).all() == []


async def test_where_passwords_are_closed_passkeys_are_too(maya: Owner) -> None:
    async with maya.site.services.database.transaction(system(maya.site.org_id)) as store:
        slug = f"closed-{maya.site.org_id.hex[-10:]}"
        wanted = NewProvider(slug, "Closed", "https://idp.example", "c", listed=False)
        await add_identity_provider(store, wanted)
        await sign_in_rules.set_provider_only(store, True)
    _, told = await maya.enter()
    assert told.status_code == 401
    assert "signs in with its own account" in told.text


@pytest.mark.parametrize(
    ("base", "party", "origin"),
    [
        ("https://registry.example", "registry.example", "https://registry.example"),
        ("https://registry.example/", "registry.example", "https://registry.example"),
        ("https://registry.example:8443", "registry.example", "https://registry.example:8443"),
        ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),  # browsers refuse numbers
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_passkeys_are_made_for_the_registrys_own_address(
    base: str, party: str, origin: str
) -> None:
    assert (relying_party(base).id, relying_party(base).origin) == (party, origin)


def test_an_owners_handle_tells_two_ids_and_nothing_else() -> None:
    assert len(handle_of(UUID(int=1), UUID(int=2))) == 32
