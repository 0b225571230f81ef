"""From pieces to forms: what the resources of one sender about one patient amount to.

A pure function of the pieces: in what order they arrived never matters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from app.domain.catalogue import INSTRUMENTS, instrument_for_safety_item
from app.domain.instrument import Instrument
from app.domain.score import Answers

JOIN_TOLERANCE = timedelta(minutes=10)
"""How far apart unlinked pieces of one form may be dated (ours)."""
LINK_LIMIT = timedelta(days=7)
"""How far apart linked pieces may be dated: real senders link a total to an item of other years."""
INFERRED = ("phq-9", "gad-7", "audit-c", "dast-10")
"""Instruments that a complete set of loose items tells by itself; two PHQ items could be more."""


class PartKind(StrEnum):
    """What a piece is."""

    FORM = "form"
    PANEL = "panel"
    TOTAL = "total"
    ITEM = "item"


class PartStatus(StrEnum):
    """How a piece stands with its sender."""

    FINAL = "final"
    AMENDED = "amended"
    IN_ERROR = "in-error"
    PRELIMINARY = "preliminary"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of an assessment."""

    key: str
    """``Observation/abc``."""
    kind: PartKind
    instrument_id: str | None
    item_code: str | None
    """The LOINC code of an ITEM."""
    answers: Answers
    value: int | None
    total: Decimal | None
    effective_at: datetime
    links: frozenset[str]
    status: PartStatus
    source_identifier: str | None = None


@dataclass(frozen=True, slots=True)
class AssembledForm:
    """A form put together from its pieces."""

    instrument_id: str
    answers: Answers
    claimed_total: Decimal | None
    effective_at: datetime
    part_keys: tuple[str, ...]
    in_error: bool
    amended: bool
    source_identifier: str | None
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assembly:
    """The forms, and the keys of pieces that wait for the rest of theirs."""

    forms: tuple[AssembledForm, ...]
    waiting: tuple[str, ...]


@dataclass(slots=True)
class _Group:
    parts: list[Part] = field(default_factory=list)

    def of(self, kind: PartKind) -> list[Part]:
        return [p for p in self.parts if p.kind is kind]

    @property
    def head(self) -> Part:
        """The piece that dates the group: the form, else the panel, the total, the first item."""
        order = list(PartKind)
        return min(self.parts, key=lambda p: (order.index(p.kind), p.effective_at, p.key))

    @property
    def told(self) -> str | None:
        """The instrument that form, panel or total name; all of a group name the same."""
        return next((p.instrument_id for p in self.parts if p.instrument_id), None)

    def instrument(self) -> Instrument | None:
        """What form it is: told by form, panel or total; by the items where they say it all."""
        if self.told:
            return INSTRUMENTS[self.told]
        codes = {p.item_code for p in self.of(PartKind.ITEM)}
        for name in INFERRED:
            needed = {item.loinc for item in INSTRUMENTS[name].scored_items}
            if None not in needed and needed <= codes:
                return INSTRUMENTS[name]
        return instrument_for_safety_item(codes) or _single_question(codes)


def _single_question(codes: Iterable[str | None]) -> Instrument | None:
    """The instrument that one of these answers is all of."""
    told = set(codes)
    return next(
        (one for one in INSTRUMENTS.values() if one.is_single_question and one.loinc_score in told),
        None,
    )


def assemble(parts: Iterable[Part]) -> Assembly:
    """Put pieces together: by links first, then by instrument and time where nothing conflicts."""
    ordered = sorted(parts, key=lambda p: (p.effective_at, p.key))
    preliminary = [p for p in ordered if p.status is PartStatus.PRELIMINARY]
    ready = [p for p in ordered if p.status is not PartStatus.PRELIMINARY]
    groups = _joined(_linked(ready))
    forms, waiting = [], [p.key for p in preliminary]
    for group in groups:
        made, loose = _forms(group)
        forms += made
        waiting += loose
    return Assembly(tuple(forms), tuple(sorted(waiting)))


def _linked(parts: Sequence[Part]) -> list[_Group]:
    """Groups connected by links in either direction, within the limit of time.

    Forms, panels and totals come first, so that an item joins the group that has it.
    """
    groups: list[_Group] = []
    order = list(PartKind)
    for part in sorted(parts, key=lambda p: (order.index(p.kind), p.effective_at, p.key)):
        near = [g for g in groups if any(_are_linked(part, other) for other in g.parts)]
        near = _one_form_each(_one_instrument(near, part), part)
        merged = _Group([p for g in near for p in g.parts] + [part])
        groups = [g for g in groups if g not in near] + [merged]
    return groups


def _one_instrument(near: list[_Group], part: Part) -> list[_Group]:
    """Pieces of two instruments never join, however they are linked: a total is a claim on the
    answers of its own instrument alone. An item joins the first that has it."""
    told = part.instrument_id
    if part.kind is PartKind.ITEM and part.item_code:
        having = [
            g.told for g in near if g.told and INSTRUMENTS[g.told].item_for_code(part.item_code)
        ]
        told = next(iter(having), None)
    return [g for g in near if g.told is None or g.told == told]


def _one_form_each(near: list[_Group], part: Part) -> list[_Group]:
    """Two forms never join: of groups that hold a form, the nearest in time is kept."""
    with_form = [g for g in near if g.of(PartKind.FORM)]
    if part.kind is PartKind.FORM:
        return [g for g in near if g not in with_form]
    with_form.sort(key=lambda g: (abs(g.head.effective_at - part.effective_at), g.head.key))
    return [g for g in near if g not in with_form[1:]]


def _are_linked(one: Part, other: Part) -> bool:
    if abs(one.effective_at - other.effective_at) > LINK_LIMIT:
        return False
    named = one.key in other.links or other.key in one.links
    return named or bool(one.links & other.links)


def _joined(groups: list[_Group]) -> list[_Group]:
    """Join groups of one instrument within the tolerance whose content does not conflict."""
    order = list(PartKind)
    ranked = sorted(
        groups, key=lambda g: (order.index(g.head.kind), g.head.effective_at, g.head.key)
    )
    kept: list[_Group] = []
    for group in ranked:
        home = next((k for k in kept if _fits(k, group)), None)
        if home:
            home.parts = sorted(home.parts + group.parts, key=lambda p: (p.effective_at, p.key))
        else:
            kept.append(_Group(list(group.parts)))
    return kept


def _fits(home: _Group, other: _Group) -> bool:
    if home.of(PartKind.FORM) and other.of(PartKind.FORM):
        return False
    if _all_in_error(home) or _all_in_error(other):
        return False
    if abs(home.head.effective_at - other.head.effective_at) > JOIN_TOLERANCE:
        return False
    told = {p.instrument_id for p in home.parts + other.parts if p.instrument_id}
    if len(told) > 1:
        return False
    instrument = INSTRUMENTS[next(iter(told))] if told else None
    codes = {p.item_code for p in other.of(PartKind.ITEM) + home.of(PartKind.ITEM)}
    if instrument and any(c and instrument.item_for_code(c) is None for c in codes):
        return False
    return not _conflict(home, other)


def _all_in_error(group: _Group) -> bool:
    return all(p.status is PartStatus.IN_ERROR for p in group.parts)


def _conflict(home: _Group, other: _Group) -> bool:
    totals = {p.total for g in (home, other) for p in g.parts if p.total is not None}
    if len(totals) > 1:
        return True
    mine, theirs = _said(home), _said(other)
    return any(mine[key] != value for key, value in theirs.items() if key in mine)


def _said(group: _Group) -> dict[str, int]:
    """LOINC code (or key, where an item has none) → value, for comparing groups."""
    said: dict[str, int] = {}
    for part in group.parts:
        if part.kind is PartKind.ITEM and part.item_code and part.value is not None:
            said[part.item_code] = part.value
        if part.kind is PartKind.FORM and part.instrument_id:
            instrument = INSTRUMENTS[part.instrument_id]
            for key, value in part.answers.items():
                said[instrument.item(key).loinc or key] = value
    return said


def _forms(group: _Group) -> tuple[list[AssembledForm], list[str]]:
    """The forms that a group makes: items that are another's are looked at once more by
    themselves, so that a loose safety item never waits."""
    form, loose = _form(group)
    if form is None or not loose:
        return ([form] if form else []), loose
    more, waiting = _forms(_Group([p for p in group.parts if p.key in loose]))
    return [form, *more], waiting


def _form(group: _Group) -> tuple[AssembledForm | None, list[str]]:
    """The form that a group makes, and the keys of pieces that must wait."""
    instrument = group.instrument()
    keys = [p.key for p in group.parts]
    if instrument is None:
        return None, keys
    live = [p for p in group.parts if p.status is not PartStatus.IN_ERROR]
    leading = group.of(PartKind.FORM) or group.of(PartKind.PANEL)
    in_error = not live or any(p.status is PartStatus.IN_ERROR for p in leading)
    answers, conflicts, loose = _answers(instrument, group.parts if in_error else live)
    claimed, more = _claimed(group.parts if in_error else live)
    if not answers and claimed is None:
        return None, keys
    head = group.head
    amended = any(p.status is PartStatus.AMENDED for p in group.parts)
    form = AssembledForm(
        instrument_id=instrument.id,
        answers=answers,
        claimed_total=claimed,
        effective_at=head.effective_at,
        part_keys=tuple(sorted(set(keys) - set(loose))),
        in_error=in_error,
        amended=amended,
        source_identifier=head.source_identifier,
        conflicts=(*conflicts, *more),
    )
    return form, loose


def _answers(
    instrument: Instrument, parts: Sequence[Part]
) -> tuple[dict[str, int], list[str], list[str]]:
    """Answers by item key; the form's win, but of two values of a safety item the higher."""
    answers: dict[str, int] = {}
    conflicts: list[str] = []
    loose: list[str] = []
    order = list(PartKind)
    for part in sorted(parts, key=lambda p: (order.index(p.kind), p.effective_at, p.key)):
        if part.kind is PartKind.FORM:
            answers |= {k: v for k, v in part.answers.items() if k not in answers}
        if part.kind is not PartKind.ITEM or part.value is None or part.item_code is None:
            continue
        item = instrument.item_for_code(part.item_code)
        if item is None:
            loose.append(part.key)
            continue
        held = answers.setdefault(item.key, part.value)
        if held != part.value:
            conflicts.append(
                f"{part.key} answers {item.loinc or item.key} with {part.value}, "
                f"elsewhere it is {held}."
            )
            if item.role == "safety":
                answers[item.key] = max(held, part.value)
    return answers, conflicts, loose


def _claimed(parts: Sequence[Part]) -> tuple[Decimal | None, list[str]]:
    """The sender's total: the form's own first; a second, different one is a conflict."""
    order = list(PartKind)
    ranked = sorted(parts, key=lambda p: (order.index(p.kind), p.effective_at, p.key))
    told = [p for p in ranked if p.total is not None]
    if not told:
        return None, []
    first = told[0].total
    return first, [
        f"{p.key} tells a total of {p.total}, elsewhere it is {first}."
        for p in told
        if p.total != first
    ]
