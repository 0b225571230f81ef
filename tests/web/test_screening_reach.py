"""Screening reach and its rules, as a director and a care manager meet them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.domain.actor import system
from app.store.tables import audit_events, encounters, screening_rules
from tests.web.site import NUMBERS, Site, Visitor
from tests.web.test_second_stages import PHQ_2, PHQ_9, scored

HERE = ZoneInfo("America/New_York")
ROW = re.compile(r'<tr><td class="who-cell"><strong>(.*?)</strong>(.*?)</tr>', re.DOTALL)
CELL = re.compile(r'<td class="num"[^>]*>(.*?)</td>')


def days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days, minutes=1)).isoformat()


def visit(number: str, days: int, **more: Any) -> dict[str, Any]:
    """A visit so many days ago (negative: ahead) of the patient of this number."""
    return {
        "resourceType": "Encounter",
        "status": "finished" if days >= 0 else "planned",
        "identifier": [{"system": "urn:visit", "value": f"{number} {days} {more}"}],
        "class": {"code": "AMB"},
        "subject": {"identifier": {"system": NUMBERS, "value": number}},
        "period": {"start": days_ago(days)},
        "serviceProvider": {"display": "Riverside"},
    } | more


async def visited(site: Site, number: str, days: int = 3, **more: Any) -> None:
    told = await site.send(visit(number, days, **more), "/fhir/Encounter")
    assert told.status_code in (200, 201), told.text


async def known(site: Site, number: str, name: str = "Rosa Alvarez", **more: Any) -> str:
    """A patient, nothing else; her id."""
    given, family = name.split(" ", 1)
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": NUMBERS, "value": number}],
        "name": [{"family": family, "given": [given]}],
        "gender": "female",
        "birthDate": "1979-05-04",
    } | more
    patient = {name: value for name, value in patient.items() if value is not None}
    told = await site.send(patient, "/fhir/Patient")
    assert told.status_code in (200, 201), told.text
    return str(told.headers["location"].split("/Patient/")[1][:36])


async def rows(visitor: Visitor, query: str = "") -> dict[str, list[str]]:
    """Visited, screened, positive, asked, answered of each row."""
    page = await visitor.get(f"/screening{query}")
    assert page.status_code == 200, page.text
    plain = {}
    for name, cells in ROW.findall(page.text):
        values = [re.sub(r"<[^>]*>", "", cell) for cell in CELL.findall(cells)]
        plain[name] = values
    return plain


async def test_without_visits_it_says_where_they_come_from(site: Site) -> None:
    maya = await site.sign_in("maya")
    page = (await maya.get("/screening")).text
    assert "No visits in this period." in page
    assert (await rows(maya))["Riverside"] == ["0", "0", "0", "0", "0"]


async def test_people_are_counted_with_numerator_and_denominator(site: Site) -> None:
    maya = await site.sign_in("maya")
    await known(site, "1")
    await scored(site, "2", PHQ_2, 4, days_ago=3)
    await scored(site, "3", PHQ_2, 4, days_ago=3)
    await scored(site, "3", PHQ_9, 12, days_ago=2)
    await scored(site, "4", PHQ_2, 1, days_ago=300)
    for number in "1234":
        await visited(site, number)
    counted = await rows(maya)
    assert counted["Riverside"] == ["4", "3", "2", "2", "1"]
    assert counted["All clinics"] == ["4", "3", "2", "2", "1"]
    assert "75 %" in (await maya.get("/screening")).text
    assert (await rows(maya, "?topic=anxiety"))["Riverside"] == ["4", "0", "0", "0", "0"]


async def test_a_thousand_visits_of_one_patient_count_once(site: Site) -> None:
    maya = await site.sign_in("maya")
    await known(site, "1")
    await visited(site, "1")
    async with site.services.database.transaction(system(site.org_id)) as store:
        (one,) = (await store.connection.execute(select(encounters))).mappings().all()
        many = [
            dict(one)
            | {
                "encounter_key": f"Encounter/{n}",
                "arrival_key": f"{n}",
                "started_on": one["started_on"] - timedelta(days=n % 330),
            }
            for n in range(1000)
        ]
        await store.connection.execute(encounters.insert(), many)
    counted = await rows(maya)
    assert counted["Riverside"] == ["1", "0", "0", "0", "0"]
    months = [values for name, values in counted.items() if re.fullmatch(r"\w{3} \d{4}", name)]
    assert len(months) >= 11
    assert {values[0] for values in months} == {"1"}


async def test_what_is_no_visit_counts_nobody(site: Site) -> None:
    maya = await site.sign_in("maya")
    await known(site, "1")
    await visited(site, "1", status="cancelled")
    await visited(site, "1", status="entered-in-error")
    await visited(site, "1", **{"class": {"code": "IMP"}})
    await visited(site, "1", days=400)  # more than a year ago
    await visited(site, "1", days=-400, status="finished")  # cannot have been
    await visited(site, "1", period={"start": "1970-01-01"})  # before her birth
    await visited(site, "1", period={"start": "2026"})  # nobody knows the day
    assert (await rows(maya))["Riverside"][0] == "0"
    await visited(site, "1")
    assert (await rows(maya))["Riverside"][0] == "1"


async def test_a_visit_of_no_known_clinic_is_counted_apart(site: Site) -> None:
    maya = await site.sign_in("maya")
    await known(site, "1")
    await visited(site, "1", serviceProvider={"display": "Elsewhere"})
    counted = await rows(maya)
    assert counted["Clinic not told"][0] == "1"
    assert counted["Riverside"][0] == "0"
    assert counted["All clinics"][0] == "1"


async def test_children_and_people_without_a_birth_date(site: Site) -> None:
    maya = await site.sign_in("maya")
    await known(site, "1", birthDate="2020-01-01")
    await known(site, "2", birthDate=None)
    for number in "12":
        await visited(site, number)
    assert (await rows(maya))["Riverside"][0] == "0"
    assert "1 more visited whose birth date is not known" in (await maya.get("/screening")).text


async def test_who_is_due_is_listed_for_those_who_see_charts(site: Site) -> None:
    maya, dana = await site.sign_in("maya"), await site.sign_in("dana")
    late = await known(site, "1", "Ann First")
    soon = await known(site, "2", "Ben Second")
    now = await known(site, "3", "Cara Third")
    done = await scored(site, "4", PHQ_2, 0)
    for number in "14":
        await visited(site, number, days=30)
    await visited(site, "2", days=-7)
    start = datetime.now(HERE).replace(hour=0, minute=1)
    await visited(site, "3", status="arrived", period={"start": start.isoformat()})
    page = (await maya.get("/screening")).text.split('id="due"')[1]
    assert re.findall(r'href="/patients/([^"]*)"', page) == [now, soon, late]
    assert "<strong>today</strong>" in page
    assert done not in page
    page = (await dana.get("/screening")).text
    assert "Due for screening" not in page
    assert "Ann First" not in page
    assert (await rows(dana))["Riverside"][0] == "hidden"


async def test_a_medical_assistant_gets_who_is_due_and_the_forms_but_no_chart(site: Site) -> None:
    patient = await known(site, "700", "Rosa Alvarez")
    await visited(site, "700", -2)
    tess = await site.sign_in("tess")
    page = (await tess.get("/worklists/due")).text
    assert "<strong>Rosa Alvarez</strong>" in page
    assert f'href="/patients/{patient}"' not in page, "no link that leads to a refusal"
    form = f"/patients/{patient}/assessments/phq-2"
    assert f'href="{form}"' in page
    assert (await tess.get(form)).status_code == 200
    assert (await tess.get("/worklists/due?topic=alcohol")).status_code == 200
    maya = await site.sign_in("maya")
    assert f'href="/patients/{patient}"' in (await maya.get("/worklists/due")).text
    assert (await (await site.sign_in("dana")).get("/worklists/due")).status_code == 403


async def test_the_dead_are_not_due(site: Site) -> None:
    maya = await site.sign_in("maya")
    await known(site, "1", deceasedDateTime="2026-11-01T00:00:00Z")
    await visited(site, "1", days=60)
    assert "Nobody is due." in (await maya.get("/screening")).text


async def test_small_counts_are_hidden_from_a_director_and_large_ones_are_not(site: Site) -> None:
    maya, dana = await site.sign_in("maya"), await site.sign_in("dana")
    for number in range(12):
        await known(site, str(number))
        await visited(site, str(number))
    assert (await rows(dana))["Riverside"] == ["12", "0", "0", "0", "0"]
    for number in range(3):
        await scored(site, str(number), PHQ_2, 5)
    assert (await rows(dana))["Riverside"] == ["12", *["hidden"] * 4]
    assert (await rows(maya))["Riverside"] == ["12", "3", "3", "3", "0"]
    page = (await dana.get("/screening")).text
    assert "Counts of fewer than 11 people" in page
    assert "25 %" not in page


async def test_a_director_changes_a_rule_and_every_version_stays(site: Site) -> None:
    maya, dana = await site.sign_in("maya"), await site.sign_in("dana")
    await known(site, "1")
    await visited(site, "1")
    await scored(site, "1", PHQ_2, 1, days_ago=100)
    assert (await rows(maya))["Riverside"] == ["1", "1", "0", "0", "0"]
    page = (await dana.get("/screening/rules")).text
    assert "as shipped" in page
    form = {"topic": "depression", "instrument": ["phq-2", "phq-9"], "from_age": "18"}
    form |= {"every_days": "90", "active": "yes"}
    assert (await dana.post("/screening/rules", version=0, **form)).status_code == 303
    assert (await rows(maya))["Riverside"] == ["1", "0", "0", "0", "0"]
    assert "from 18 years · every 90 days" in (await maya.get("/screening")).text
    again = await dana.post("/screening/rules", version=0, **form)
    assert again.status_code == 303, "the same again changes nothing"
    stale = await dana.post("/screening/rules", version=0, **form | {"every_days": "30"})
    assert stale.status_code == 409
    form |= {"every_days": "120"}
    assert (await dana.post("/screening/rules", version=1, **form)).status_code == 303
    async with site.services.database.transaction(system(site.org_id)) as store:
        kept = (await store.connection.execute(select(screening_rules))).all()
        told = (await store.connection.execute(select(audit_events))).all()
    assert sorted((row.version, row.every_days) for row in kept) == [(1, 90), (2, 120)]
    assert [row.action for row in told].count("screening-rule.set") == 2


async def test_a_clinic_with_its_own_rule_and_one_that_does_not_screen(site: Site) -> None:
    dana, maya = await site.sign_in("dana"), await site.sign_in("maya")
    await known(site, "1")
    await visited(site, "1")
    page = (await dana.get("/screening/rules")).text
    found = re.search(r'<option value="([0-9a-f-]{36})">Riverside', page)
    assert found
    form = {"topic": "depression", "instrument": "phq-9", "from_age": "12", "every_days": "365"}
    told = await dana.post("/screening/rules", clinic=found[1], version=0, **form)
    assert told.status_code == 303
    page = (await dana.get(f"/screening/rules?clinic={found[1]}")).text
    assert "version 1" in page
    assert "nobody is screened" in page
    counted = await rows(maya)
    assert "Riverside" not in counted, "it does not screen for this"
    assert counted["All clinics"][0] == "0"
    assert "Nobody is due." in (await maya.get("/screening")).text
    assert (await rows(maya, f"?clinic={found[1]}"))["All clinics"][0] == "0"


async def test_what_a_rule_cannot_be_is_told_in_words(site: Site, other_site: Site) -> None:
    dana, stranger = await site.sign_in("dana"), await other_site.sign_in("dana")
    form = {"topic": "depression", "version": "0", "from_age": "12", "every_days": "365"}
    for change in (
        {},  # no form at all
        {"instrument": "gad-7"},
        {"instrument": "phq-9", "from_age": "-1"},
        {"instrument": "phq-9", "every_days": "often"},
        {"instrument": "phq-9", "to_age": "3"},
        {"instrument": "phq-9", "topic": "weather"},
        {"instrument": "phq-9", "clinic": "x"},
    ):
        told = await dana.post("/screening/rules", **form | change)
        assert told.status_code == 422, change
    page = (await dana.get("/screening/rules")).text
    found = re.search(r'<option value="([0-9a-f-]{36})">Riverside', page)
    assert found
    theirs = form | {"instrument": "phq-9", "clinic": found[1]}
    assert (await stranger.post("/screening/rules", **theirs)).status_code == 404
    assert (await stranger.get(f"/screening/rules?clinic={found[1]}")).status_code == 404
    assert (await stranger.get(f"/screening?clinic={found[1]}")).status_code == 404


async def test_roles(site: Site) -> None:
    maya, dana, tess, sam = [await site.sign_in(who) for who in ("maya", "dana", "tess", "sam")]
    assert (await dana.get("/")).headers["location"] == "/screening"
    assert (await maya.get("/screening/rules")).status_code == 403
    for visitor in (tess, sam):
        assert (await visitor.get("/screening")).status_code == 403
    forged = await dana.post("/screening/rules", csrf="x", topic="depression")
    assert forged.status_code == 403


async def test_other_organizations_visits_are_not_counted(site: Site, other_site: Site) -> None:
    maya, stranger = await site.sign_in("maya"), await other_site.sign_in("maya")
    await known(site, "1")
    await visited(site, "1")
    assert (await rows(maya))["Riverside"][0] == "1"
    assert (await rows(stranger))["Riverside"][0] == "0"
