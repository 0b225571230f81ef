"""The NLM's LHC-Forms in a browser: shows a Questionnaire, is answered, tells what was answered."""

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Route, expect

from app.domain.instrument import Instrument, Item
from fhir_mappings.form_logic import link_id, total_link_id
from fhir_mappings.local_codes import option_coding

PATIENCE = 10_000
"""Milliseconds for anything in the page."""
_PLACE = "http://forms.invalid"
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Form</title>
<link rel="stylesheet" href="/webcomponent/styles.css"></head><body><div id="form"></div>
<script src="/webcomponent/assets/lib/zone.min.js"></script>
<script src="/webcomponent/lhc-forms.js"></script>
<script src="/fhir/R4/lformsFHIR.min.js"></script></body></html>"""
_TOLD = "LForms.Util.getFormFHIRData('QuestionnaireResponse', 'R4', FORM, OPTIONS)".replace(
    "FORM", "document.getElementById('form')"
)


class LhcForms:
    """One page for many forms; nothing in it reaches further than its own files."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []
        self.page = browser.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        self.page.route("**/*", self._serve)
        self.page.goto(_PLACE)
        self.page.wait_for_function("window.LForms && LForms.Util && LForms.FHIR")

    def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(_PLACE).strip("/")
        file = self.folder / path
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        if not path:
            route.fulfill(body=_PAGE, content_type="text/html")
        elif route.request.url.startswith(_PLACE) and file.is_file():
            route.fulfill(body=file.read_bytes(), content_type=kind)
        else:
            route.abort()

    def show(self, questionnaire: Mapping[str, Any]) -> None:
        """Render a Questionnaire in place of the one before."""
        self.page.evaluate(
            "one => LForms.Util.addFormToPage(one, 'form', {fhirVersion: 'R4'})",
            dict(questionnaire),
        )
        expect(self.page.get_by_role("heading", name=questionnaire["title"])).to_be_visible()

    def asks(self, item: Item) -> bool:
        """Whether the form shows this question now."""
        return self.page.locator(f'[id="item-{link_id(item)}/1"]').count() > 0

    def answer(self, instrument: Instrument, item: Item, value: int) -> None:
        """As a person does: by a click, or by typing a number."""
        if item.most is not None:
            self.page.locator(f'[id="{link_id(item)}/1"]').fill(str(value))
            self.page.keyboard.press("Tab")
            return
        option = next(one for one in item.options if one.value == value)
        system, code, _ = option_coding(instrument, item, option)
        self.page.locator(f'[id="{link_id(item)}/1|{system}|{code}"]').click()

    def total(self, instrument: Instrument) -> str:
        """What it calculates, as it is shown; it is empty until it is certain."""
        shown = self.page.locator(f'[id="{total_link_id(instrument)}/1"]')
        expect(shown).not_to_have_value("")
        return shown.input_value()

    def told(self) -> dict[str, Any]:
        """What it makes of the answers as a QuestionnaireResponse."""
        found: dict[str, Any] = self.page.evaluate(_TOLD.replace("OPTIONS", "{}"))
        return found

    def extracted(self) -> list[dict[str, Any]]:
        """A QuestionnaireResponse and what is extracted from it, a transaction Bundle."""
        options = "{extract: true, subject: {resourceType: 'Patient', id: 'somebody'}}"
        found: list[dict[str, Any]] = self.page.evaluate(_TOLD.replace("OPTIONS", options))
        return found
