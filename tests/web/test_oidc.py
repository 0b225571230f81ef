"""Signing in through an identity provider: the way there and back, whom it opens for, and out."""

from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from app.auth.oidc_tokens import LOGOUT_EVENT
from app.domain.actor import system
from app.store import identity_providers
from app.use_cases.set_identity_provider import NewProvider, add_identity_provider
from app.wiring import Services
from tests.web.federated import Federated, federate
from tests.web.provider import GONE, FakeProvider, new_key, served
from tests.web.site import PASSWORD, Site, at, make_site

SIGNED_IN = "/caseload"


async def test_the_whole_way_there_and_back_opens_the_page_that_was_asked_for(
    federated: Federated,
) -> None:
    await federated.link("maya")
    visitor = await federated.site.visit()
    address = await federated.start(visitor, after="/flags")
    assert "code_challenge_method=S256" in address
    assert "client_secret" not in address
    told = await visitor.get(await federated.approve(address))
    assert (told.status_code, told.headers["location"]) == (303, "/flags")
    assert "Maya Okonkwo" in (await visitor.get("/caseload")).text


async def test_who_comes_for_the_first_time_waits_and_an_administrator_says_who_it_is(
    federated: Federated,
) -> None:
    federated.provider.person |= {"name": "Maya O.", "email": "m.okonkwo@riverside.example"}
    told = await federated.come(await federated.site.visit())
    assert told.status_code == 401
    assert "Ask your administrator to link you" in told.text
    assert 'name="password"' in told.text, "the local way in is still there"
    board = (await (await federated.site.sign_in("ada")).get("/identities")).text
    assert "Maya O." in board
    assert "address not verified" in board
    told = await (await federated.site.sign_in("ada")).post(
        f"/identities/{federated.provider_id}/link",
        subject="person-1",
        staff=str(await federated.staff_id("maya")),
    )
    assert (told.status_code, told.headers["location"]) == (303, "/identities#linked")
    assert (await federated.come(await federated.site.visit())).status_code == 303


async def test_a_link_is_by_the_providers_own_name_for_a_person_and_survives_a_new_address(
    federated: Federated,
) -> None:
    await federated.link("maya")
    federated.provider.person |= {"email": "married.name@riverside.example"}
    assert (await federated.come(await federated.site.visit())).status_code == 303


async def test_nobody_gets_an_account_by_arriving(federated: Federated) -> None:
    async def people() -> int:
        admin = await federated.site.sign_in("ada")
        return (await admin.get("/reach")).text.count('data-name="Who"')

    before = await people()
    for subject in ("stranger-1", "stranger-2"):
        federated.provider.person = {"sub": subject, "email": f"{subject}@x.example"}
        assert (await federated.come(await federated.site.visit())).status_code == 401
    assert await people() == before


async def test_only_an_administrator_links_and_each_person_once(federated: Federated) -> None:
    await federated.link("maya")
    where = f"/identities/{federated.provider_id}/link"
    maya = await federated.site.sign_in("maya")
    mine = str(await federated.staff_id("maya"))
    assert (await maya.get("/identities")).status_code == 403
    assert (await maya.post(where, subject="person-1", staff=mine)).status_code == 403
    admin = await federated.site.sign_in("ada")
    theirs = str(await federated.staff_id("lind"))
    assert (await admin.post(where, subject="person-1", staff=theirs)).status_code == 409
    federated.provider.person["sub"] = "person-2"
    await federated.come(await federated.site.visit())
    assert (await admin.post(where, subject="person-2", staff=mine)).status_code == 409
    assert (await admin.post(where, subject="person-9", staff=mine)).status_code == 404
    assert (await admin.post(where, subject="person-2", staff="")).status_code == 422


async def test_opening_a_way_in_asks_for_a_fresh_proof_and_shutting_one_does_not(
    federated: Federated,
) -> None:
    await federated.link("maya")
    admin = await federated.site.sign_in("ada")
    app = admin.http._transport.app  # type: ignore[attr-defined]
    app.state.services = at(app.state.services, app.state.services.now() + timedelta(minutes=20))
    base = f"/identities/{federated.provider_id}"
    ada = await federated.staff_id("ada")
    for path, fields in (
        (f"{base}/link", {"subject": "person-1", "staff": str(ada)}),
        ("/identities/passwords", {"ways": "closed"}),
        (f"/identities/break-glass/{ada}", {"named": "yes"}),
    ):
        told = await admin.post(path, **fields)
        assert told.headers["location"] == "/my-account/confirm?next=/identities"
    told = await admin.post(f"{base}/unlink", subject="person-1")
    assert told.headers["location"] == "/identities#linked"


async def test_unlinking_ends_their_sessions_and_lets_them_in_no_more(federated: Federated) -> None:
    await federated.link("maya")
    maya = await federated.site.visit()
    assert (await federated.come(maya)).status_code == 303
    admin = await federated.site.sign_in("ada")
    gone = await admin.post(f"/identities/{federated.provider_id}/unlink", subject="person-1")
    assert gone.status_code == 303
    assert (await maya.get(SIGNED_IN)).status_code == 303
    assert (await federated.come(await federated.site.visit())).status_code == 401


@pytest.fixture
async def by_email(federated: Federated, tmp_path: Path) -> Federated:
    """The same organization with a second provider that speaks for addresses."""
    made = await federate_again(federated, tmp_path, matches_email=True)
    made.provider.person = {
        "sub": "person-1",
        "email": "Maya@Clinic.example",
        "email_verified": True,
    }
    return made


async def federate_again(federated: Federated, folder: Path, **options: bool) -> Federated:
    slug = f"mail-{federated.site.org_id.hex[-10:]}"
    (folder / slug).write_text(federated.provider.client_secret or "")
    async with federated.site.services.database.transaction(system(federated.site.org_id)) as store:
        wanted = NewProvider(
            slug,
            "Mail",
            federated.provider.issuer,
            federated.provider.client_id,
            listed=False,
            **options,
        )
        made = await add_identity_provider(store, wanted)
    return Federated(federated.site, federated.provider, slug, made)


async def test_a_verified_address_that_one_person_confirmed_links_them(by_email: Federated) -> None:
    await by_email.confirm_email("maya", "maya@clinic.example")
    visitor = await by_email.site.visit()
    assert (await by_email.come(visitor)).status_code == 303
    assert "Maya Okonkwo" in (await visitor.get(SIGNED_IN)).text


@pytest.mark.parametrize("verified", [False, GONE, "true", 1, None])
async def test_an_address_that_the_provider_did_not_verify_opens_nothing(
    by_email: Federated, verified: object
) -> None:
    await by_email.confirm_email("maya", "maya@clinic.example")
    by_email.provider.claims["email_verified"] = verified
    assert (await by_email.come(await by_email.site.visit())).status_code == 401


async def test_an_address_that_somebody_only_typed_here_opens_nothing(by_email: Federated) -> None:
    """Ben sets Maya's address as his own: neither of them is let into the other's account."""
    told = await by_email.come(await by_email.site.visit())
    assert told.status_code == 401, "the site's addresses are set and not confirmed"
    await by_email.confirm_email("maya", "maya@clinic.example")
    await by_email.confirm_email("ben", "maya@clinic.example")
    assert (await by_email.come(await by_email.site.visit())).status_code == 401


async def test_an_address_given_to_somebody_new_does_not_open_the_old_account(
    by_email: Federated,
) -> None:
    await by_email.confirm_email("maya", "maya@clinic.example")
    assert (await by_email.come(await by_email.site.visit())).status_code == 303
    by_email.provider.person["sub"] = "person-2"
    assert (await by_email.come(await by_email.site.visit())).status_code == 401


async def test_one_address_in_two_organizations_opens_the_providers_own_alone(
    by_email: Federated, tmp_path: Path
) -> None:
    await by_email.confirm_email("maya", "maya@clinic.example")
    async with AsyncExitStack() as stack:
        other = await make_site(by_email.site.services, stack)
        with served(FakeProvider) as theirs:
            theirs.person = dict(by_email.provider.person)
            second = await federate(other, theirs, tmp_path, matches_email=True)
            await second.confirm_email("lind", "maya@clinic.example")
            visitor = await other.visit()
            assert (await second.come(visitor)).status_code == 303
            page = (await visitor.http.get("/", follow_redirects=True)).text
            assert "Dr. Astrid Lind" in page
            assert "Maya Okonkwo" not in page


async def test_somebody_who_left_is_not_let_in_by_a_session_at_the_provider(
    federated: Federated,
) -> None:
    await federated.link("maya")
    maya = await federated.site.visit()
    assert (await federated.come(maya)).status_code == 303
    await federated.deactivate("maya")
    assert (await maya.get(SIGNED_IN)).status_code == 303
    told = await federated.come(await federated.site.visit())
    assert told.status_code == 401
    assert "no longer signs in" in told.text


async def test_keys_that_change_are_fetched_and_the_old_ones_hold_no_more(
    federated: Federated,
) -> None:
    await federated.link("maya")
    providers, clock = federated.site.services.providers, [0.0]
    providers.clock = lambda: clock[0]
    providers._kept.clear()
    assert (await federated.come(await federated.site.visit())).status_code == 303
    old = federated.provider.key
    federated.provider.key = new_key("second")
    federated.provider.published = [federated.provider.key]
    clock[0] += 120
    assert (await federated.come(await federated.site.visit())).status_code == 303
    federated.provider.key = old
    assert (await federated.come(await federated.site.visit())).status_code == 401


async def test_signing_out_here_leads_on_to_signing_out_there(federated: Federated) -> None:
    await federated.link("maya")
    maya = await federated.site.visit()
    await federated.come(maya)
    page = (await maya.get(SIGNED_IN)).text
    maya.csrf = page.split('name="csrf" value="')[1].split('"')[0]
    told = await maya.post("/sign-out")
    assert told.status_code == 200
    assert f"url={federated.provider.issuer}/end-session?id_token_hint=" in told.text
    assert "post_logout_redirect_uri=https%3A%2F%2Fregistry.example%2Fsigned-out" in told.text
    assert (await maya.get(SIGNED_IN)).status_code == 303
    assert (await maya.get("/signed-out")).status_code == 200


async def test_signing_out_asks_for_the_forms_token_and_a_link_does_nothing(
    federated: Federated,
) -> None:
    await federated.link("maya")
    maya = await federated.site.visit()
    await federated.come(maya)
    assert (await maya.post("/sign-out", csrf="0" * 43)).status_code == 403
    assert (await maya.get("/sign-out")).status_code == 405
    assert (await maya.get("/signed-out")).status_code == 200
    assert (await maya.get(SIGNED_IN)).status_code == 200


async def test_the_provider_ends_the_sessions_that_began_there_and_no_others(
    federated: Federated,
) -> None:
    await federated.link("maya")
    through = await federated.site.visit()
    await federated.come(through)
    local = await federated.site.sign_in("maya")
    server = await federated.site.visit()
    where = f"/sign-in/with/{federated.slug}/sign-out"
    token = federated.provider.logout_token(sub="person-1")
    told = await server.http.post(where, data={"logout_token": token})
    assert told.status_code == 200
    assert (await through.get(SIGNED_IN)).status_code == 303
    assert (await local.get(SIGNED_IN)).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "person-2"},  # somebody else: nothing of Maya's ends
        {"sub": "person-1", "nonce": "n"},  # an ID token's claim: never taken for an order
        {"sub": "person-1", "events": GONE},  # an ID token, handed in as an order
        {"sub": "person-1", "events": {LOGOUT_EVENT: "x"}},
        {"sub": "person-1", "aud": "another-client"},
        {"sub": "person-1", "iss": "https://evil.example"},
        {"sub": GONE},
        {"sub": "person-1", "iat": 1},
    ],
)
async def test_an_order_to_sign_out_that_is_not_whole_ends_nothing(
    federated: Federated, claims: dict[str, object]
) -> None:
    await federated.link("maya")
    maya = await federated.site.visit()
    await federated.come(maya)
    server = await federated.site.visit()
    where = f"/sign-in/with/{federated.slug}/sign-out"
    token = federated.provider.logout_token(**claims)
    await server.http.post(where, data={"logout_token": token})
    assert (await maya.get(SIGNED_IN)).status_code == 200


async def test_passwords_close_when_it_is_safe_and_an_administrator_keeps_one(
    federated: Federated,
) -> None:
    admin = await federated.site.sign_in("ada")
    ada = await federated.staff_id("ada")
    refused = await admin.post("/identities/passwords", ways="closed")
    assert refused.status_code == 422
    assert "nobody has signed in through the provider yet" in refused.text
    await federated.link("maya")
    assert (await admin.post("/identities/passwords", ways="closed")).status_code == 422
    maya = await federated.staff_id("maya")
    told = await admin.post(f"/identities/break-glass/{maya}", named="yes")
    assert told.status_code == 422, "a care manager keeps none"
    assert (await admin.post(f"/identities/break-glass/{ada}", named="yes")).status_code == 303
    assert (await admin.post("/identities/passwords", ways="closed")).status_code == 303
    told = await (await federated.site.visit()).post(
        "/sign-in", login=federated.site.login("maya"), password=PASSWORD
    )
    assert told.status_code == 401
    assert "signs in with its own account" in told.text
    assert (await federated.come(await federated.site.visit())).status_code == 303
    await federated.site.sign_in("ada")
    told = await admin.post(f"/identities/break-glass/{ada}", named="no")
    assert told.status_code == 409, "the last one stays while passwords are closed"
    assert (await admin.post("/identities/passwords", ways="open")).status_code == 303
    await federated.site.sign_in("maya")


async def test_a_wrong_password_says_the_same_whether_passwords_are_closed_or_not(
    federated: Federated,
) -> None:
    visitor = await federated.site.visit()
    told = await visitor.post("/sign-in", login=federated.site.login("maya"), password="wrong")
    assert "its own account" not in told.text


async def test_a_browser_that_came_through_the_provider_is_shown_that_way_first(
    federated: Federated,
) -> None:
    await federated.link("maya")
    visitor = await federated.site.visit()
    before = (await visitor.get("/sign-in")).text
    assert "Riverside Health" not in before, "not listed: its organization knows its address"
    await federated.come(visitor)
    visitor.http.cookies.delete("__Host-stepwell_session")
    page = (await visitor.get("/sign-in?next=/flags")).text
    assert "Another way to sign in" in page
    assert f"/sign-in/with/{federated.slug}?next=/flags" in page


async def test_a_listed_provider_stands_beside_the_password(federated: Federated) -> None:
    services = federated.site.services
    async with services.database.directory() as connection:
        table = identity_providers.provider_addresses
        mine = table.c.slug == federated.slug
        await connection.execute(table.update().where(mine).values(listed=True, name="A Health"))
    try:
        page = (await (await federated.site.visit()).get("/sign-in?next=//evil.example")).text
        assert "Sign in with A Health" in page
        assert "or with a Stepwell password" in page
        assert "evil.example" not in page
    finally:
        async with services.database.directory() as connection:
            await connection.execute(table.update().where(mine).values(listed=False))


async def test_what_was_begun_ends_after_ten_minutes(federated: Federated) -> None:
    await federated.link("maya")
    visitor = await federated.site.visit()
    back = await federated.approve(await federated.start(visitor))
    services: Services = visitor.http._transport.app.state.services  # type: ignore[attr-defined]
    later = at(services, services.now() + timedelta(minutes=11))
    visitor.http._transport.app.state.services = later  # type: ignore[attr-defined]
    told = await visitor.get(back)
    assert told.status_code == 401
    assert "Begin again" in told.text


async def test_an_address_of_nobody_is_not_found(site: Site) -> None:
    visitor = await site.visit()
    for path in ("/sign-in/with/nobody", "/sign-in/with/nobody/back?code=a&state=b"):
        assert (await visitor.get(path)).status_code == 404
    told = await visitor.http.post("/sign-in/with/nobody/sign-out", data={"logout_token": "x"})
    assert told.status_code == 404
