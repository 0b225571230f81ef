"""Emergencies, the account of disclosures, and the notice that goes with each."""

import re
from datetime import timedelta
from uuid import UUID

from markupsafe import escape
from sqlalchemy import select, update

from app.domain.actor import system
from app.domain.part2 import NOTICE
from app.jobs.telling import escalate_in
from app.store import staff
from app.store.tables import clients, deliveries, emergencies, flags
from app.store.tables import staff as staff_table
from app.use_cases.escalate_flags import escalate_flags
from tests.web.part2_world import consent, find, general_world, protected_world
from tests.web.site import HASHED, Site, Visitor

SAID = {
    "facility": "Riverside Emergency Room",
    "discloser": "Maya Okonkwo",
    "nature": "found unconscious, overdose suspected",
}


async def compliance(site: Site) -> Visitor:
    async with site.services.database.transaction(system(site.org_id)) as store:
        await staff.add_staff(
            store, site.login("cora"), "Cora Lane", ["compliance"], HASHED, "cora@clinic.example"
        )
    return await site.sign_in("cora")


async def test_an_emergency_opens_the_record_tells_compliance_and_is_reviewed(site: Site) -> None:
    patient_id, _ = await protected_world(site)
    cora, maya = await compliance(site), await site.sign_in("maya")
    page = f"/patients/{patient_id}"
    key = await maya.field(f"{page}/emergency", "request_key")
    lacking = await maya.post(f"{page}/emergency", request_key=key, facility="ER")
    assert lacking.status_code == 422
    assert "From Harbor" not in (await maya.get(page)).text
    for _ in range(2):  # sent twice: once
        told = await maya.post(f"{page}/emergency", request_key=key, **SAID)
        assert told.status_code == 303
    shown = (await maya.get(page)).text
    assert "From Harbor" in shown
    assert str(escape(NOTICE)) in shown
    assert "in a medical emergency" in shown

    to = await find(site, deliveries.c.address, deliveries.c.purpose == "emergency")
    assert to == "cora@clinic.example"
    listed = (await cora.get("/emergencies")).text
    for words in (*SAID.values(), "patient.view", "1 waits for review"):
        assert words.replace("-", " ") in listed.replace("-", " ")
    number = re.search(r'action="/emergencies/([0-9a-f-]{36})"', listed)
    assert number
    review = f"/emergencies/{number[1]}"
    assert (await maya.post(review, outcome="justified", words="x")).status_code == 403
    assert (await cora.post(review, outcome="fine", words="x")).status_code == 422
    told = await cora.post(review, outcome="justified", words="the chart bears it out")
    assert told.status_code == 303
    assert "the chart bears it out" in (await cora.get("/emergencies")).text
    account = (await cora.get(f"/disclosures/{patient_id}")).text
    assert "Maya Okonkwo" in account
    assert "Harbor" in account


async def test_an_emergency_is_over_after_its_time_or_by_hand(site: Site) -> None:
    patient_id, _ = await protected_world(site)
    maya, page = await site.sign_in("maya"), f"/patients/{patient_id}"
    key = await maya.field(f"{page}/emergency", "request_key")
    await maya.post(f"{page}/emergency", request_key=key, **SAID)
    assert "From Harbor" in (await maya.get(page)).text
    async with site.services.database.transaction(system(site.org_id)) as store:
        begun = emergencies.c.begun_at - timedelta(hours=4)
        over = emergencies.c.expires_at - timedelta(hours=4)
        await store.connection.execute(
            update(emergencies)
            .where(emergencies.c.org_id == site.org_id)
            .values(begun_at=begun, expires_at=over)
        )
    assert "From Harbor" not in (await maya.get(page)).text
    key = await maya.field(f"{page}/emergency", "request_key")
    await maya.post(f"{page}/emergency", request_key=key, **SAID)
    assert "From Harbor" in (await maya.get(page)).text
    assert (await maya.post(f"{page}/emergency/end")).status_code == 303
    assert "From Harbor" not in (await maya.get(page)).text


async def test_the_way_in_is_the_same_where_nothing_is_withheld(
    site: Site, other_site: Site
) -> None:
    with_records, _ = await protected_world(site)
    without = await general_world(other_site)
    texts = []
    for one, patient_id in ((site, with_records), (other_site, without)):
        maya = await one.sign_in("maya")
        text = (await maya.get(f"/patients/{patient_id}/emergency")).text
        texts.append(re.sub(r'[0-9a-f]{32}|[0-9a-f-]{36}|value="[^"]{40,}"', "", text))
    assert texts[0] == texts[1]


async def test_each_consented_look_is_accounted_for_with_its_ground(site: Site) -> None:
    patient_id, program = await protected_world(site)
    cora, maya = await compliance(site), await site.sign_in("maya")
    await maya.get(f"/patients/{patient_id}")
    assert "Nothing was disclosed" in (await cora.get(f"/disclosures/{patient_id}")).text
    await consent(site, patient_id, program)
    shown = await maya.get(f"/patients/{patient_id}")
    assert str(escape(NOTICE)) in shown.text
    assert "for treatment under the patient&#39;s consent" in shown.text
    ben = await site.sign_in("ben")
    assert (
        str(escape(NOTICE)) not in (await ben.get(f"/patients/{patient_id}")).text
    )  # its own people
    account = (await cora.get(f"/disclosures/{patient_id}")).text
    assert "Maya Okonkwo" in account
    assert "Ben Ruiz" not in account
    assert "Harbor may tell those who treat me for treatment" in account
    assert "Rosa Alvarez" in (await cora.get("/disclosures")).text
    assert (await maya.get(f"/disclosures/{patient_id}")).status_code == 403


async def test_what_a_client_reads_under_a_consent_carries_the_notice(site: Site) -> None:
    patient_id, program = await protected_world(site)
    sent = await program.screened("100", [0, 0, 0, 0, 0, 0, 0, 0, 1])
    name = sent.split("/fhir/")[1].split("/_history")[0]
    http, header = await site.open(), {"Authorization": f"Bearer {site.token}"}
    assert (await http.get(f"/fhir/{name}", headers=header)).status_code == 404
    ehr = await find(site, clients.c.client_id, clients.c.name == "EHR")
    await consent(site, patient_id, program, recipient=f"client:{ehr}")
    read = await http.get(f"/fhir/{name}", headers=header)
    assert read.status_code == 200
    assert NOTICE in read.headers["X-42-CFR-Part-2-Notice"]
    found = (await http.get("/fhir/QuestionnaireResponse?_total=accurate", headers=header)).json()
    outcomes = [e["resource"] for e in found["entry"] if e["search"]["mode"] == "outcome"]
    assert outcomes[0]["issue"][0]["diagnostics"] == NOTICE
    assert found["total"] == len(found["entry"]) - 1  # the notice counts as no match
    plain = (await http.get("/fhir/Patient", headers=header)).json()
    assert all(e["search"]["mode"] == "match" for e in plain["entry"])


async def test_a_safety_flag_of_a_program_asks_its_own_people_first_and_is_never_silent(
    site: Site,
) -> None:
    patient_id, program = await protected_world(site)
    ben, maya = await site.sign_in("ben"), await site.sign_in("maya")
    assert "Rosa Alvarez" in (await ben.get("/flags")).text
    mine = flags.c.patient_id == UUID(patient_id)
    flag_id = await find(site, flags.c.flag_id, flags.c.kind == "safety", mine)
    address = f"/flags/{flag_id}"
    assert (await ben.get(address)).status_code == 303  # to the patient's page
    assert (await maya.get(address)).status_code == 404
    await escalate_in(site.services.database, site.org_id)
    assert (await maya.get(address)).status_code == 404

    for _ in range(4):  # nobody of the program answers
        async with site.services.database.transaction(system(site.org_id)) as store:
            await store.connection.execute(
                update(flags)
                .where(flags.c.org_id == site.org_id, flags.c.flag_id == flag_id)
                .values(next_step_at=store.now)
            )
            await escalate_flags(store)
    opened = await find(site, emergencies.c.staff_id, emergencies.c.opened_by == "ladder")
    assert opened is not None
    async with site.services.database.transaction(system(site.org_id)) as store:
        who = (
            await store.connection.execute(
                select(staff_table.c.login).where(
                    staff_table.c.org_id == site.org_id, staff_table.c.staff_id == opened
                )
            )
        ).scalar_one()
    told = await site.sign_in(str(who).removesuffix(site.org_id.hex[-10:]))
    assert (await told.get(address)).status_code != 404
    assert program.client_id
