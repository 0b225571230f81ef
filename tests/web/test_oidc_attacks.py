"""What an attacker, or a provider that lies, does to the sign-in: nothing of it opens an account."""

import asyncio
import json
import re
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc.errors import SecurityWarning
from sqlalchemy import select

from app.auth.oidc_fetching import AddressRefused, Fetcher, ProviderDown, check_address
from app.auth.oidc_provider import ProviderNotFit, read_keys, read_metadata
from app.auth.oidc_tokens import Expected, TokenRefused, verify_id_token
from app.domain.actor import system
from app.store.tables import audit_events, identity_providers, sign_in_ceremonies
from tests.web.federated import Federated
from tests.web.provider import GONE, FakeProvider, new_key
from tests.web.site import BASE, PASSWORD

NOW = int(time.time())


async def reasons(federated: Federated) -> list[str]:
    """Why sign-ins were refused, as the audit keeps it."""
    async with federated.site.services.database.transaction(system(federated.site.org_id)) as store:
        found = await store.connection.execute(
            select(audit_events.c.detail)
            .where(audit_events.c.org_id == federated.site.org_id)
            .where(audit_events.c.action == "session.begin", audit_events.c.outcome == "refused")
            .order_by(audit_events.c.audit_id)
        )
        return [row.detail.get("reason", "") for row in found.all()]


TOKENS: list[tuple[str, dict[str, Any], str]] = [
    ("another client's", {"claims": {"aud": "another-client"}}, "audience"),
    ("for many, not given to us", {"claims": {"aud": ["stepwell", "x"]}}, "authorized-party"),
    ("given to another", {"claims": {"azp": "x"}}, "authorized-party"),
    ("another issuer's", {"claims": {"iss": "https://evil.example"}}, "issuer"),
    ("the issuer with a slash", {"claims": {"iss": "http://127.0.0.1/"}}, "issuer"),
    ("of an earlier sign-in", {"claims": {"nonce": "replayed"}}, "nonce"),
    ("without a nonce", {"claims": {"nonce": GONE}}, "nonce"),
    ("expired", {"claims": {"exp": NOW - 3600}}, "expired"),
    ("that never expires", {"claims": {"exp": GONE}}, "times"),
    ("of an hour ago", {"claims": {"iat": NOW - 3600}}, "times"),
    ("of tomorrow", {"claims": {"iat": NOW + 86400}}, "times"),
    ("not valid yet", {"claims": {"nbf": NOW + 3600}}, "times"),
    ("with times in words", {"claims": {"exp": "2099-01-01"}}, "times"),
    ("about nobody", {"claims": {"sub": GONE}}, "subject"),
    ("about a list", {"claims": {"sub": ["person-1"]}}, "subject"),
    ("not signed", {"signing": "none"}, "algorithm"),
    ("signed with the public key as a secret", {"signing": "HS256"}, "algorithm"),
    ("signed by a key nobody published", {"key": new_key("first")}, "signature"),
    ("naming a key nobody published", {"key_id": "../../etc/passwd"}, "unknown-key"),
]


@pytest.mark.parametrize(("lie", "reason"), [row[1:] for row in TOKENS], ids=[r[0] for r in TOKENS])
async def test_an_id_token(federated: Federated, lie: dict[str, Any], reason: str) -> None:
    await federated.link("maya")
    published = list(federated.provider.published)
    for name, value in lie.items():
        setattr(federated.provider, name, value)
    federated.provider.published = published
    visitor = await federated.site.visit()
    told = await federated.come(visitor)
    assert told.status_code == 401
    assert "could not be verified" in told.text
    assert reason not in re.sub("<[^>]+>", "", told.text), "the person is not told which check held"
    assert "__Host-stepwell_session" not in visitor.http.cookies
    assert (await reasons(federated))[-1] == reason


async def test_state_that_is_missing_or_of_another_browser(federated: Federated) -> None:
    await federated.link("maya")
    attacker, victim = await federated.site.visit(), await federated.site.visit()
    back = await federated.approve(await federated.start(attacker))
    assert (await victim.get(back)).status_code == 401, "the victim began nothing"
    await federated.start(victim)
    assert (await victim.get(back)).status_code == 401, "the victim began something else"
    path = urlsplit(back).path
    code = parse_qs(urlsplit(back).query)["code"][0]
    await federated.start(victim)
    assert (await victim.get(f"{path}?code={code}")).status_code == 401
    assert "__Host-stepwell_session" not in victim.http.cookies


async def test_a_stolen_code_put_into_a_flow_of_the_attackers_own(federated: Federated) -> None:
    """The state fits the attacker's browser, the code is the victim's: PKCE and nonce do not."""
    await federated.link("maya")
    victim, attacker = await federated.site.visit(), await federated.site.visit()
    stolen = await federated.approve(await federated.start(victim))
    own = await federated.approve(await federated.start(attacker))
    state = parse_qs(urlsplit(own).query)["state"][0]
    code = parse_qs(urlsplit(stolen).query)["code"][0]
    mixed = urlsplit(own).path + "?" + urlencode({"code": code, "state": state})
    assert (await attacker.get(mixed)).status_code == 401
    assert (await reasons(federated))[-1] == "code"


async def test_an_answer_handed_in_twice(federated: Federated) -> None:
    await federated.link("maya")
    visitor = await federated.site.visit()
    back = await federated.approve(await federated.start(visitor))
    kept = visitor.http.cookies["__Host-stepwell_provider"]
    assert (await visitor.get(back)).status_code == 303
    again = await federated.site.visit()
    again.http.cookies.set("__Host-stepwell_provider", kept)
    assert (await again.get(back)).status_code == 401


async def test_an_answer_of_another_provider(federated: Federated) -> None:
    """RFC 9207: whoever names itself must be the one that was asked."""
    await federated.link("maya")
    for named, opens in (("https://evil.example", 401), (federated.provider.issuer, 303)):
        federated.provider.names_issuer = named
        federated.site.services.providers._kept.clear()
        assert (await federated.come(await federated.site.visit())).status_code == opens
    back = await federated.approve(await federated.start(visitor := await federated.site.visit()))
    without = re.sub(r"[?&]iss=[^&]*", "", back)
    assert (await visitor.get(without)).status_code == 401, "it says that it names itself"


async def test_a_flood_of_made_up_keys_asks_the_provider_once_a_minute(
    federated: Federated,
) -> None:
    await federated.link("maya")
    before = federated.provider.asked.count("/jwks")
    federated.provider.key_id = "made-up"
    server = await federated.site.visit()
    where = f"/sign-in/with/{federated.slug}/sign-out"
    for _ in range(25):
        token = federated.provider.logout_token(sub="person-1")
        told = await server.http.post(where, data={"logout_token": token})
        assert told.status_code == 400
    assert federated.provider.asked.count("/jwks") - before <= 1


async def test_a_key_that_changed_under_its_old_name_is_looked_for_once(
    federated: Federated,
) -> None:
    await federated.link("maya")
    providers, clock = federated.site.services.providers, [0.0]
    providers.clock = lambda: clock[0]
    assert (await federated.come(await federated.site.visit())).status_code == 303
    federated.provider.key = new_key("first")
    federated.provider.published = [federated.provider.key]
    asked = federated.provider.asked.count("/jwks")
    assert (await federated.come(await federated.site.visit())).status_code == 401
    assert federated.provider.asked.count("/jwks") == asked, "within the minute nobody is asked"
    clock[0] += 61
    assert (await federated.come(await federated.site.visit())).status_code == 303
    assert federated.provider.asked.count("/jwks") == asked + 1


async def test_while_a_provider_is_down_nobody_waits_for_it_twice(federated: Federated) -> None:
    providers, clock = federated.site.services.providers, [0.0]
    providers.clock = lambda: clock[0]
    federated.provider.broken = "*"
    for _ in range(5):
        told = await (await federated.site.visit()).get(f"/sign-in/with/{federated.slug}")
        assert told.status_code == 503
    assert len(federated.provider.asked) == 1
    federated.provider.broken = None
    clock[0] += 6
    await federated.start(await federated.site.visit())


async def test_an_answer_handed_in_twice_at_once_opens_one_session(federated: Federated) -> None:
    await federated.link("maya")
    visitor = await federated.site.visit()
    back = await federated.approve(await federated.start(visitor))
    told = await asyncio.gather(*(visitor.get(back) for _ in range(4)))
    assert sorted(one.status_code for one in told) == [303, 401, 401, 401]


async def test_next_leads_nowhere_else(federated: Federated) -> None:
    await federated.link("maya")
    for wanted in (
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/%2f%2fevil.example",
    ):
        visitor = await federated.site.visit()
        told = await federated.come(visitor, after=wanted)
        assert (told.status_code, told.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    "broken",
    ["*", "huge:/jwks", "deep:/jwks", "redirect:/jwks", "huge:/.well-known/openid-configuration"],
)
async def test_a_provider_that_is_down_or_hostile_leaves_the_local_way_open(
    federated: Federated, broken: str
) -> None:
    await federated.link("maya")
    federated.site.services.providers._kept.clear()
    visitor = await federated.site.visit()
    back = None
    if broken.endswith("/jwks"):
        back = await federated.approve(await federated.start(visitor))
    federated.provider.broken = broken
    told = await visitor.get(back or f"/sign-in/with/{federated.slug}")
    assert told.status_code == 503
    assert "does not answer" in told.text
    assert 'name="password"' in told.text
    told = await visitor.post("/sign-in", login=federated.site.login("maya"), password=PASSWORD)
    assert told.status_code == 303


async def test_a_provider_that_says_no_or_a_person_who_turns_back(federated: Federated) -> None:
    federated.provider.error = "access_denied"
    told = await federated.come(await federated.site.visit())
    assert told.status_code == 401
    assert "Nothing happened" in told.text
    assert "access_denied" not in told.text


async def test_a_wrong_or_missing_client_secret_is_no_sign_in(federated: Federated) -> None:
    await federated.link("maya")
    federated.provider.client_secret = "another"
    assert (await federated.come(await federated.site.visit())).status_code == 401
    assert (await reasons(federated))[-1] == "client"


async def test_a_second_factor_that_has_to_be_shown(federated: Federated) -> None:
    await federated.link("maya")
    async with federated.site.services.database.transaction(system(federated.site.org_id)) as store:
        await store.connection.execute(identity_providers.update().values(shows_second_factor=True))
    for methods, opens in ((["pwd"], 401), ("mfa", 401), (GONE, 401), (["pwd", "mfa"], 303)):
        federated.provider.claims["amr"] = methods
        assert (await federated.come(await federated.site.visit())).status_code == opens


async def test_the_browser_holds_nothing_that_scripts_can_read(federated: Federated) -> None:
    await federated.link("maya")
    visitor = await federated.site.visit()
    first = await visitor.get(f"/sign-in/with/{federated.slug}")
    second = await visitor.get(await federated.approve(first.headers["location"]))
    for cookie in first.headers.get_list("set-cookie") + second.headers.get_list("set-cookie"):
        assert "httponly" in cookie.lower()
        assert "secure" in cookie.lower()
        assert "samesite=" in cookie.lower()


async def test_what_the_database_keeps_of_a_begun_sign_in_finishes_nothing(
    federated: Federated,
) -> None:
    visitor = await federated.site.visit()
    address = await federated.start(visitor)
    sent = parse_qs(urlsplit(address).query)
    async with federated.site.services.database.directory() as connection:
        rows = (await connection.execute(select(sign_in_ceremonies))).all()
    kept = json.dumps([[str(value) for value in row] for row in rows])
    for secret in (
        sent["state"][0],
        sent["nonce"][0],
        visitor.http.cookies["__Host-stepwell_provider"],
    ):
        assert secret not in kept


ADDRESSES = [
    "http://provider.example/",  # not encrypted
    "ftp://provider.example/",
    "https://user:secret@provider.example/",
    "https://provider.example/#part",
    "https:///nowhere",
    "https://provider.example/\nHost: evil",
    "http://10.0.0.1/",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_not_asked(address: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(address, private_allowed=True)
    document = {
        "issuer": "https://provider.example",
        "authorization_endpoint": "https://provider.example/a",
        "token_endpoint": "https://provider.example/t",
        "jwks_uri": address,
    }
    with pytest.raises(ProviderNotFit):
        read_metadata("https://provider.example", document, private_allowed=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "10.0.0.1"])
async def test_the_own_network_is_not_asked_unless_the_operator_allowed_it(host: str) -> None:
    with pytest.raises(ProviderDown):
        await Fetcher(private_allowed=False).get(f"https://{host}/x")


def test_a_document_of_another_issuer_is_not_believed() -> None:
    with pytest.raises(ProviderNotFit):
        read_metadata("https://a.example", {"issuer": "https://b.example"}, False)


def test_keys_that_may_not_sign_are_left_out() -> None:
    good = new_key("good").as_dict(private=False)
    weak = {"kty": "RSA", "n": "w" * 171, "e": "AQAB", "kid": "weak"}
    said = [
        good,
        weak,  # 1,024 bits
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        good | {"use": "enc", "kid": "to encrypt"},
        new_key("private").as_dict(private=True),
        {"kty": "RSA"},
        "not a key",
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    ]
    with pytest.warns(SecurityWarning):
        found = read_keys({"keys": said})
    assert [key.kid for key in found] == ["good"]
    with pytest.raises(ProviderNotFit):
        read_keys({"keys": "none"})


@pytest.mark.parametrize(
    "text", ["", "a.b.c", "....", "W10.W10.aa", "é.é.é", "x" * 40_000, "WyJhbGciXQ.e30.YQ"]
)
async def test_what_is_no_token_is_refused_before_any_key_is_looked_for(text: str) -> None:
    async def never(_: str | None, doubted: bool) -> list[Any]:
        raise AssertionError("no key is looked for")

    with pytest.raises(TokenRefused):
        await verify_id_token(text, Expected("i", "c", datetime.now(UTC)), "n", never)


async def test_without_a_key_id_one_key_may_be_meant_and_not_several() -> None:
    fake = FakeProvider("https://provider.example", key_id=None)
    expected = Expected(fake.issuer, fake.client_id, datetime.now(UTC))
    token = fake.sign(fake.id_claims("n"))

    async def one(_: str | None, doubted: bool) -> list[Any]:
        return [fake.key]

    async def two(_: str | None, doubted: bool) -> list[Any]:
        return [fake.key, new_key("other")]

    assert (await verify_id_token(token, expected, "n", one)).identity.subject == "person-1"
    with pytest.raises(TokenRefused) as refused:
        await verify_id_token(token, expected, "n", two)
    assert refused.value.reason == "key-not-named"


async def test_the_redirect_is_the_registrys_own_whatever_host_the_request_names(
    federated: Federated,
) -> None:
    visitor = await federated.site.visit()
    way = f"/sign-in/with/{federated.slug}"
    assert (await visitor.http.get(way, headers={"host": "evil.example"})).status_code == 421
    told = await visitor.http.get(way, headers={"x-forwarded-host": "evil.example"})
    sent = parse_qs(urlsplit(told.headers["location"]).query)
    assert sent["redirect_uri"] == [f"{BASE}/sign-in/with/{federated.slug}/back"]
