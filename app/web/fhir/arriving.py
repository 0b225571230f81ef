"""A resource that an entry carries, read into what the use case takes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.use_cases import arrivals
from fhir_mappings.asked import identifier_in
from fhir_mappings.bundle import Entry
from fhir_mappings.json_text import write_json
from fhir_mappings.reading import (
    EncounterReading,
    PartReading,
    Reading,
    RecordReading,
    Remark,
    Setting,
    Unkept,
)
from fhir_mappings.references import Names, conditional, replaced
from fhir_mappings.resources import read_resource

_SUBJECTS = ("subject", "patient", "for")


def conditional_references(resource: Mapping[str, Any]) -> list[str]:
    """``Practitioner?identifier=…``: what is to be looked for before the resource is read.

    Whom it is about by an identifier is left out: the use case finds patients by more than what
    the sender may see (see receive_patient.py).
    """
    told = [resource.get(name) for name in _SUBJECTS]
    by_name = [one.get("reference") for one in told if isinstance(one, Mapping)]
    return [
        one
        for one in conditional(resource)
        if not (one in by_name and one.startswith("Patient?") and identifier_in(one[8:]))
    ]


def arrival_of(
    entry: Entry, names: Names, zone: ZoneInfo, now: datetime
) -> tuple[arrivals.Arrival, tuple[Remark, ...]]:
    """The entry's resource as it arrived, and what is to be said of it."""
    assert entry.resource is not None
    setting = Setting(
        where=entry.resource_where,
        zone=zone,
        received_on=now.astimezone(zone).date(),
        resolve=names.resolver(entry.full_url),
        is_defined=names.full_urls.__contains__,
    )
    reading = read_resource(entry.resource, setting)
    remarks = reading.remarks
    if isinstance(reading.content, Unkept):
        content = reading.content
        remarks = (Remark("warning", content.code, content.where, content.words), *remarks)
    return _arrival(entry, reading, setting), remarks


def _arrival(entry: Entry, reading: Reading, setting: Setting) -> arrivals.Arrival:
    def body(places: Mapping[str, str]) -> bytes:
        return write_json(replaced(entry.resource, setting.resolve, places))

    return arrivals.Arrival(
        where=setting.where,
        resource_type=reading.resource_type,
        content=_content(reading),
        body=body,
        resource_id=entry.resource_id,
        placeholder=entry.full_url,
        if_none_exist=_known_by(entry),
        if_match=entry.conditions.if_match,
    )


def _known_by(entry: Entry) -> tuple[str, str] | None:
    """By which identifier a Patient that is created may be known already."""
    condition = entry.conditions.if_none_exist
    if condition is None or entry.target.kind != "Patient":
        return None
    return identifier_in(condition)


def _content(reading: Reading) -> arrivals.Content:
    content = reading.content
    if isinstance(content, Unkept):
        return arrivals.NotKept(content.code, content.words)
    if isinstance(content, PartReading):
        return _part(content)
    if isinstance(content, EncounterReading):
        return _encounter(content)
    if isinstance(content, RecordReading):
        return _record(content)
    return content


def _record(record: RecordReading) -> arrivals.RecordDetails:
    named = record.reference or record.identifier
    return arrivals.RecordDetails(
        subject=arrivals.Subject(record.reference, record.identifier, record.element)
        if named
        else None,
        effective_at=record.effective_at,
        source_identifier=record.source_identifier,
    )


def _encounter(encounter: EncounterReading) -> arrivals.EncounterDetails:
    return arrivals.EncounterDetails(
        subject=arrivals.Subject(encounter.reference, encounter.identifier),
        effective_at=encounter.started_at,
        status=encounter.status,
        class_code=encounter.class_code,
        places=encounter.places,
        source_identifier=encounter.source_identifier,
    )


def _part(part: PartReading) -> arrivals.PartDetails:
    return arrivals.PartDetails(
        kind=part.kind,
        subject=arrivals.Subject(part.reference, part.identifier),
        effective_at=part.effective_at,
        status=part.status,
        instrument_id=part.instrument_id,
        item_code=part.item_code,
        answers=part.answers,
        value=part.value,
        total=part.total,
        links=part.links,
        source_identifier=part.source_identifier,
    )
