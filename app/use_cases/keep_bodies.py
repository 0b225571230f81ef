"""What was said is kept: bodies with every reference in place, and what is read of them."""

import hashlib

from app.domain.assembly import Part
from app.store import audit, encounters, parts, resources
from app.store.publishing import ReceivedBody
from app.store.resources import ResourceFacts, SavedResource
from app.store.transaction import Store
from app.use_cases.arrivals import (
    AlreadyHeld,
    Arrival,
    EncounterDetails,
    NotKept,
    PartDetails,
    Result,
)
from app.use_cases.receive_encounter import place_visit, receive_encounter
from app.use_cases.receive_patient import (
    patient_facts,
)
from app.use_cases.settling import Record, Settling


async def save_bodies(store: Store, settling: Settling) -> None:
    """Keep what each entry said, every reference in place, and the pieces that were read of it."""
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
            part = part_of(settling, index, arrival.content)
            owner = settling.subjects[index].patient_id
            await parts.save_part(store, owner, part, settling.arrival_keys[index])
        if isinstance(arrival.content, EncounterDetails) and saved.changed:
            await _keep_encounter(store, settling, index, arrival.content)


async def place_visits(store: Store, settling: Settling) -> None:
    """Before anything of them is kept: the clinic decides whose record a visit is."""
    told = [(i, a.content) for i, a in enumerate(settling.arrivals)]
    visits = [(i, one) for i, one in told if isinstance(one, EncounterDetails)]
    if not visits:
        return
    clinics = await encounters.get_clinic_places(store)
    for index, details in visits:
        settling.visits[index] = await place_visit(store, settling.keys[index], details, clinics)


async def _keep_encounter(
    store: Store, settling: Settling, index: int, details: EncounterDetails
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
    store: Store, settling: Settling, index: int, arrival: Arrival, body: bytes
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


def part_of(settling: Settling, index: int, details: PartDetails) -> Part:
    """The piece of an assessment that an entry is, with its references in place."""
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
