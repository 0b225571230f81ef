"""C-SSRS, PHQ-8 and single questions through the whole house: FHIR in, flags, pages, FHIR out."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.site import NUMBERS, Site, Visitor
from tests.web.test_pages import now_local

WISH, THOUGHTS, METHOD, INTENT, PLAN, EVER, RECENT = (
    "93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9",
)  # fmt: skip
QUIET = {WISH: False, THOUGHTS: False, EVER: False}
ASKED_ON = {WISH: True, THOUGHTS: True, METHOD: False, INTENT: False, PLAN: False, EVER: False}


def coded(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


async def patient_of(site: Site, sex: str = "female") -> str:
    """A new patient's FHIR id."""
    person = {
        "resourceType": "Patient",
        "identifier": [{"system": NUMBERS, "value": "900"}],
        "name": [{"family": "Alvarez", "given": ["Rosa"]}],
        "gender": sex,
        "birthDate": "1979-05-04",
    }
    told = await site.send(person, "/fhir/Patient")
    assert told.status_code == 201, told.text
    return str(told.headers["location"].split("/Patient/")[1].split("/")[0])


def screener(patient: str, yes_no: dict[str, bool], level: str | None = None) -> dict[str, Any]:
    items = [
        {"linkId": f"/{code}", "answer": [{"valueBoolean": value}]}
        for code, value in yes_no.items()
    ]
    if level:
        coding = {"system": "http://loinc.org", "code": level}
        items.append({"linkId": "/93374-7", "answer": [{"valueCoding": coding}]})
    return form(patient, "http://loinc.org/q/93373-9", items)


def form(patient: str, questionnaire: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": questionnaire,
        "status": "completed",
        "subject": {"reference": f"Patient/{patient}"},
        "authored": (datetime.now(UTC) - timedelta(minutes=20)).isoformat(),
        "item": items,
    }


async def page_of(visitor: Visitor, patient: str) -> str:
    told = await visitor.get(f"/patients/{patient}")
    assert told.status_code == 200, told.text
    return told.text


@pytest.mark.parametrize(
    ("answers", "level", "words"),
    [
        (ASKED_ON | {METHOD: True}, None, "C-SSRS: moderate risk (yes to"),
        (ASKED_ON | {INTENT: True}, None, "C-SSRS: high risk (yes to"),
        (QUIET | {EVER: True, RECENT: True}, None, "C-SSRS: high risk (yes to"),
        ({THOUGHTS: True, METHOD: True}, None, "C-SSRS: at least moderate risk"),
        ({}, "LA9193-9", "C-SSRS: high risk, as its sender says (no answers were sent)"),
    ],
)
async def test_moderate_and_high_ask_for_a_person_today_with_level_and_answers(
    site: Site, answers: dict[str, bool], level: str | None, words: str
) -> None:
    patient = await patient_of(site)
    told = await site.send(screener(patient, answers, level), "/fhir/QuestionnaireResponse")
    assert told.status_code == 201, told.text
    maya = await site.sign_in("maya")
    page = await page_of(maya, patient)
    assert words in page
    assert "speak with the patient today" in page
    assert "C-SSRS <strong>3" not in page, "a level is no number"


async def test_low_and_none_ask_for_nobody_today_and_an_open_form_is_unknown(site: Site) -> None:
    patient = await patient_of(site)
    maya = await site.sign_in("maya")
    for answers in (QUIET, ASKED_ON):
        await site.send(screener(patient, answers), "/fhir/QuestionnaireResponse")
    page = await page_of(maya, patient)
    assert "speak with the patient today" not in page
    assert "no risk reported" in page
    assert "low risk" in page
    await site.send(screener(patient, {WISH: False}), "/fhir/QuestionnaireResponse")
    page = await page_of(maya, patient)
    assert "The risk level of the C-SSRS of" in page
    assert "is not known: ask the patient" in page


async def test_a_level_that_the_answers_do_not_make_is_told_to_sender_and_staff(
    site: Site,
) -> None:
    patient = await patient_of(site)
    wrong = screener(patient, ASKED_ON | {INTENT: True}, "LA9194-7")
    told = await site.send(wrong, "/fhir/QuestionnaireResponse")
    assert "The total sent is low risk, the answers make high risk" in told.text
    page = await page_of(await site.sign_in("maya"), patient)
    assert "sender said low risk" in page
    assert "is low risk; its answers make high risk" in page


async def test_a_milder_level_than_the_answers_allow_is_never_shown_as_the_result(
    site: Site,
) -> None:
    patient = await patient_of(site)
    told = await site.send(
        screener(patient, {EVER: True}, "LA9194-7"), "/fhir/QuestionnaireResponse"
    )
    assert "the answers cannot make it" in told.text
    page = await page_of(await site.sign_in("maya"), patient)
    assert "C-SSRS <strong>—</strong>" in page
    assert "at least moderate risk" in page
    assert "its answers cannot make that" in page


async def test_a_screener_typed_in_is_published_with_a_coded_level(site: Site) -> None:
    patient = await patient_of(site)
    maya = await site.sign_in("maya")
    page = await page_of(maya, patient)
    assert "must not be altered" in page, "the notice stands where the form is"
    assert "Asked only after a yes to" in page
    fields = {"item-q1": "1", "item-q2": "0", "item-q6": "1", "item-q6_recent": "0"}
    told = await maya.post(
        f"/patients/{patient}/assessments/c-ssrs-screener", at=now_local(), **fields
    )
    assert told.status_code == 303, told.text
    found = await site.send(None, f"/fhir/Observation?patient={patient}&code=93374-7", "GET")
    (entry,) = found.json()["entry"]
    assert entry["resource"]["valueCodeableConcept"]["coding"][0]["code"] == "LA6751-7"
    assert 'moderate risk</strong> · <strong class="level-text-4">⚠</strong>' in await page_of(
        maya, patient
    )


async def test_a_phq_8_is_shown_as_itself_and_item_9_as_not_asked(site: Site) -> None:
    patient = await patient_of(site)
    codes = ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3")
    items = [{"linkId": f"/{code}", "answer": [{"valueInteger": 2}]} for code in codes]
    own = "https://stepwell.example/fhir/Questionnaire/phq-8"
    told = await site.send(form(patient, own, items), "/fhir/QuestionnaireResponse")
    assert told.status_code == 201, told.text
    page = await page_of(await site.sign_in("maya"), patient)
    assert "PHQ-8 <strong>16</strong> Moderately severe" in page
    assert "Item 9 unknown" not in page
    assert "PHQ-9 <strong>" not in page
    total = await site.send(None, f"/fhir/Observation?patient={patient}", "GET")
    codes_out = re.findall(r'"code":\s*"(phq-8-score|44261-6)"', total.text)
    assert set(codes_out) <= {"phq-8-score"}


async def test_how_many_times_is_typed_as_a_number(site: Site) -> None:
    patient = await patient_of(site)
    maya = await site.sign_in("maya")
    where = f"/patients/{patient}/assessments/sasq"
    assert 'type="number" name="item-q1" min="0" max="366"' in await page_of(maya, patient)
    assert (await maya.post(where, at=now_local(), **{"item-q1": "400"})).status_code == 422
    assert (await maya.post(where, at=now_local(), **{"item-q1": "3"})).status_code == 303
    page = await page_of(maya, patient)
    assert "SASQ <strong>3</strong> Positive" in page


@pytest.mark.parametrize(
    ("sex", "words"),
    [
        ("unknown", "Sex is not recorded: the cut-off of 3 was used, the lower one. For a man"),
        ("other", "Sex is recorded as other: the cut-off of 3 was used"),
    ],
)
async def test_the_page_says_which_cut_off_was_used_where_sex_is_not_known(
    site: Site, sex: str, words: str
) -> None:
    patient = await patient_of(site, sex)
    items = [
        {"linkId": f"/{code}", "answer": [{"valueInteger": 1}]}
        for code in ("68518-0", "68519-8", "68520-6")
    ]
    await site.send(
        form(patient, "http://loinc.org/q/72109-2", items), "/fhir/QuestionnaireResponse"
    )
    page = await page_of(await site.sign_in("maya"), patient)
    assert words in page
    assert "for a man it would be 4" in page, "the finding says it too"
