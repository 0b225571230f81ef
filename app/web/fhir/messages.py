"""A message as it came in, read into arrivals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.patient import PatientDetails
from app.errors import Malformed, NotSupported, Problem, RegistryError
from app.use_cases import arrivals
from app.web.fhir.negotiation import check_content_type
from fhir_mappings.bundle import Entry, read_bundle, read_condition, read_single, read_version
from fhir_mappings.json_text import read_json, write_json
from fhir_mappings.reading import (
    EncounterReading,
    EntriesRefused,
    PartReading,
    Reading,
    RecordReading,
    Remark,
    Setting,
    Unkept,
)
from fhir_mappings.references import Names, replaced
from fhir_mappings.resources import read_resource


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request to write, before anything is known of it."""

    method: str
    path: str
    """Below the FHIR base, without slashes around it: '', ``Patient``, ``Patient/85``."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    base: str
    """Where this FHIR face is reached, without a slash at its end."""
    request_id: str | None = None
    replay_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One entry: what arrived and what is to be said of it, or why it cannot be read."""

    arrival: arrivals.Arrival | None
    remarks: tuple[Remark, ...] = ()
    refusal: RegistryError | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was read."""

    slots: tuple[Slot, ...]
    bundle: str | None
    """``transaction`` or ``batch``; None for a resource that came alone."""

    @property
    def arrivals(self) -> list[arrivals.Arrival]:
        return [slot.arrival for slot in self.slots if slot.arrival is not None]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where and when a message is read."""

    zone: ZoneInfo
    now: datetime
    names: Names


def read_message(incoming: Incoming, time_zone: str, now: datetime) -> Message:
    """The message's arrivals; raises RegistryError where it cannot be taken at all."""
    check_content_type(incoming.headers)
    resource = read_json(incoming.body)
    zone = ZoneInfo(time_zone)
    if incoming.path:
        desk = Desk(zone, now, Names(incoming.base))
        return _read_alone(resource, incoming, desk)
    if resource.get("resourceType") != "Bundle":
        problem = Problem("resourceType", "Send a Bundle here, any other resource to its type.")
        raise Malformed("The base address takes a Bundle.", [problem])
    bundle = read_bundle(resource, incoming.base)
    urls = [entry.full_url for entry in bundle.entries if isinstance(entry, Entry)]
    names = Names(incoming.base, frozenset(url for url in urls if url))
    slots = tuple(_slot(entry, Desk(zone, now, names)) for entry in bundle.entries)
    if bundle.is_transaction:
        _refuse_together(slots)
    return Message(slots, "transaction" if bundle.is_transaction else "batch")


def _refuse_together(slots: tuple[Slot, ...]) -> None:
    """In a transaction one unreadable entry refuses all; every fault is told at once."""
    causes = [slot.refusal for slot in slots if slot.refusal is not None]
    if len(causes) == 1:
        raise causes[0]
    if causes:
        raise EntriesRefused(causes)


def _read_alone(resource: Mapping[str, object], incoming: Incoming, desk: Desk) -> Message:
    kind, _, resource_id = incoming.path.partition("/")
    found = read_single(resource, kind, resource_id or None)
    headers = incoming.headers
    entry = Entry(
        "",
        resource,
        found.resource_id,
        if_match=read_version(headers.get("if-match"), "If-Match"),
        if_none_exist=read_condition(headers.get("if-none-exist"), "If-None-Exist"),
    )
    slot = _slot(entry, desk)
    if slot.refusal is not None:
        raise slot.refusal
    if slot.arrival is not None and isinstance(slot.arrival.content, arrivals.NotKept):
        words = slot.arrival.content.words
        raise NotSupported(words, [Problem(slot.remarks[0].where, "It is not kept.")])
    return Message((slot,), None)


def _slot(entry: Entry | RegistryError, desk: Desk) -> Slot:
    if isinstance(entry, RegistryError):
        return Slot(None, refusal=entry)
    try:
        return _read_entry(entry, desk)
    except RegistryError as error:
        return Slot(None, refusal=error)


def _read_entry(entry: Entry, desk: Desk) -> Slot:
    setting = Setting(
        where=entry.resource_where,
        zone=desk.zone,
        received_on=desk.now.astimezone(desk.zone).date(),
        resolve=desk.names.resolver(entry.full_url),
        is_defined=desk.names.full_urls.__contains__,
    )
    reading = read_resource(entry.resource, setting)
    if entry.if_none_exist is not None and reading.resource_type != "Patient":
        where = f"{entry.where}.request.ifNoneExist" if entry.where else "If-None-Exist"
        raise NotSupported(
            "A condition is offered for Patients only.", [Problem(where, "Drop it.")]
        )
    remarks = reading.remarks
    if isinstance(reading.content, Unkept):
        content = reading.content
        remarks = (Remark("warning", content.code, content.where, content.words), *remarks)
    return Slot(_arrival(entry, reading, setting), remarks)


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
        if_none_exist=entry.if_none_exist,
        if_match=entry.if_match,
    )


def _content(
    reading: Reading,
) -> (
    PatientDetails
    | arrivals.PartDetails
    | arrivals.EncounterDetails
    | arrivals.RecordDetails
    | arrivals.NotKept
):
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
