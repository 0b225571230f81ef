"""Keys at a client's address: fetched within bounds, kept as told, and no way into other networks."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.auth.client_keys import fetch_address
from app.auth.key_fetching import (
    KeyFetcher,
    KeysUnreachable,
    life_of,
    read_jwks_url,
)
from app.auth.key_sets import KeysNotFit, read_key_set, usable_keys
from app.domain.actor import system
from app.domain.network_address import may_be_asked
from app.store import client_key_sets, clients
from app.store.tables import client_key_sets as key_sets
from tests.reach.servers import (
    Answer,
    Certificate,
    Receiver,
    answer,
    dribble_body,
    dribble_head,
    make_certificate,
    silent_server,
    webhook_receiver,
)
from tests.web.site import Site, make_site
from tests.web.smart_client import EC, RSA, Vendor, key_set, make_vendor, public

OLD, NEW = public(EC, "k1"), public(RSA, "k2")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(Path(tmp_path_factory.mktemp("tls")))


def published(*keys: dict[str, Any], status: int = 200, **headers: str) -> Answer:
    """An answer with these keys, and headers such as Cache_Control."""
    body = key_set(*keys).encode()
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())

    async def write(writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status} X\r\n{lines}content-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    return write


def fetcher(certificate: Certificate) -> KeyFetcher:
    """Asks this machine, as no setting allows."""
    return KeyFetcher(certificates=str(certificate.file), loopback_allowed=True, seconds=1)


@asynccontextmanager
async def publishing(
    site: Site, certificate: Certificate, *answers: Answer
) -> AsyncIterator[tuple[Vendor, Receiver]]:
    """A client that publishes its keys; the first answer is the one at its registration."""
    receiver = Receiver(answers=list(answers))
    asked = fetcher(certificate)
    async with webhook_receiver(receiver, certificate) as port:
        address = await fetch_address(asked, f"https://localhost:{port}/jwks.json")
        vendor = await make_vendor(site, address=address)
        yield vendor, receiver


@pytest.fixture
async def trusting(site: Site, certificate: Certificate) -> AsyncIterator[Site]:
    """The site with a fetcher that may ask this machine."""
    async with AsyncExitStack() as stack:
        yield await make_site(replace(site.services, fetcher=fetcher(certificate)), stack)


async def age(site: Site, vendor: Vendor, by: timedelta) -> None:
    """Let time pass for what was fetched."""
    async with site.services.database.transaction(system(site.org_id)) as store:
        await store.connection.execute(
            update(key_sets)
            .where(key_sets.c.org_id == site.org_id, key_sets.c.client_id == vendor.client_id)
            .values(
                fetched_at=key_sets.c.fetched_at - by,
                fresh_until=key_sets.c.fresh_until - by,
                tried_at=key_sets.c.tried_at - by,
            )
        )


async def trouble(site: Site, vendor: Vendor) -> str:
    async with site.services.database.transaction(system(site.org_id)) as store:
        held = await client_key_sets.find_key_set(store, vendor.client_id)
    assert held
    return held.trouble


def with_new_key(vendor: Vendor) -> Vendor:
    return Vendor(vendor.http, vendor.client_id, vendor.audience, RSA, "k2", "RS384")


async def test_keys_are_fetched_once_and_kept_as_their_headers_say(
    trusting: Site, certificate: Certificate
) -> None:
    told = published(OLD, Cache_Control="max-age=7200", ETag='"v1"')
    async with publishing(trusting, certificate, told) as (vendor, receiver):
        for _ in range(3):
            assert (await vendor.ask()).status_code == 200
        assert len(receiver.got) == 1
        await age(trusting, vendor, timedelta(minutes=110))
        assert (await vendor.ask()).status_code == 200
        assert len(receiver.got) == 1
        await age(trusting, vendor, timedelta(minutes=11))
        assert (await vendor.ask()).status_code == 200
        assert len(receiver.got) == 2
        assert receiver.got[1].headers["if-none-match"] == '"v1"'


async def test_not_modified_is_as_good_as_new(trusting: Site, certificate: Certificate) -> None:
    first, then = published(OLD, ETag='"v1"'), published(status=304)
    async with publishing(trusting, certificate, first, then) as (vendor, receiver):
        await age(trusting, vendor, timedelta(hours=1))
        for _ in range(2):
            assert (await vendor.ask()).status_code == 200
        assert len(receiver.got) == 2


async def test_a_new_key_is_found_before_its_time_but_not_asked_for_without_end(
    trusting: Site, certificate: Certificate
) -> None:
    first, then = published(OLD, Cache_Control="max-age=86400"), published(OLD, NEW)
    async with publishing(trusting, certificate, first, then) as (vendor, receiver):
        new = with_new_key(vendor)
        assert (await new.ask()).status_code == 401  # fetched less than a minute ago
        await age(trusting, vendor, timedelta(minutes=1))
        assert (await new.ask()).status_code == 200
        assert (await vendor.ask()).status_code == 200  # the old one overlaps
        unknown = Vendor(vendor.http, vendor.client_id, vendor.audience, EC, "k9")
        for _ in range(3):
            assert (await unknown.ask()).status_code == 401
        assert len(receiver.got) == 2


async def test_a_key_that_its_owner_took_away_ends_when_the_set_is_old(
    trusting: Site, certificate: Certificate
) -> None:
    first, then = published(OLD, NEW, Cache_Control="no-store"), published(NEW)
    async with publishing(trusting, certificate, first, then) as (vendor, _):
        assert (await vendor.ask()).status_code == 200
        await age(trusting, vendor, timedelta(minutes=1, seconds=1))
        assert (await vendor.ask()).status_code == 401
        assert (await with_new_key(vendor).ask()).status_code == 200


async def test_many_at_once_ask_the_address_once(trusting: Site, certificate: Certificate) -> None:
    async def slowly(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        await published(OLD, NEW)(writer)

    async with publishing(trusting, certificate, published(OLD), slowly) as (vendor, receiver):
        await age(trusting, vendor, timedelta(hours=1))
        told = await asyncio.gather(*[with_new_key(vendor).ask() for _ in range(6)])
        assert [one.status_code for one in told] == [200] * 6
        assert len(receiver.got) == 2


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (answer(500), "it answered 500"),
        (answer(302, "location: https://localhost/"), "it redirects (302), which is not followed"),
        (answer(200), "keys: are not JSON"),
        (dribble_body, "it answered with more than 64 KiB|did not answer in time"),
        (dribble_head, "it did not answer in time|cannot be reached"),
        (published(OLD, Content_Encoding="gzip"), "it answered compressed, which is not read"),
        (published(OLD | {"d": "AQAB"}), "private"),
    ],
)
async def test_an_address_in_trouble_keeps_the_old_keys_for_a_day(
    trusting: Site, certificate: Certificate, then: Answer, words: str
) -> None:
    async with publishing(trusting, certificate, published(OLD), then) as (vendor, _):
        await age(trusting, vendor, timedelta(hours=2))
        assert (await vendor.ask()).status_code == 200
        told = await trouble(trusting, vendor)
        assert any(word in told for word in words.split("|")), told
        await age(trusting, vendor, timedelta(hours=23))
        assert (await vendor.ask()).status_code == 401


async def test_no_database_connection_is_held_while_an_address_is_asked(
    site: Site, certificate: Certificate
) -> None:
    """A slow address of one client keeps nobody else waiting: the pool is free meanwhile."""
    async with silent_server() as port, AsyncExitStack() as stack:
        slow = await make_site(
            replace(site.services, fetcher=replace(fetcher(certificate), seconds=2)), stack
        )
        async with publishing(slow, certificate, published(OLD)) as (vendor, _):
            await age(slow, vendor, timedelta(hours=1))
            async with slow.services.database.transaction(system(slow.org_id)) as store:
                url = f"https://localhost:{port}/"
                await clients.change_client(store, vendor.client_id, jwks_url=url)
                await store.connection.execute(
                    update(key_sets).where(key_sets.c.org_id == slow.org_id).values(url=url)
                )
            asking = asyncio.create_task(vendor.ask())
            await asyncio.sleep(0.5)
            assert slow.services.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
            assert (await asking).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.example/jwks",
        "https://user:secret@ehr.example/jwks",
        "https://ehr.example/jwks#x",
        "https:///jwks",
        "https://ehr.example/a b",
        "https://ehr.example/\r\nX: y",
        "https://ehr.example:port/",
        "https://[::1",
        "https://éhr.example/",
        "https://" + "a" * 500 + ".example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:25/",
        "ehr.example",
    ],
)
async def test_addresses_that_do_not_fit(url: str) -> None:
    with pytest.raises(KeysUnreachable):
        read_jwks_url(url)
    with pytest.raises(KeysUnreachable):
        await KeyFetcher().fetch(url)


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]",
     "169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "0.0.0.0", "[::]", "224.0.0.1",
     "[64:ff9b::7f00:1]", "[2002:7f00:1::]"],
)  # fmt: skip
async def test_this_machine_and_the_clouds_metadata_are_never_asked(
    host: str, private: bool
) -> None:
    with pytest.raises(KeysUnreachable) as refused:
        await KeyFetcher(private_allowed=private, seconds=2).fetch(f"https://{host}:9/jwks")
    assert refused.value.what in ("it lies in a network that is not asked", "it cannot be reached")


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1::1", True, True),
        ("10.0.0.1", False, True),
        ("172.16.0.1", False, True),
        ("192.168.1.1", False, True),
        ("fd12::1", False, True),
        ("::ffff:10.0.0.1", False, True),  # the same in another dress
        ("100.64.0.1", False, False),  # carrier-grade NAT
        ("240.0.0.1", False, False),
        ("255.255.255.255", False, False),
    ],
)
def test_which_networks_are_asked(address: str, public: bool, private: bool) -> None:
    assert may_be_asked(address) is public
    assert may_be_asked(address, private_allowed=True) is private


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
async def test_a_name_that_leads_inside_is_refused(
    monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    """Alone, and beside a public address: no second look-up can choose the other one."""
    loop = asyncio.get_running_loop()
    for addresses in ([inside], ["93.184.216.34", inside]):

        async def resolve(*_: Any, found: list[str] = addresses, **__: Any) -> list[Any]:
            return [(2, 1, 6, "", (one, 443)) for one in found]

        monkeypatch.setattr(loop, "getaddrinfo", resolve)
        with pytest.raises(KeysUnreachable, match="cannot be fetched") as refused:
            await KeyFetcher(seconds=2).fetch("https://ehr.example/jwks")
        assert refused.value.what == "it lies in a network that is not asked"


async def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch, certificate: Certificate
) -> None:
    """The name is resolved once: what it says at a second look-up is never used."""
    receiver = Receiver(answers=[published(OLD)])
    loop, asked = asyncio.get_running_loop(), 0

    async def resolve(*_: Any, **__: Any) -> list[Any]:
        nonlocal asked
        asked += 1
        return [(2, 1, 6, "", ("127.0.0.1" if asked == 1 else "10.0.0.1", 443))]

    async with webhook_receiver(receiver, certificate) as port:
        monkeypatch.setattr(loop, "getaddrinfo", resolve)
        fetched = await fetcher(certificate).fetch(f"https://localhost:{port}/jwks")
    assert fetched.body == key_set(OLD).encode()
    assert receiver.got[0].headers["host"] == f"localhost:{port}"


async def test_only_hosts_that_the_operator_allows_are_asked(certificate: Certificate) -> None:
    for allowed, well in (("localhost", True), (".example", False), ("LOCALHOST", True)):
        receiver = Receiver(answers=[published(OLD)])
        async with webhook_receiver(receiver, certificate) as port:
            asking = replace(fetcher(certificate), hosts=(allowed,))
            url = f"https://localhost:{port}/"
            if well:
                await asking.fetch(url)
                continue
            with pytest.raises(KeysUnreachable) as refused:
                await asking.fetch(url)
            assert "operator allows" in refused.value.what
            assert not receiver.got


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("", 10),
        ("max-age=3600", 60),
        ("public, max-age=3600", 60),
        ("max-age=0", 1),  # never oftener than each minute
        ("max-age=999999999", 24 * 60),  # and once a day at least
        ("no-store", 1),
        ("no-cache, max-age=3600", 1),
        ("s-maxage=5, max-age=120", 2),
        ("max-age=x", 10),
        ("max-age=" + "9" * 400, 24 * 60),
    ],
)
def test_how_long_keys_are_kept(said: str, minutes: int) -> None:
    assert life_of({"cache-control": said}) == timedelta(minutes=minutes)


UNFIT = [
    ("", "not JSON"),
    ("[]", "no JWK Set"),
    ('{"keys": {}}', "no JWK Set"),
    ('{"keys": []}', "1 to 20"),
    ('{"keys": ' + "[" * 5000, "not JSON"),
    (json.dumps({"keys": [OLD | {"kid": f"k{n}"} for n in range(21)]}), "1 to 20"),
    ("x" * 70_000, "64 KiB"),
    ("-----BEGIN " + "PRIVATE KEY-----", "private"),
    ("-----BEGIN CERTIFICATE-----", "PEM"),
    (key_set(EC.as_dict(private=True) | {"kid": "k1"}), "private"),
    (key_set(RSA.as_dict(private=True) | {"kid": "k1"}), "private"),
    (key_set({"kty": "oct", "kid": "k1", "k": "c2VjcmV0"}), "private or symmetric"),
    (key_set({k: v for k, v in OLD.items() if k != "kid"}), "kid"),
    (key_set(OLD | {"kid": "k\x00"}), "kid"),
    (key_set(OLD, OLD), "of its own"),
    (key_set(OLD | {"crv": "P-256"}), "P-384"),
    (key_set(OLD | {"y": OLD["x"]}), "can be used"),
    (key_set(OLD | {"use": "enc"}), "signatures"),
    (key_set(OLD | {"key_ops": ["sign", "verify"]}), "signatures"),
    (key_set(OLD | {"key_ops": 5}), "signatures"),
    (key_set(OLD | {"alg": "ES256"}), "another alg"),
    (key_set(NEW | {"n": "AQ"}), "bits"),
    (key_set(NEW | {"n": 5}), "base64url"),
    (key_set(NEW | {"n": "!"}), "base64url"),
    (key_set(NEW | {"e": "Ag"}), "exponent"),
    (key_set(NEW | {"e": "AQ"}), "exponent"),
    (key_set(NEW | {"n": "_" * 2000}), "bits"),
]


@pytest.mark.parametrize(
    ("text", "words"),
    [pytest.param(*one, id=f"{number} {one[1]}") for number, one in enumerate(UNFIT)],
)
def test_keys_that_are_not_registered(text: str, words: str) -> None:
    with pytest.raises(KeysNotFit) as refused:
        read_key_set(text)
    assert words in refused.value.problems[0].what


def test_only_public_parts_are_kept() -> None:
    (kept,) = read_key_set(key_set(NEW | {"x5c": ["…"], "note": "x", "alg": "RS384"}))
    assert dict(kept.jwk) == {
        "kty": "RSA", "n": NEW["n"], "e": NEW["e"], "kid": "k2", "alg": "RS384", "use": "sig"
    }  # fmt: skip
    assert read_key_set(json.dumps(OLD))[0].algorithm == "ES384"  # one JWK is a set of one


def test_a_published_set_may_hold_keys_for_other_uses() -> None:
    others = ({"kty": "OKP", "crv": "Ed25519", "x": "x", "kid": "o"}, NEW | {"use": "enc"})
    assert [key.kid for key in usable_keys(key_set(*others, OLD))] == ["k1"]
    with pytest.raises(KeysNotFit):
        usable_keys(key_set(*others))
