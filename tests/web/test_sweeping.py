"""The sweep goes through every organization, whatever one of them holds."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from app.domain.actor import system
from app.jobs.sweeping import sweep_all
from app.store.tables import episodes, organizations
from tests.web.site import Site
from tests.web.test_pages import enrolled


async def test_one_organizations_trouble_never_silences_the_others(
    site: Site, other_site: Site
) -> None:
    database = site.services.database
    earlier = datetime.now(UTC).date() - timedelta(days=1)
    for one in (site, other_site):
        await enrolled(one, await one.sign_in("maya"), "700")
        async with database.transaction(system(one.org_id)) as store:
            await store.connection.execute(update(episodes).values(next_evaluation_on=earlier))
    broken, whole = sorted((site.org_id, other_site.org_id))  # in the order they are swept
    async with database.transaction(system(broken)) as store:
        await store.connection.execute(update(organizations).values(time_zone="Nowhere/None"))
    await sweep_all(database)
    async with database.transaction(system(whole)) as store:
        found = await store.connection.execute(episodes.select())
        assert [row.next_evaluation_on != earlier for row in found.all()] == [True]
    async with database.transaction(system(broken)) as store:
        await store.connection.execute(update(organizations).values(time_zone="UTC"))
