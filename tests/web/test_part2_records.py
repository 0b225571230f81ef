"""A program's records among others: in one message, in one person, in one clinic, over midnight."""

import asyncio
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from app.domain.access import Role
from app.domain.actor import Actor, ActorKind, system
from app.domain.catalogue import INSTRUMENTS
from app.domain.consent import Scope
from app.store import organizations
from app.store.tables import assessments, consents, episodes, flags, patients, resources
from app.use_cases.enrol_patient import EnrolForm, enrol_patient
from app.use_cases.merge_patients import MergeForm, merge_patients
from app.use_cases.unmerge_patients import unmerge_patients
from tests.web.part2_world import (
    MARKER,
    TODAY,
    consent,
    find,
    general_world,
    make_program,
    mark,
    plain,
    protected_world,
    staff_id,
)
from tests.web.site import Site, phq9

WORST = {f"item-{item.key}": "4" for item in INSTRUMENTS["audit-c"].items}


async def test_a_clinic_that_is_a_program_keeps_its_care_apart(site: Site) -> None:
    """The second episode of a patient in care is no conflict, and nobody else learns of it."""
    patient_id = await general_world(site)
    async with site.services.database.transaction(system(site.org_id)) as store:
        harbor = await organizations.add_clinic(store, "Harbor Recovery", "America/New_York")
    await mark(site, harbor, ("ben",), ("ben",))
    maya = await site.sign_in("maya")
    before = plain((await maya.get(f"/patients/{patient_id}")).text)
    async with site.services.database.transaction(system(site.org_id)) as store:
        form = EnrolForm(harbor, await staff_id(site, "ben"), TODAY - timedelta(days=3))
        await enrol_patient(store, UUID(patient_id), form, TODAY)
    ben = await site.sign_in("ben")
    page = (await ben.get(f"/patients/{patient_id}")).text
    assert "Harbor Recovery" in page
    episode_id = await find(site, episodes.c.episode_id, episodes.c.clinic_id == harbor)
    key = await ben.field(f"/patients/{patient_id}", "request_key")
    told = await ben.post(
        f"/patients/{patient_id}/contacts/{episode_id}",
        at=f"{TODAY - timedelta(days=1)}T00:01",
        way="phone",
        minutes="20",
        note=MARKER,
        reached="yes",
        request_key=key,
    )
    assert told.status_code == 303, told.text
    typed = await ben.post(
        f"/patients/{patient_id}/assessments/audit-c",
        at=f"{TODAY - timedelta(days=1)}T00:01",
        **WORST,
    )
    assert typed.status_code == 303, typed.text
    assert MARKER in (await ben.get(f"/patients/{patient_id}")).text
    after = (await maya.get(f"/patients/{patient_id}")).text
    assert MARKER not in after
    assert plain(after) == before
    refused = await maya.post(
        f"/patients/{patient_id}/contacts/{episode_id}",
        at=f"{TODAY - timedelta(days=1)}T00:01",
        way="phone",
        minutes="5",
        note="x",
        request_key="k",
    )
    assert refused.status_code == 404


async def test_what_a_counselor_notes_in_general_care_is_no_news_of_it(site: Site) -> None:
    """Whoever works for a program alone writes its records, wherever they write."""
    patient_id = await general_world(site)
    program = await make_program(site)
    await mark(site, program.client_id, ("ben",), ("ben",))
    maya, ben = await site.sign_in("maya"), await site.sign_in("ben")
    before = plain((await maya.get(f"/patients/{patient_id}")).text)
    episode_id = await find(site, episodes.c.episode_id, episodes.c.patient_id == UUID(patient_id))
    told = await ben.post(
        f"/patients/{patient_id}/contacts/{episode_id}",
        at=f"{TODAY - timedelta(days=1)}T00:01",
        way="visit",
        minutes="40",
        note=MARKER,
        reached="yes",
        next_contact_on=f"{TODAY + timedelta(days=3)}",
        request_key="counsel",
    )
    assert told.status_code == 303, told.text
    assert MARKER in (await ben.get(f"/patients/{patient_id}")).text
    assert plain((await maya.get(f"/patients/{patient_id}")).text) == before


async def test_one_message_of_a_program_labels_all_that_it_brings(site: Site) -> None:
    """Patient, form and what follows from it; the person becomes known when others tell of them."""
    program = await make_program(site)
    await program.screened("300", [3, 3, 3, 3, 3, 3, 3, 3, 3], 1, f"Nobody {MARKER}")
    maya = await site.sign_in("maya")
    known = patients.c.display_name.like(f"%{MARKER}%")
    patient_id = await find(site, patients.c.patient_id, known)
    assert (await maya.get(f"/patients/{patient_id}")).status_code == 404
    found = await maya.post("/search", query=MARKER)
    assert f"/patients/{patient_id}" not in found.text
    http, header = await site.open(), {"Authorization": f"Bearer {site.token}"}
    assert (await http.get(f"/fhir/Patient/{patient_id}", headers=header)).status_code == 404
    # The general EHR sends a form of the same person, found by the number: it is not lost.
    told = await site.send(phq9("300", [1, 0, 0, 0, 0, 0, 0, 0, 0], 0, f"Nobody {MARKER}"))
    assert told.status_code == 200, told.text
    page = (await maya.get(f"/patients/{patient_id}")).text
    assert "From EHR" in page
    assert "From Harbor" not in page
    shown = await http.get(f"/fhir/Patient/{patient_id}", headers=header)
    assert shown.status_code == 200
    assert "42CFRPart2" not in shown.text
    assert (
        await http.get(f"/fhir/Patient/{patient_id}/_history/1", headers=header)
    ).status_code == 404


async def test_two_senders_pieces_of_one_measurement_stay_two(site: Site) -> None:
    """The same answers at the same moment: one from the program, one from general care."""
    patient_id = await general_world(site)
    program = await make_program(site)
    body = phq9("100", [2, 2, 2, 2, 2, 2, 2, 2, 1], 3, "Rosa Alvarez")
    for send in (program.send, site.send):
        assert (await send(body)).status_code == 200
    mine = assessments.c.patient_id == UUID(patient_id)
    async with site.services.database.transaction(system(site.org_id)) as store:
        labels = (
            await store.connection.execute(
                select(assessments.c.program_id).where(mine, assessments.c.total == 17)
            )
        ).scalars()
        assert sorted(map(bool, labels)) == [False, True]
        open_flags = (
            await store.connection.execute(
                select(flags.c.program_id).where(
                    flags.c.patient_id == UUID(patient_id), flags.c.kind == "safety"
                )
            )
        ).scalars()
        assert None in list(open_flags)  # what general care measured asks general care
    maya = await site.sign_in("maya")
    assert "Safety (1)" in (await maya.get("/caseload")).text


async def test_joining_a_programs_record_with_a_general_one_and_parting_them(site: Site) -> None:
    general = await general_world(site)
    program = await make_program(site)
    await program.screened("300", [3, 3, 3, 3, 3, 3, 3, 3, 3], 1, f"Rosa {MARKER}")
    known = patients.c.display_name.like(f"%{MARKER}%")
    apart = await find(site, patients.c.patient_id, known)
    maya = await site.sign_in("maya")
    before = plain((await maya.get(f"/patients/{general}")).text)
    form = MergeForm(UUID(general), apart, "the same person, seen both")
    async with site.services.database.transaction(system(site.org_id)) as store:
        merge_id = await merge_patients(store, form, TODAY)
    joined = (await maya.get(f"/patients/{general}")).text
    assert MARKER not in joined
    assert "From Harbor" not in joined
    ben = await site.sign_in("ben")
    assert "From Harbor" in (await ben.get(f"/patients/{general}")).text
    http, header = await site.open(), {"Authorization": f"Bearer {site.token}"}
    searched = await http.get(f"/fhir/Patient/{general}", headers=header)
    assert str(apart) not in searched.text
    async with site.services.database.transaction(system(site.org_id)) as store:
        await unmerge_patients(store, merge_id, "two people after all", TODAY)
    assert plain((await maya.get(f"/patients/{general}")).text) == before
    assert (await maya.get(f"/patients/{apart}")).status_code == 404
    labelled = await find(site, resources.c.program_id, resources.c.patient_id == apart)
    assert labelled == program.client_id


async def test_a_programs_record_that_goes_on_does_not_take_general_ones_out_of_sight(
    site: Site,
) -> None:
    general = await general_world(site)
    program = await make_program(site)
    await program.screened("300", [3, 3, 3, 3, 3, 3, 3, 3, 3], 1, f"Rosa {MARKER}")
    known = patients.c.display_name.like(f"%{MARKER}%")
    apart = await find(site, patients.c.patient_id, known)
    async with site.services.database.transaction(system(site.org_id)) as store:
        await merge_patients(store, MergeForm(apart, UUID(general), "the same person"), TODAY)
    maya = await site.sign_in("maya")
    page = (await maya.get(f"/patients/{apart}")).text
    assert "From EHR" in page
    assert "From Harbor" not in page
    assert str(apart) in (await maya.get("/caseload")).text


async def test_a_consent_ends_between_two_looks(site: Site) -> None:
    patient_id, program = await protected_world(site)
    consent_id = await consent(site, patient_id, program, expires_on=TODAY + timedelta(days=2))
    maya, page = await site.sign_in("maya"), f"/patients/{patient_id}"
    assert "From Harbor" in (await maya.get(page)).text
    async with site.services.database.transaction(system(site.org_id)) as store:
        now = (await store.connection.execute(select(func.clock_timestamp()))).scalar_one()
        await store.connection.execute(
            update(consents)
            .where(consents.c.org_id == site.org_id, consents.c.consent_id == consent_id)
            .values(ends_at=now + timedelta(seconds=1))
        )
    await asyncio.sleep(1.2)  # the midnight that ends its last day
    assert "From Harbor" not in (await maya.get(page)).text


async def test_revoked_while_a_page_is_being_made_the_rest_of_it_is_withheld(site: Site) -> None:
    patient_id, program = await protected_world(site)
    consent_id = await consent(site, patient_id, program)
    her_id, roles = await staff_id(site, "maya"), frozenset({Role.CARE_MANAGER})
    maya = Actor(site.org_id, ActorKind.STAFF, her_id, "Maya", roles)
    labelled = select(func.count()).where(
        assessments.c.org_id == site.org_id, assessments.c.program_id.is_not(None)
    )
    async with site.services.database.transaction(maya) as store:
        assert await store.connection.scalar(labelled) == 2
        async with site.services.database.transaction(system(site.org_id)) as other:
            await other.connection.execute(
                update(consents)
                .where(consents.c.org_id == site.org_id, consents.c.consent_id == consent_id)
                .values(revoked_at=other.now)
            )
        assert await store.connection.scalar(labelled) == 0


async def test_a_consent_to_one_kind_of_records_opens_no_other(site: Site) -> None:
    patient_id, program = await protected_world(site)
    await consent(site, patient_id, program, scope=frozenset({Scope.CARE}))
    maya, page = await site.sign_in("maya"), f"/patients/{patient_id}"
    assert "From Harbor" not in (await maya.get(page)).text
    own = f"staff:{await staff_id(site, 'maya')}"
    await consent(site, patient_id, program, own, frozenset({Scope.SCREENINGS}))
    assert "From Harbor" in (await maya.get(page)).text


async def test_nothing_of_the_general_record_is_moved_to_somebody_withheld(site: Site) -> None:
    """The sender's resource would name them to everybody who reads it."""
    await protected_world(site)
    await site.screened("200", [3] * 9, 2, "Ada Nwosu")
    hidden = await find(site, patients.c.patient_id, patients.c.program_id.is_not(None))
    held = await find(
        site,
        assessments.c.assessment_id,
        assessments.c.total == 27,
        assessments.c.program_id.is_(None),
    )
    ben = await site.sign_in("ben")
    form = {"patient": str(hidden), "reason": "it is hers"}
    told = await ben.post(f"/assessments/{held}/move", **form)
    assert told.status_code == 422
    assert "Nobody but a Part 2 program knows this person" in told.text
    assert await find(site, assessments.c.patient_id, assessments.c.assessment_id == held) != hidden


async def test_what_general_care_sent_meanwhile_keeps_the_person_in_its_sight_after_parting(
    site: Site,
) -> None:
    """A positive item 9 on a chart that its care team cannot open would be silent."""
    general = await general_world(site)
    program = await make_program(site)
    await program.screened("300", [3, 3, 3, 3, 3, 3, 3, 3, 3], 1, f"Rosa {MARKER}")
    apart = await find(site, patients.c.patient_id, patients.c.display_name.like(f"%{MARKER}%"))
    async with site.services.database.transaction(system(site.org_id)) as store:
        form = MergeForm(apart, UUID(general), "the same person")
        merge_id = await merge_patients(store, form, TODAY)
    await site.screened("100", [3, 3, 3, 3, 3, 3, 3, 3, 3], 0)
    async with site.services.database.transaction(system(site.org_id)) as store:
        await unmerge_patients(store, merge_id, "two people after all", TODAY)
    maya = await site.sign_in("maya")
    page = (await maya.get(f"/patients/{apart}")).text
    assert "Safety" in page
    assert "From Harbor" not in page
    assert "Safety (1)" in (await maya.get("/caseload")).text
