"""An instrument's definition: the data of a TOML file, read with every mistake in it told at once.

The same for the instruments that ship with the registry and for those that a site adds.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.domain.fit import judge_fit
from app.domain.instrument import (
    CANONICAL_BASE,
    Band,
    Cutoff,
    Group,
    Instrument,
    Item,
    Missing,
    MissingRule,
    Option,
    Sign,
    TriageRule,
    has_check_digit,
)
from app.domain.rule import Rule
from app.domain.sheet import Sheet, shown
from app.errors import Problem, Unprocessable

HIGHEST = 9999
"""The highest number that an answer or a total may be (ours: what the database holds)."""
ROLES = ("safety", "gate", "functional", "")
SEXES = ("any", "male", "female", "unknown")
_ID = re.compile(r"[a-z][a-z0-9-]{1,39}")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ADDRESS = re.compile(r"(https?://|urn:)[^\s|#]{1,200}")


class InstrumentNotValid(Unprocessable):
    """This instrument's data cannot be used."""

    code = "instrument-not-valid"


Lists = Mapping[str, tuple[Option, ...]]


def parse_instrument(data: Mapping[str, Any], shared: Lists | None = None) -> Instrument:
    """Read an instrument from its data; raises InstrumentNotValid that names every mistake.

    `shared` are the lists of answers that it may name besides its own.
    """
    definition = _Definition(Sheet(data, "", []), dict(shared or {}))
    instrument = definition.read()
    if definition.problems:
        said = "; ".join(f"{p.where} {p.what}" for p in definition.problems)
        raise InstrumentNotValid(f"The instrument's data has mistakes: {said}", definition.problems)
    return instrument


def parse_lists(data: Mapping[str, Any]) -> Lists:
    """The lists of answers that several instruments share; raises InstrumentNotValid."""
    definition = _Definition(Sheet({"options": data}, "", []), {})
    definition.read_lists()
    if definition.problems:
        raise InstrumentNotValid(problems=definition.problems)
    return definition.lists


@dataclass(slots=True)
class _Definition:
    """A definition while it is read."""

    sheet: Sheet
    lists: dict[str, tuple[Option, ...]]
    items: tuple[Item, ...] = ()
    sound: dict[str, bool] = field(default_factory=dict)
    """Part → whether it was read without a mistake, so that what builds on it can be judged."""

    @property
    def problems(self) -> list[Problem]:
        return self.sheet.problems

    def read(self) -> Instrument:
        sheet = self.sheet
        identity = self._id()
        self.read_lists()
        self._part("items", self._read_items)
        low, high = self._range()
        triage = tuple(self._triage(one) for one in sheet.tables("triage"))
        bands = tuple(self._bands())
        change = sheet.table("change", needed=False) or Sheet({}, "change", sheet.problems)
        reduction = change.share("response_reduction")
        instrument = Instrument(
            id=identity,
            title=sheet.text("title", most=200),
            short_title=sheet.text("short_title", most=40),
            version=sheet.text("version", most=100),
            items=self.items,
            bands=bands,
            cutoffs=tuple(self._cutoff(one) for one in sheet.tables("cutoffs")),
            missing=self._missing(),
            minimum=low,
            maximum=high,
            loinc_panel=self._loinc(sheet, "loinc_panel"),
            loinc_score=self._loinc(sheet, "loinc_score"),
            local_panel_code=f"{identity}-panel",
            local_score_code=f"{identity}-score",
            canonicals=(f"{CANONICAL_BASE}{identity}", *self._canonicals()),
            monitoring=sheet.flag("monitoring", False),
            minimal_important_change=change.optional("minimal_important", 1, HIGHEST),
            reliable_change=change.optional("reliable", 1, HIGHEST),
            worsening=change.optional("worsening", 1, HIGHEST),
            response_reduction=None if reduction is None else Decimal(str(reduction)),
            remission_below=change.optional("remission_below", 0, HIGHEST),
            caseness=change.optional("caseness", 0, HIGHEST),
            recall_days=sheet.whole("recall_days", 0, 36500),
            readminister_days=sheet.optional("readminister_days", 1, 3650),
            notice=sheet.text("notice", ""),
            sources=sheet.texts("sources"),
            higher_is_worse=sheet.flag("higher_is_worse", True),
            remission_above=change.optional("remission_above", 0, HIGHEST),
            multiplier=sheet.whole("multiplier", 1, 100, 1),
            triage=triage,
            signs=tuple(self._sign(one) for one in sheet.tables("signs")),
            by_name_alone=sheet.flag("by_name_alone", False),
            not_confirmed=sheet.texts("not_confirmed"),
        )
        change.done()
        sheet.done()
        judge_fit(instrument, sheet, self.sound)
        return instrument

    def _part(self, name: str, act: Any) -> None:
        before = len(self.problems)
        act()
        self.sound[name] = len(self.problems) == before

    def _id(self) -> str:
        found = self.sheet.text("id")
        if found and not _ID.fullmatch(found):
            self.sheet.note("id", "is of lower-case letters, digits and hyphens, a letter first")
        return found

    def _loinc(self, sheet: Sheet, name: str) -> str | None:
        if not sheet.has(name):
            return None
        found = sheet.text(name, most=20)
        if found and (found.startswith("LA") or not has_check_digit(found)):
            sheet.note(name, f"{shown(found)} is no LOINC code: it fails its check digit")
        return found

    def _canonicals(self) -> tuple[str, ...]:
        found = self.sheet.texts("canonicals")
        for index, one in enumerate(found):
            if one and not _ADDRESS.fullmatch(one):
                self.sheet.note(f"canonicals[{index}]", "is an address, without | and version")
        return found

    def read_lists(self) -> None:
        options = self.sheet.table("options", needed=False)
        for name in list(options.content) if options else ():
            assert options is not None
            if name in self.lists:
                options.note(shown(name), "is a shared list already; give yours another name")
            found = tuple(_option(one) for one in options.tables(name, needed=True))
            _check_options(options, name, found)
            self.lists[name] = found

    def _read_items(self) -> None:
        found: list[Item] = []
        for sheet in self.sheet.tables("items", needed=True):
            found.append(self._item(sheet, found))
        self.items = tuple(found)

    def _item(self, sheet: Sheet, before: list[Item]) -> Item:
        loinc = self._loinc(sheet, "loinc")
        item = Item(
            key=sheet.text("key", most=40),
            text=sheet.text("text"),
            options=self._choices(sheet),
            loinc=loinc,
            link_ids=((f"/{loinc}",) if loinc else ()) + sheet.texts("link_ids"),
            scored=sheet.flag("scored", True),
            reverse=sheet.flag("reverse", False),
            role=sheet.choice("role", ROLES, ""),
            asked_if=sheet.text("asked_if", ""),
            most=sheet.optional("most", 1, HIGHEST),
        )
        sheet.done()
        keys = {one.key for one in before}
        if item.key and not _KEY.fullmatch(item.key):
            sheet.note("key", "is of lower-case letters, digits and _, a letter first")
        if item.key in keys:
            sheet.note("key", f"{item.key} is used twice")
        if loinc and loinc in {one.loinc for one in before}:
            sheet.note("loinc", f"{loinc} is used twice")
        if item.asked_if and item.asked_if not in keys:
            sheet.note("asked_if", "names no item before this one")
        if item.reverse and item.most is not None:
            sheet.note("reverse", "does not go with a number; only lists of options are reversed")
        return item

    def _choices(self, sheet: Sheet) -> tuple[Option, ...]:
        if sheet.has("most") and sheet.has("options"):
            sheet.note("most", "does not go with options: an item is a choice or a number")
        if sheet.has("most"):
            return ()
        name = sheet.text("options")
        if name and name not in self.lists:
            sheet.note("options", f"{shown(name)} is no list of options")
        return self.lists.get(name, ())

    def _range(self) -> tuple[int, int]:
        before = len(self.problems)
        low, high = self.sheet.wholes("range", 0, HIGHEST, 2)
        if low >= high and len(self.problems) == before:
            self.sheet.note("range", "begins below its end")
        self.sound["range"] = len(self.problems) == before
        return low, high

    def _bands(self) -> Iterable[Band]:
        before = len(self.problems)
        for sheet in self.sheet.tables("bands", needed=True):
            yield Band(
                sheet.whole("min", 0, HIGHEST),
                sheet.whole("max", 0, HIGHEST),
                sheet.text("label", most=100),
                sheet.whole("level", 0, 4),
                _answer_codes(sheet),
            )
            sheet.done()
        self.sound["bands"] = len(self.problems) == before

    def _cutoff(self, sheet: Sheet) -> Cutoff:
        side = "at_least" if self.sheet.content.get("higher_is_worse", True) else "at_most"
        cutoff = Cutoff(
            sheet.choice("sex", SEXES, "any"),
            sheet.whole(side, 0, HIGHEST),
            sheet.text("source", ""),
        )
        sheet.done()
        return cutoff

    def _missing(self) -> MissingRule:
        sheet = self.sheet.table("missing", needed=True)
        if sheet is None:
            return MissingRule(Missing.ALL_REQUIRED)
        kind = sheet.choice("kind", tuple(Missing)) or Missing.ALL_REQUIRED
        most = sheet.whole("most", 1, 100, 0)
        if kind == Missing.PRORATE and not most:
            sheet.note("most", "is needed where kind is prorate: how many may be missing")
        if kind != Missing.PRORATE and sheet.has("most"):
            sheet.note("most", "goes with kind = prorate alone")
        rule = MissingRule(Missing(kind), most, sheet.text("source", ""))
        sheet.done()
        return rule

    def _triage(self, sheet: Sheet) -> TriageRule:
        rule = TriageRule(
            sheet.whole("level", 1, 9),
            self._keys(sheet, "any_of"),
            sheet.flag("asks_today", False),
            sheet.text("source"),
        )
        sheet.done()
        return rule

    def _keys(self, sheet: Sheet, name: str) -> tuple[str, ...]:
        """Keys of items; at least one."""
        found = sheet.texts(name)
        if not found and name not in sheet.content:
            sheet.note(name, "is needed: the keys of items")
        known = {item.key for item in self.items}
        for index, one in enumerate(found):
            if one and one not in known and self.sound["items"]:
                sheet.note(f"{name}[{index}]", f"{shown(one)} is the key of no item")
        return found

    def _sign(self, sheet: Sheet) -> Sign:
        sign = Sign(
            sheet.text("words"),
            sheet.text("source"),
            tuple(self._group(one) for one in sheet.tables("groups", needed=True)),
        )
        sheet.done()
        return sign

    def _group(self, sheet: Sheet) -> Group:
        if not (sheet.has("at_least") or sheet.has("at_most")):
            sheet.note("", "says neither at_least nor at_most")
        items = self._keys(sheet, "items")
        group = Group(
            items,
            sheet.whole("at_least", 0, HIGHEST, 0),
            sheet.whole("at_most", 0, HIGHEST, HIGHEST),
            sheet.whole("count", 1, max(len(items), 1), 1),
        )
        sheet.done()
        return group


def _option(sheet: Sheet) -> Option:
    option = Option(
        sheet.whole("value", 0, HIGHEST), sheet.text("label", most=200), _answer_codes(sheet)
    )
    sheet.done()
    return option


def _answer_codes(sheet: Sheet) -> tuple[str, ...]:
    found = sheet.texts("codes")
    for index, code in enumerate(found):
        if code and not (code.startswith("LA") and has_check_digit(code)):
            what = "is no LOINC answer code (LA…): it fails its check digit"
            sheet.note(f"codes[{index}]", f"{shown(code)} {what}")
    return found


def _check_options(sheet: Sheet, name: str, found: tuple[Option, ...]) -> None:
    values = [option.value for option in found]
    codes = [code for option in found for code in option.codes]
    labels = [option.label.casefold() for option in found if option.label]
    for what, said in (("value", values), ("code", codes), ("label", labels)):
        if len(set(said)) != len(said):
            sheet.note(shown(name), f"has the same {what} twice")
    if len(found) == 1:
        sheet.note(shown(name), "has one option alone; there is nothing to choose")


RULES = (
    Rule(
        "site-instruments",
        "Instruments",
        "A site adds its own instruments as data. Every mistake in a file is told at once, with "
        "its place; no file may take an id, code or canonical that another has. A changed file is "
        "another version: what was recorded keeps the total and severity of its own.",
        "ours: decision 0009",
        "tests/web/test_site_instruments.py::test_a_changed_file_scores_nothing_anew",
        confirmed=False,
    ),
    Rule(
        "check-digits",
        "Instruments",
        "Every LOINC and answer code, shipped or a site's, passes its mod-10 check digit.",
        "LOINC",
        "tests/rules/test_scoring.py::test_every_shipped_code_has_its_check_digit",
    ),
)
