"""Codes of our own, for what has no confirmed LOINC code.

Items and answers are told apart by dots, which stand in no id and no key: ``pcl-5.q1.3``.
"""

from collections.abc import Iterator

from app.domain.instrument import Band, Instrument, Item, Option
from fhir_mappings.codings import LOCAL_SYSTEM, LOINC
from fhir_mappings.totals import level_code

Coded = tuple[str, str, str]
"""System, code and what it means."""


def panel_coding(instrument: Instrument) -> Coded:
    """The code of the whole form."""
    if instrument.loinc_panel:
        return LOINC, instrument.loinc_panel, instrument.title
    return LOCAL_SYSTEM, instrument.local_panel_code, instrument.title


def score_coding(instrument: Instrument) -> Coded:
    """The code of its result."""
    title = f"{instrument.short_title} total score"
    if instrument.loinc_score:
        return LOINC, instrument.loinc_score, title
    return LOCAL_SYSTEM, instrument.local_score_code, title


def item_coding(instrument: Instrument, item: Item) -> Coded:
    """The code of one question."""
    if item.loinc:
        return LOINC, item.loinc, item.text
    return LOCAL_SYSTEM, f"{instrument.id}.{item.key}", item.text


def option_coding(instrument: Instrument, item: Item, option: Option) -> Coded:
    """The code of an answer: LOINC's first, where there are several."""
    if option.codes:
        return LOINC, option.codes[0], option.label
    return LOCAL_SYSTEM, f"{instrument.id}.{_tail(item, option)}", option.label


def level_coding(instrument: Instrument, band: Band) -> Coded:
    """The code of a risk level: LL465-6 where it has one, else ours ("none")."""
    is_loinc, code = level_code(instrument, band)
    return LOINC if is_loinc else LOCAL_SYSTEM, code, band.label


def means_option(item: Item, option: Option, code: str) -> bool:
    """Whether a code of ours is this answer to an item of this key."""
    return not option.codes and code.endswith(f".{_tail(item, option)}")


def _tail(item: Item, option: Option) -> str:
    return f"{item.key}.{option.value}"


def codes_of_ours(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """(code, meaning) of every code that the registry itself gives to an instrument."""
    yield instrument.local_panel_code, instrument.title
    yield instrument.local_score_code, f"{instrument.short_title} total score"
    coded = [item_coding(instrument, item) for item in instrument.items]
    coded += [option_coding(instrument, i, one) for i in instrument.items for one in i.options]
    if instrument.ordinal:
        coded += [level_coding(instrument, band) for band in instrument.bands]
    yield from ((code, words) for system, code, words in coded if system == LOCAL_SYSTEM)
