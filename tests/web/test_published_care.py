"""Who cares for whom, read by an integration client."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.domain.actor import system
from app.store import episodes as episodes_store
from app.store import organizations
from app.store.disclosure import whole_record
from app.store.publishable_care import list_episode_facts
from app.store.tables import clinics, discharges, episodes, patients, resources
from app.use_cases.enrol_patient import EnrolForm, enrol_patient
from app.use_cases.merge_patients import MergeForm, merge_patients
from app.use_cases.unmerge_patients import unmerge_patients
from tests.web.part2_world import TODAY, find, general_world, make_program, mark, staff_id
from tests.web.site import Site
from tests.web.test_withholding import fetch


async def resources_of(site: Site, search: str) -> list[dict[str, Any]]:
    told = await fetch(site, search, site.token)
    assert told.status_code == 200, told.text
    return [one["resource"] for one in told.json().get("entry", [])]


async def test_an_episode_and_its_team_are_read_and_found(site: Site) -> None:
    patient_id = await general_world(site)
    episode_id = await find(site, episodes.c.episode_id, episodes.c.patient_id == UUID(patient_id))
    (episode,) = await resources_of(site, "EpisodeOfCare?status=active,planned")
    assert episode["id"] == str(episode_id)
    subject = episode["patient"]["reference"]
    (same,) = await resources_of(site, f"EpisodeOfCare?patient={subject}")
    assert same == episode
    (team,) = await resources_of(site, f"CareTeam?patient={subject}&status=active,proposed")
    manager = episode["careManager"]["reference"]
    assert manager in [one["member"].get("reference") for one in team["participant"]]
    person = (await fetch(site, manager, site.token)).json()
    assert person["name"][0]["text"]
    assert "login" not in str(person).lower()
    along = await resources_of(site, "EpisodeOfCare?_include=EpisodeOfCare:care-manager")
    assert {one["resourceType"] for one in along} == {"EpisodeOfCare", "Practitioner"}


async def test_places_and_the_organization(site: Site) -> None:
    clinic = await find(site, clinics.c.name, clinics.c.org_id == site.org_id)
    (location,) = await resources_of(site, f"Location?name={clinic.split()[0]}")
    assert location["name"] == clinic
    managing = location["managingOrganization"]["reference"]
    part = (await fetch(site, managing, site.token)).json()
    whole = (await fetch(site, part["partOf"]["reference"], site.token)).json()
    assert whole["resourceType"] == "Organization"
    assert "partOf" not in whole


async def test_what_changes_of_an_episode_is_its_next_version(site: Site) -> None:
    await general_world(site)
    (before,) = await resources_of(site, "EpisodeOfCare")
    async with site.services.database.transaction(system(site.org_id)) as store:
        episode = await episodes_store.get_episode(store, UUID(before["id"]))
        values = {"status": "paused", "care_manager_id": await staff_id(site, "ben")}
        await episodes_store.change_episode(store, episode.episode_id, episode.version, values)
    (after,) = await resources_of(site, "EpisodeOfCare")
    assert int(after["meta"]["versionId"]) == int(before["meta"]["versionId"]) + 1
    assert after["status"] == "onhold"
    assert after["careManager"] == {"reference": f"Practitioner/{await staff_id(site, 'ben')}"}


async def test_nothing_that_others_see_changes_nothing(site: Site) -> None:
    await general_world(site)
    (before,) = await resources_of(site, "EpisodeOfCare")
    async with site.services.database.transaction(system(site.org_id)) as store:
        episode = await episodes_store.get_episode(store, UUID(before["id"]))
        values = {"next_contact_on": TODAY + timedelta(days=5)}
        await episodes_store.change_episode(store, episode.episode_id, episode.version, values)
    assert await resources_of(site, "EpisodeOfCare") == [before]


async def test_a_programs_episode_is_nobody_elses(site: Site) -> None:
    await general_world(site)
    seen = await resources_of(site, "EpisodeOfCare")
    async with site.services.database.transaction(system(site.org_id)) as store:
        harbor = await organizations.add_clinic(store, "Harbor Recovery", "America/New_York")
    await mark(site, harbor, ("ben",), ("ben",))
    patient_id = await find(site, episodes.c.patient_id)
    async with site.services.database.transaction(system(site.org_id)) as store:
        form = EnrolForm(harbor, await staff_id(site, "ben"), TODAY - timedelta(days=3))
        await enrol_patient(store, patient_id, form, TODAY)
    hidden = await find(site, episodes.c.episode_id, episodes.c.clinic_id == harbor)
    assert await resources_of(site, "EpisodeOfCare") == seen
    for kind in ("EpisodeOfCare", "CareTeam"):
        assert (await fetch(site, f"{kind}/{hidden}", site.token)).status_code == 404
    labelled = await find(site, resources.c.program_id, resources.c.resource_id == str(hidden))
    assert labelled == harbor


async def test_a_clinic_that_becomes_a_program_takes_its_episodes_along(site: Site) -> None:
    await general_world(site)
    (before,) = await resources_of(site, "EpisodeOfCare")
    clinic = await find(site, episodes.c.clinic_id)
    await mark(site, clinic, ("ben",), ("ben",))
    assert await resources_of(site, "EpisodeOfCare") == []
    assert (await fetch(site, f"CareTeam/{before['id']}", site.token)).status_code == 404


async def test_an_episode_follows_a_record_that_is_joined_and_parted(site: Site) -> None:
    patient_id = UUID(await general_world(site))
    other_fhir_id = await site.screened("900", [1] * 9, 1, "Rosa Twice")
    other = await find(site, patients.c.patient_id, patients.c.fhir_id == other_fhir_id)
    (before,) = await resources_of(site, "EpisodeOfCare")
    async with site.services.database.transaction(system(site.org_id)) as store:
        form = MergeForm(other, patient_id, "the same person")
        merge_id = await merge_patients(store, form, TODAY)
    (joined,) = await resources_of(site, "EpisodeOfCare")
    assert joined["patient"] == {"reference": f"Patient/{other_fhir_id}"}
    async with site.services.database.transaction(system(site.org_id)) as store:
        await unmerge_patients(store, merge_id, "two people after all", TODAY)
    (parted,) = await resources_of(site, "EpisodeOfCare")
    assert parted["patient"] == before["patient"]


async def test_who_reviewed_a_case_is_in_the_team_from_then_on(site: Site) -> None:
    await general_world(site)
    (before,) = await resources_of(site, "CareTeam")
    consultant = await staff_id(site, "sam")
    async with site.services.database.transaction(system(site.org_id)) as store:
        reviewed = {UUID(before["id"]): {"consultant_id": consultant}}
        await episodes_store.save_evaluations(store, reviewed)
    (after,) = await resources_of(site, "CareTeam")
    members = [one["member"].get("reference") for one in after["participant"]]
    assert f"Practitioner/{consultant}" in members


async def test_how_a_program_ended_anothers_episode_is_told_by_the_program_alone(
    site: Site,
) -> None:
    patient_id = UUID(await general_world(site))
    episode_id = await find(site, episodes.c.episode_id, episodes.c.patient_id == patient_id)
    program = await make_program(site)
    ended = {
        "org_id": site.org_id,
        "patient_id": patient_id,
        "episode_id": episode_id,
        "program_id": program.client_id,
        "outcome": "remission",
        "words": "",
        "discharged_on": TODAY,
        "summary": {},
        "staff_id": await staff_id(site, "ben"),
        "recorded_at": site.services.now(),
        "request_key": "once",
    }
    begun = site.services.database.transaction(system(site.org_id))
    async with begun as store, whole_record(store):
        await store.connection.execute(discharges.insert().values(ended))
        (facts,) = await list_episode_facts(store, [episode_id])
    assert facts.outcome is None
