"""The page of accepted codes is what the code accepts."""

from pathlib import Path

import pytest

from app.domain.catalogue import (
    MISPLACED,
    SHIPPED,
    TRAPS,
    instrument_for_canonical,
    instrument_for_panel,
    instrument_for_score,
)
from fhir_mappings.terminology import as_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "terminology.md"


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == as_markdown(), (
        "run: python -m app instrument codes --write"
    )


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_code_on_the_page_leads_to_its_instrument(name: str) -> None:
    instrument = SHIPPED[name]
    for url in instrument.canonicals:
        assert instrument_for_canonical(f"{url}|7") is instrument
        assert f"`{url}`" in as_markdown()
    for code in filter(None, (instrument.loinc_panel, instrument.local_panel_code)):
        assert instrument_for_panel(code) is instrument
    for code in filter(None, (instrument.loinc_score, instrument.local_score_code)):
        assert instrument_for_score(code) is instrument


def test_every_trap_is_on_the_page() -> None:
    page = as_markdown()
    assert all(words in page for words in TRAPS.values())
    assert all(one.words in page for one in MISPLACED.values())
