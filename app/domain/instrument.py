"""An instrument: a questionnaire, how it is answered, scored and read.

Data: definition.py reads it from a file and tells every mistake in one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

CANONICAL_BASE = "https://stepwell.example/fhir/Questionnaire/"


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
    """Empty where a whole number is asked for: see `most`."""
    loinc: str | None = None
    link_ids: tuple[str, ...] = ()
    scored: bool = True
    reverse: bool = False
    role: str = ""
    """``safety`` where any answer above 0 asks for a person the same day; ``gate`` where 0
    ends the form; ``functional``."""
    asked_if: str = ""
    """The key of the item that must be answered above 0; else the form itself skips this one."""
    most: int | None = None
    """Where a number is asked for, "how many times": the highest that is taken."""

    @property
    def values(self) -> Sequence[int]:
        """Every value that may be answered."""
        if self.most is not None:
            return range(self.most + 1)
        return tuple(option.value for option in self.options)

    def label_of(self, value: int) -> str:
        """The words of the option with this value; of a number, the number."""
        found = next((option.label for option in self.options if option.value == value), "")
        return found if self.options else str(value)

    def counts_for(self, value: int) -> int:
        """What an answer adds to the total."""
        if not self.reverse:
            return value
        return max(self.values) + min(self.values) - value


@dataclass(frozen=True, slots=True)
class Band:
    """A range of totals with its name; `level` 0 (none) to 4 (severe) gives colour a meaning."""

    minimum: int
    maximum: int
    label: str
    level: int
    codes: tuple[str, ...] = ()
    """The LOINC answer codes that a risk level arrives under (C-SSRS: LL465-6)."""


@dataclass(frozen=True, slots=True)
class TriageRule:
    """A risk level, and the items of which one answered yes is enough for it."""

    level: int
    any_of: tuple[str, ...]
    asks_today: bool
    """Whether it asks for a person the same day."""
    source: str


@dataclass(frozen=True, slots=True)
class Group:
    """Some items of which at least `count` are answered within limits."""

    items: tuple[str, ...]
    at_least: int
    at_most: int
    count: int


@dataclass(frozen=True, slots=True)
class Sign:
    """What single answers say beside the total: told where every group holds."""

    words: str
    source: str
    groups: tuple[Group, ...]


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
    triage: tuple[TriageRule, ...] = ()
    """Where there are such rules, the result is a risk level and no sum."""
    signs: tuple[Sign, ...] = ()
    by_name_alone: bool = False
    """Recognised by its panel, total or canonical, never by its items: another has the same."""
    not_confirmed: tuple[str, ...] = ()
    """What no source was read for: ours or from memory."""

    @property
    def ordinal(self) -> bool:
        """Whether the result is a level with a name rather than a number of points."""
        return bool(self.triage)

    @property
    def is_single_question(self) -> bool:
        """Whether one question is all: its answer is the total, and one LOINC code is both."""
        return any(item.loinc == self.loinc_score for item in self.items if item.loinc)

    @property
    def safety_level(self) -> int | None:
        """The risk level from which on a person is asked for the same day."""
        return min((rule.level for rule in self.triage if rule.asks_today), default=None)

    def item(self, key: str) -> Item:
        """The item of that key; KeyError where there is none."""
        return {item.key: item for item in self.items}[key]

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
