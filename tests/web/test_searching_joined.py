"""Whose records were joined are one: however a search names them, it finds what is about either."""

from uuid import UUID

import pytest
from sqlalchemy import select

from app.domain.actor import system
from app.store import resource_includes
from app.store.tables import patients
from app.use_cases.merge_patients import MergeForm, merge_patients
from tests.web.part2_world import TODAY, find, general_world, make_program
from tests.web.site import NUMBERS, Site
from tests.web.test_published_care import resources_of
from tests.web.test_withholding import fetch

WORST = [3] * 9
"""With item 9: a safety flag follows."""


async def joined(site: Site) -> tuple[str, str]:
    """FHIR ids: of one whose record was joined, and of the record that goes on."""
    gone = await site.screened("700", WORST, 1, "Rosa Twice")
    stays = await site.screened("800", [1] * 8 + [0], 2, "Rosa Alvarez")
    async with site.services.database.transaction(system(site.org_id)) as store:
        found = await store.connection.execute(
            select(patients.c.fhir_id, patients.c.patient_id).where(
                patients.c.org_id == site.org_id, patients.c.fhir_id.in_([gone, stays])
            )
        )
        ids: dict[str, UUID] = dict(found.all())  # type: ignore[arg-type]
        await merge_patients(store, MergeForm(ids[stays], ids[gone], "the same person"), TODAY)
    return gone, stays


@pytest.mark.parametrize("number", ["700", "800"])
@pytest.mark.parametrize("kind", ["Flag", "QuestionnaireResponse", "Observation"])
async def test_a_chain_finds_what_the_id_finds(site: Site, kind: str, number: str) -> None:
    gone, stays = await joined(site)
    by_id = await resources_of(site, f"{kind}?patient={gone}&_sort=_id")
    assert by_id
    assert by_id == await resources_of(site, f"{kind}?patient={stays}&_sort=_id")
    chained = f"{kind}?patient.identifier={NUMBERS}|{number}&_sort=_id"
    assert await resources_of(site, chained) == by_id


@pytest.mark.parametrize("number", ["700", "800"])
async def test_what_is_about_somebody_comes_along(site: Site, number: str) -> None:
    await joined(site)
    search = f"Patient?identifier={NUMBERS}|{number}&_revinclude=Flag:patient"
    found = await resources_of(site, search)
    assert "Flag" in {one["resourceType"] for one in found}


async def test_both_records_are_whom_it_is_about(site: Site) -> None:
    gone, stays = await joined(site)
    found = await resources_of(site, "Patient?_has:QuestionnaireResponse:patient:status=completed")
    assert {gone, stays} <= {one["id"] for one in found}


async def test_that_more_belongs_to_a_page_is_told(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource_includes, "MOST", 2)
    await general_world(site)
    search = "Patient?name=Alvarez&_revinclude=Observation:patient"
    found = await resources_of(site, f"{search}&_revinclude=QuestionnaireResponse:patient")
    told = [one for one in found if one["resourceType"] == "OperationOutcome"]
    assert told[0]["issue"][0]["details"]["coding"][0]["code"] == "too-costly"
    assert len(found) == 1 + 2 + 1
    few = await resources_of(site, search)
    assert "OperationOutcome" not in {one["resourceType"] for one in few}


async def test_who_told_first_of_somebody_is_not_named_if_it_is_a_program(site: Site) -> None:
    """That others told of the person since makes nobody know of the treatment."""
    program = await make_program(site)
    await program.screened("900", WORST, 3, "Rosa Alvarez")
    await site.screened("900", [1] * 9, 1)
    fhir_id = await find(site, patients.c.fhir_id, patients.c.program_id.is_(None))
    told = await fetch(site, f"Provenance?target=Patient/{fhir_id}", site.token)
    assert told.status_code == 200
    assert len(told.json()["entry"]) == 1
    assert "Harbor" not in told.text
    assert str(program.client_id) not in told.text


async def test_the_record_that_goes_on_is_not_deleted_while_the_other_holds_something(
    site: Site,
) -> None:
    _, stays = await joined(site)
    http, header = await site.open(), {"Authorization": f"Bearer {site.token}"}
    told = await http.delete(f"/fhir/Patient/{stays}", headers=header)
    assert told.status_code == 409


async def test_a_patch_of_a_joined_record_is_of_what_its_sender_said(site: Site) -> None:
    gone, _ = await joined(site)
    patch = [{"op": "replace", "path": "/gender", "value": "other"}]
    http = await site.open()
    headers = {"Authorization": f"Bearer {site.token}"}
    headers["Content-Type"] = "application/json-patch+json"
    told = await http.patch(f"/fhir/Patient/{gone}", json=patch, headers=headers)
    assert told.status_code == 200, told.text
    assert told.json()["link"][0]["type"] == "replaced-by"  # as it is served
    replaced = await find(site, patients.c.replaced_by_id, patients.c.fhir_id == gone)
    active = await find(site, patients.c.active, patients.c.fhir_id == gone)
    assert (replaced, active) == (None, True)
