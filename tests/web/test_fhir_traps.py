"""Codes that are often wrong, as a sender meets the answer: it names the right one, everywhere."""

import pytest

from app.domain.catalogue import TRAPS
from tests.mappings.examples import coded, make_observation, make_patient, make_response

pytest_plugins = ["tests.web.fhir_face"]
EVERY = sorted(TRAPS)


@pytest.fixture
async def known(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    return fhir


def observation(code):
    return make_observation(code, valueInteger=3)


def form(code):
    return make_response({code: {"valueInteger": 3}}, questionnaire=None)


def named(code):
    """A form that says it is the wrong panel, with items of its own."""
    return make_response({"x": {"valueInteger": 3}}, questionnaire=f"http://loinc.org/q/{code}|2.1")


def words_in(outcome):
    assert outcome["resourceType"] == "OperationOutcome"
    return " ".join(one["diagnostics"] for one in outcome["issue"])


@pytest.mark.parametrize("made", [observation, form, named], ids=["observation", "items", "form"])
async def test_alone_it_is_refused_with_the_right_one(known, made):
    for code in EVERY:
        resource = made(code)
        told = await known.post(resource["resourceType"], resource)
        assert told.status_code == 422, told.text
        assert TRAPS[code] in words_in(told.json())
    assert await known.assessments() == []


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_in_a_bundle_it_sinks_nothing_and_is_told_with_the_right_one(known, kind):
    wrong = [made(code) for code in EVERY for made in (observation, form, named)]
    right = make_observation("44261-6", valueInteger=12)
    entries = [
        {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for one in (*wrong, right)
    ]
    told = await known.post("", {"resourceType": "Bundle", "type": kind, "entry": entries})
    assert told.status_code == 200, told.text
    *answers, last = [one["response"] for one in told.json()["entry"]]
    assert last["status"].startswith("201")
    for answer, code in zip(answers, [code for code in EVERY for _ in range(3)], strict=True):
        assert answer["status"].startswith("200") and "location" not in answer
        assert TRAPS[code] in words_in(answer["outcome"])
    assert [one.total for one in await known.assessments()] == [12]


async def test_inside_a_form_or_a_panel_the_rest_is_kept_and_the_right_one_named(known):
    """HL7's AUDIT-C: 68517-2 where item 1 belongs, the total coded as HARK."""
    answers = {
        "68517-2": coded("LA15695-2"), "68519-8": coded("LA15695-2"),
        "68520-6": coded("LA18876-5"), "76504-0": {"valueInteger": 3},
    }  # fmt: skip
    sent = make_response(answers, questionnaire=None)
    panel = make_observation(
        "72109-2",
        component=[
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                **({"valueInteger": 3} if "valueInteger" in one else _concept(one)),
            }
            for code, one in answers.items()
        ],
    )
    for resource in (sent, panel):
        wanted = {"Prefer": "return=OperationOutcome"}
        told = await known.post(resource["resourceType"], resource, **wanted)
        assert told.status_code == 201, told.text
        words = words_in(told.json())
        assert "68518-0" in words and "75626-2" in words
    assert {one.total for one in await known.assessments()} == {None}


def _concept(answer):
    return {"valueCodeableConcept": {"coding": [answer["valueCoding"]]}}
