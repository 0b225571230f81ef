"""What signing in keeps: sealed anew when the key is rotated, dropped when it is of no use."""

import re
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from app.auth.resealing import reseal_all
from app.auth.sealed_secrets import Sealer
from app.domain.actor import system
from app.store import forgetting
from tests.web.second_step import clock, code_at, enrol, halfway, pay
from tests.web.site import KEY, PASSWORD, Site

NEWER = "the newer key of these tests, for sealing"


async def test_after_a_rotation_the_older_key_is_needed_no_more(site: Site) -> None:
    now = site.services.now()
    secret, _ = await enrol(site, await site.sign_in("maya"), now)
    database = site.services.database
    assert await reseal_all(database, Sealer.of([NEWER, KEY])) >= 1
    assert await reseal_all(database, Sealer.of([NEWER, KEY])) == 0
    site.services = replace(site.services, sealer=Sealer.of([NEWER]))
    later = now + timedelta(minutes=5)
    told = await pay(await halfway(site, "maya", later), code_at(secret, later))
    assert told.status_code == 303
    assert await reseal_all(database, Sealer.of([KEY, NEWER])) >= 1  # as other tests left it


async def test_what_nobody_can_use_is_dropped_and_the_rest_stays(site: Site) -> None:
    now = site.services.now()
    maya, ada = await site.sign_in("maya"), await site.sign_in("ada")
    await enrol(site, maya, now)
    await halfway(site, "maya", now)
    page = (await ada.get("/accounts")).text
    person = re.search(r"/accounts/([0-9a-f-]{36})/password", page)
    assert person
    assert (await ada.post(f"/accounts/{person[1]}/password")).status_code == 200
    await (await site.visit()).post("/sign-in", login=site.login("lind"), password="wrong")
    mine = await _counts(site)
    assert min(mine.values()) >= 1, mine
    async with site.services.database.directory() as connection:
        await forgetting.drop_sign_ins(connection, now)
    assert await _counts(site) == mine
    assert (await (await site.sign_in("tess")).get("/my-account")).status_code == 200
    async with site.services.database.directory() as connection:
        assert await forgetting.drop_sign_ins(connection, now + timedelta(days=3)) >= 2
    left = await _counts(site)
    assert (left["half_sign_ins"], left["sign_in_links"]) == (0, 0)
    assert left["sessions"] and left["known_devices"]
    async with site.services.database.directory() as connection:
        await forgetting.drop_sign_ins(connection, now + timedelta(days=400))
    assert set((await _counts(site)).values()) == {0}
    clock(maya, site, now)
    told = await maya.post("/sign-in", login=site.login("lind"), password=PASSWORD)
    assert told.status_code == 303


async def _counts(site: Site) -> dict[str, int]:
    tables = ("half_sign_ins", "sign_in_links", "sessions", "known_devices")
    async with site.services.database.transaction(system(site.org_id)) as store:
        return {
            one: int(
                (
                    await store.connection.execute(
                        text(f"SELECT count(*) FROM {one} WHERE org_id = '{site.org_id}'")
                    )
                ).scalar_one()
            )
            for one in tables
        }
