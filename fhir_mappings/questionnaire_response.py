"""Reading a QuestionnaireResponse as one filled-in form of an instrument."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.domain.assembly import PartKind, PartStatus
from app.domain.catalogue import MISPLACED, TRAPS
from app.domain.instrument import Instrument, Item
from fhir_mappings.answers import read_answer
from fhir_mappings.codings import first_identifier
from fhir_mappings.form import Field, Identified, identify, list_fields
from fhir_mappings.parts import read_status, read_time, read_who
from fhir_mappings.reading import Notes, PartReading, Reading, Setting, Unkept
from fhir_mappings.totals import read_total

STATUSES = {
    "in-progress": PartStatus.PRELIMINARY,
    "completed": PartStatus.FINAL,
    "amended": PartStatus.AMENDED,
    "entered-in-error": PartStatus.IN_ERROR,
    "stopped": PartStatus.FINAL,  # nothing more will come; what was answered counts
}


@dataclass(slots=True)
class _Form:
    """What the fields add up to."""

    instrument: Instrument
    by_canonical: bool
    notes: Notes
    answers: dict[str, int] = field(default_factory=dict)
    total: Decimal | None = None
    seen: set[str] = field(default_factory=set)


def read_questionnaire_response(resource: Mapping[str, Any], setting: Setting) -> Reading:
    """One form, or word that its instrument is not kept; raises CannotBeRead naming each fault."""
    notes = Notes(setting)
    status = read_status(resource, STATUSES, notes)
    fields = list_fields(resource)
    identified = identify(resource, fields)
    if not identified.instruments:
        notes.refuse_if_any("This QuestionnaireResponse cannot be read.")
        return _reading(_unkept(resource, identified, fields, setting), notes)
    part = _read_form(resource, identified, fields, status, notes)
    return _reading(part, notes)


def _reading(content: PartReading | Unkept, notes: Notes) -> Reading:
    return Reading(
        resource_type="QuestionnaireResponse",
        content=content,
        remarks=tuple(notes.remarks),
    )


def _unkept(
    resource: Mapping[str, Any], identified: Identified, fields: list[Field], setting: Setting
) -> Unkept:
    """A well-known wrong code is told with the right one, also as ``http://loinc.org/q/…``."""
    named = str(resource.get("questionnaire", "")).partition("|")[0].rpartition("/")[2]
    codes = [named, *(code for one in fields for code in one.codes)]
    trap = next((TRAPS[code] for code in codes if code in TRAPS), None)
    words = f"{identified.words} {trap}" if trap else identified.words
    return Unkept(setting.at("questionnaire"), words)


def _read_form(
    resource: Mapping[str, Any],
    identified: Identified,
    fields: list[Field],
    status: PartStatus,
    notes: Notes,
) -> PartReading:
    form = _Form(identified.instruments[0], identified.by_canonical, notes)
    if len(identified.instruments) > 1:
        titles = " and ".join(one.short_title for one in identified.instruments)
        notes.problem("item", f"One form holds items of {titles}; send one form for each.")
    else:
        _read_fields(form, fields)
    if status is PartStatus.IN_ERROR:
        notes.forgive(0)
    effective_at = _authored_at(resource, notes)
    reference, identifier = read_who(resource, notes)
    notes.refuse_if_any(f"This {form.instrument.short_title} form cannot be read.")
    assert effective_at is not None  # its absence is a problem, refused above
    return PartReading(
        kind=PartKind.FORM,
        status=status,
        effective_at=effective_at,
        reference=reference,
        identifier=identifier,
        instrument_id=form.instrument.id,
        answers=form.answers,
        total=form.total,
        source_identifier=first_identifier([resource.get("identifier") or {}]),
    )


def _authored_at(resource: Mapping[str, Any], notes: Notes) -> datetime | None:
    if resource.get("authored") is None:
        notes.problem("authored", "An assessment needs the time when it was answered.")
        return None
    return read_time(resource["authored"], "authored", notes)


def _read_fields(form: _Form, fields: list[Field]) -> None:
    for one in fields:
        if one.is_answered:
            _read_field(form, one)
    if not form.answers and form.total is None:
        form.notes.warn("incomplete", "item", "No item of the instrument is answered.")


def _read_field(form: _Form, one: Field) -> None:
    instrument = form.instrument
    item = next((found for code in one.codes if (found := instrument.item_for_code(code))), None)
    if item is not None:
        _read_item(form, one, item)
    elif _is_total(instrument, one):
        _read_total(form, one)
    else:
        _read_stranger(form, one)


def _is_total(instrument: Instrument, one: Field) -> bool:
    known = (instrument.loinc_score, instrument.local_score_code, instrument.loinc_panel)
    return any(code in known for code in one.codes)


def _read_item(form: _Form, one: Field, item: Item) -> None:
    if not _is_first(form, one, item.key):
        return
    if len(one.answers) > 1:
        form.notes.problem(f"{one.path}.answer", "This item takes one answer.")
        return
    path = f"{one.path}.answer[0].value"
    answer = read_answer(item, one.answers[0])
    if answer.problem:
        form.notes.problem(path, answer.problem)
    if answer.remark:
        form.notes.warn("value", path, answer.remark)
    if answer.value is not None:
        form.answers[item.key] = answer.value


def _is_first(form: _Form, one: Field, key: str) -> bool:
    """The same item twice is refused even where the answers agree: one may be another's."""
    if key in form.seen:
        form.notes.problem(one.path, f"The item '{key}' is answered twice.")
        return False
    form.seen.add(key)
    return True


def _read_total(form: _Form, one: Field) -> None:
    if not _is_first(form, one, "total"):
        return
    if form.instrument.loinc_panel in one.codes:
        form.notes.warn(
            "value", one.path, "This is the panel's code; its value is taken as the total."
        )
    path = f"{one.path}.answer[0].value"
    form.total = read_total(form.instrument, one.answers[0], path, form.notes)


def _read_stranger(form: _Form, one: Field) -> None:
    """An answered item that the instrument does not have.

    A well-known wrong code is told with the right one. Elsewhere: in a form that
    says which questionnaire it is, refused; in a form recognised by its items
    (an intake form that holds the instrument among others), left aside and told.
    """
    trap = next((TRAPS[code] for code in one.codes if code in TRAPS), None)
    trap = trap or next((MISPLACED[code].words for code in one.codes if code in MISPLACED), None)
    title = form.instrument.short_title
    if trap:
        form.notes.warn("code-invalid", one.path, f"Not taken as an item of {title}. {trap}")
    elif form.by_canonical:
        form.notes.problem(one.path, f"{title} has no such item.")
    else:
        form.notes.warn("not-supported", one.path, f"{title} has no such item; it is left aside.")
