"""Pages of integration clients: what an administrator registers, rotates and ends."""

import re
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from httpx import ASGITransport, AsyncClient

from app.auth.key_fetching import KeyFetcher
from app.main import create_app
from app.web.dependencies import FRESH
from tests.reach.servers import Receiver, answer, make_certificate, webhook_receiver
from tests.web.site import BASE, Site, Visitor, at, make_site
from tests.web.smart_client import EC, RSA, Vendor, key_set, public
from tests.web.test_smart_keys import published

FEED = ["Patient.c", "Patient.s", "Observation.c"]


async def register(visitor: Visitor, **fields: object) -> str:
    """The address of a client that was registered."""
    told = await visitor.post("/clients/new", **{"name": "Lakeside EHR", "scope": FEED, **fields})
    assert told.status_code == 303, told.text
    return str(told.headers["location"])


async def vendor_of(site: Site, visitor: Visitor, address: str) -> Vendor:
    """The client as the page tells its vendor."""
    told = re.findall(r"<dd><code>([^<]+)</code>", (await visitor.get(address)).text)
    return Vendor(visitor.http, UUID(told[0]), told[1])


async def test_what_the_page_tells_is_all_that_a_vendor_needs(site: Site) -> None:
    ada = await site.sign_in("ada")
    assert "No system is connected yet" not in (await ada.get("/clients")).text  # the site's EHR
    address = await register(ada, keys=key_set(public(EC, "k1")), clinic="Riverside")
    vendor = await vendor_of(site, ada, address)
    told = await vendor.ask(scope="system/*.cruds")
    assert told.json()["scope"] == "system/Observation.c system/Patient.cs"
    listed = (await ada.get("/clients")).text
    assert "Lakeside EHR" in listed
    assert "system/Patient.cs" in listed


async def test_keys_are_rotated_and_a_client_is_shut_out(site: Site) -> None:
    ada = await site.sign_in("ada")
    address = await register(ada, keys=key_set(public(EC, "k1")))
    old = await vendor_of(site, ada, address)
    new = Vendor(old.http, old.client_id, old.audience, RSA, "k2", "RS384")
    assert (await ada.post(f"{address}/keys", keys=key_set(public(RSA, "k2")))).status_code == 303
    scope = "system/Patient.s"
    assert [(await one.ask(scope=scope)).status_code for one in (old, new)] == [200, 200]
    assert (await ada.post(f"{address}/keys/remove", kid="k1")).status_code == 303
    assert [(await one.ask(scope=scope)).status_code for one in (old, new)] == [401, 200]
    assert "Removed keys" in (await ada.get(address)).text
    again = await ada.post(f"{address}/keys", keys=key_set(public(RSA, "k1")))
    assert (again.status_code, "named another key before" in again.text) == (409, True)
    token = await new.token(scope)
    assert (await ada.post(f"{address}/disable")).status_code == 303
    assert (await new.fhir(token, "GET", "/Patient")).status_code == 401
    assert "disabled" in (await ada.get(address)).text
    assert (await ada.post(f"{address}/enable")).status_code == 303
    assert (await new.ask(scope=scope)).status_code == 200


async def test_a_private_key_is_refused_in_words_and_not_shown_again(site: Site) -> None:
    ada = await site.sign_in("ada")
    secret = EC.as_dict(private=True)
    posted = key_set(secret | {"kid": "k1"})
    told = await ada.post("/clients/new", name="Lakeside EHR", scope=FEED, keys=posted)
    assert told.status_code == 422
    assert "nobody but its owner may have" in told.text
    assert str(secret["d"]) not in told.text
    assert 'value="Lakeside EHR"' in told.text  # the rest is not typed again
    address = await register(ada, keys=key_set(public(EC, "k1")))
    told = await ada.post(f"{address}/keys", keys=posted)
    assert (told.status_code, str(secret["d"]) in told.text) == (422, False)


async def test_what_is_missing_is_told(site: Site) -> None:
    ada = await site.sign_in("ada")
    keys = key_set(public(EC, "k1"))
    for fields, words in (
        ({"keys": ""}, "proves itself by its keys"),
        ({"keys": keys, "scope": []}, "Choose at least one scope"),
        ({"keys": keys, "name": " "}, "needs a name"),
        ({"keys": keys, "name": "n\x00"}, "needs a name"),
        ({"keys": keys, "clinic": "Nowhere"}, "no clinic named"),
        ({"address": "http://ehr.example/jwks"}, "https is needed"),
        ({"address": "https://127.0.0.1/jwks"}, "network that is not asked"),
        ({"keys": keys, "scope": ["Device.r"]}, "not kept here"),
    ):
        told = await ada.post("/clients/new", **{"name": "X", "scope": FEED, **fields})
        assert (told.status_code, words in told.text) == (422, True), (fields, told.text)
    await register(ada, keys=keys, name="Twice")
    told = await ada.post("/clients/new", name="Twice", scope=FEED, keys=keys)
    assert "There is a client named" in told.text
    assert "X" not in re.findall(
        r'<a href="/clients/[^"]+">([^<]+)</a>', (await ada.get("/clients")).text
    )


async def test_a_long_name_and_markup_in_it_stay_words(site: Site) -> None:
    ada = await site.sign_in("ada")
    name = "<script>alert(1)</script>" + "w" * 60
    address = await register(ada, name=name, keys=key_set(public(EC, "<b>")))
    page = (await ada.get(address)).text
    assert "<script>alert" not in page
    assert "<b>" not in page


async def test_only_administrators_see_and_change_clients(site: Site) -> None:
    ada = await site.sign_in("ada")
    address = await register(ada, keys=key_set(public(EC, "k1")))
    for who in ("maya", "dana", "sam"):
        other = await site.sign_in(who)
        for path in ("/clients", "/clients/new", address):
            assert (await other.get(path)).status_code == 403
        for path in ("", "/keys", "/keys/remove", "/address", "/disable", "/enable"):
            fields = {"keys": key_set(public(EC, "k2")), "scope": FEED}
            assert (await other.post(address + path, **fields)).status_code == 403
    for path in ("", "/keys", "/keys/remove", "/address", "/disable", "/enable"):
        assert (await ada.post(address + path, csrf="wrong")).status_code == 403


async def test_a_way_in_is_opened_only_by_who_proved_themselves_just_now(site: Site) -> None:
    ada = await site.sign_in("ada")
    address = await register(ada, keys=key_set(public(EC, "k1")))
    later = at(site.services, datetime.now(UTC) + FRESH + timedelta(minutes=1))
    transport = ASGITransport(create_app(later))
    async with AsyncClient(transport=transport, base_url=BASE, cookies=ada.http.cookies) as http:
        left = Visitor(http, ada.csrf)
        for path in ("/clients/new", f"{address}/keys", f"{address}/enable", address):
            told = await left.post(path, scope=FEED, keys=key_set(public(EC, "k9")))
            assert (told.status_code, told.headers["location"][:19]) == (303, "/my-account/confirm")
        assert (await left.get("/clients/new")).status_code == 303
        assert (await left.post(f"{address}/disable")).headers["location"] == address
    assert "k9" not in (await ada.get(address)).text


async def test_keys_at_an_address_are_asked_when_it_is_registered(
    site: Site, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    fetcher = KeyFetcher(certificates=str(certificate.file), loopback_allowed=True, seconds=2)
    receiver = Receiver(answers=[published(public(EC, "k1")), answer(500)])
    async with webhook_receiver(receiver, certificate) as port, AsyncExitStack() as stack:
        trusting = await make_site(replace(site.services, fetcher=fetcher), stack)
        ada = await trusting.sign_in("ada")
        url = f"https://localhost:{port}/jwks.json"
        address = await register(ada, address=url)
        assert (await (await vendor_of(site, ada, address)).ask(scope="system/*.s")).is_success
        page = (await ada.get(address)).text
        assert url in page
        assert "k1" in page
        told = await ada.post(f"{address}/address", address=url)
        assert (told.status_code, "it answered 500" in told.text) == (422, True)
        assert "k1" in (await ada.get(address)).text  # what was there goes on
        refused = await ada.post(f"{address}/keys", keys=key_set(public(EC, "k2")))
        assert refused.status_code == 409
        assert (await ada.post(f"{address}/address")).status_code == 303
        assert "It has no keys" in (await ada.get(address)).text
        told = await ada.post("/clients/new", name="Other", scope=FEED, address=url)
        assert (told.status_code, f'value="{url}"' in told.text) == (422, True)


async def test_another_organizations_client_is_as_if_it_never_was(
    site: Site, other_site: Site
) -> None:
    theirs = await register(await other_site.sign_in("ada"), keys=key_set(public(EC, "k1")))
    ada = await site.sign_in("ada")
    assert (await ada.get(theirs)).status_code == 404
    for path in ("", "/keys", "/keys/remove", "/disable", "/enable"):
        fields = {"keys": key_set(public(EC, "k2")), "scope": FEED, "kid": "k1"}
        assert (await ada.post(theirs + path, **fields)).status_code == 404


async def test_what_is_checked_is_what_a_feed_of_screenings_needs(site: Site) -> None:
    """Whoever registers without looking gives a feed no more than it needs."""
    page = (await (await site.sign_in("ada")).get("/clients/new")).text
    boxes = re.findall(r'name="scope" value="([^"]+)"[^>]*?( checked)?>', page)
    asked = {value for value, checked in boxes if checked}
    assert asked == {f"{one}.{i}" for one in SCREENINGS for i in "cu"} | {"Patient.s"}
    offered = {value for value, _ in boxes}
    assert "Flag.r" in offered
    assert "Flag.c" not in offered


SCREENINGS = ("Encounter", "Observation", "Patient", "QuestionnaireResponse")
