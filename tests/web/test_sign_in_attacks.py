"""Attacks on the sign-in, each with what it gets."""

import asyncio
import time

import pytest
from httpx import ASGITransport, AsyncClient

from app.auth.sign_in import REFUSED_AFTER
from app.domain.login import login_of
from app.main import create_app
from app.web.dependencies import place_here
from tests.web.site import BASE, PASSWORD, Site, Visitor


async def guess(visitor: Visitor, login: str, password: str = "wrong") -> int:
    return int((await visitor.post("/sign-in", login=login, password=password)).status_code)


def from_address(site: Site, address: str, **headers: str) -> Visitor:
    """A browser elsewhere in the network."""
    transport = ASGITransport(
        create_app(site.services), raise_app_exceptions=False, client=(address, 40000)
    )
    return Visitor(AsyncClient(transport=transport, base_url=BASE, headers=headers))


def fullwidth(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@pytest.mark.parametrize(
    ("typed", "login"),
    [
        ("maya", "maya"),
        ("  Maya\t", "maya"),
        ("ＭＡＹＡ", "maya"),  # full width
        ("ﬁona", "fiona"),  # a ligature
        ("dr.lind", "dr.lind"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("maya\x00", None),  # NUL is nobody's, and no error of the database
        ("ma\nya", None),
        ("m\u200baya", None),  # invisible between letters: not a second maya
        ("maya okonkwo", None),
        ("", None),
        ("a" * 101, None),
        ("\ud800", None),
    ],
)
def test_a_login_has_one_spelling(typed: str, login: str | None) -> None:
    assert login_of(typed) == login


async def test_spelling_a_login_otherwise_gives_no_further_guesses(site: Site) -> None:
    name = site.login("maya")
    visitor = await site.visit()
    spelled = [name, name.upper(), f" {name} ", fullwidth(name), f"\t{name.title()}"]
    assert [await guess(visitor, one) for one in spelled] == [401] * 5
    assert await guess(visitor, name, PASSWORD) == 429
    assert await guess(visitor, fullwidth(name), PASSWORD) == 429


async def test_an_invented_forwarding_header_gives_no_further_guesses(site: Site) -> None:
    visitor = from_address(site, "203.0.113.9")  # no proxy of ours
    statuses = []
    for n in range(7):
        visitor.http.headers["x-forwarded-for"] = f"198.51.100.{n}"
        statuses.append(await guess(visitor, site.login("maya")))
    assert statuses == [401] * 5 + [429] * 2


async def test_behind_our_proxy_what_the_caller_wrote_before_it_is_not_believed(
    site: Site,
) -> None:
    visitor = from_address(site, "127.0.0.1")
    statuses = []
    for n in range(7):  # the proxy appends the address that it saw
        visitor.http.headers["x-forwarded-for"] = f"198.51.100.{n}, 203.0.113.9"
        statuses.append(await guess(visitor, site.login("maya")))
    assert statuses == [401] * 5 + [429] * 2
    visitor.http.headers["x-forwarded-for"] = "203.0.113.10"
    assert await guess(visitor, site.login("maya"), PASSWORD) == 303


async def test_addresses_of_one_household_are_one(site: Site) -> None:
    statuses = []
    for n in range(7):
        visitor = from_address(site, f"2001:db8:1:2::{n:x}")
        statuses.append(await guess(visitor, site.login("maya")))
    assert statuses == [401] * 5 + [429] * 2


async def test_guesses_at_the_same_time_are_counted_each(site: Site) -> None:
    visitors = [from_address(site, "203.0.113.20") for _ in range(25)]
    told = await asyncio.gather(*(guess(one, site.login("maya")) for one in visitors))
    assert told.count(401) == 5
    assert told.count(429) == 20


async def test_a_strangers_guessing_locks_nobody_out_of_their_own_browser(site: Site) -> None:
    maya = await site.sign_in("maya")
    await maya.post("/sign-out")
    stranger = await site.visit()  # from the same address, as behind a clinic's router
    while await guess(stranger, site.login("maya")) != 429:
        pass
    assert await guess(stranger, site.login("maya"), PASSWORD) == 429
    assert await guess(maya, site.login("maya"), PASSWORD) == 303


async def test_another_browsers_mark_is_no_way_around(site: Site) -> None:
    """A mark opens nothing, and an invented or another person's is a stranger's."""
    lind = await site.sign_in("lind")
    for mark in ("A" * 43, lind.http.cookies["__Host-stepwell_device"]):
        stranger = from_address(site, f"203.0.113.{30 + len(mark) % 7 + (mark[0] == 'A')}")
        stranger.http.cookies.set("__Host-stepwell_device", mark)
        statuses = [await guess(stranger, site.login("maya")) for _ in range(6)]
        assert statuses == [401] * 5 + [429]


async def test_many_logins_from_one_address_are_slowed_down_too(site: Site) -> None:
    visitor = from_address(site, "203.0.113.77")
    statuses = [await guess(visitor, f"nobody-{n}") for n in range(51)]
    assert statuses == [401] * 50 + [429]


async def test_a_login_that_nobody_has_is_answered_alike(site: Site) -> None:
    known, unknown = site.login("maya"), "x" * len(site.login("maya"))
    told, took = {}, {known: [], unknown: []}
    for n in range(5):
        for login in (known, unknown):
            visitor = from_address(site, f"203.0.113.{100 + n}")
            begun = time.perf_counter()
            told[login] = await visitor.post("/sign-in", login=login, password="wrong")
            took[login].append(time.perf_counter() - begun)
    first, second = (told[one] for one in (known, unknown))
    assert first.text.replace(known, "") == second.text.replace(unknown, "")
    assert set(first.headers) == set(second.headers)
    assert first.status_code == second.status_code == 401
    # both are held back until the same moment, which is later than a password takes to check
    assert min(*took[known], *took[unknown]) >= REFUSED_AFTER


@pytest.mark.parametrize(
    "login", ["\x00", "maya\x00", "😀" * 50, "'; DROP TABLE staff; --", "a" * 5000]
)
@pytest.mark.parametrize("password", ["\x00", "x" * 100_000, ""])
async def test_what_no_keyboard_types_is_a_wrong_login(
    site: Site, login: str, password: str
) -> None:
    assert await guess(await site.visit(), login, password) == 401


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/%2f/evil.example",
        "%2f%2fevil.example",
        "/caseload\r\nset-cookie: a=b",
        "/caseload\n",
        "///evil.example",
        "/@evil.example",
        "/caseload?next=//evil.example",
        "/.evil.example",
        "",
        "/" + "a" * 300,
        "／／evil.example",
    ],
)
async def test_signing_in_never_leads_away(site: Site, wanted: str) -> None:
    assert place_here(wanted) == "/"
    visitor = await site.visit()
    told = await visitor.post("/sign-in", login=site.login("maya"), password=PASSWORD, next=wanted)
    assert (told.status_code, told.headers["location"]) == (303, "/")


async def test_a_place_of_ours_is_gone_to(site: Site) -> None:
    told = await (await site.visit()).post(
        "/sign-in", login=site.login("maya"), password=PASSWORD, next="/worklists/referrals"
    )
    assert told.headers["location"] == "/worklists/referrals"


@pytest.mark.parametrize("sent_from", ["cross-site", "same-site"])
async def test_another_site_signs_nobody_in(site: Site, sent_from: str) -> None:
    """Login CSRF: the victim would work in the attacker's account."""
    visitor = await site.visit()
    visitor.http.headers["sec-fetch-site"] = sent_from
    told = await visitor.post("/sign-in", login=site.login("maya"), password=PASSWORD)
    assert told.status_code == 403
    assert "set-cookie" not in told.headers
    assert (await visitor.post("/sign-in/second-factor", code="000000")).status_code == 403
    assert (await visitor.post("/sign-in/link/abc", wanted="x")).status_code == 403
