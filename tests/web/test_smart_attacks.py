"""What an attacker would try at the token endpoint, and the answer to each."""

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
import multiprocessing
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, RSAKey

from app.auth.key_fetching import KeyFetcher
from app.auth.key_sets import KeysNotFit
from app.auth.smart import ASSERTION_TYPE, ClientProof, InvalidClient, TokenDesk
from app.publishing.publisher import FhirPublisher
from app.store.engine import open_engine
from app.store.transaction import Database
from app.wiring import utc_now
from tests.web.site import Site
from tests.web.smart_client import EC, RSA, Vendor, key_set, make_vendor, part, public, sign
from tests.web.test_smart import audited

STRANGE = ECKey.generate_key("P-384")
Forge = Callable[[Vendor], str]


def unsigned(vendor: Vendor, alg: str = "none") -> str:
    header = json.dumps({"alg": alg, "kid": vendor.kid})
    return f"{part(header)}.{part(json.dumps(vendor.claims()))}."


def confused(vendor: Vendor) -> str:
    """HS256 whose secret is the client's public key, as a careless verifier would take it."""
    header = json.dumps({"alg": "HS256", "kid": vendor.kid})
    head = f"{part(header)}.{part(json.dumps(vendor.claims()))}"
    mac = hmac.digest(EC.as_pem(private=False), head.encode(), hashlib.sha256)
    return f"{head}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def by_stranger(vendor: Vendor, **header: Any) -> str:
    """Signed by somebody else's key, under the client's name."""
    return Vendor(vendor.http, vendor.client_id, vendor.audience, STRANGE).assertion(header)


def with_rsa(vendor: Vendor, alg: str) -> str:
    """A right RSA signature of the other kind, under the kid of a key that is EC."""
    head = {"alg": alg, "kid": vendor.kid}
    return sign(head, json.dumps(vendor.claims()), RSA)


def twice(vendor: Vendor) -> str:
    """The subject twice: readers would differ on whose assertion this is."""
    me = str(vendor.client_id)
    said = json.dumps(vendor.claims(sub=None))[:-1] + f', "sub": "{uuid4()}", "sub": "{me}"}}'
    return sign({"alg": "ES384", "kid": "k1"}, said, vendor.key)


def now() -> int:
    return int(time.time())


ATTACKS: list[tuple[str, Forge, str | None]] = [
    # what is sent, how it is made, the reason in the audit trail (None: no client is known yet)
    ("alg none", unsigned, None),
    ("alg None, spelt otherwise", lambda v: unsigned(v, "nOnE"), None),
    ("HS256 with the public key as its secret", confused, None),
    ("RS256, which is not offered", lambda v: with_rsa(v, "RS256"), None),
    ("RS384 under the kid of an EC key", lambda v: with_rsa(v, "RS384"), "no such key"),
    ("another key under the same kid", by_stranger, "signature"),
    ("an embedded key", lambda v: by_stranger(v, jwk=public(STRANGE, "k1")), "signature"),
    ("an address for the key", lambda v: by_stranger(v, jku="https://evil.example/k"), "jku"),
    ("an address for the certificate", lambda v: by_stranger(v, x5u="https://e.example"), "signature"),
    ("a kid that is a path", lambda v: by_stranger(v, kid="../../dev/null"), "no such key"),
    ("a kid that is SQL", lambda v: by_stranger(v, kid="k1' OR '1'='1"), "no such key"),
    ("a very long kid", lambda v: v.assertion({"kid": "k" * 201}), None),
    ("a kid that is no text", lambda v: v.assertion({"kid": ["k1"]}), None),
    ("a kid with a NUL", lambda v: by_stranger(v, kid="k1\x00"), "no such key"),
    ("critical extensions", lambda v: v.assertion({"crit": ["b64"], "b64": True}), None),
    ("expired", lambda v: v.assertion(exp=now() - 60), "expired"),
    ("an hour ahead", lambda v: v.assertion(exp=now() + 3600), "exp too far ahead"),
    ("no end", lambda v: v.assertion(exp=None), "exp"),
    ("an end that is text", lambda v: v.assertion(exp="4102444800"), "exp"),
    ("an end beyond all time", lambda v: v.assertion(exp=10**30), "exp"),
    ("an end that is true", lambda v: v.assertion(exp=True), "exp"),
    ("issued in the future", lambda v: v.assertion(iat=now() + 120), "iat"),
    ("not yet valid", lambda v: v.assertion(nbf=now() + 120), "nbf"),
    ("for another server", lambda v: v.assertion(aud="https://other.example/token"), "aud"),
    ("for us and another server", lambda v: v.assertion(aud=[v.audience, "https://o.example"]), "aud"),
    ("for our address with a slash", lambda v: v.assertion(aud=v.audience + "/"), "aud"),
    ("for nobody", lambda v: v.assertion(aud=None), "aud"),
    ("for an empty list", lambda v: v.assertion(aud=[]), "aud"),
    ("without a jti", lambda v: v.assertion(jti=None), "jti"),
    ("with an empty jti", lambda v: v.assertion(jti=""), "jti"),
    ("with a jti that is a number", lambda v: v.assertion(jti=7), "jti"),
    ("with a huge jti", lambda v: v.assertion(jti="j" * 501), "jti"),
    ("issuer and subject differ", lambda v: v.assertion(iss=str(uuid4())), None),
    ("the subject twice", twice, None),
    ("a client that never was", lambda v: Vendor(v.http, uuid4(), v.audience).assertion(), None),
    ("a client_id in another spelling", lambda v: v.assertion(iss=v.client_id.hex, sub=v.client_id.hex), None),
    ("not a JWT", lambda v: "a.b", None),
    ("four parts", lambda v: v.assertion() + ".x", None),
    ("a payload that is a list", lambda v: sign({"alg": "ES384", "kid": "k1"}, "[]", v.key), None),
    ("nested without end", lambda v: f"{part('[' * 9000)}.{part('{}')}.x", None),
    ("a huge assertion", lambda v: v.assertion(more="x" * 20_000), None),
    ("a signature cut off", lambda v: v.assertion().rsplit(".", 1)[0] + ".", "signature"),
]  # fmt: skip


@pytest.mark.parametrize(("forge", "reason"), [pytest.param(f, r, id=n) for n, f, r in ATTACKS])
async def test_a_wrong_assertion_is_refused_without_a_reason(
    site: Site, forge: Forge, reason: str | None
) -> None:
    vendor = await make_vendor(site)
    told = await vendor.ask(forge(vendor))
    assert told.status_code == 401
    assert told.json() == {
        "error": "invalid_client",
        "error_description": "The client could not be authenticated.",
    }
    assert told.headers["cache-control"] == "no-store"
    known = [{"reason": reason}] if reason else []
    assert await audited(site, "token.refuse") == known
    assert (await vendor.ask()).status_code == 200  # a right one is as good as before


@pytest.mark.parametrize(
    "changed",
    [{"aud": "list"}, {"iat": "now", "nbf": "now"}, {"exp": "float"}, {"typ": "odd"}],
    ids=str,
)
async def test_what_honest_clients_differ_in_is_taken(site: Site, changed: dict[str, str]) -> None:
    vendor = await make_vendor(site)
    claims: dict[str, dict[str, Any]] = {
        "aud": {"aud": [vendor.audience]},
        "iat": {"iat": now() + 5, "nbf": now() - 5},
        "exp": {"exp": time.time() + 299.5},
        "typ": {},
    }
    header = {"typ": "application/jwt", "x5t": "abc", "vendor": "x"} if "typ" in changed else {}
    told = await vendor.ask(vendor.assertion(header, **claims[next(iter(changed))]))
    assert told.status_code == 200, told.text


async def test_another_clients_key_is_not_mine(site: Site, other_site: Site) -> None:
    vendor = await make_vendor(site)
    neighbour = await make_vendor(site, key=RSA, kid="n1", alg="RS384")
    foreigner = await make_vendor(other_site, key=RSA, kid="n1", alg="RS384")
    for other in (neighbour, foreigner):
        posed = Vendor(vendor.http, vendor.client_id, vendor.audience, other.key, "n1", "RS384")
        assert (await posed.ask()).status_code == 401
        assert (await other.ask()).status_code == 200


async def test_a_jti_is_each_clients_own(site: Site) -> None:
    one, other = await make_vendor(site), await make_vendor(site)
    assert (await one.ask(one.assertion(jti="same"))).status_code == 200
    assert (await other.ask(other.assertion(jti="same"))).status_code == 200
    assert (await one.ask(one.assertion(jti="same"))).status_code == 401


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "Forwarded"])
async def test_no_header_changes_the_audience(site: Site, name: str) -> None:
    """An assertion meant for another server is not let in by calling us by its name."""
    vendor = await make_vendor(site)
    stolen = vendor.assertion(aud="https://other.example/auth/token")
    value = "host=other.example;proto=https" if name == "Forwarded" else "other.example"
    told = await vendor.http.post("/auth/token", data=vendor.form(stolen), headers={name: value})
    assert told.status_code in (401, 421)  # another host is not ours at all


async def _give(address: str, audience: str, assertion: str) -> bool:
    engine = open_engine(address, pool_size=1)
    desk = TokenDesk(
        Database(engine, FhirPublisher()), KeyFetcher(), frozenset({audience}), utc_now()
    )
    try:
        await desk.give("client_credentials", ClientProof(ASSERTION_TYPE, assertion), "system/*.rs")
    except InvalidClient:
        return False
    finally:
        await engine.dispose()
    return True


def _in_a_process(address: str, audience: str, assertion: str) -> bool:
    return asyncio.run(_give(address, audience, assertion))


async def test_two_processes_take_one_assertion_once(site: Site, address: str) -> None:
    vendor = await make_vendor(site)
    sent = [(address, vendor.audience, vendor.assertion())] * 2
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        taken = await asyncio.to_thread(pool.starmap, _in_a_process, sent, 1)
    assert sorted(taken) == [False, True]


WAYS: list[tuple[str, dict[str, Any], int, str]] = [
    # how the request is sent instead, the status and the error
    ("JSON", {"json": {"grant_type": "client_credentials"}}, 415, "invalid_request"),
    ("text", {"content": "x=y", "headers": {"Content-Type": "text/plain"}}, 415, "invalid_request"),
    ("multipart", {"files": {"grant_type": "client_credentials"}}, 415, "invalid_request"),
    ("no body", {"content": b""}, 415, "invalid_request"),
    ("no fields", {"data": {"a": "b"}}, 400, "invalid_request"),
    ("a field twice", {"content": "scope=a&scope=b&grant_type=client_credentials"}, 400, "invalid_request"),
    ("many fields", {"content": "&".join(f"a{n}=b" for n in range(1000))}, 400, "invalid_request"),
    ("not UTF-8", {"content": b"grant_type=\xff"}, 400, "invalid_request"),
    ("not UTF-8, escaped", {"content": b"grant_type=%ff"}, 400, "invalid_request"),
    ("NUL", {"content": b"grant_type=client_credentials%00"}, 400, "unsupported_grant_type"),
    ("a huge body", {"content": b"a=" + b"x" * 70_000}, 413, "invalid_request"),
    ("another grant", {"data": {"grant_type": "password"}}, 400, "unsupported_grant_type"),
    ("no assertion", {"data": {"grant_type": "client_credentials"}}, 400, "invalid_request"),
    ("a zip bomb", {"content": gzip.compress(b"a" * 10_000_000), "headers": {"Content-Encoding": "gzip"}}, 415, "invalid_request"),
]  # fmt: skip


@pytest.mark.parametrize(("way", "status", "error"), [pytest.param(*w[1:], id=w[0]) for w in WAYS])
@pytest.mark.parametrize("path", ["/auth/token"])
async def test_a_request_of_another_form_is_refused(
    site: Site, way: dict[str, Any], status: int, error: str, path: str
) -> None:
    http = (await site.visit()).http
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    sent = way if "content" not in way or not way["content"] else way | {
        "headers": headers | way.get("headers", {})
    }  # fmt: skip
    told = await http.post(path, **sent)
    assert (told.status_code, told.json()["error"]) == (status, error)
    assert told.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
@pytest.mark.parametrize("path", ["/auth/token", "/auth/revoke"])
async def test_credentials_are_not_taken_from_an_address(
    site: Site, method: str, path: str
) -> None:
    vendor = await make_vendor(site)
    told = await vendor.http.request(method, path, params=vendor.form())
    assert (told.status_code, told.headers["allow"]) == (405, "POST")
    assert "access_token" not in told.text


@pytest.mark.parametrize(
    "scope",
    ["", "system/Observation.rs?category=survey", "system/Device.rs", "user/*.rs", "x" * 5000],
)
async def test_a_scope_that_is_not_offered_is_told(site: Site, scope: str) -> None:
    vendor = await make_vendor(site)
    told = await vendor.ask(scope=scope)
    assert (told.status_code, told.json()["error"]) == (400, "invalid_scope")
    assert "survey" not in told.text


async def test_a_client_id_beside_the_assertion_must_be_the_same(site: Site) -> None:
    vendor = await make_vendor(site)
    form = vendor.form() | {"client_id": str(vendor.client_id)}
    assert (await vendor.http.post("/auth/token", data=form)).status_code == 200
    form = vendor.form() | {"client_id": str(uuid4())}
    assert (await vendor.http.post("/auth/token", data=form)).status_code == 401


async def test_an_rsa_key_too_short_is_never_registered(site: Site) -> None:
    with pytest.warns(SecurityWarning):
        short = RSAKey.generate_key(1024)
    with pytest.raises(KeysNotFit):
        await make_vendor(site, keys=key_set(public(short, "k1")))
