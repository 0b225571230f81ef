"""The instruments that ship with the registry, and what every code means among them.

The only reading of files in the domain: the package's own data, once, at import.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from app.domain.instrument import Instrument, Item, parse_instrument

_SHIPPED = (
    "phq-9", "phq-2", "gad-7", "gad-2", "audit-c", "dast-10",
    "epds", "pcl-5", "pc-ptsd-5", "who-5", "gds-15", "audit", "phq-a",
)  # fmt: skip


def _load() -> dict[str, Instrument]:
    folder = files("app.domain") / "instruments"
    lists = tomllib.loads((folder / "options.toml").read_text(encoding="utf-8"))
    loaded = {}
    for name in _SHIPPED:
        data = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
        loaded[name] = parse_instrument(data | {"options": lists | data.get("options", {})})
    return loaded


INSTRUMENTS: Mapping[str, Instrument] = MappingProxyType(_load())
"""Every instrument by its id."""

TRAPS: Mapping[str, str] = MappingProxyType(
    tomllib.loads((files("app.domain") / "instruments" / "traps.toml").read_text(encoding="utf-8"))[
        "traps"
    ]
)
"""Codes that senders commonly get wrong, each with words that name the right one."""

SAFETY_ITEM_CODES: frozenset[str] = frozenset(
    item.loinc
    for instrument in INSTRUMENTS.values()
    for item in instrument.items
    if item.role == "safety" and item.loinc
)
"""LOINC codes of items that ask for a person the same day when answered above 0."""


def find_instrument(instrument_id: str) -> Instrument | None:
    return INSTRUMENTS.get(instrument_id)


def instrument_for_panel(code: str) -> Instrument | None:
    """The instrument whose panel this LOINC or local code names."""
    return next(
        (i for i in INSTRUMENTS.values() if code in (i.loinc_panel, i.local_panel_code)), None
    )


def instrument_for_score(code: str) -> Instrument | None:
    """The instrument whose total this LOINC or local code names."""
    return next(
        (i for i in INSTRUMENTS.values() if code in (i.loinc_score, i.local_score_code)), None
    )


def instrument_for_canonical(url: str) -> Instrument | None:
    """The instrument of a Questionnaire url; a ``|version`` behind it is passed over."""
    bare = url.partition("|")[0]
    return next((i for i in INSTRUMENTS.values() if bare in i.canonicals), None)


def items_for_code(code: str) -> tuple[tuple[Instrument, Item], ...]:
    """Every instrument that has an item of this LOINC code, with the item."""
    return tuple(
        (instrument, item)
        for instrument in INSTRUMENTS.values()
        for item in instrument.items
        if item.loinc == code
    )
