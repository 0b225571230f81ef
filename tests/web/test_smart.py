"""SMART Backend Services: found out, asked for, used, narrowed and taken back."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.auth.bearer import client_for_token
from app.auth.key_sets import read_key_set
from app.domain.actor import system
from app.domain.scopes import read_scopes
from app.settings import Settings
from app.store import clients
from app.store.client_tokens import drop_expired
from app.store.inbound import add_message
from app.store.tables import audit_events, client_tokens, used_assertions
from app.use_cases import manage_clients
from tests.web.site import BASE, Site, make_site, phq9
from tests.web.smart_client import EC, RSA, Vendor, key_set, make_vendor, public


async def audited(site: Site, action: str) -> list[dict[str, object]]:
    async with site.services.database.transaction(system(site.org_id)) as store:
        found = await store.connection.execute(
            select(audit_events.c.detail)
            .where(audit_events.c.org_id == site.org_id, audit_events.c.action == action)
            .order_by(audit_events.c.at)
        )
    return list(found.scalars().all())


async def test_a_client_finds_out_where_and_how(site: Site) -> None:
    http = (await site.visit()).http
    told = await http.get("/fhir/.well-known/smart-configuration")
    assert told.status_code == 200
    assert told.headers["content-type"] == "application/json"
    assert told.headers["cache-control"] == "public, max-age=3600"
    found = told.json()
    assert found["token_endpoint"] == site.services.settings.token_endpoint
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert found["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]
    assert found["grant_types_supported"] == ["client_credentials"]
    assert "system/*.cruds" in found["scopes_supported"]
    assert found["capabilities"] == [
        "client-confidential-asymmetric",
        "permission-v1",
        "permission-v2",
    ]
    security = (await http.get("/fhir/metadata")).json()["rest"][0]["security"]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    places = {one["url"]: one["valueUri"] for one in security["extension"][0]["extension"]}
    assert places == {"token": found["token_endpoint"], "revoke": found["revocation_endpoint"]}


@pytest.mark.parametrize(("key", "alg"), [(EC, "ES384"), (RSA, "RS384")])
async def test_a_signed_assertion_gives_a_token_of_five_minutes(
    site: Site, key: object, alg: str
) -> None:
    vendor = await make_vendor(site, key=key, alg=alg)
    told = await vendor.ask(scope="system/*.rs system/Patient.write")
    assert told.status_code == 200, told.text
    assert told.headers["cache-control"] == "no-store"
    answer = told.json()
    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 300
    assert answer["scope"] == "system/*.rs system/Patient.cud"
    found = await vendor.fhir(answer["access_token"], "GET", "/Patient?_count=1")
    assert found.status_code == 200, found.text
    assert await audited(site, "token.issue") == [{"scope": "system/*.rs system/Patient.cud"}]


async def test_a_token_dies_after_five_minutes(site: Site) -> None:
    vendor = await make_vendor(site)
    token = await vendor.token()
    async with site.services.database.directory() as connection:
        found = (
            await connection.execute(
                select(client_tokens.c.expires_at - client_tokens.c.created_at).where(
                    client_tokens.c.client_id == vendor.client_id
                )
            )
        ).scalar_one()
        assert found == timedelta(minutes=5)
        await connection.execute(
            client_tokens.update()
            .where(client_tokens.c.client_id == vendor.client_id)
            .values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        )
    refused = await vendor.fhir(token, "GET", "/Patient")
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


async def test_only_what_is_registered_is_granted(site: Site) -> None:
    vendor = await make_vendor(site, "system/Observation.crs system/Patient.rs")
    told = await vendor.ask(scope="system/*.cruds")
    assert told.json()["scope"] == "system/Observation.crs system/Patient.rs"
    narrow = await vendor.ask(scope="system/Observation.read system/Encounter.read")
    assert narrow.json()["scope"] == "system/Observation.rs"
    every = await vendor.ask(scope="system/Device.read system/Specimen.read system/Patient.read")
    assert every.json()["scope"] == "system/Patient.rs"  # clients ask for every type they know
    nothing = await vendor.ask(scope="system/Encounter.rs")
    assert (nothing.status_code, nothing.json()["error"]) == (400, "invalid_scope")


async def test_a_disabled_client_and_its_live_token_end_at_once(site: Site) -> None:
    vendor = await make_vendor(site)
    token = await vendor.token()
    async with site.services.database.transaction(system(site.org_id)) as store:
        await manage_clients.disable_client(store, vendor.client_id)
    assert (await vendor.fhir(token, "GET", "/Patient")).status_code == 401
    assert (await vendor.ask()).status_code == 401
    async with site.services.database.transaction(system(site.org_id)) as store:
        await manage_clients.enable_client(store, vendor.client_id)
    assert (await vendor.fhir(token, "GET", "/Patient")).status_code == 401
    assert (await vendor.ask()).status_code == 200


async def test_a_scope_that_is_taken_away_is_gone_from_live_tokens(site: Site) -> None:
    vendor = await make_vendor(site)
    token = await vendor.token("system/*.rs")
    assert (await vendor.fhir(token, "GET", "/Observation")).status_code == 200
    async with site.services.database.transaction(system(site.org_id)) as store:
        scopes = read_scopes("system/Patient.rs")
        await manage_clients.change_client(store, vendor.client_id, scopes, None)
    assert (await vendor.fhir(token, "GET", "/Patient")).status_code == 200
    assert (await vendor.fhir(token, "GET", "/Observation")).status_code == 403


async def test_keys_overlap_while_they_are_rotated(site: Site) -> None:
    old = await make_vendor(site)
    token = await old.token()
    new = Vendor(old.http, old.client_id, old.audience, RSA, "k2", "RS384")
    assert (await new.ask()).status_code == 401
    keys = manage_clients.as_rows(read_key_set(key_set(public(RSA, "k2"))))
    async with site.services.database.transaction(system(site.org_id)) as store:
        assert await manage_clients.add_client_keys(store, old.client_id, keys) == ["k2"]
    assert (await new.ask()).status_code == 200
    assert (await old.ask()).status_code == 200
    async with site.services.database.transaction(system(site.org_id)) as store:
        await manage_clients.remove_client_key(store, old.client_id, "k1")
    assert (await old.ask()).status_code == 401
    assert (await new.ask()).status_code == 200
    assert (await new.fhir(token, "GET", "/Patient")).status_code == 401


async def test_a_client_takes_its_own_token_back(site: Site) -> None:
    vendor, other = await make_vendor(site), await make_vendor(site)
    token = await vendor.token()

    async def take_back(who: Vendor, token: str) -> int:
        form = who.form() | {"token": token, "token_type_hint": "access_token"}
        return (await who.http.post("/auth/revoke", data=form)).status_code

    assert await take_back(other, token) == 400
    assert (await vendor.fhir(token, "GET", "/Patient")).status_code == 200
    assert await take_back(vendor, token) == 200
    assert (await vendor.fhir(token, "GET", "/Patient")).status_code == 401
    assert await take_back(vendor, token) == 200  # again, and one that never was
    assert await take_back(vendor, "never") == 200


async def test_of_many_at_once_one_assertion_is_taken_once(site: Site) -> None:
    vendor = await make_vendor(site)
    assertion = vendor.assertion()
    told = await asyncio.gather(*[vendor.ask(assertion) for _ in range(8)])
    assert sorted(one.status_code for one in told) == [200] + [401] * 7
    assert (await vendor.ask(assertion)).status_code == 401


async def test_what_time_refuses_is_forgotten(site: Site) -> None:
    vendor = await make_vendor(site)
    await vendor.token()
    async with site.services.database.directory() as connection:
        await drop_expired(connection, datetime.now(UTC))
        mine = used_assertions.c.client_id == vendor.client_id
        assert (await connection.execute(select(used_assertions).where(mine))).all()
        await drop_expired(connection, datetime.now(UTC) + timedelta(minutes=10))
        assert not (await connection.execute(select(used_assertions).where(mine))).all()


async def test_a_client_is_of_one_organization(site: Site, other_site: Site) -> None:
    vendor = await make_vendor(site)
    theirs = await other_site.send(phq9("77", [1] * 9, 1, "Rosa Alvarez"))
    where = theirs.json()["entry"][0]["response"]["location"].split("/fhir")[1].split("/_hist")[0]
    answer = await vendor.fhir(await vendor.token(), "GET", where)
    never = await vendor.fhir(await vendor.token(), "GET", f"/Patient/{uuid4()}")
    assert answer.status_code == never.status_code == 404


async def test_lasting_tokens_are_taken_only_where_allowed(site: Site) -> None:
    strict = replace(site.services, settings=Settings(public_base_url=BASE))
    async with AsyncExitStack() as stack:
        refused = await make_site(strict, stack)
        told = await refused.send(phq9("1", [1] * 9, 1, "Rosa Alvarez"))
        assert told.status_code == 401
        assert "signed assertion" in told.text


async def test_the_last_use_is_remembered(site: Site) -> None:
    vendor = await make_vendor(site)
    await vendor.token()
    async with site.services.database.transaction(system(site.org_id)) as store:
        found = await clients.get_client(store, vendor.client_id)
    assert found.last_used_at is not None


async def test_a_long_message_keeps_its_sender_from_no_token(site: Site) -> None:
    """What a client sends refers to its row until it is committed; a token waits for none of it."""
    vendor = await make_vendor(site)
    token = await vendor.token("system/*.crus")
    actor = await client_for_token(
        site.services.database, token, site.services.now(), lasting_allowed=False
    )
    async with site.services.database.transaction(actor) as store:
        await add_message(store, {"method": "POST", "path": "/fhir", "content_type": "", "outcome": "accepted",
            "http_status": 200, "reasons": [], "size_bytes": 0, "body": None, "replay_of_id": None})  # fmt: skip
        async with asyncio.timeout(5):
            assert (await vendor.ask()).status_code == 200
