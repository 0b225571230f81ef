"""Receive resources: keep what was said, find what it means, record what it amounts to.

A message is settled in four steps: whose records the patients are, which resources
the pieces are (new, or the same again), the bodies with every reference in place,
and the assessments that the pieces make up.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.access import Permission
from app.domain.assembly import Part
from app.domain.patient import PatientDetails
from app.domain.scopes import Interaction
from app.errors import Kind, Problem, RegistryError, Unprocessable
from app.store import audit, encounters, moves, parts, patients, resources, rosters
from app.store.disclosure import whole_record
from app.store.ids import new_id
from app.store.patients import Patient
from app.store.publishing import ReceivedBody, RelinkedPatient
from app.store.resources import ResourceFacts, SavedResource
from app.store.transaction import Store, savepoint
from app.use_cases.arrivals import (
    AlreadyHeld,
    Arrival,
    EncounterDetails,
    Notice,
    NotKept,
    Outcome,
    PartDetails,
    RecordDetails,
    Result,
)
from app.use_cases.assemble_assessments import Assembled, assemble_assessments, check_part
from app.use_cases.receive_encounter import VisitPlace, place_visit, receive_encounter
from app.use_cases.receive_patient import (
    SettledPatient,
    filing_notices,
    find_subject,
    names_of,
    patient_facts,
    settle_patient,
)

Taken = TypeVar("Taken")
"""What a face makes of an entry that was taken."""
Record = PartDetails | EncounterDetails | RecordDetails
"""What is said of a patient, beside the patient."""


@dataclass(slots=True)
class _Settling:
    """A message on its way: what is settled so far."""

    arrivals: Sequence[Arrival]
    places: dict[str, str] = field(default_factory=dict)
    """Placeholder → ``Type/id``."""
    patients: dict[int, SettledPatient] = field(default_factory=dict)
    named: dict[int, Patient] = field(default_factory=dict)
    """Whom the sender names."""
    subjects: dict[int, Patient] = field(default_factory=dict)
    """Under whom it is filed: the record that goes on, or the one a person moved it to."""
    keys: dict[int, str] = field(default_factory=dict)
    arrival_keys: dict[int, str] = field(default_factory=dict)
    saved: dict[int, SavedResource] = field(default_factory=dict)
    notices: dict[int, tuple[Notice, ...]] = field(default_factory=dict)
    visits: dict[int, VisitPlace] = field(default_factory=dict)
    """Where each encounter was."""


async def receive_transaction(
    store: Store, arrivals: Sequence[Arrival], places: Mapping[str, str] = MappingProxyType({})
) -> list[Outcome]:
    """Take a whole message or none of it; the first refusal is raised and says where.

    `places` are references that the face has settled already: conditional ones.
    """
    for arrival in arrivals:
        _require_scopes(store, arrival)
    settling = _Settling(arrivals, dict(places))
    _name_what_is_held(settling)
    async with whole_record(store):
        await _settle_patients(store, settling)
        await _make_known(store, settling)
        await _settle_parts(store, settling)
        await _make_known(store, settling)
        await _place_visits(store, settling)
        await _save_bodies(store, settling)
        assembled = await _assemble(store, settling)
    return [_outcome(settling, index, assembled) for index in range(len(arrivals))]


async def _make_known(store: Store, settling: _Settling) -> None:
    """Whom only a Part 2 program told of so far is known to everybody once others tell of them."""
    told = [one.patient for one in settling.patients.values()]
    every = [*told, *settling.named.values(), *settling.subjects.values()]
    for patient in {one.patient_id: one for one in every}.values():
        hidden = patient.program_id is not None and patient.program_id != store.source
        if hidden and await patients.make_known(store, patient.patient_id):
            store.saved.append(RelinkedPatient(patient.fhir_id, unlabelled=True))


def _name_what_is_held(settling: _Settling) -> None:
    """What a condition found is there already: the rest of the message may refer to it."""
    for arrival in settling.arrivals:
        if isinstance(arrival.content, AlreadyHeld):
            _place(settling, arrival, f"{arrival.resource_type}/{arrival.content.resource_id}")


async def receive_batch(
    store: Store, entries: Sequence[tuple[str, Callable[[], Awaitable[Taken]]]]
) -> list[Taken | RegistryError]:
    """Take each entry by itself: a refused one leaves nothing behind and sinks no other.

    An entry is (type, what takes it by `receive_transaction`).
    """
    outcomes: list[Taken | RegistryError] = []
    for resource_type, take in entries:
        try:
            async with savepoint(store):
                outcomes.append(await take())
        except RegistryError as refusal:
            outcomes.append(refusal)
            if refusal.kind is Kind.FORBIDDEN:
                await _audit_refusal(store, resource_type, refusal)
    return outcomes


def _require_scopes(store: Store, arrival: Arrival) -> None:
    """What an entry asks for, and what it would find by a condition, are the sender's to do."""
    details, where = arrival.content, arrival.where
    if isinstance(details, NotKept):
        return
    wanted = Interaction.UPDATE if arrival.resource_id else Interaction.CREATE
    if arrival.withdrawn:
        wanted = Interaction.DELETE
    store.actor.require_scope(arrival.resource_type, wanted, where)
    store.actor.require(Permission.RECEIVE_RESOURCES)
    if arrival.if_none_exist:
        store.actor.require_scope(arrival.resource_type, Interaction.SEARCH, where)
    subject = details.subject if isinstance(details, Record) else None
    if subject and "?" in (subject.reference or ""):
        store.actor.require_scope("Patient", Interaction.SEARCH, f"{where}.subject")


async def _audit_refusal(store: Store, resource_type: str, refusal: RegistryError) -> None:
    """Of an entry that was forbidden: the others of its batch go on."""
    detail = {"code": refusal.code, "needs": refusal.needs}
    await audit.record(
        store, "access.refuse", subject=resource_type, outcome="refused", detail=detail
    )


async def _settle_patients(store: Store, settling: _Settling) -> None:
    incoming = [
        (index, arrival)
        for index, arrival in enumerate(settling.arrivals)
        if isinstance(arrival.content, PatientDetails)
    ]
    await patients.lock_names(store, [n for _, arrival in incoming for n in names_of(arrival)])
    for index, arrival in incoming:
        settled = await settle_patient(store, arrival)
        settling.patients[index] = settled
        _place(settling, arrival, f"Patient/{settled.patient.fhir_id}")


async def _settle_parts(store: Store, settling: _Settling) -> None:
    incoming = [
        (index, arrival, arrival.content)
        for index, arrival in enumerate(settling.arrivals)
        if isinstance(arrival.content, Record)
    ]
    create = (await rosters.get_policy(store)).unknown_patient_policy == "create"
    for index, arrival, details in incoming:
        if details.subject is None:
            continue
        where = arrival.where or arrival.resource_type
        found = await find_subject(store, details.subject, settling.places, where, create)
        if isinstance(details, PartDetails):
            check_part(found, details, where, store.now)
        settling.named[index] = found
        if details.subject.reference and "?" in details.subject.reference:
            settling.places[details.subject.reference] = f"Patient/{found.fhir_id}"
    named = {p.patient_id for p in settling.named.values()}
    survivors = await patients.hold_survivors(store, named)
    for index, arrival, details in incoming:
        patient = settling.named.get(index)
        if patient:
            settling.subjects[index] = survivors[patient.patient_id]
        key = await _key(store, settling, index, arrival, details)
        settling.keys[index] = key
        if patient:
            await _file(store, settling, index, key, details)
        _place(settling, arrival, key)


async def _key(
    store: Store, settling: _Settling, index: int, arrival: Arrival, details: Record
) -> str:
    """Which resource it is: a record sent twice is two, a screening or a visit is one."""
    if isinstance(details, RecordDetails):
        return f"{arrival.resource_type}/{arrival.resource_id or new_id()}"
    return await _part_key(store, settling, index, arrival, details)


async def _file(store: Store, settling: _Settling, index: int, key: str, details: Record) -> None:
    """Under whom a record is filed: a person may have moved it, or what it belongs to."""
    named, moved = settling.named[index], False
    if isinstance(details, PartDetails):
        related = [key, *(settling.places.get(link, link) for link in details.links)]
        filed_id = settling.subjects[index].patient_id
        owner = await moves.find_moved_owner(store, related, named.patient_id, filed_id)
        if owner is not None:
            held = await patients.hold_survivors(store, [owner])
            settling.subjects[index], moved = held[owner], True
    await _refuse_change_of_patient(
        store, settling.arrivals[index], key, settling.subjects[index].patient_id
    )
    settling.notices[index] = filing_notices(named, settling.subjects[index], moved)


async def _part_key(
    store: Store,
    settling: _Settling,
    index: int,
    arrival: Arrival,
    details: PartDetails | EncounterDetails,
) -> str:
    """The resource that this arrival is: the one it names, the one it was before, or a new one."""
    patient = settling.named[index]
    if arrival.resource_id:
        key = f"{arrival.resource_type}/{arrival.resource_id}"
        settling.arrival_keys[index] = key
        return key
    arrival_key = _arrival_key(store, settling, arrival, details, patient.patient_id)
    settling.arrival_keys[index] = arrival_key
    for earlier, known in settling.arrival_keys.items():
        if known == arrival_key and earlier != index:
            return settling.keys[earlier]
    held = encounters if isinstance(details, EncounterDetails) else parts
    found = await held.find_key_by_arrival(store, arrival_key)
    return found or f"{arrival.resource_type}/{new_id()}"


def _arrival_key(
    store: Store,
    settling: _Settling,
    arrival: Arrival,
    details: PartDetails | EncounterDetails,
    patient_id: UUID,
) -> str:
    """The same for the same again: by the sender's identifier, else by everything it said."""
    said = (
        details.source_identifier
        or hashlib.sha256(
            arrival.body({a.placeholder: "" for a in settling.arrivals if a.placeholder})
        ).hexdigest()
    )
    parts_of_key = (store.actor.client_id, arrival.resource_type, patient_id, said)
    return hashlib.sha256(repr([str(part) for part in parts_of_key]).encode()).hexdigest()


async def _refuse_change_of_patient(
    store: Store, arrival: Arrival, key: str, patient_id: UUID
) -> None:
    owner = await _owner(store, arrival, key)
    if owner is not None and owner != patient_id:
        assert isinstance(arrival.content, Record)
        assert arrival.content.subject
        element = arrival.content.subject.element
        raise Unprocessable(
            f"{key} is about another patient. Mark it entered-in-error there and send it "
            "under a new id for the right one.",
            [Problem(f"{arrival.where or arrival.resource_type}.{element}", "changed")],
        )


async def _owner(store: Store, arrival: Arrival, key: str) -> UUID | None:
    """Under whom the resource is filed by now, if it is there."""
    if isinstance(arrival.content, RecordDetails):
        kind, _, name = key.partition("/")
        return await resources.find_survivor(store, kind, name)
    if isinstance(arrival.content, EncounterDetails):
        return await encounters.find_owner(store, key)
    return await parts.find_owner(store, key)


def _place(settling: _Settling, arrival: Arrival, key: str) -> None:
    if arrival.placeholder:
        settling.places[arrival.placeholder] = key


async def _save_bodies(store: Store, settling: _Settling) -> None:
    for index, arrival in enumerate(settling.arrivals):
        if isinstance(arrival.content, NotKept | AlreadyHeld):
            continue
        body = b"" if arrival.withdrawn else arrival.body(settling.places)
        facts = _facts(store, settling, index, arrival, body)
        settled = settling.patients.get(index)
        if settled and settled.result is Result.UNCHANGED:
            held = await resources.find_current(store, "Patient", settled.patient.fhir_id)
            if held:
                settling.saved[index] = SavedResource(
                    held[0].version, held[0].last_updated, changed=False, created=False
                )
                continue
        saved = await resources.save_resource(store, facts, arrival.if_match)
        settling.saved[index] = saved
        if saved.changed:
            store.saved.append(
                ReceivedBody(
                    facts.resource_type,
                    facts.resource_id,
                    saved.version,
                    facts.patient_id,
                    body,
                    facts.program_id,
                    facts.deleted,
                )
            )
            await _audit(store, facts, saved)
        if isinstance(arrival.content, PartDetails) and saved.changed:
            part = _part(settling, index, arrival.content)
            owner = settling.subjects[index].patient_id
            await parts.save_part(store, owner, part, settling.arrival_keys[index])
        if isinstance(arrival.content, EncounterDetails) and saved.changed:
            await _keep_encounter(store, settling, index, arrival.content)


async def _place_visits(store: Store, settling: _Settling) -> None:
    """Before anything of them is kept: the clinic decides whose record a visit is."""
    told = [(i, a.content) for i, a in enumerate(settling.arrivals)]
    visits = [(i, one) for i, one in told if isinstance(one, EncounterDetails)]
    if not visits:
        return
    clinics = await encounters.get_clinic_places(store)
    for index, details in visits:
        settling.visits[index] = await place_visit(store, settling.keys[index], details, clinics)


async def _keep_encounter(
    store: Store, settling: _Settling, index: int, details: EncounterDetails
) -> None:
    key, patient = settling.keys[index], settling.subjects[index]
    settling.notices[index] += await receive_encounter(
        store, key, patient, details, settling.arrival_keys[index], settling.visits[index]
    )


async def _audit(store: Store, facts: ResourceFacts, saved: SavedResource) -> None:
    act = "resource.create" if saved.created else "resource.update"
    await audit.record(
        store,
        "resource.delete" if facts.deleted else act,
        patient_id=facts.patient_id,
        subject=f"{facts.resource_type}/{facts.resource_id}",
        detail={"version": saved.version},
    )


def _facts(
    store: Store, settling: _Settling, index: int, arrival: Arrival, body: bytes
) -> ResourceFacts:
    if index in settling.patients:
        return patient_facts(arrival, settling.patients[index].patient, body)
    assert isinstance(arrival.content, Record)
    visit = settling.visits.get(index)
    named = settling.named.get(index)
    return ResourceFacts(
        resource_type=arrival.resource_type,
        resource_id=settling.keys[index].partition("/")[2],
        content_digest=hashlib.sha256(body).hexdigest(),
        patient_id=named.patient_id if named else None,
        effective_at=arrival.content.effective_at,
        program_id=visit.program_id if visit else store.source,
        deleted=arrival.withdrawn,
    )


def _part(settling: _Settling, index: int, details: PartDetails) -> Part:
    return Part(
        key=settling.keys[index],
        kind=details.kind,
        instrument_id=details.instrument_id,
        item_code=details.item_code,
        answers=details.answers,
        value=details.value,
        total=details.total,
        effective_at=details.effective_at,
        links=frozenset(settling.places.get(link, link) for link in details.links),
        status=details.status,
        source_identifier=details.source_identifier,
    )


async def _assemble(store: Store, settling: _Settling) -> dict[str, Assembled]:
    """Per part key, what it now belongs to; each patient is looked at once per message."""
    today = _today(store)
    by_patient: dict[UUID, list[Part]] = {}
    for index, patient in settling.subjects.items():
        details = settling.arrivals[index].content
        if isinstance(details, PartDetails) and settling.saved[index].changed:
            by_patient.setdefault(patient.patient_id, []).append(_part(settling, index, details))
    assembled: dict[str, Assembled] = {}
    for patient_id in sorted(by_patient):
        assembled |= await assemble_assessments(store, patient_id, by_patient[patient_id], today)
    return assembled


def _today(store: Store) -> date:
    return store.now.astimezone(ZoneInfo(store.actor.time_zone)).date()


def _outcome(settling: _Settling, index: int, assembled: dict[str, Assembled]) -> Outcome:
    arrival = settling.arrivals[index]
    if isinstance(arrival.content, NotKept):
        notice = Notice("warning", arrival.content.code, arrival.where, arrival.content.words)
        return Outcome(arrival.where, Result.NOT_KEPT, arrival.resource_type, notices=(notice,))
    if isinstance(arrival.content, AlreadyHeld):
        kind, held = arrival.resource_type, arrival.content
        return Outcome(
            arrival.where, Result.UNCHANGED, kind, held.resource_id, held.version, held.last_updated
        )
    saved = settling.saved[index]
    key = (
        f"Patient/{settling.patients[index].patient.fhir_id}"
        if index in settling.patients
        else settling.keys[index]
    )
    outcome = Outcome(
        where=arrival.where,
        result=Result.DELETED if arrival.withdrawn else _result(saved),
        resource_type=arrival.resource_type,
        resource_id=key.partition("/")[2],
        version=saved.version,
        last_updated=saved.last_updated,
    )
    found = assembled.get(key)
    notices = (*settling.notices.get(index, ()), *(found.notices if found else ()))
    return replace(
        outcome,
        assessment_id=found.assessment_id if found else None,
        notices=_placed(notices, arrival),
    )


def _placed(notices: Sequence[Notice], arrival: Arrival) -> tuple[Notice, ...]:
    return tuple(replace(n, where=f"{arrival.where}{n.where}") for n in notices)


def _result(saved: SavedResource) -> Result:
    if saved.created:
        return Result.CREATED
    return Result.UPDATED if saved.changed else Result.UNCHANGED
