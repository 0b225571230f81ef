"""Observation/$lastn: the last of each kind of one patient."""

import pytest

from tests.clients.screenings import LOINC, form, total
from tests.mappings.examples import make_patient

pytest_plugins = ["tests.web.fhir_face"]
PHQ9, GAD7 = "44261-6", "70274-6"


def observed(patient, code, score, day, **more):
    made = total(patient, score, f"2026-03-{day:02}T10:00:00-05:00")
    return made | {"code": {"coding": [{"system": LOINC, "code": code}]}} | more


async def world(fhir):
    await fhir.put("Patient/85", make_patient(id="85"))
    other = make_patient(id="86", identifier=[{"system": "urn:mrn", "value": "86"}])
    await fhir.put("Patient/86", other)
    for code, score, day in (
        (PHQ9, 20, 1),
        (PHQ9, 14, 9),
        (PHQ9, 9, 20),
        (GAD7, 12, 2),
        (GAD7, 7, 5),
    ):
        told = await fhir.post("Observation", observed("85", code, score, day))
        assert told.status_code == 201, told.text
    assert (await fhir.post("Observation", observed("86", PHQ9, 3, 25))).status_code == 201


def scores(answer):
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    entries = bundle.get("entry", [])
    assert bundle["total"] == len(entries)
    assert {one["search"]["mode"] for one in entries} <= {"match"}
    return [
        (one["resource"]["code"]["coding"][0]["code"], one["resource"].get("valueInteger"))
        for one in entries
    ]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("patient=85", [(PHQ9, 9), (GAD7, 7)]),
        ("subject=Patient/85&max=1", [(PHQ9, 9), (GAD7, 7)]),
        ("patient=85&max=2", [(PHQ9, 9), (PHQ9, 14), (GAD7, 7), (GAD7, 12)]),
        (f"patient=85&code={LOINC}|{GAD7}", [(GAD7, 7)]),
        (f"patient=85&code={GAD7},{PHQ9}", [(PHQ9, 9), (GAD7, 7)]),
        ("patient=85&category=survey&date=lt2026-03-10", [(PHQ9, 14), (GAD7, 7)]),
        ("patient=85&category=laboratory", []),
        ("patient=nobody", []),
    ],
)
async def test_the_last_of_each_kind(fhir, asked, found):
    await world(fhir)
    assert scores(await fhir.get(f"Observation/$lastn?{asked}")) == found


async def test_asked_by_a_parameters_resource(fhir):
    await world(fhir)
    asked = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "patient", "valueReference": {"reference": "Patient/85"}},
            {"name": "code", "valueCoding": {"system": LOINC, "code": PHQ9}},
            {"name": "max", "valuePositiveInt": 2},
        ],
    }
    assert scores(await fhir.post("Observation/$lastn", asked)) == [(PHQ9, 9), (PHQ9, 14)]


async def test_a_form_is_followed_by_the_total_that_is_made_of_it(fhir):
    await world(fhir)
    await fhir.post("QuestionnaireResponse", form("85", [1] * 9, "2026-04-01T10:00:00-04:00"))
    [newest, _] = (await fhir.get("Observation/$lastn?patient=85")).json()["entry"]
    assert newest["resource"]["valueQuantity"]["value"] == 9
    assert newest["resource"]["derivedFrom"][0]["reference"].startswith("QuestionnaireResponse/")


async def test_what_was_entered_in_error_counts_unless_a_status_is_asked_for(fhir):
    await world(fhir)
    wrong = observed("85", PHQ9, 27, 28, id="wrong", status="final")
    await fhir.put("Observation/wrong", wrong)
    await fhir.put("Observation/wrong", wrong | {"status": "entered-in-error"})
    asked = f"Observation/$lastn?patient=85&code={PHQ9}"
    assert scores(await fhir.get(asked)) == [(PHQ9, 27)]
    assert scores(await fhir.get(f"{asked}&status=final")) == [(PHQ9, 9)]


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ("", "patient"),
        ("code=44261-6", "patient"),
        ("patient=85&max=0", "max"),
        ("patient=85&max=some", "max"),
        ("patient=85&_sort=date", "_sort"),
        ("patient=85&_include=Observation:subject", "_include"),
        ("patient=85&date=soon", "date"),
    ],
)
async def test_what_is_refused(fhir, asked, where):
    answer = await fhir.get(f"Observation/$lastn?{asked}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["issue"][0]["expression"] == [where]


async def test_another_organization_finds_nothing(fhir, other_fhir):
    await world(fhir)
    assert scores(await other_fhir.get("Observation/$lastn?patient=85")) == []
