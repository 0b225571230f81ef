"""A site's own instrument, added as one file: FHIR in and out, hand entry, chart, screen, safety."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.catalogue import adopt, find_instrument
from app.settings import Settings
from app.site_instruments import SiteInstrumentsNotValid
from app.wiring import build_services
from tests.web.site import Site
from tests.web.test_instruments import form, page_of, patient_of
from tests.web.test_pages import enrolled, now_local

PAGE = Path(__file__).resolve().parents[2] / "docs" / "instruments.md"
EXAMPLE = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
OWN = "https://stepwell.example/fhir/Questionnaire/sleep-check"


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of a site's instruments, and a start that reads it."""

    path: Path

    def start(self, text: str | None) -> None:
        """Start with this file in the folder, or with none."""
        file = self.path / "sleep-check.toml"
        if text is None:
            file.unlink()
        else:
            file.write_text(text, encoding="utf-8")
        build_services(Settings(instruments=self.path), "postgresql://nobody@127.0.0.1:1/none")


@pytest.fixture
def folder(site: Site, tmp_path: Path) -> Iterator[Folder]:
    yield Folder(tmp_path)
    adopt(())


def answered(patient: str, *values: int, unsafe: bool = False) -> dict[str, Any]:
    items = [
        {"linkId": key, "answer": [{"valueInteger": value}]}
        for key, value in zip(("falls_asleep", "wakes", "tired"), values, strict=True)
    ]
    items.append({"linkId": "unsafe", "answer": [{"valueBoolean": unsafe}]})
    return form(patient, OWN, items)


async def test_one_file_is_all_that_it_needs(site: Site, folder: Folder) -> None:
    folder.start(EXAMPLE)
    patient = await patient_of(site)
    told = await site.send(answered(patient, 3, 2, 1, unsafe=True), "/fhir/QuestionnaireResponse")
    assert told.status_code == 201, told.text
    maya = await site.sign_in("maya")
    page = await page_of(maya, patient)
    assert "Sleep check <strong>6</strong> Poor sleep" in page
    assert "Item 4 of the Sleep check answered 1 (yes)" in page
    assert "speak with the patient today" in page
    assert "Sleep check 6 on" in page
    assert "a positive screen, and nobody cares for this patient yet" in page
    assert 'aria-label="Sleep check: 1 scores, latest 6' in page
    assert "Written by Riverside Family Medicine" in page, "the notice stands where the form is"
    found = await site.send(
        None, f"/fhir/Observation?patient={patient}&code=sleep-check-score", "GET"
    )
    (entry,) = found.json()["entry"]
    assert entry["resource"]["valueQuantity"]["value"] == 6
    assert entry["resource"]["interpretation"] == [{"text": "Poor sleep"}]


async def test_it_is_typed_in_and_published_as_a_form(site: Site, folder: Folder) -> None:
    folder.start(EXAMPLE)
    patient = await patient_of(site)
    maya = await site.sign_in("maya")
    fields = {f"item-{key}": "1" for key in ("falls_asleep", "wakes", "tired")}
    where = f"/patients/{patient}/assessments/sleep-check"
    assert (await maya.post(where, at=now_local(), **fields)).status_code == 303
    page = await page_of(maya, patient)
    assert "Sleep check <strong>3</strong> Sleeps well enough" in page
    assert "safety item unknown" in page, "it was left out, and that is not no"
    forms = await site.send(None, f"/fhir/QuestionnaireResponse?questionnaire={OWN}", "GET")
    answers = forms.json()["entry"][0]["resource"]["item"]
    assert {item["linkId"] for item in answers} >= {"falls_asleep", "wakes", "tired"}


async def test_a_changed_file_scores_nothing_anew(site: Site, folder: Folder) -> None:
    folder.start(EXAMPLE)
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    await site.send(answered(patient, 3, 2, 1), "/fhir/QuestionnaireResponse")
    assert "Sleep check <strong>6</strong> Poor sleep" in await page_of(maya, patient)

    milder = EXAMPLE.replace("max = 4", "max = 6").replace("min = 5", "min = 7")
    folder.start(milder.replace("Poor sleep", "Hardly sleeps"))
    await site.screened("700", [1] * 9)  # something new: the patient is judged again
    page = await page_of(maya, patient)
    assert "Sleep check <strong>6</strong> Poor sleep" in page
    assert "Scored by another version of this instrument: 2026-11+" in page
    assert "6, Poor sleep</title>" in page, "the chart reads nothing anew either"

    await site.send(answered(patient, 2, 2, 2), "/fhir/QuestionnaireResponse")
    assert "Sleep check <strong>6</strong> Sleeps well enough" in await page_of(maya, patient)


async def test_a_file_that_was_taken_away_leaves_what_was_recorded(
    site: Site, folder: Folder
) -> None:
    folder.start(EXAMPLE)
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    await site.send(answered(patient, 3, 2, 1, unsafe=True), "/fhir/QuestionnaireResponse")
    folder.start(None)
    assert find_instrument("sleep-check") is None
    await site.screened("700", [1] * 9)
    page = await page_of(maya, patient)
    assert "sleep-check <strong>6</strong> Poor sleep" in page
    assert (await maya.get("/caseload")).status_code == 200
    refused = await site.send(answered(patient, 1, 1, 1), "/fhir/QuestionnaireResponse")
    assert refused.status_code == 422
    where = f"/patients/{patient}/assessments/sleep-check"
    fields = {"item-falls_asleep": "1"}
    assert (await maya.post(where, at=now_local(), **fields)).status_code == 422


def test_a_folder_with_mistakes_stops_the_start_and_names_each(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("id = 3\n[[items]]\nkey = 'Q'\n")
    (tmp_path / "b.toml").write_text("not toml")
    with pytest.raises(SiteInstrumentsNotValid) as refusal:
        build_services(Settings(instruments=tmp_path), "postgresql://nobody@127.0.0.1:1/none")
    places = {problem.where for problem in refusal.value.problems}
    assert f"{tmp_path}/a.toml: id" in places
    assert f"{tmp_path}/a.toml: items[0].key" in places
    assert f"{tmp_path}/b.toml" in places


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    missing = replace(Folder(tmp_path), path=tmp_path / "nowhere").path
    with pytest.raises(SiteInstrumentsNotValid, match="no folder"):
        build_services(Settings(instruments=missing), "postgresql://nobody@127.0.0.1:1/none")
