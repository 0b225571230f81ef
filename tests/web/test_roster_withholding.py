"""A roster tells nothing of whom its uploader does not see, and keeps a program's records apart."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.domain.actor import system
from app.store import organizations
from app.store.tables import assessments, episodes, patient_identifiers, patients, resources
from tests.web.part2_world import MARKER, add_client, clinic_id, find, mark, plain, protected_world
from tests.web.site import Site, Visitor
from tests.web.strangers import stranger
from tests.web.test_isolation import close_clinics
from tests.web.test_roster import confirmed, file, uploaded
from tests.web.test_withholding import fetch

HEAD = "family name,given name,birth date,record number,clinic,enrolled on,phq9,phq9 date"
ROSA = "Alvarez,Rosa,1979-05-04,M-1,2026-10-02,16,2026-10-02"
NOBODY = f"{MARKER},Nobody,1979-05-04,300,,,"
"""Whom only the program of `protected_world` knows."""


def of_clinics(*lines: str) -> bytes:
    return "\n".join([HEAD, *lines]).encode()


async def count(site: Site, column: Any, *conditions: Any) -> int:
    async with site.services.database.transaction(system(site.org_id)) as store:
        found = await store.connection.scalar(
            select(func.count(column)).where(column.table.c.org_id == site.org_id, *conditions)
        )
    return int(found or 0)


async def imported(visitor: Visitor, content: bytes, **how: str) -> str:
    """The page that tells what was done."""
    where, _ = await uploaded(visitor, content)
    told = await confirmed(visitor, where, **how)
    assert told.status_code == 303, told.text
    return (await visitor.get(where)).text


async def hidden_patient(site: Site) -> UUID:
    await protected_world(site)
    found = await find(site, patients.c.patient_id, patients.c.program_id.is_not(None))
    assert isinstance(found, UUID)
    return found


@pytest.mark.parametrize("who", ["ben", "maya"])
async def test_what_is_told_of_a_program_clinic_is_its_record(site: Site, who: str) -> None:
    """Person, enrolment and totals, whether one of its people brings the roster in or not."""
    place = await clinic_id(site)
    await mark(site, place, ("ben",))
    await imported(await site.sign_in(who), file(ROSA))
    for column in (assessments.c.program_id, patients.c.program_id, episodes.c.program_id):
        assert await find(site, column) == place, column.table.name
    of_patients = resources.c.patient_id.is_not(None)
    general = resources.c.program_id.is_(None) & of_patients
    assert await count(site, resources.c.resource_id, general) == 0
    _, other = await add_client(site, "Other")
    for kind in ("Patient", "Observation", "QuestionnaireResponse"):
        assert (await fetch(site, f"{kind}?_count=0", other)).json()["total"] == 0, kind
    maya, ben = await site.sign_in("maya"), await site.sign_in("ben")
    assert "Nobody" in (await maya.post("/search", query="alvarez")).text
    assert "Rosa" in (await ben.post("/search", query="alvarez")).text


async def test_a_program_roster_brought_in_twice_adds_nothing_twice(site: Site) -> None:
    """Also by somebody who does not see what it added, and is told the same both times."""
    await mark(site, await clinic_id(site), ("ben",))
    maya = await site.sign_in("maya")
    assert "1 added" in await imported(maya, file(ROSA))
    assert "1 added" in await imported(maya, file(ROSA))
    for column in (patients.c.patient_id, assessments.c.assessment_id, episodes.c.episode_id):
        assert await count(site, column) == 1, column.table.name
    assert await find(site, patients.c.program_id), "and makes nobody known"


async def test_lines_beside_those_of_a_program_are_general(site: Site) -> None:
    """Each line is the record of its own clinic, in whatever order."""
    async with site.services.database.transaction(system(site.org_id)) as store:
        harbor = await organizations.add_clinic(store, "Harbor", "America/New_York")
    await mark(site, harbor, ("ben",))
    lines = (
        "Okafor,Emeka,1988-11-21,M-2,Riverside,2026-10-02,12,2026-10-02",
        "Alvarez,Rosa,1979-05-04,M-1,Harbor,2026-10-02,16,2026-10-02",
        "Chen,Mei,1961-01-02,M-3,Riverside,2026-10-02,9,2026-10-02",
    )
    maya = await site.sign_in("maya")
    await imported(maya, of_clinics(*lines))
    label = patients.c.program_id
    assert await find(site, label, patients.c.family_name == "Alvarez") == harbor
    assert await count(site, patients.c.patient_id, label.is_(None)) == 2
    assert await count(site, assessments.c.assessment_id, assessments.c.program_id.is_(None)) == 2
    page = (await maya.get("/caseload")).text
    assert "Emeka" in page
    assert "Mei" in page
    assert "Rosa" not in page


async def test_a_withheld_record_number_reads_as_one_that_nobody_carries(site: Site) -> None:
    await hidden_patient(site)
    maya = await site.sign_in("maya")
    _, carried = await uploaded(maya, file("Nope,Xavier,1950-01-01,300,,,"))
    _, free = await uploaded(maya, file("Nope,Xavier,1950-01-01,301,,,"))
    assert plain(carried).replace("300", "301") == plain(free)
    assert "1 new" in carried


@pytest.mark.parametrize(
    ("line", "how"),
    [
        ("Nope,Xavier,1950-01-01,300,,,", {}),  # the number alone is right
        (NOBODY.replace("1979", "1978"), {}),  # the birth date is not
        (NOBODY.replace("300", ""), {}),  # no number
        (NOBODY + ",too many", {"how_much": "good"}),  # a line that is not written
        (NOBODY, {"how_much": "good", "left_out": "2"}),  # one that a person left out
    ],
)
async def test_a_guess_makes_nobody_known(site: Site, line: str, how: dict[str, str]) -> None:
    hidden = await hidden_patient(site)
    maya = await site.sign_in("maya")
    await imported(maya, file(line, "Good,Ann,1960-01-01,9001,,,"), **how)
    assert (await maya.get(f"/patients/{hidden}")).status_code == 404
    assert await find(site, patients.c.program_id, patients.c.patient_id == hidden)


async def test_whom_a_roster_names_by_number_name_and_birth_date_is_known(site: Site) -> None:
    """They are told as added, and nothing of what the program recorded is shown."""
    hidden = await hidden_patient(site)
    before = await count(site, patients.c.patient_id)
    maya = await site.sign_in("maya")
    line = NOBODY.replace(",,,", ",2026-10-02,7,2026-10-02")
    where, page = await uploaded(maya, file(line))
    assert "1 new" in page
    assert (await confirmed(maya, where)).status_code == 303
    assert "1 added" in (await maya.get(where)).text
    assert await count(site, patients.c.patient_id) == before, "no second record"
    page = (await maya.get(f"/patients/{hidden}")).text
    assert MARKER in page
    label = assessments.c.program_id
    mine = assessments.c.patient_id == hidden
    assert await count(site, assessments.c.assessment_id, mine, label.is_(None)) == 1
    assert await count(site, assessments.c.assessment_id, mine, label.is_not(None)) == 1


async def test_the_home_of_whom_others_tell_of_names_no_program(site: Site) -> None:
    """A patient of a program's clinic, whom a general clinic's roster names too."""
    async with site.services.database.transaction(system(site.org_id)) as store:
        harbor = await organizations.add_clinic(store, "Harbor", "America/New_York")
    await mark(site, harbor, ("ben",))
    maya = await site.sign_in("maya")
    await imported(maya, of_clinics("Alvarez,Rosa,1979-05-04,M-1,Harbor,,,"))
    await imported(maya, of_clinics("Alvarez,Rosa,1979-05-04,M-1,Riverside,2026-10-02,,"))
    assert await count(site, patients.c.patient_id) == 1
    assert await find(site, patients.c.program_id) is None
    assert await find(site, patients.c.clinic_id) is None
    assert "Rosa" in (await maya.get("/caseload")).text


GUESSES = (
    "Quackenbush,Zebulon,1971-01-02,,Westside,,,",  # name and birth date
    "Quackenbush,Zebulon,1971-01-02,Q-9,Westside,,,",  # with another number
    "Quackenbush,Zebulon,1971-01-02,Q-1,Westside,2026-10-02,12,2026-10-02",  # all, with a score
    "Nope,Xavier,1950-01-01,Q-1,Westside,,,",  # the number alone
)


@pytest.mark.parametrize("guess", GUESSES)
async def test_a_guess_of_another_clinics_patient_reads_as_if_they_never_were(
    site: Site, other_site: Site, guess: str
) -> None:
    """Preview, what was done, its report, and what is found afterwards."""
    maya = await site.sign_in("maya")
    await imported(maya, file("Quackenbush,Zebulon,1971-01-02,Q-1,2026-10-02,12,2026-10-02"))
    told = []
    for place in (site, other_site):
        await close_clinics(place)
        omar = await stranger(place, "Westside")
        where, preview = await uploaded(omar, of_clinics(guess))
        assert (await confirmed(omar, where)).status_code == 303
        pages = [await omar.get(where), await omar.get(f"{where}/report.csv")]
        found = [await omar.post("/search", query=q) for q in ("Quackenbush", "Nope", "Q-1")]
        chart = [await omar.get("/caseload"), await omar.get("/worklists/duplicates")]
        told.append([plain(preview)] + [plain(one.text) for one in (*pages, *found, *chart)])
    assert told[0] == told[1]
    assert "1 new" in told[0][0]


async def test_a_record_number_of_two_clinics_is_kept_for_both(site: Site) -> None:
    """A clinic's numbers are its own; the next roster finds each clinic's patient by theirs."""
    maya = await site.sign_in("maya")
    await imported(maya, file("Quackenbush,Zebulon,1971-01-02,Q-1,,,"))
    await close_clinics(site)
    omar = await stranger(site, "Westside")
    line = "Nope,Xavier,1950-01-01,Q-1,Westside,,,"
    await imported(omar, of_clinics(line))
    held = patient_identifiers.c
    assert await count(site, held.patient_id, held.value == "Q-1") == 2
    _, page = await uploaded(omar, of_clinics(line))
    assert "known by the record number" in page
    _, page = await uploaded(omar, of_clinics(line.replace("Q-1", "Q-2")))
    assert "has another record number here" in page
