"""The instruments that the registry knows, and what every code means among them.

The only reading of files in the domain: the package's own data, once, at import. What a
site adds is read elsewhere (app/site_instruments.py) and adopted once, at start.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from app.domain.definition import Lists, parse_instrument, parse_lists
from app.domain.instrument import Band, Instrument, Item, Missing, MissingRule

_SHIPPED = (
    "phq-9", "phq-8", "phq-2", "gad-7", "gad-2", "audit-c", "dast-10",
    "epds", "pcl-5", "pc-ptsd-5", "who-5", "gds-15", "audit", "phq-a",
    "c-ssrs-screener", "sasq", "sisq", "cage-aid",
)  # fmt: skip


def _read(name: str) -> dict[str, Any]:
    file = files("app.domain") / "instruments" / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


SHARED_LISTS: Lists = MappingProxyType(dict(parse_lists(_read("options"))))
"""Lists of answers that an instrument may name instead of writing its own."""


class _Catalogue(dict[str, Instrument]):
    """An instrument that is no longer installed is still told of, by its id and without rules."""

    def __missing__(self, instrument_id: str) -> Instrument:
        return _retired(instrument_id)


def _retired(instrument_id: str) -> Instrument:
    """What stands for an instrument whose file was taken away while assessments of it are kept."""
    return Instrument(
        id=instrument_id,
        title=instrument_id,
        short_title=instrument_id,
        version="no longer installed",
        items=(),
        bands=(Band(0, 9999, "no longer installed", 0),),
        cutoffs=(),
        missing=MissingRule(Missing.ALL_REQUIRED),
        minimum=0,
        maximum=9999,
        loinc_panel=None,
        loinc_score=None,
        local_panel_code=f"{instrument_id}-panel",
        local_score_code=f"{instrument_id}-score",
        canonicals=(),
        monitoring=False,
        minimal_important_change=None,
        reliable_change=None,
        worsening=None,
        response_reduction=None,
        remission_below=None,
        caseness=None,
        recall_days=0,
        readminister_days=None,
        notice="This instrument is no longer installed; what was recorded stays as it was.",
        sources=(),
    )


SHIPPED: Mapping[str, Instrument] = MappingProxyType(
    {name: parse_instrument(_read(name), SHARED_LISTS) for name in _SHIPPED}
)
"""The instruments that ship with the registry."""

_known = _Catalogue(SHIPPED)

INSTRUMENTS: Mapping[str, Instrument] = MappingProxyType(_known)
"""Every instrument by its id, the site's own among them."""


def adopt(site: Iterable[Instrument]) -> None:
    """Know these instruments of the site besides those shipped; those of an earlier call no more.

    For the start of a process, before the first request.
    """
    added = {one.id: one for one in site if one.id not in SHIPPED}
    for name in [name for name in _known if name not in SHIPPED and name not in added]:
        del _known[name]
    _known.update(added)


_TRAPS = _read("traps")

TRAPS: Mapping[str, str] = MappingProxyType(_TRAPS["traps"])
"""Codes that senders commonly get wrong, each with words that name the right one."""


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A code that is known, yet commonly sent inside another instrument, where it never counts."""

    inside: str
    words: str


MISPLACED: Mapping[str, Misplaced] = MappingProxyType(
    {code: Misplaced(**one) for code, one in _TRAPS["misplaced"].items()}
)


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


def instrument_for_safety_item(codes: Iterable[str | None]) -> Instrument | None:
    """The instrument that a loose safety item tells: 44260-8 the PHQ-9, 93249-1 the C-SSRS."""
    wanted = {code for code in codes if code}
    return next(
        (
            instrument
            for instrument in INSTRUMENTS.values()
            if not instrument.by_name_alone
            and any(i.role == "safety" and i.loinc in wanted for i in instrument.items)
        ),
        None,
    )


def items_for_code(code: str) -> tuple[tuple[Instrument, Item], ...]:
    """Every instrument that has an item of this LOINC code, with the item."""
    return tuple(
        (instrument, item)
        for instrument in INSTRUMENTS.values()
        for item in instrument.items
        if item.loinc == code
    )
