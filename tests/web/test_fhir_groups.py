"""Caseloads as Groups, asked by integration clients."""

from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.group import Group

from app.domain.actor import system
from app.errors import NotFound
from app.store import episodes as episode_rows
from app.store import organizations
from app.store.groups import list_members
from app.store.ids import new_id
from app.store.tables import episodes, patients
from app.use_cases.enrol_patient import EnrolForm, enrol_patient
from tests.web.part2_world import TODAY, clinic_id, find, general_world, mark, staff_id
from tests.web.site import Site
from tests.web.test_bulk_export import Receiver, receiver  # noqa: F401
from tests.web.test_withholding import fetch


async def group(site: Site, group_id: Any) -> dict[str, Any]:
    told = await fetch(site, f"Group/{group_id}", site.token)
    assert told.status_code == 200, told.text
    Group.model_validate(told.json())
    return dict(told.json())


async def ids(site: Site, search: str) -> list[str]:
    told = await fetch(site, search, site.token)
    assert told.status_code == 200, told.text
    return [one["resource"]["id"] for one in told.json().get("entry", [])]


async def in_care(site: Site) -> tuple[UUID, str]:
    """(patient, FHIR id) of the one who is in care."""
    patient_id = UUID(await general_world(site))
    return patient_id, await find(site, patients.c.fhir_id, patients.c.patient_id == patient_id)


async def test_a_caseload_of_a_clinic_of_a_care_manager_and_of_all(site: Site) -> None:
    _, fhir_id = await in_care(site)
    maya, clinic = await staff_id(site, "maya"), await clinic_id(site)
    for group_id, code, answers in (
        (clinic, "clinic", f"Organization/{clinic}"),
        (maya, "care-manager", f"Practitioner/{maya}"),
        (site.org_id, "everyone", f"Organization/{site.org_id}"),
    ):
        told = await group(site, group_id)
        assert told["code"]["coding"][0]["code"] == code
        assert (told["type"], told["actual"], told["quantity"]) == ("person", True, 1)
        assert told["managingEntity"] == {"reference": answers}
        (member,) = told["member"]
        assert member["entity"] == {"reference": f"Patient/{fhir_id}"}
        assert "inactive" not in member
        async with site.services.database.transaction(system(site.org_id)) as store:
            assert await list_members(store, group_id) == [fhir_id]
    assert (await group(site, await staff_id(site, "ben")))["quantity"] == 0


async def test_groups_are_found(site: Site) -> None:
    _, fhir_id = await in_care(site)
    maya, ben, clinic = (
        str(await staff_id(site, "maya")),
        str(await staff_id(site, "ben")),
        str(await clinic_id(site)),
    )
    holding = sorted([str(site.org_id), maya, clinic])
    assert sorted(await ids(site, f"Group?member=Patient/{fhir_id}")) == holding
    assert sorted(await ids(site, f"Patient/{fhir_id}/Group")) == holding
    assert await ids(site, f"Group?managing-entity=Practitioner/{ben}") == [ben]
    assert sorted(await ids(site, "Group?code=care-manager")) == sorted([maya, ben])
    assert await ids(site, f"Group?_id={maya}&actual=true&type=person") == [maya]
    assert await ids(site, "Group?member=Patient/nobody") == []
    first = (await fetch(site, "Group?_count=1", site.token)).json()
    assert first["total"] == len(await ids(site, "Group"))
    following = next(one["url"] for one in first["link"] if one["relation"] == "next")
    second = await ids(site, following.partition("/fhir/")[2])
    assert second != [first["entry"][0]["resource"]["id"]]


async def test_who_left_is_told_as_inactive_and_is_no_member_any_more(site: Site) -> None:
    await in_care(site)
    clinic = await clinic_id(site)
    episode_id = await find(site, episodes.c.episode_id)
    async with site.services.database.transaction(system(site.org_id)) as store:
        episode = await episode_rows.get_episode(store, episode_id)
        values = {"status": "closed", "ended_on": TODAY}
        await episode_rows.change_episode(store, episode_id, episode.version, values)
        assert await list_members(store, clinic) == []
    told = await group(site, clinic)
    assert told["quantity"] == 0
    (member,) = told["member"]
    assert (member["inactive"], member["period"]["end"]) == (True, TODAY.isoformat())


async def test_the_same_caseload_is_not_modified(site: Site) -> None:
    await in_care(site)
    clinic = await clinic_id(site)
    first = await fetch(site, f"Group/{clinic}", site.token)
    again = await fetch(site, f"Group/{clinic}", site.token)
    assert first.headers["etag"] == again.headers["etag"]
    episode_id = await find(site, episodes.c.episode_id)
    async with site.services.database.transaction(system(site.org_id)) as store:
        episode = await episode_rows.get_episode(store, episode_id)
        values = {"status": "closed", "ended_on": TODAY}
        await episode_rows.change_episode(store, episode_id, episode.version, values)
    changed = await fetch(site, f"Group/{clinic}", site.token)
    assert changed.headers["etag"] != first.headers["etag"]


async def test_whom_a_program_treats_is_in_no_group_of_others(site: Site) -> None:
    """Neither named nor counted, in the program's own group and in everyone's."""
    patient_id, fhir_id = await in_care(site)
    async with site.services.database.transaction(system(site.org_id)) as store:
        harbor = await organizations.add_clinic(store, "Harbor Recovery", "America/New_York")
    await mark(site, harbor, ("ben",), ("ben",))
    ben = await staff_id(site, "ben")
    everyone, his = await group(site, site.org_id), await group(site, ben)
    async with site.services.database.transaction(system(site.org_id)) as store:
        await enrol_patient(store, patient_id, EnrolForm(harbor, ben, TODAY), TODAY)
    after = await group(site, site.org_id)
    assert (after["quantity"], after["member"]) == (everyone["quantity"], everyone["member"])
    told = await group(site, ben)
    assert (told["quantity"], told.get("member")) == (0, None)
    assert (await group(site, harbor))["quantity"] == 0
    assert str(harbor) not in await ids(site, f"Group?member=Patient/{fhir_id}")
    assert str(ben) not in await ids(site, f"Group?member=Patient/{fhir_id}")
    assert his["quantity"] == 0


async def test_what_is_no_group(site: Site, other_site: Site) -> None:
    strange = (new_id(), "nothing", str(site.org_id).upper(), await clinic_id(other_site))
    for name in (*strange, await staff_id(site, "sam")):
        assert (await fetch(site, f"Group/{name}", site.token)).status_code == 404
    async with site.services.database.transaction(system(site.org_id)) as store:
        with pytest.raises(NotFound):
            await list_members(store, new_id())


async def test_a_caseload_is_exported_and_nobody_else(receiver: Receiver) -> None:  # noqa: F811
    """Group/{id}/$export: two people were screened, one is in care."""
    site = receiver.site
    _, fhir_id = await in_care(site)
    clinic = await clinic_id(site)
    manifest, files = await receiver.take(f"Group/{clinic}/$export")
    assert manifest["request"].endswith(f"/fhir/Group/{clinic}/$export")
    assert [one["id"] for one in files["Patient"]] == [fhir_id]
    subjects = {one["subject"]["reference"] for one in files["QuestionnaireResponse"]}
    assert subjects == {f"Patient/{fhir_id}"}
    _, nobody = await receiver.take(f"Group/{await staff_id(site, 'ben')}/$export")
    assert "Patient" not in nobody
    assert "QuestionnaireResponse" not in nobody
    missing = await receiver.kick_off(f"Group/{new_id()}/$export")
    assert missing.status_code == 404
