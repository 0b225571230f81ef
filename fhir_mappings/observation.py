"""Reading an Observation: a panel, a total or an item of an assessment, or none of these."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.domain.assembly import PartKind, PartStatus
from app.domain.catalogue import MISPLACED, items_for_code
from app.domain.instrument import Instrument
from fhir_mappings.answers import read_answer
from fhir_mappings.codings import find_value, first_identifier, is_absent
from fhir_mappings.meaning import Meaning, Part, find_meaning, words_for_unknown, words_for_wrong
from fhir_mappings.parts import read_links, read_status, read_time, read_who
from fhir_mappings.reading import Notes, PartReading, Reading, Setting, Unkept
from fhir_mappings.totals import is_result, read_total

STATUSES = {
    "registered": PartStatus.PRELIMINARY,
    "preliminary": PartStatus.PRELIMINARY,
    "final": PartStatus.FINAL,
    "amended": PartStatus.AMENDED,
    "corrected": PartStatus.AMENDED,
    "cancelled": PartStatus.IN_ERROR,
    "entered-in-error": PartStatus.IN_ERROR,
    "unknown": PartStatus.FINAL,  # the sender does not know which; an answer is not dropped for it
}
LINKS = ("hasMember", "derivedFrom")


def read_observation(resource: Mapping[str, Any], setting: Setting) -> Reading:
    """One part, or word that its code is not kept; raises CannotBeRead naming each fault."""
    notes = Notes(setting)
    meanings = find_meaning(resource.get("code") or {})
    if not meanings:
        words = words_for_unknown(resource.get("code") or {})
        return _reading(resource, Unkept(setting.at("code"), words), notes)
    if len(meanings) > 1:
        titles = " and ".join(one.title for one in meanings)
        notes.problem("code", f"The codings of one code contradict each other: {titles}.")
    part = _read_part(resource, meanings[0], notes)
    return _reading(resource, part, notes)


def _reading(resource: Mapping[str, Any], content: PartReading | Unkept, notes: Notes) -> Reading:
    return Reading(
        resource_type="Observation",
        content=content,
        remarks=tuple(notes.remarks),
    )


def _read_part(resource: Mapping[str, Any], meaning: Meaning, notes: Notes) -> PartReading:
    status = read_status(resource, STATUSES, notes)
    effective_at = _effective_at(resource, notes)
    reference, identifier = read_who(resource, notes)
    links = read_links(resource, LINKS, notes)
    found = len(notes.problems)
    kind, value, total, answers = _content(resource, meaning, notes)
    if status is PartStatus.IN_ERROR:
        notes.forgive(found)
    notes.refuse_if_any(f"This Observation of {meaning.title} cannot be read.")
    assert effective_at is not None  # its absence is a problem, refused above
    return PartReading(
        kind=kind,
        status=status,
        effective_at=effective_at,
        reference=reference,
        identifier=identifier,
        instrument_id=meaning.instrument.id if meaning.instrument else None,
        item_code=meaning.code if meaning.part is Part.ITEM else None,
        answers=answers,
        value=value,
        total=total,
        links=links,
        source_identifier=first_identifier(resource.get("identifier") or ()),
    )


Content = tuple[PartKind, int | None, Decimal | None, dict[str, int]]


def _content(resource: Mapping[str, Any], meaning: Meaning, notes: Notes) -> Content:
    if meaning.instrument is None:
        return PartKind.ITEM, _item_value(resource, meaning.code, notes), None, {}
    answers, component_total = _components(resource, meaning.instrument, notes)
    total = _own_total(resource, meaning, meaning.instrument, notes)
    total = component_total if total is None else total
    if answers:
        return PartKind.FORM, None, total, answers
    return _kind(resource, meaning, total), None, total, {}


def _item_value(resource: Mapping[str, Any], code: str, notes: Notes) -> int | None:
    """The option chosen; every instrument that has this item has the same list for it."""
    _, item = items_for_code(code)[0]
    answer = read_answer(item, resource)
    if code in MISPLACED:
        notes.inform("code", f"Kept as a questionnaire of its own. {MISPLACED[code].words}")
    if answer.problem:
        notes.problem("value", answer.problem)
    if answer.remark:
        notes.warn("value", "value", answer.remark)
    if answer.value is None and not answer.problem:
        notes.warn("incomplete", "value", "Without a value this item counts as not answered.")
    return answer.value


def _own_total(
    resource: Mapping[str, Any], meaning: Meaning, instrument: Instrument, notes: Notes
) -> Decimal | None:
    """The Observation's own value as the total; a panel's only where it is a number."""
    if meaning.part is Part.TOTAL:
        return read_total(instrument, resource, "value", notes)
    value = find_value(resource)
    if value is None or is_absent(value):
        return None
    if not is_result(instrument, value):
        notes.warn("value", "value", "A panel's own value is not read; its members are.")
        return None
    notes.warn(
        "code-invalid",
        "code",
        f"{meaning.code} is the panel's code; its value is taken as the total"
        + (f", whose code is {instrument.loinc_score}." if instrument.loinc_score else "."),
    )
    return read_total(instrument, resource, "value", notes)


def _kind(resource: Mapping[str, Any], meaning: Meaning, total: Decimal | None) -> PartKind:
    """Panels and totals are often swapped by senders: what it holds decides."""
    if total is not None:
        return PartKind.TOTAL
    if meaning.part is Part.PANEL or resource.get("hasMember"):
        return PartKind.PANEL
    return PartKind.TOTAL


def _components(
    resource: Mapping[str, Any], instrument: Instrument, notes: Notes
) -> tuple[dict[str, int], Decimal | None]:
    """A whole form in one Observation: its items as components."""
    answers: dict[str, int] = {}
    total: Decimal | None = None
    for index, component in enumerate(resource.get("component") or ()):
        path = f"component[{index}]"
        wrong = words_for_wrong(component.get("code") or {}, instrument)
        if wrong:
            notes.warn("code-invalid", f"{path}.code", f"Left aside. {wrong}")
            continue
        for meaning in find_meaning(component.get("code") or {}):
            if meaning.part is Part.ITEM:
                _add_component(component, meaning, instrument, answers, path, notes)
            elif meaning.part is Part.TOTAL and meaning.instrument is instrument:
                total = read_total(instrument, component, f"{path}.value", notes)
    return answers, total


def _add_component(
    component: Mapping[str, Any],
    meaning: Meaning,
    instrument: Instrument,
    answers: dict[str, int],
    path: str,
    notes: Notes,
) -> None:
    item = instrument.item_for_code(meaning.code)
    if item is None:
        notes.problem(f"{path}.code", f"{instrument.short_title} has no such item.")
        return
    if item.key in answers:
        notes.problem(path, f"The item '{item.key}' is answered twice.")
    answer = read_answer(item, component)
    if answer.problem:
        notes.problem(f"{path}.value", answer.problem)
    if answer.value is not None:
        answers[item.key] = answer.value


def _effective_at(resource: Mapping[str, Any], notes: Notes) -> datetime | None:
    """effectiveDateTime or Instant; a Period's end, else its start; else issued, and told."""
    for name in ("effectiveDateTime", "effectiveInstant"):
        if resource.get(name) is not None:
            return read_time(resource[name], "effective", notes)
    period = resource.get("effectivePeriod") or {}
    for name in ("end", "start"):
        if period.get(name) is not None:
            return read_time(period[name], f"effective.{name}", notes)
    if resource.get("issued") is not None:
        notes.warn("incomplete", "effective", "No effective time: the time of issue stands for it.")
        return read_time(resource["issued"], "issued", notes)
    notes.problem("effective", "An assessment needs the time when it was answered.")
    return None
