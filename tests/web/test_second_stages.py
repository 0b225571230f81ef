"""The worklist of second stages, and typing one in, for each role as it works."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.domain.actor import system
from app.store.tables import audit_events, flags, patients
from tests.web.site import NUMBERS, Site, Visitor
from tests.web.test_pages import enrolled, now_local

PHQ_2, PHQ_9, AUDIT_C = "55758-7", "44261-6", "75626-2"
ADDRESS = "/worklists/second-stages"


def total(number: str, code: str, value: int, days_ago: int = 0, **more: Any) -> dict[str, Any]:
    """A batch of a patient of this number and a total as an EHR sends it."""
    who = {"resourceType": "Patient", "identifier": [{"system": NUMBERS, "value": number}]}
    who |= {"name": [{"family": "Alvarez", "given": ["Rosa"]}], "birthDate": "1979-05-04"}
    who |= {"gender": more.pop("gender", "female")}
    at = (datetime.now(UTC) - timedelta(days=days_ago, minutes=5)).isoformat()
    score = {
        "resourceType": "Observation",
        "status": "final",
        "identifier": [{"system": "urn:ehr", "value": f"{number} {code} {days_ago}"}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "urn:uuid:11111111-1111-4111-8111-111111111111"},
        "effectiveDateTime": at,
        "valueInteger": value,
    } | more
    entries = [
        {
            "fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111",
            "resource": who,
            "request": {
                "method": "POST",
                "url": "Patient",
                "ifNoneExist": f"identifier={NUMBERS}|{number}",
            },
        },
        {"resource": score, "request": {"method": "POST", "url": "Observation"}},
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


async def scored(site: Site, number: str, code: str, value: int, days_ago: int = 0) -> str:
    told = await site.send(total(number, code, value, days_ago))
    assert told.status_code == 200, told.text
    return str(told.json()["entry"][0]["response"]["location"].split("/Patient/")[1][:36])


async def links(visitor: Visitor) -> list[str]:
    page = await visitor.get(ADDRESS)
    assert page.status_code == 200, page.text
    return re.findall(r'class="button" href="([^"]*)"', page.text)


async def test_nothing_owed_is_said_in_words(site: Site) -> None:
    tess = await site.sign_in("tess")
    assert "Nothing is owed." in (await tess.get(ADDRESS)).text


async def test_a_positive_screen_is_owed_until_the_form_is_typed_in(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await scored(site, "1", PHQ_2, 4, days_ago=10)
    await scored(site, "2", PHQ_2, 2)
    page = (await maya.get(ADDRESS)).text
    assert await links(maya) == [f"/patients/{patient}/assessments/phq-9"]
    assert "1 owed, 1 overdue" in page
    assert "<strong>4</strong>" in page
    form = await maya.get(f"/patients/{patient}/assessments/phq-9")
    assert "born <strong>4 May 1979</strong>" in form.text
    items = {f"item-q{n}": "1" for n in range(1, 9)} | {"item-q9": "0"}
    address = f"/patients/{patient}/assessments/phq-9"
    told = await maya.post(address, at=now_local(), back="second-stages", **items)
    assert told.status_code == 303
    done = (await maya.get(told.headers["location"])).text
    assert "PHQ-9 8" in done
    assert "fetch a clinician" not in done
    assert await links(maya) == []


async def test_the_new_screen_and_the_owed_form_are_told_once(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await scored(site, "1", PHQ_2, 4)
    page = (await maya.get("/worklists/new-screens")).text
    assert page.count("Second stage owed") == 1
    assert "New positive screen<" not in page.split("<main", 1)[1]
    await scored(site, "1", PHQ_9, 14)
    page = (await maya.get("/worklists/new-screens")).text.split("<main", 1)[1]
    assert "New positive screen<" in page
    assert "Second stage owed" not in page
    assert patient in page


async def test_a_withdrawn_second_stage_is_owed_again(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await scored(site, "1", PHQ_2, 4, days_ago=1)
    await scored(site, "1", PHQ_9, 14)
    assert await links(maya) == []
    page = (await maya.get(f"/patients/{patient}")).text
    where = re.findall(r'action="(/patients/[^"]*/errors/[^"]*)"', page)[0]
    assert (await maya.post(where, reason="another patient's form")).status_code == 303
    assert await links(maya) == [f"/patients/{patient}/assessments/phq-9"]


async def test_a_first_stage_corrected_to_negative_is_owed_no_more(site: Site) -> None:
    maya = await site.sign_in("maya")
    await scored(site, "1", PHQ_2, 4)
    assert len(await links(maya)) == 1
    await scored(site, "1", PHQ_2, 1)
    assert await links(maya) == []
    await scored(site, "1", PHQ_2, 3)
    assert len(await links(maya)) == 1


async def test_a_screen_of_before_the_episode_is_still_owed_in_it(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "1")
    await scored(site, "1", AUDIT_C, 6, days_ago=200)
    assert await links(maya) == [f"/patients/{patient}/assessments/audit"]
    assert "Second stage owed" in (await maya.get("/caseload")).text
    assert "AUDIT-C 6" in (await maya.get(f"/patients/{patient}")).text


async def test_a_closed_flag_is_not_asked_again_but_a_new_screen_is(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await scored(site, "1", PHQ_2, 4, days_ago=20)
    page = (await maya.get(f"/patients/{patient}")).text
    flag = re.findall(r'action="/flags/([^/]*)/close"', page)[0]
    assert (await maya.post(f"/flags/{flag}/close", outcome="declined")).status_code == 303
    assert await links(maya) == []
    await scored(site, "1", PHQ_2, 5, days_ago=1)
    assert len(await links(maya)) == 1


async def test_the_dead_owe_nothing(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await scored(site, "1", PHQ_2, 4)
    async with site.services.database.transaction(system(site.org_id)) as store:
        await store.connection.execute(
            update(patients)
            .where(patients.c.org_id == site.org_id)
            .values(deceased_at=datetime.now(UTC))
        )
    await scored(site, "1", AUDIT_C, 9)
    assert await links(maya) == []
    assert patient


async def test_a_medical_assistant_sees_whom_and_which_form_and_no_more(site: Site) -> None:
    tess, maya = await site.sign_in("tess"), await site.sign_in("maya")
    patient = await scored(site, "1", PHQ_2, 4)
    home = await tess.get("/")
    assert home.headers["location"] == ADDRESS
    page = (await tess.get(ADDRESS)).text
    assert "Rosa Alvarez" in page
    assert "born 4 May 1979" in page
    assert f'href="/patients/{patient}"' not in page, "no way into the chart"
    assert "<strong>4</strong>" not in page, "no score"
    address = f"/patients/{patient}/assessments/phq-9"
    items = {f"item-q{n}": "2" for n in range(1, 10)}
    told = await tess.post(address, at=now_local(), **items)
    assert told.status_code == 303
    done = await tess.get(told.headers["location"])
    assert done.status_code == 200
    assert "fetch a clinician now" in done.text, "item 9 is not left on a screen nobody reads"
    assert (await tess.get(f"/patients/{patient}")).status_code == 403
    again = await maya.post(
        address, at=now_local(), back="second-stages", **items | {"item-q1": "0"}
    )
    assert (await tess.get(again.headers["location"])).status_code == 404, "not her own"
    assert (await maya.get(told.headers["location"])).status_code == 200


async def test_who_may_not_record_may_not_look(site: Site) -> None:
    sam, lind = await site.sign_in("sam"), await site.sign_in("lind")
    patient = await scored(site, "1", PHQ_2, 4)
    for visitor in (sam, lind):
        assert (await visitor.get(ADDRESS)).status_code == 403
        assert (await visitor.get(f"/patients/{patient}/assessments/phq-9")).status_code == 403


async def test_another_organizations_patients_are_not_there(site: Site, other_site: Site) -> None:
    stranger = await other_site.sign_in("tess")
    patient = await scored(site, "1", PHQ_2, 4)
    assert await links(stranger) == []
    address = f"/patients/{patient}/assessments/phq-9"
    assert (await stranger.get(address)).status_code == 404
    assert (await stranger.post(address, at=now_local(), **{"item-q1": "1"})).status_code == 404


async def test_every_look_is_audited_without_names(site: Site) -> None:
    tess = await site.sign_in("tess")
    patient = await scored(site, "1", PHQ_2, 4)
    await tess.get(ADDRESS)
    await tess.get(f"/patients/{patient}/assessments/phq-9")
    async with site.services.database.transaction(system(site.org_id)) as store:
        rows = (await store.connection.execute(select(audit_events))).all()
    told = {row.action: row for row in rows}
    assert told["second-stages.view"].patient_ids == [UUID(patient)]
    assert str(told["assessment.open-form"].patient_id) == patient
    assert not any("Alvarez" in str(row.detail) for row in rows)


async def test_two_hundred_rows_are_shown_and_the_rest_is_counted(site: Site) -> None:
    maya = await site.sign_in("maya")
    await scored(site, "1", PHQ_2, 4)
    async with site.services.database.transaction(system(site.org_id)) as store:
        (one,) = (await store.connection.execute(select(flags))).mappings().all()
        rows = [
            dict(one) | {"flag_id": f"0190d3a0-0000-7000-8000-{n:012d}", "subject": f"other {n}"}
            for n in range(230)
        ]
        await store.connection.execute(flags.insert(), rows)
    page = (await maya.get(ADDRESS)).text
    assert "231 owed, 0 overdue; the 200 owed for longest are shown" in page
    assert page.count('class="button"') == 200
