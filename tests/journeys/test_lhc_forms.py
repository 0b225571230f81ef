"""Our Questionnaires in the hands of others: shown and answered by LHC-Forms, they score the same.

What it tells is posted as it is: the QuestionnaireResponse, the extracted transaction Bundle, and
the one after the other, which is one assessment and not two.
"""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from app.domain.actor import system
from app.domain.catalogue import SHIPPED
from app.domain.instrument import Instrument
from app.domain.score import Score, score
from app.settings import Settings
from app.store.tables import assessments, patients
from app.wiring import build_services
from fhir_mappings.questionnaire import render_questionnaire
from tests.journeys.conftest import Served
from tests.journeys.lhc_forms import LhcForms

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def forms(address: str, browser: Browser, lforms: Path) -> Iterator[LhcForms]:
    # the database comes first: the browser's driver runs a loop in this thread
    opened = LhcForms(browser, lforms)
    yield opened
    assert opened.faults == []


def value_for(instrument: Instrument, place: int) -> int:
    """The second answer, the third, …: never all the same, and a yes to what opens the rest."""
    values = instrument.items[place].values
    return values[1:][place % (len(values) - 1)] if len(values) < 50 else 3


def words_of(instrument: Instrument, total: Decimal) -> str:
    """A total as it is shown: a number, or the name of a level."""
    levels = {band.minimum: band.label for band in instrument.bands}
    return levels[int(total)] if instrument.ordinal else f"{total:f}"


def filled_in(forms: LhcForms, instrument: Instrument) -> dict[str, int]:
    answers = {}
    for place, item in enumerate(instrument.items):
        if forms.asks(item):
            answers[item.key] = value_for(instrument, place)
            forms.answer(instrument, item, answers[item.key])
    return answers


def about(resource: Any, patient: str) -> Any:
    return json.loads(json.dumps(resource).replace("Patient/somebody", f"Patient/{patient}"))


def sent(served: Served, method: str, path: str, resource: Any) -> None:
    told = served.ehr.request(method, f"/fhir{path}", json=resource)
    assert told.status_code in (200, 201), told.text
    for entry in told.json().get("entry", []):
        assert entry["response"]["status"][:3] in ("200", "201"), told.text


def put_patient(served: Served, name: str) -> None:
    resource = {
        "resourceType": "Patient",
        "id": name,
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.19.5", "value": name}],
        "name": [{"family": "Alvarez", "given": [name]}],
        "gender": "female",
        "birthDate": "1979-05-04",
    }
    sent(served, "PUT", f"/Patient/{name}", resource)


def kept(served: Served, address: str) -> dict[str, list[Any]]:
    """Patient → (instrument, answers, total) of each assessment, read behind the face."""

    async def read() -> dict[str, list[Any]]:
        services = build_services(Settings(), address)
        columns = (patients.c.fhir_id, assessments.c.instrument_id, assessments.c.answers)
        joined = select(*columns, assessments.c.total).join(
            patients,
            (patients.c.org_id == assessments.c.org_id)
            & (patients.c.patient_id == assessments.c.patient_id),
        )
        async with services.database.transaction(system(served.org_id)) as store:
            rows = (
                await store.connection.execute(joined.where(patients.c.org_id == served.org_id))
            ).all()
        await services.database.engine.dispose()
        found: dict[str, list[Any]] = {}
        for name, instrument, answers, total in rows:
            found.setdefault(name, []).append((instrument, dict(answers), total))
        return found

    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, read()).result()


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_it_scores_the_same_however_it_comes_back(
    forms: LhcForms, served: Served, address: str, name: str
) -> None:
    instrument = SHIPPED[name]
    shown = served.ehr.get(f"/fhir/Questionnaire/{name}").json()
    forms.show(shown)
    answers = filled_in(forms, instrument)
    scored = score(instrument, answers)
    assert isinstance(scored, Score)

    if not instrument.is_single_question:
        assert forms.total(instrument) == words_of(instrument, scored.total)

    response, *bundles = forms.extracted()
    assert response["questionnaire"] == f"{shown['url']}|{shown['version']}"
    assert bool(bundles) is not instrument.is_single_question  # numbers typed in stay in the form
    for patient in ("form", "pieces", "both"):
        put_patient(served, patient)
    sent(served, "POST", "/QuestionnaireResponse", about(response, "form"))
    both = about(response, "both")
    sent(served, "PUT", f"/QuestionnaireResponse/{both['id']}", both)
    for bundle in bundles:
        sent(served, "POST", "", about(bundle, "pieces"))
        sent(served, "POST", "", about(bundle, "both"))

    found = kept(served, address)
    assert found["form"] == [(name, answers, scored.total)]
    assert found["both"] == [(name, answers, scored.total)]
    pieces = [(one, total) for one, _, total in found.get("pieces", [])]
    assert pieces == ([(name, scored.total)] if bundles else [])


@pytest.mark.parametrize(
    ("name", "answers", "shown"),
    [
        ("audit-c", {"q1": 0}, "0"),  # who never drinks is asked nothing more
        ("audit-c", {"q1": 4, "q2": 2, "q3": 1}, "7"),
        ("audit", {"q1": 0, "q9": 2, "q10": 0}, "2"),
        ("audit", {"q1": 1, "q2": 0, "q3": 0, "q9": 0, "q10": 4}, "5"),
        ("pc-ptsd-5", {"q1": 0}, "0"),
        ("c-ssrs-screener", {"q1": 0, "q2": 0, "q6": 0}, "No risk reported"),
        ("c-ssrs-screener", {"q1": 1, "q2": 0, "q6": 1, "q6_recent": 0}, "Moderate risk"),
        ("c-ssrs-screener", {"q2": 1, "q4": 1}, "High risk"),  # nothing left could be graver
        ("gds-15", {f"q{n}": 0 for n in range(1, 16)}, "5"),  # the reversed ones count
        ("who-5", {f"q{n}": 5 for n in range(1, 6)}, "100"),
    ],
)
def test_what_is_skipped_counts_as_the_instrument_says(
    forms: LhcForms, name: str, answers: dict[str, int], shown: str
) -> None:
    instrument = SHIPPED[name]
    forms.show(render_questionnaire(instrument))
    for item in instrument.items:
        if item.key in answers:
            forms.answer(instrument, item, answers[item.key])
    assert forms.total(instrument) == shown
    scored = score(instrument, answers)
    assert isinstance(scored, Score)
    assert words_of(instrument, scored.total) == shown


def test_where_an_answer_is_missing_the_form_has_no_total_and_the_registry_prorates(
    forms: LhcForms, served: Served, address: str
) -> None:
    instrument = SHIPPED["phq-9"]
    forms.show(render_questionnaire(instrument))
    for item in instrument.items[1:9]:
        forms.answer(instrument, item, 2)
    forms.page.wait_for_timeout(500)  # long enough to calculate what must stay empty
    response, bundle = forms.extracted()
    assert "/44261-6" not in {one["linkId"] for one in response["item"]}
    assert len(bundle["entry"]) == 8
    put_patient(served, "somebody")
    sent(served, "POST", "/QuestionnaireResponse", response)
    [(_, answers, total)] = kept(served, address)["somebody"]
    assert (len(answers), total) == (8, Decimal("18.0"))
