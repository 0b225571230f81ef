"""An instrument: a questionnaire, how it is answered, scored and read. Data, checked on loading."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.errors import Problem, Unprocessable

CANONICAL_BASE = "https://stepwell.example/fhir/Questionnaire/"


class InstrumentNotValid(Unprocessable):
    """This instrument's data cannot be used."""

    code = "instrument-not-valid"


class Missing(StrEnum):
    """What to do where items were left out."""

    ALL_REQUIRED = "all-required"
    PRORATE = "prorate"
    """The mean of the answered items stands for those missing, up to a number of them."""
    GATE = "gate"
    """All are needed, unless the gate item is answered 0: then the rest is not asked."""
    AUDIT_SKIP = "audit-skip"
    """Items 1, 9 and 10 are needed; who never drinks (item 1 = 0) skips 2 to 8, who drinks
    little (items 2 and 3 = 0) skips 4 to 8, which then count as 0."""
    AUDIT_C_SKIP = "audit-c-skip"
    """Who never drinks skips the rest: item 1 = 0 lets the others count as 0."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose, its value and the codes it arrives under."""

    value: int
    label: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `reverse`: the lowest option counts most."""

    key: str
    text: str
    options: tuple[Option, ...]
    loinc: str | None = None
    link_ids: tuple[str, ...] = ()
    scored: bool = True
    reverse: bool = False
    role: str = ""
    """``safety`` where any answer above 0 asks for a person the same day; ``gate`` where 0
    ends the form; ``functional``."""

    def counts_for(self, value: int) -> int:
        """What an answer adds to the total."""
        if not self.reverse:
            return value
        values = [option.value for option in self.options]
        return max(values) + min(values) - value


@dataclass(frozen=True, slots=True)
class Band:
    """A range of totals with its name; `level` 0 (none) to 4 (severe) gives colour a meaning."""

    minimum: int
    maximum: int
    label: str
    level: int


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Up to or from which total a screen is positive, for whom."""

    sex: str
    """``any``, ``male``, ``female`` or ``unknown``."""
    total: int
    """The total itself is positive."""
    source: str


@dataclass(frozen=True, slots=True)
class MissingRule:
    """How missing answers are dealt with, and where that is published."""

    kind: Missing
    most: int = 0
    """How many items may be missing."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire as the registry knows it; see the TOML files beside this module."""

    id: str
    title: str
    short_title: str
    version: str
    items: tuple[Item, ...]
    bands: tuple[Band, ...]
    cutoffs: tuple[Cutoff, ...]
    missing: MissingRule
    minimum: int
    maximum: int
    loinc_panel: str | None
    loinc_score: str | None
    local_panel_code: str
    local_score_code: str
    canonicals: tuple[str, ...]
    monitoring: bool
    """Whether repeated totals judge a treatment; others only screen."""
    minimal_important_change: int | None
    reliable_change: int | None
    worsening: int | None
    """A rise over the previous total that is called worsening."""
    response_reduction: Decimal | None
    remission_below: int | None
    caseness: int | None
    """From (where higher is better: down to) this total on a treatment can be judged."""
    recall_days: int
    readminister_days: int | None
    notice: str
    """What the copyright asks to be said."""
    sources: tuple[str, ...]
    higher_is_worse: bool = True
    remission_above: int | None = None
    """Where higher is better: remission is a total above this."""
    multiplier: int = 1
    """What the sum of the items is multiplied by."""

    def item(self, key: str) -> Item:
        """The item of that key; KeyError where there is none."""
        return next(i for i in self.items if i.key == key)

    @property
    def scored_items(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.scored)

    def item_for_code(self, code: str) -> Item | None:
        """The item that a LOINC code or a linkId names."""
        bare = code.strip().lstrip("/")
        for item in self.items:
            if bare == item.loinc or code in item.link_ids or code == item.key:
                return item
        return None


def parse_instrument(data: Mapping[str, Any]) -> Instrument:
    """Read an instrument from its data; raises InstrumentNotValid that names every mistake."""
    problems = _problems(data)
    if problems:
        raise InstrumentNotValid(
            "The instrument's data has mistakes: "
            + "; ".join(f"{p.where} {p.what}" for p in problems),
            problems,
        )
    identity = str(data["id"])
    change = data.get("change", {})
    reduction = change.get("response_reduction")
    return Instrument(
        id=identity,
        title=data["title"],
        short_title=data["short_title"],
        version=data["version"],
        items=tuple(_item(entry, data["options"]) for entry in data["items"]),
        bands=tuple(Band(b["min"], b["max"], b["label"], b["level"]) for b in data["bands"]),
        cutoffs=tuple(
            Cutoff(c.get("sex", "any"), c.get("at_least", c.get("at_most")), c.get("source", ""))
            for c in data.get("cutoffs", ())
        ),
        missing=MissingRule(
            Missing(data["missing"]["kind"]),
            data["missing"].get("most", 0),
            data["missing"].get("source", ""),
        ),
        minimum=data["range"][0],
        maximum=data["range"][1],
        loinc_panel=data.get("loinc_panel"),
        loinc_score=data.get("loinc_score"),
        local_panel_code=f"{identity}-panel",
        local_score_code=f"{identity}-score",
        canonicals=(f"{CANONICAL_BASE}{identity}", *data.get("canonicals", ())),
        monitoring=data.get("monitoring", False),
        minimal_important_change=change.get("minimal_important"),
        reliable_change=change.get("reliable"),
        worsening=change.get("worsening"),
        response_reduction=Decimal(str(reduction)) if reduction is not None else None,
        remission_below=change.get("remission_below"),
        caseness=change.get("caseness"),
        recall_days=data["recall_days"],
        readminister_days=data.get("readminister_days"),
        notice=data.get("notice", ""),
        sources=tuple(data.get("sources", ())),
        higher_is_worse=data.get("higher_is_worse", True),
        remission_above=change.get("remission_above"),
        multiplier=data.get("multiplier", 1),
    )


def _item(entry: Mapping[str, Any], lists: Mapping[str, Any]) -> Item:
    loinc = entry.get("loinc")
    return Item(
        key=entry["key"],
        text=entry["text"],
        options=tuple(
            Option(o["value"], o["label"], tuple(o.get("codes", ())))
            for o in lists[entry["options"]]
        ),
        loinc=loinc,
        link_ids=((f"/{loinc}",) if loinc else ()) + tuple(entry.get("link_ids", ())),
        scored=entry.get("scored", True),
        reverse=entry.get("reverse", False),
        role=entry.get("role", ""),
    )


_NEEDED = {
    "id": str,
    "title": str,
    "short_title": str,
    "version": str,
    "recall_days": int,
    "range": list,
    "missing": dict,
    "options": dict,
    "items": list,
    "bands": list,
}


def _problems(data: Mapping[str, Any]) -> list[Problem]:
    problems = [
        Problem(name, f"is needed, as {kind.__name__}")
        for name, kind in _NEEDED.items()
        if not isinstance(data.get(name), kind)
    ]
    if problems:
        return problems
    return [*_item_problems(data), *_band_problems(data), *_rule_problems(data)]


def _item_problems(data: Mapping[str, Any]) -> list[Problem]:
    problems, seen = [], set()
    for index, entry in enumerate(data["items"]):
        where = f"items[{index}]"
        for name in ("key", "text", "options"):
            if not isinstance(entry.get(name), str):
                problems.append(Problem(f"{where}.{name}", "is needed, as str"))
        if entry.get("key") in seen:
            problems.append(Problem(f"{where}.key", "is used twice"))
        seen.add(entry.get("key"))
        if entry.get("options") not in data["options"]:
            problems.append(Problem(f"{where}.options", "names no list of options"))
        loinc = entry.get("loinc")
        if loinc and not has_check_digit(loinc):
            problems.append(Problem(f"{where}.loinc", f"{loinc} fails its check digit"))
        for option in data["options"].get(entry.get("options"), ()):
            problems += [
                Problem(f"{where}.options", f"{answer} fails its check digit")
                for answer in option.get("codes", ())
                if not has_check_digit(answer)
            ]
    return problems


def _band_problems(data: Mapping[str, Any]) -> list[Problem]:
    low, high = data["range"]
    expected = low
    for index, band in enumerate(data["bands"]):
        if band["min"] != expected or band["max"] < band["min"]:
            return [Problem(f"bands[{index}]", f"must begin at {expected} and not end before")]
        expected = band["max"] + 1
    if expected != high + 1:
        return [Problem("bands", f"must end at {high}")]
    return []


def _rule_problems(data: Mapping[str, Any]) -> list[Problem]:
    problems = []
    if data["missing"].get("kind") not in list(Missing):
        problems.append(Problem("missing.kind", f"is one of {', '.join(Missing)}"))
    highest = sum(
        max(option["value"] for option in data["options"][entry["options"]])
        for entry in data["items"]
        if entry.get("scored", True) and entry.get("options") in data["options"]
    )
    highest *= data.get("multiplier", 1)
    side = "at_least" if data.get("higher_is_worse", True) else "at_most"
    for index, cutoff in enumerate(data.get("cutoffs", ())):
        if not isinstance(cutoff.get(side), int):
            problems.append(Problem(f"cutoffs[{index}].{side}", "is needed, as int"))
    gates = [entry for entry in data["items"] if entry.get("role") == "gate"]
    if data["missing"].get("kind") == Missing.GATE and len(gates) != 1:
        problems.append(Problem("items", "one of them, and one only, has the role gate"))
    if highest != data["range"][1]:
        problems.append(Problem("range", f"ends at {data['range'][1]}, the items add to {highest}"))
    for name in ("loinc_panel", "loinc_score"):
        if data.get(name) and not has_check_digit(data[name]):
            problems.append(Problem(name, f"{data[name]} fails its check digit"))
    return problems


def has_check_digit(code: str) -> bool:
    """Whether a LOINC code ends in its mod-10 check digit, or an answer code (LA…) in its own.

    The digits from the right are doubled every second time (Luhn); an answer code is
    counted as if ``149`` stood before it, which is what its two letters amount to
    (found by fitting every LA code of the sources, 12 of them independently).
    """
    answer = code.startswith("LA")
    body, dash, check = code.removeprefix("LA").partition("-")
    if not dash or not (body.isascii() and body.isdigit() and check.isascii() and check.isdigit()):
        return False
    digits = ("149" if answer else "") + body
    doubled = "".join(
        str(int(digit) * 2) if place % 2 == 0 else digit
        for place, digit in enumerate(reversed(digits))
    )
    return (10 - sum(map(int, doubled)) % 10) % 10 == int(check)
