"""An EHR posts, a care manager and a psychiatrist act: ten weeks of one patient."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import PASSWORD, Served

NUMBERS = "urn:oid:2.16.840.1.113883.19.5"
CODES = [
    "44250-9",
    "44255-8",
    "44259-0",
    "44254-1",
    "44251-7",
    "44258-2",
    "44252-5",
    "44253-3",
    "44260-8",
]
CHOICES = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")


def days_ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days, hours=1)


def phq9(answers: list[int], at: datetime) -> dict[str, Any]:
    """A transaction as an EHR sends it: the patient, and the form just filled in."""
    items = [
        {
            "linkId": f"/{code}",
            "answer": [{"valueCoding": {"system": "http://loinc.org", "code": CHOICES[value]}}],
        }
        for code, value in zip(CODES, answers, strict=True)
    ]
    form = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": "http://loinc.org/q/44249-1",
        "status": "completed",
        "subject": {"reference": "urn:uuid:11111111-1111-4111-8111-111111111111"},
        "authored": at.isoformat(),
        "item": items,
    }
    patient = {
        "resourceType": "Patient",
        "id": "ehr-7",
        "identifier": [{"system": NUMBERS, "value": "700"}],
        "name": [{"family": "Alvarez", "given": ["Rosa"]}],
        "gender": "female",
        "birthDate": "1979-05-04",
    }
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111",
                "resource": patient,
                "request": {"method": "PUT", "url": "Patient/ehr-7"},
            },
            {"resource": form, "request": {"method": "POST", "url": "QuestionnaireResponse"}},
        ],
    }


def post(served: Served, answers: list[int], days: int) -> None:
    told = served.ehr.post("/fhir", json=phq9(answers, days_ago(days)))
    assert told.status_code == 200, told.text


def sign_in(browser: Browser, served: Served, who: str) -> Page:
    page = browser.new_context(base_url=served.base).new_page()
    page.goto("/")
    page.get_by_label("Login").fill(f"{who}{served.org_id.hex[-8:]}")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    return page


@pytest.mark.browser
def test_from_the_first_screen_to_a_recommendation_and_a_safety_flag(
    served: Served, browser: Browser
) -> None:
    post(served, [3, 3, 3, 3, 2, 2, 2, 2, 0], 70)  # 20

    care = sign_in(browser, served, "maya")
    care.get_by_role("link", name="New screens").click()
    expect(care.get_by_text("PHQ-9 20")).to_be_visible()
    care.get_by_role("link", name="Open and enrol").click()
    enrolled = (datetime.now(UTC) - timedelta(days=70, hours=12)).date().isoformat()
    care.get_by_label("Since").fill(enrolled)
    care.get_by_role("button", name="Enrol").click()
    expect(care.get_by_text("Week 10").first).to_be_visible()

    post(served, [3, 3, 2, 2, 2, 2, 2, 2, 0], 42)  # 18
    post(served, [3, 3, 3, 2, 2, 2, 2, 2, 0], 14)  # 19: week 8
    post(served, [3, 2, 2, 2, 2, 2, 2, 2, 0], 0)  # 17
    care.goto("/caseload")
    row = care.get_by_role("row").filter(has_text="Rosa Alvarez")
    expect(row).to_contain_text("Not responding")
    expect(row).to_contain_text("was 20 at baseline")
    expect(row).to_contain_text("15 % lower")

    doctor = sign_in(browser, served, "lind")
    expect(doctor.get_by_role("heading", name="Review queue")).to_be_visible()
    expect(doctor.get_by_text("Not responding").first).to_be_visible()
    doctor.get_by_text("Write a review").click()
    doctor.get_by_label("Recommendation").first.fill("Sertraline to 100 mg; PHQ-9 in two weeks.")
    doctor.get_by_role("button", name="Save review").click()

    care.goto("/caseload")
    care.get_by_role("link", name="Why is Rosa Alvarez here?").click()
    expect(care.get_by_text("20 − 50 % = 10; 17 is above 10 and not below 10")).to_be_visible()
    expect(care.get_by_text("Bao 2016; Sowa 2018").first).to_be_visible()
    care.get_by_role("link", name="Rosa Alvarez", exact=True).click()
    reviews = care.locator("#reviews")
    expect(reviews).to_contain_text("Sertraline to 100 mg")
    care.get_by_role("button", name="Accept").click()
    expect(reviews).to_contain_text("accepted")

    told = served.ehr.post(
        "/fhir/Observation",
        json={
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "44260-8"}]},
            "subject": {"reference": "Patient/ehr-7"},
            "effectiveDateTime": datetime.now(UTC).isoformat(),
            "valueCodeableConcept": {
                "coding": [{"system": "http://loinc.org", "code": "LA6570-1"}]
            },
        },
    )
    assert told.status_code == 201, told.text
    care.goto("/caseload")
    first = care.locator("table.caseload tbody tr").first
    expect(first).to_contain_text("Rosa Alvarez")
    expect(first).to_contain_text("Item 9 answered 2")
    expect(first).to_contain_text("Nobody has answered yet")

    care.get_by_role("link", name="Waiting").click()
    expect(care.get_by_role("row").nth(1)).to_contain_text("Item 9 answered 2")
    care.get_by_text("More", exact=True).click()
    care.get_by_role("link", name="On call").click()
    expect(care.get_by_role("heading", name="On call").first).to_be_visible()
