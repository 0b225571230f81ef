"""Consents as staff write them down, print and revoke them; programs as administrators mark them."""

import re

from tests.web.part2_world import add_client, general_world, make_program, mark, protected_world
from tests.web.site import Site

PAPER = {
    "kind": "part2",
    "recipient": "organization",
    "recipient_name": "Riverside Primary Care",
    "purpose": "treatment",
    "scope": ["screenings", "care"],
    "given_on": "2026-01-05",
    "manner": "written",
    "signature": "Rosa <Alvarez>",
    "expires_when": "at the end of treatment",
    "told": "yes",
}


async def test_a_part_two_consent_is_refused_with_all_that_it_lacks(site: Site) -> None:
    patient_id, _ = await protected_world(site)
    maya = await site.sign_in("maya")
    told = await maya.post(
        f"/patients/{patient_id}/consents", kind="part2", request_key="k1", given_on="2026-01-05"
    )
    assert told.status_code == 422
    for words in (
        "Discloser choose",
        "Purpose say",
        "Scope say",
        "Signature write",
        "Expires give",
    ):
        assert words in told.text
    assert 'value="2026-01-05"' in told.text  # nothing typed is lost
    assert "None on record" in (await maya.get(f"/patients/{patient_id}")).text


async def test_a_consent_opens_the_records_and_revoking_closes_them_at_once(site: Site) -> None:
    patient_id, program = await protected_world(site)
    maya, page = await site.sign_in("maya"), f"/patients/{patient_id}"
    form = PAPER | {"discloser": str(program.client_id), "request_key": "k2"}
    assert (await maya.post(f"{page}/consents", **form)).status_code == 303
    assert (await maya.post(f"{page}/consents", **form)).status_code == 303  # sent twice: once
    shown = (await maya.get(page)).text
    assert "From Harbor" in shown
    assert shown.count("may tell Riverside Primary Care") == 1
    consent_id = re.search(r"/consents/([0-9a-f-]{36})/revoke", shown)
    assert consent_id
    print_out = (await maya.get(f"/consents/{consent_id[1]}")).text
    assert "Rosa &lt;Alvarez&gt;" in print_out
    assert "42 CFR part 2 prohibits unauthorized use or disclosure" in print_out

    address = f"/consents/{consent_id[1]}/revoke"
    assert (await maya.post(address, version="1", how=" ")).status_code == 422
    assert "From Harbor" in (await maya.get(page)).text
    assert (await maya.post(address, version="1", how="by word, to Maya")).status_code == 303
    shown = (await maya.get(page)).text
    assert "From Harbor" not in shown
    assert "by word, to Maya" in shown  # whoever wrote it down still knows of it


async def test_a_consent_between_others_is_not_known_to_the_rest(site: Site) -> None:
    patient_id, program = await protected_world(site)
    ben = await site.sign_in("ben")
    form = PAPER | {"discloser": str(program.client_id), "request_key": "k3"}
    form["recipient"] = "outside"
    assert (await ben.post(f"/patients/{patient_id}/consents", **form)).status_code == 303
    shown = (await ben.get(f"/patients/{patient_id}")).text
    consent_id = re.search(r"/consents/([0-9a-f-]{36})", shown)
    assert consent_id
    maya = await site.sign_in("maya")
    assert "None on record" in (await maya.get(f"/patients/{patient_id}")).text
    withheld = await maya.get(f"/consents/{consent_id[1]}")
    never = await maya.get("/consents/00000000-0000-7000-8000-000000000000")
    assert (withheld.status_code, withheld.text) == (never.status_code, never.text)
    assert withheld.status_code == 404


async def test_billing_and_texting_ask_for_less(site: Site) -> None:
    patient_id = await general_world(site)
    maya, page = await site.sign_in("maya"), f"/patients/{patient_id}"
    billing = {"kind": "collaborative-care", "given_on": "2026-01-05", "manner": "verbal"}
    told = await maya.post(f"{page}/consents", request_key="k4", **billing)
    assert told.status_code == 303
    shown = (await maya.get(page)).text
    assert "Collaborative-care billing" in shown
    assert "in force" in shown


async def test_an_administrator_marks_a_program_and_what_it_recorded_before_is_labelled(
    site: Site,
) -> None:
    patient_id = await general_world(site)
    client_id, _ = await add_client(site, "Harbor")
    admin, maya = await site.sign_in("ada"), await site.sign_in("maya")
    page = await admin.get("/programs")
    assert "Harbor" in page.text
    ben = re.search(r'value="([0-9a-f-]{36})"[^>]*> Ben Ruiz', page.text)
    assert ben
    sent = {"marked": "yes", "member": ben[1], "contact": ben[1]}
    lacking = await admin.post(f"/programs/{client_id}", **sent)
    assert lacking.status_code == 422
    told = await admin.post(f"/programs/{client_id}", reason="SAMHSA-listed", **sent)
    assert told.status_code == 303
    assert "<strong>Part 2 program</strong>" in (await admin.get("/programs")).text
    assert (await maya.get("/programs")).status_code == 403
    assert (await maya.get(f"/patients/{patient_id}")).status_code == 200


async def test_marking_takes_older_records_out_of_sight_and_unmarking_leaves_them_there(
    site: Site,
) -> None:
    patient_id = await general_world(site)
    program = await make_program(site)
    await mark(site, program.client_id, (), on=False)
    sent = await program.screened("100", [3, 3, 3, 3, 3, 3, 3, 3, 3], 1)
    maya, page = await site.sign_in("maya"), f"/patients/{patient_id}"
    assert "From Harbor" in (await maya.get(page)).text  # no program: no label
    assert "Safety (1)" in (await maya.get("/caseload")).text
    assert await mark(site, program.client_id, ("ben",)) == 1
    shown = (await maya.get(page)).text
    assert "From Harbor" not in shown
    assert "Safety (0)" in (await maya.get("/caseload")).text
    name = sent.split("/fhir/")[1].split("/_history")[0]
    labelled = await (await site.open()).get(
        f"/fhir/{name}", headers={"Authorization": f"Bearer {program.token}"}
    )
    codes = {one["code"] for one in labelled.json()["meta"]["security"]}
    assert codes == {"R", "42CFRPart2"}
    await mark(site, program.client_id, (), on=False)
    assert "From Harbor" not in (await maya.get(page)).text  # the label stays
