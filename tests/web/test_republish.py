"""What is served is what the records say: after every change, and after an upgrade."""

from datetime import timedelta
from uuid import UUID

from app.domain.access import Role
from app.domain.actor import system
from app.domain.visibility import Posting
from app.publishing import republish as republishing
from app.publishing.nouns import NOUNS
from app.publishing.reindex import reindex_type
from app.store import episodes as episode_rows
from app.store import postings
from app.store.episodes import add_episodes
from app.store.resource_index import forget_index, lock_newest
from app.store.tables import episodes
from tests.web.drift import find_drift
from tests.web.part2_world import TODAY, clinic_id, find, general_world, mark, staff_id
from tests.web.site import Site
from tests.web.test_published_care import resources_of


async def written_again(site: Site, only: str | None = None) -> int:
    pieces = republishing.republish_in(site.services.database, site.org_id, only)
    return sum([piece.written async for piece in pieces])


async def unpublished_world(site: Site) -> None:
    """Episodes that lie in the tables alone, as in a database of a version before."""
    await general_world(site)
    other = UUID(await site.screened("300", [1] * 9, 3, "Ola Berg"))
    values = {
        "patient_id": other,
        "clinic_id": await clinic_id(site),
        "status": "active",
        "enrolled_on": TODAY - timedelta(days=9),
        "care_manager_id": await staff_id(site, "ben"),
        "condition": "depression",
        "protocol_id": "bao-sowa",
        "protocol_version": 1,
        "next_evaluation_on": TODAY,
    }
    async with site.services.database.transaction(system(site.org_id)) as store:
        await add_episodes(store, [values])
        store.saved.clear()


async def test_what_was_never_published_is_published_once(site: Site) -> None:
    await unpublished_world(site)
    ben = await staff_id(site, "ben")
    hidden = await find(site, episodes.c.episode_id, episodes.c.care_manager_id == ben)
    missing = await find_drift(site.services, site.org_id)
    assert f"EpisodeOfCare/{hidden}" in missing
    assert await written_again(site) >= len(missing)
    assert await find_drift(site.services, site.org_id) == []
    assert str(hidden) in [one["id"] for one in await resources_of(site, "EpisodeOfCare")]
    assert await written_again(site) == 0


async def test_one_type_alone(site: Site) -> None:
    await unpublished_world(site)
    assert await written_again(site, "Location") == 0
    assert await written_again(site, "CareTeam") == 3  # all that comes of the same record


async def test_a_run_that_was_ended_goes_on(site: Site, monkeypatch) -> None:
    """Each piece stands by itself: nothing of those before is done twice."""
    monkeypatch.setattr(republishing, "PIECE", 1)
    await unpublished_world(site)
    run = republishing.republish_in(site.services.database, site.org_id, "EpisodeOfCare")
    first = await anext(run)
    await run.aclose()
    rest = [
        piece
        async for piece in republishing.republish_in(
            site.services.database, site.org_id, "EpisodeOfCare"
        )
    ]
    assert sum(piece.written for piece in rest) + first.written == 3
    assert await find_drift(site.services, site.org_id) == []


async def test_nothing_that_people_do_leaves_what_is_served_behind(site: Site) -> None:
    """Staff moved and let go, an episode paused, handed over, closed; a clinic becomes a program."""
    await general_world(site)
    assert await find_drift(site.services, site.org_id) == []
    ben = await staff_id(site, "ben")
    clinic = await clinic_id(site)
    async with site.services.database.transaction(system(site.org_id)) as store:
        posting = Posting(ben, frozenset({Role.CARE_MANAGER}), True, False, frozenset({clinic}))
        await postings.save_posting(store, posting, "Ben Ruiz-Adams")
    found = await find(site, episodes.c.episode_id)
    async with site.services.database.transaction(system(site.org_id)) as store:
        episode = await episode_rows.get_episode(store, found)
        values = {"status": "closed", "ended_on": TODAY, "care_manager_id": ben}
        await episode_rows.change_episode(store, found, episode.version, values)
    assert await find_drift(site.services, site.org_id) == []
    person = (await resources_of(site, f"Practitioner?_id={ben}"))[0]
    assert person["name"][0]["family"] == "Ruiz-Adams"
    await mark(site, clinic, ("ben",), ("ben",))
    assert await find_drift(site.services, site.org_id) == []


def test_every_noun_says_what_it_becomes() -> None:
    assert all(noun.types for noun in NOUNS.values())


async def test_what_lies_in_an_older_index_is_found_once_it_is_indexed_anew(site: Site) -> None:
    await general_world(site)
    before = await resources_of(site, "Patient?name=nwosu")
    assert len(before) == 1
    database = site.services.database
    async with database.transaction(system(site.org_id)) as store:
        held = await lock_newest(store, "Patient", "", 10)
        await forget_index(store, [("Patient", name) for name, _ in held])
    assert await resources_of(site, "Patient?name=nwosu") == []
    counts = [one async for one in reindex_type(database, site.org_id, "Patient", "")]
    assert sum(counts) == len(held) == 2
    assert await resources_of(site, "Patient?name=nwosu") == before
