"""Searches over what is kept, page by page."""

import pytest

from tests.mappings.examples import make_observation, make_patient, make_phq9

pytest_plugins = ["tests.web.fhir_face"]


@pytest.fixture
async def filled(fhir):
    for number, (family, born) in enumerate([("Rivera", "1980-02-29"), ("Núñez", "1990-05-01")], 1):
        patient = make_patient(
            id=f"p{number}",
            identifier=[{"system": "urn:mrn", "value": f"100{number}"}],
            name=[{"family": family, "given": ["Ana"]}],
            birthDate=born,
        )
        await fhir.put(f"Patient/p{number}", patient)
    for day in range(1, 6):
        total = make_observation(
            "44261-6", valueInteger=day, effectiveDateTime=f"2026-03-0{day}T10:00:00Z"
        )
        await fhir.post("Observation", total)
    await fhir.post("QuestionnaireResponse", make_phq9(1, 1, 1, authored="2026-04-01T10:00:00Z"))
    return fhir


async def found(fhir, search):
    answer = await fhir.get(search)
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    entries = bundle.get("entry", [])
    for entry in entries:
        assert entry["fullUrl"].endswith(
            f"/{entry['resource']['resourceType']}/{entry['resource']['id']}"
        )
    return [entry["resource"]["id"] for entry in entries]


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("Patient?identifier=urn:mrn|1001", ["p1"]),
        ("Patient?identifier=1002", ["p2"]),
        ("Patient?identifier=urn:other|1001", []),
        ("Patient?name=nun", ["p2"]),  # without accents, from the start of a word
        ("Patient?name=unez", []),
        ("Patient?name=ana&name=riv", ["p1"]),
        ("Patient?birthdate=1980", ["p1"]),
        ("Patient?birthdate=ge1980-03-01", ["p2"]),
        ("Patient?_id=p1,p2&birthdate=lt1985", ["p1"]),
        ("Patient?_lastUpdated=gt2099", []),
    ],
)
async def test_patients(filled, search, ids):
    assert sorted(await found(filled, search)) == ids


@pytest.mark.parametrize(
    ("search", "count"),
    [
        ("Observation?patient=p1", 5),
        ("Observation?subject=Patient/p1&code=http://loinc.org|44261-6", 5),
        ("Observation?patient=p2", 0),
        ("Observation?patient=p1&code=44260-8", 0),
        ("Observation?patient=p1&date=ge2026-03-02&date=lt2026-03-04", 2),
        ("Observation?patient=p1&date=2026-03-02", 1),
        ("Observation?patient=p1&status=final", 5),
        ("Observation?patient=p1&status=amended", 0),
        ("QuestionnaireResponse?patient=p1", 1),
        ("QuestionnaireResponse?questionnaire=http://loinc.org/q/44249-1", 1),
        ("QuestionnaireResponse?patient=p1&authored=2026-04", 1),
        ("QuestionnaireResponse?patient=p1&authored=2026-05", 0),
    ],
)
async def test_assessments(filled, search, count):
    assert len(await found(filled, search)) == count


async def test_pages_follow_each_other_and_nothing_is_shown_twice(filled):
    seen, address = [], "Observation?patient=p1&_count=2"
    for _ in range(3):
        bundle = (await filled.get(address)).json()
        assert bundle["total"] == 5
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        following = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        address = following[0].partition("/fhir/")[2] if following else ""
    assert address == ""
    assert len(seen) == len(set(seen)) == 5


async def test_a_count_of_zero_is_the_total_only(filled):
    bundle = (await filled.get("Observation?_count=0")).json()
    assert (bundle["total"], bundle.get("entry")) == (5, None)


async def test_a_search_by_post(filled):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await filled.post("Patient/_search", b"identifier=urn%3Amrn%7C1001", **form)
    assert answer.status_code == 200
    assert len(answer.json()["entry"]) == 1


async def test_a_page_link_of_somebody_else(filled):
    assert (await filled.get("Patient?_cursor=nonsense")).status_code == 400
