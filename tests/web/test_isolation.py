"""Whom one does not see is as one who never was: at every address, in forms, pages and lists.

The strangest visitor there is, who has every role, tries each route of the application with the
ids of records that are not theirs, and is told to the letter what ids tell that never existed.
"""

from uuid import UUID

import pytest
from sqlalchemy import text, update

from app.domain.actor import system
from app.store.ids import new_id
from app.store.tables import organizations, patients, staff, tenant_tables
from tests.web.site import Site
from tests.web.strangers import (
    NAME,
    PLAIN,
    World,
    all_addresses,
    ask,
    kind_of,
    list_clinics,
    make_world,
    plain,
    stranger,
)

OF_PATIENTS = (
    "patient_id",
    "episode_id",
    "flag_id",
    "assessment_id",
    "review_id",
    "referral_id",
    "merge_id",
)
"""What is one patient's, and so seen by those alone who see the patient."""
NAMED = {*OF_PATIENTS, "clinic_id", "staff_id", "shift_id", "absence_id", "upload_id"} | {
    "message_id",
    "delivery_id",
    "grant_id",
}
AUDIT = "/audit"
"""It names every patient of the organization to whoever watches over access (its own tests)."""
COUNTS = {
    "/screening",
    "/flag-times",
    "/expected-recovery",
    "/protocols",
    "/staff",
    "/reach",
    "/duty",
    "/steps",
    "/accounts",
    "/clients",
    "/identities",
    "/my-account/passkeys/new",
    "/sign-in/passkey",
}
"""Pages of counts, staff and clinics, and those with a challenge: they tell of no patient."""


async def digest(site: Site) -> dict[str, str]:
    """What an organization's tables hold, but its audit."""
    found = {}
    async with site.services.database.transaction(system(site.org_id)) as store:
        for table in tenant_tables():
            if table.name.startswith("audit"):
                continue
            told = await store.connection.execute(
                text(
                    f"SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), ''))"
                    f" FROM {table.name} AS t"
                )
            )
            found[table.name] = told.scalar_one()
    return found


def fresh(kinds: set[str]) -> dict[str, UUID]:
    return {kind: new_id() for kind in kinds}


async def differing(
    site: Site, world: World, kinds: set[str], visitor: object, beside: str = "nothing"
) -> list[str]:
    """The addresses that tell records of the world from records that never were.

    Those that begin with `beside` may: they are for whoever watches over the whole organization.
    """
    found = []
    for address in all_addresses(site):
        if address.path.startswith(beside):
            continue
        named = {kind_of(one) for one in (*address.parameters, *address.fields)} - {""}
        if not named & kinds:
            continue
        never = fresh(named)
        real = never | {kind: world.ids[kind][0] for kind in named & kinds}
        told = plain(await ask(visitor, address, real), real)  # type: ignore[arg-type]
        control = plain(await ask(visitor, address, never), never)  # type: ignore[arg-type]
        if told != control:
            found.append(f"{address.method} {address.path}: {told[:3]} is not {control[:3]}")
        if address.parameters and told[0] not in (404, 403, 409, 422, 303):
            found.append(f"{address.method} {address.path}: {told[0]}")
    return found


async def test_another_organizations_records_are_as_if_they_never_were(
    site: Site, other_site: Site
) -> None:
    world = await make_world(other_site)
    assert set(world.ids) >= NAMED, "there is one of each kind to try with"
    before = await digest(other_site)
    omar = await stranger(site)
    kinds = {kind for kind in world.ids if world.ids[kind]}
    assert await differing(site, world, kinds, omar) == []
    assert await digest(other_site) == before, "and nothing of theirs was changed"


async def test_every_parameter_is_known_to_this_test(site: Site) -> None:
    from app.store.tables import metadata

    columns = {column.name for table in metadata.tables.values() for column in table.c}
    for address in all_addresses(site):
        for name in address.parameters:
            kind = kind_of(name)
            known = kind in columns if kind else name in PLAIN or name == "version"
            assert known, f"{address.path}: say in tests/web/strangers.py what {name} names"


async def close_clinics(site: Site) -> None:
    """Each sees their own clinics; every patient so far belongs to the first one."""
    riverside = next(key for key, name in await list_clinics(site) if name == "Riverside")
    async with site.services.database.transaction(system(site.org_id)) as store:
        await store.connection.execute(
            update(organizations)
            .where(organizations.c.org_id == site.org_id)
            .values(clinics_open=False)
        )
        await store.connection.execute(
            update(staff)
            .where(staff.c.org_id == site.org_id, staff.c.display_name != "Omar")
            .values(every_clinic=True)
        )
        await store.connection.execute(
            update(patients).where(patients.c.org_id == site.org_id).values(clinic_id=riverside)
        )


async def test_another_clinics_patients_are_as_if_they_never_were(site: Site) -> None:
    world = await make_world(site)
    await close_clinics(site)
    before = await digest(site)
    omar = await stranger(site, "Westside")
    after = await digest(site)
    assert await differing(site, world, set(OF_PATIENTS), omar, AUDIT) == []
    tried = await digest(site)
    touched = {name for name in before if after[name] != tried[name]}
    assert touched == set(), "nobody's records were changed"


async def test_lists_are_those_of_a_world_without_them(site: Site) -> None:
    """Every page that takes no parameter reads as it did before there was anybody."""
    await close_clinics(site)
    omar = await stranger(site, "Westside")
    listed = [
        a.path
        for a in all_addresses(site)
        if a.method == "GET" and not a.parameters and a.path not in {*COUNTS, AUDIT}
    ]
    empty = {path: plain(await omar.get(path), {}) for path in listed}
    await make_world(site)
    await close_clinics(site)
    told = {path: plain(await omar.get(path), {}) for path in listed}
    assert {path for path in listed if told[path] != empty[path]} <= {
        "/operator/inbound",  # messages, which the operator mends, are the organization's
        "/operator/messages",
    }
    for path in (*COUNTS, *listed):
        page = (await omar.get(path)).text
        assert NAME.split()[1] not in page or path.startswith("/operator"), path
    for query in (NAME, "Rosa", "700", "1979-05-04"):
        assert "Nobody" in (await omar.post("/search", query=query)).text, query


async def test_those_of_the_clinic_see_what_the_stranger_did_not(site: Site) -> None:
    """The test above would hold of an empty page too: the same lists, for one who belongs."""
    await make_world(site)
    await close_clinics(site)
    insider = await stranger(site, "Westside")
    async with site.services.database.transaction(system(site.org_id)) as store:
        await store.connection.execute(text("UPDATE staff SET every_clinic = true"))
    assert NAME.split()[1] in (await insider.get("/worklists/new-screens")).text
    assert "Rosa" in (await insider.get("/caseload")).text
    assert "Rosa" in (await insider.get("/reviews")).text
    assert "Lakeside" not in (await insider.get("/worklists/referrals")).text
    assert NAME.split()[1] in (await insider.post("/search", query=NAME)).text


@pytest.mark.parametrize("path", ["/caseload", "/worklists/new-screens"])
async def test_a_forgotten_filter_shows_nothing(site: Site, other_site: Site, path: str) -> None:
    """Row-level security holds where code forgets: a query without any condition."""
    await make_world(other_site)
    async with site.services.database.transaction(system(site.org_id)) as store:
        for table in tenant_tables():
            found = await store.connection.execute(text(f"SELECT * FROM {table.name}"))
            assert {row.org_id for row in found.all()} <= {site.org_id}, table.name
    assert NAME.split()[1] not in (await (await site.sign_in("maya")).get(path)).text
