"""Which instrument a QuestionnaireResponse is, and the fields it answers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.catalogue import (
    INSTRUMENTS,
    MISPLACED,
    instrument_for_canonical,
    instrument_for_panel,
    instrument_for_score,
    items_for_code,
)
from app.domain.instrument import Instrument


@dataclass(frozen=True, slots=True)
class Field:
    """One item of a QuestionnaireResponse, wherever it is nested."""

    path: str
    link_id: str
    codes: tuple[str, ...]
    """What may be its code: the linkId as sent, without its slashes, its last part; the
    definition's fragment."""
    answers: tuple[Mapping[str, Any], ...]

    @property
    def is_answered(self) -> bool:
        return bool(self.answers)


def list_fields(response: Mapping[str, Any]) -> list[Field]:
    """Every item, groups and items below answers included, in the order of the form."""
    return list(_fields(response.get("item") or (), "item"))


def _fields(items: Iterable[Mapping[str, Any]], path: str) -> Iterator[Field]:
    for index, item in enumerate(items):
        here = f"{path}[{index}]"
        answers = tuple(item.get("answer") or ())
        yield Field(here, str(item.get("linkId", "")), _codes(item), answers)
        yield from _fields(item.get("item") or (), f"{here}.item")
        for number, answer in enumerate(answers):
            yield from _fields(answer.get("item") or (), f"{here}.answer[{number}].item")


def _codes(item: Mapping[str, Any]) -> tuple[str, ...]:
    link_id = str(item.get("linkId", ""))
    definition = str(item.get("definition", ""))
    candidates = [link_id, link_id.strip("/"), link_id.strip("/").rpartition("/")[2]]
    candidates.append(definition.rpartition("#")[2].rpartition("/")[2])
    return tuple(dict.fromkeys(code for code in candidates if code))


@dataclass(frozen=True, slots=True)
class Identified:
    """The instruments a form may be: one, none, or several that it mixes."""

    instruments: tuple[Instrument, ...]
    by_canonical: bool = False
    words: str = "The registry does not know this questionnaire's instrument."
    """Why it is none, where it is none."""


def identify(response: Mapping[str, Any], fields: list[Field]) -> Identified:
    """By the questionnaire's canonical (its version ignored), else by the codes of the items."""
    canonical = response.get("questionnaire")
    if isinstance(canonical, str):
        known = instrument_for_canonical(canonical)
        if known is not None:
            return Identified((known,), by_canonical=True)
    codes = [code for field in fields for code in field.codes]
    found = _by_codes(codes)
    if len(found) == 1 and _leaves_out_safety(found[0], codes):
        return Identified((), words=_WITHOUT_SAFETY.format(found[0].short_title))
    return Identified(found)


_WITHOUT_SAFETY = (
    "This form asks every question of the {0} but the one on self-harm. Say which it is: a PHQ-8 "
    "is an instrument of its own, with a total of its own, and is never read as {0}. Send it with "
    "the questionnaire https://stepwell.example/fhir/Questionnaire/phq-8, and a {0} whose "
    "question on self-harm was left out with that of the {0}."
)


def _leaves_out_safety(instrument: Instrument, codes: list[str]) -> bool:
    """Every scored item but those on safety, under a name that the registry does not know."""
    asked = set(codes)
    if instrument in _named(codes):
        return False
    safety = {item.loinc for item in instrument.items if item.role == "safety"}
    others = {item.loinc for item in instrument.scored_items} - safety
    return bool(safety) and others <= asked and not safety & asked


def _by_codes(codes: list[str]) -> tuple[Instrument, ...]:
    """The smallest instrument that has every known item; several where none has them all."""
    named = _named(codes)
    seen = _in_place({code for code in codes if items_for_code(code)})
    if not seen:
        return named
    covering = [
        one
        for one in INSTRUMENTS.values()
        if seen <= _item_codes(one) and (one in named or not one.by_name_alone)
    ]
    if not covering:
        return _mixed(seen)
    covering.sort(key=lambda one: (one not in named, len(one.items)))
    return (covering[0],)


def _in_place(seen: set[str]) -> set[str]:
    """Without a code that is commonly sent inside another instrument, where that is so here."""
    for code, one in MISPLACED.items():
        rest = seen - {code}
        if rest and rest <= _item_codes(INSTRUMENTS[one.inside]):
            seen = rest
    return seen


def _named(codes: list[str]) -> tuple[Instrument, ...]:
    """The instruments whose panel or total is among the items."""
    found = [instrument_for_panel(code) or instrument_for_score(code) for code in codes]
    return tuple({one.id: one for one in found if one is not None}.values())


def _item_codes(instrument: Instrument) -> frozenset[str]:
    return frozenset(item.loinc for item in instrument.items if item.loinc)


def _mixed(seen: set[str]) -> tuple[Instrument, ...]:
    """The fewest instruments that together have every item, the larger first."""
    left, found = set(seen), []
    by_size = sorted(INSTRUMENTS.values(), key=lambda one: -len(one.items))
    for instrument in by_size:
        if left & _item_codes(instrument) and not instrument.by_name_alone:
            found.append(instrument)
            left -= _item_codes(instrument)
    return tuple(found)
