"""Receive an encounter: whose visit it was, in which clinic, on which day there."""

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.encounter import is_visit, match_clinic
from app.store import encounters, part2, resources
from app.store.encounters import ClinicPlaces, Encounter
from app.store.patients import Patient
from app.store.transaction import Store
from app.use_cases.arrivals import EncounterDetails, Notice
from app.use_cases.record_assessment import CLOCK_SKEW


@dataclass(frozen=True, slots=True)
class VisitPlace:
    """Where a visit was."""

    clinic_id: UUID | None
    time_zone: str
    program_id: UUID | None
    """The Part 2 program whose record the visit is: its sender's, or its clinic's."""


async def place_visit(
    store: Store, key: str, details: EncounterDetails, places: ClinicPlaces
) -> VisitPlace:
    """In which clinic it was; once it was told of as a program's, it stays the program's."""
    clinic_id = match_clinic(details.places, places.by_name)
    if clinic_id is None and places.default:
        clinic_id = match_clinic([places.default], places.by_name)
    zone = places.time_zones[clinic_id] if clinic_id else places.time_zone
    held = await encounters.find_program(store, key) if store.keys else None
    return VisitPlace(clinic_id, zone, held or await part2.source_at(store, clinic_id))


async def receive_encounter(
    store: Store,
    key: str,
    patient: Patient,
    details: EncounterDetails,
    arrival_key: str,
    place: VisitPlace,
) -> tuple[Notice, ...]:
    """Keep it; the caller holds the patient's lock. What is told of it sinks nothing.

    An encounter is no measurement: one with an impossible date is kept and counts
    nowhere, so that the screening beside it in the same message is not lost.
    """
    started_at = details.effective_at
    kept = Encounter(
        encounter_key=key,
        patient_id=patient.patient_id,
        clinic_id=place.clinic_id,
        place=details.places[-1][:200] if details.places else None,
        started_at=started_at,
        started_on=started_at.astimezone(ZoneInfo(place.time_zone)).date() if started_at else None,
        status=details.status,
        class_code=details.class_code,
        is_visit=is_visit(details.status, details.class_code),
        arrival_key=arrival_key,
        program_id=place.program_id,
    )
    await encounters.save_encounter(store, kept)
    if place.program_id:
        await resources.label_resource(store, key, place.program_id)
    return tuple(_notices(store, patient, kept))


def _notices(store: Store, patient: Patient, kept: Encounter) -> list[Notice]:
    found = []
    if kept.started_at is None or kept.started_on is None:
        words = "Kept, but it counts as no visit: it does not say on which day it began."
        return [Notice("warning", "incomplete", ".period.start", words)]
    if kept.is_visit and kept.started_at > store.now + CLOCK_SKEW:
        words = "Kept; it lies in the future and counts as a visit from its day on."
        found.append(Notice("warning", "date-in-future", ".period.start", words))
    if patient.birth_on and kept.started_on < patient.birth_on:
        words = "Kept, but it counts as no visit: it lies before the patient's birth."
        found.append(Notice("warning", "date-before-birth", ".period.start", words))
    if kept.clinic_id is None:
        words = "No clinic here is called so; it is counted under 'clinic not told'."
        found.append(Notice("information", "clinic-not-told", ".serviceProvider", words))
    return found
