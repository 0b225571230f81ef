"""Under whom what arrived is filed, and which resource it is: one that is there, or a new one."""

import hashlib
from uuid import UUID

from app.domain.patient import PatientDetails
from app.errors import Problem, Unprocessable
from app.store import encounters, moves, parts, patients, resources, rosters
from app.store.ids import new_id
from app.store.transaction import Store
from app.use_cases.arrivals import (
    Arrival,
    EncounterDetails,
    PartDetails,
    RecordDetails,
)
from app.use_cases.assemble_assessments import check_part
from app.use_cases.receive_patient import (
    filing_notices,
    find_subject,
    names_of,
    settle_patient,
)
from app.use_cases.settling import Record, Settling, place


async def settle_patients(store: Store, settling: Settling) -> None:
    """Whose records the patients of the message are: known ones, or new ones."""
    incoming = [
        (index, arrival)
        for index, arrival in enumerate(settling.arrivals)
        if isinstance(arrival.content, PatientDetails)
    ]
    await patients.lock_names(store, [n for _, arrival in incoming for n in names_of(arrival)])
    for index, arrival in incoming:
        settled = await settle_patient(store, arrival)
        settling.patients[index] = settled
        place(settling, arrival, f"Patient/{settled.patient.fhir_id}")


async def settle_parts(store: Store, settling: Settling) -> None:
    """Whom each record is about, under whom it is filed, and which resource it is."""
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
        place(settling, arrival, key)


async def _key(
    store: Store, settling: Settling, index: int, arrival: Arrival, details: Record
) -> str:
    """Which resource it is: a record sent twice is two, a screening or a visit is one."""
    if isinstance(details, RecordDetails):
        return f"{arrival.resource_type}/{arrival.resource_id or new_id()}"
    return await _part_key(store, settling, index, arrival, details)


async def _file(store: Store, settling: Settling, index: int, key: str, details: Record) -> None:
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
    settling: Settling,
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
    settling: Settling,
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
