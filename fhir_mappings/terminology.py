"""Which codes are accepted for what, as a page for integrators: docs/terminology.md."""

from collections.abc import Iterator

from app.domain.catalogue import MISPLACED, SHIPPED, TRAPS
from app.domain.instrument import Instrument
from fhir_mappings.codings import LOCAL_SYSTEM

_HEAD = f"""# Codes that are accepted

Generated from the code (`python -m app instrument codes --write`) and compared with it by
`tests/mappings/test_terminology.py`. Codes are LOINC's (`http://loinc.org`); those in *italics*
are of the system `{LOCAL_SYSTEM}`, which is
served as `CodeSystem/instruments`. Which answers each question takes stands in its Questionnaire;
a site's own instruments follow the same pattern by their id.

## Instruments

A form is known by its `questionnaire` (a version behind `|` is passed over), else by the codes
of its items; an Observation by its code.

| instrument | questionnaire | panel | total | items |
|---|---|---|---|---|
"""

_TRAPS = """
## Codes that are often wrong

Each is answered with an OperationOutcome that says this, in a form, in an Observation, in its
components, alone and in a Bundle. Nothing is ever scored by it.

| sent | answered |
|---|---|
"""

_MISPLACED = """
## Codes that are right elsewhere

| sent | inside | answered |
|---|---|---|
"""


def as_markdown() -> str:
    """The page."""
    traps = "".join(f"| {code} | {words} |\n" for code, words in sorted(TRAPS.items()))
    misplaced = "".join(
        f"| {code} | {SHIPPED[one.inside].short_title} | {one.words} |\n"
        for code, one in sorted(MISPLACED.items())
    )
    return _HEAD + "".join(_rows()) + _TRAPS + traps + _MISPLACED + misplaced


def _rows() -> Iterator[str]:
    for one in SHIPPED.values():
        names = "<br>".join(f"`{url}`" for url in one.canonicals)
        title = one.short_title + (", by its name alone" if one.by_name_alone else "")
        panel = _either(one.loinc_panel, one.local_panel_code)
        total = _either(one.loinc_score, one.local_score_code)
        yield f"| {title} | {names} | {panel} | {total} | {_items(one)} |\n"


def _either(loinc: str | None, ours: str) -> str:
    return f"{loinc}, *{ours}*" if loinc else f"*{ours}*"


def _items(instrument: Instrument) -> str:
    """LOINC's, in the order of the form; a key is the linkId of what has none."""
    return " ".join(item.loinc or f"*{item.key}*" for item in instrument.items)
