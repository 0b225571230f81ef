"""Receive a patient: find whose record it is, or begin one."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.domain.patient import Identifier, PatientDetails
from app.errors import Conflict, MultipleMatches, Problem, Unprocessable
from app.store import audit, patients
from app.store.disclosure import own_sight
from app.store.patients import Patient
from app.store.publishing import ChangedPatient
from app.store.resources import ResourceFacts
from app.store.transaction import Store
from app.use_cases.arrivals import Arrival, Notice, Result, Subject
from app.use_cases.find_duplicates import find_duplicates


class UnknownPatient(Unprocessable):
    """No patient by that reference is known here; send the patient first, or with it."""

    code = "unknown-patient"


@dataclass(frozen=True, slots=True)
class SettledPatient:
    """Whose record an arriving patient turned out to be."""

    patient: Patient
    result: Result


def names_of(arrival: Arrival) -> list[str]:
    """Everything this arrival could be known by: what must not be settled twice at once."""
    assert isinstance(arrival.content, PatientDetails)
    names = [f"id {arrival.resource_id}"] if arrival.resource_id else []
    pairs = [(i.system, i.value) for i in arrival.content.identifiers]
    if arrival.if_none_exist:
        pairs.append(arrival.if_none_exist)
    return names + [f"identifier {system}|{value}" for system, value in pairs if system]


async def settle_patient(store: Store, arrival: Arrival) -> SettledPatient:
    """Match an arriving patient by id, condition or identifier; begin or update the record.

    Raises Conflict where it contradicts who we know by that name: joining two records
    is a person's decision. A record that was joined here stays its sender's to update, and
    what a sender says of a replacement is kept for a person to decide.
    """
    details = arrival.content
    assert isinstance(details, PatientDetails)
    if arrival.if_none_exist:
        found = await _only(store, [arrival.if_none_exist], arrival)
        if found:
            if _contradicts(found, details) and await _is_withheld(store, found):
                raise _in_question(arrival)
            return SettledPatient(found, Result.UNCHANGED)
    held = await _known(store, arrival, details)
    replaced_by = await _replacement(store, details)
    if held is None:
        fresh = await patients.add_patient(store, details, fhir_id=arrival.resource_id)
        if replaced_by:
            fresh = await patients.update_patient(store, fresh.patient_id, details, replaced_by)
        await audit.record(store, "patient.create", patient_id=fresh.patient_id)
        await find_duplicates(store, [fresh.patient_id])
        return SettledPatient(fresh, Result.CREATED)
    await _agree(store, held, details, arrival)
    changed = await patients.update_patient(store, held.patient_id, details, replaced_by)
    await find_duplicates(store, [held.patient_id])
    return SettledPatient(changed, Result.UPDATED)


async def _known(store: Store, arrival: Arrival, details: PatientDetails) -> Patient | None:
    pairs = [(i.system, i.value) for i in details.identifiers]
    by_identifier = await _only(store, pairs, arrival)
    if arrival.resource_id is None:
        return by_identifier
    by_id = await patients.find_by_fhir_id(store, arrival.resource_id)
    if by_identifier and (by_id is None or by_id.survivor_id != by_identifier.survivor_id):
        if await _is_withheld(store, by_identifier):
            raise _in_question(arrival)
        raise Conflict(
            f"An identifier of this patient belongs to Patient/{by_identifier.fhir_id} already. "
            "Send it to that id; joining two records is done by a person.",
            [Problem(f"{arrival.where or 'Patient'}.identifier", "belongs to another record")],
        )
    return by_id


async def _only(store: Store, pairs: Iterable[tuple[str, str]], arrival: Arrival) -> Patient | None:
    found = await patients.find_by_identifiers(store, pairs)
    if len({one.survivor_id for one in found}) > 1:
        if any([await _is_withheld(store, one) for one in found]):
            raise _in_question(arrival)
        raise MultipleMatches(
            "The identifiers belong to more than one patient here.",
            [Problem(f"{arrival.where or 'Patient'}.identifier", "fits several patients")],
        )
    found.sort(key=lambda one: (one.merged_into_id is not None, one.patient_id))
    return found[0] if found else None


async def _is_withheld(store: Store, patient: Patient) -> bool:
    """Whether whoever sends may not learn of this record."""
    if patient.program_id is None:
        return False
    async with own_sight(store):
        return await patients.find_by_fhir_id(store, patient.fhir_id) is None


def _in_question(arrival: Arrival) -> Conflict:
    """What contradicts a record that is withheld: the answer tells nothing of what is in it."""
    return Conflict(
        "An identifier of this patient does not go with what is held here. Nothing was taken: "
        "the message waits for a person to look at it.",
        [Problem(f"{arrival.where or 'Patient'}.identifier", "is in question")],
    )


def _contradicts(held: Patient, details: PatientDetails) -> bool:
    return bool(held.birth_on and details.birth_on not in (None, held.birth_on))


async def _agree(store: Store, held: Patient, details: PatientDetails, arrival: Arrival) -> None:
    same_source = arrival.resource_id is not None
    if not same_source and _contradicts(held, details):
        if await _is_withheld(store, held):
            raise _in_question(arrival)
        raise Conflict(
            "The identifiers belong to a patient with another birth date. Check whom you mean.",
            [Problem(f"{arrival.where or 'Patient'}.birthDate", "contradicts the known record")],
        )


async def _replacement(store: Store, details: PatientDetails) -> UUID | None:
    if not details.replaced_by:
        return None
    fhir_id = details.replaced_by.rpartition("/")[2]
    async with own_sight(store):  # an id that is withheld is none that is known
        found = await patients.find_by_fhir_id(store, fhir_id)
    if found is None:
        raise UnknownPatient(f"The record that replaces this one, Patient/{fhir_id}, is unknown.")
    return found.survivor_id


async def find_subject(
    store: Store, subject: Subject, places: dict[str, str], where: str, create: bool
) -> Patient:
    """The patient whom a part names; with `create`, a bare identifier begins a record.

    The record may be joined with another one: the caller files under the one that goes on.
    """
    patient = await _find_subject(store, subject, places)
    if patient is None and create and subject.identifier:
        patient = await _bare_patient(store, Identifier(*subject.identifier))
    if patient is None:
        raise UnknownPatient(
            problems=[Problem(f"{where}.{subject.element}", "names nobody known here")]
        )
    return patient


async def _find_subject(store: Store, subject: Subject, places: dict[str, str]) -> Patient | None:
    if subject.reference:
        reference = places.get(subject.reference, subject.reference)
        kind, _, fhir_id = reference.partition("/")
        if kind == "Patient" and fhir_id:
            async with own_sight(store):  # an id that is withheld is none that is known
                return await patients.find_by_fhir_id(store, fhir_id)
    if subject.identifier:
        found = await patients.find_by_identifiers(store, [subject.identifier])
        return found[0] if len({one.survivor_id for one in found}) == 1 else None
    return None


async def _bare_patient(store: Store, identifier: Identifier) -> Patient:
    await patients.lock_names(store, [f"identifier {identifier.system}|{identifier.value}"])
    held = await patients.find_by_identifiers(store, [(identifier.system, identifier.value)])
    if held:
        return held[0]
    details = PatientDetails(
        family_name=None,
        given_names=None,
        display_name=f"Name not sent yet ({identifier.value})",
        birth_on=None,
        sex="unknown",
        identifiers=(identifier,),
    )
    patient = await patients.add_patient(store, details, fhir_id=None)
    await find_duplicates(store, [patient.patient_id])
    store.saved.append(
        ChangedPatient(
            patient_id=patient.patient_id,
            fhir_id=patient.fhir_id,
            family_name=None,
            given_names=None,
            display_name=details.display_name,
            birth_on=None,
            sex="unknown",
            identifiers=((identifier.system, identifier.value),),
            program_id=patient.program_id,
        )
    )
    await audit.record(store, "patient.create", patient_id=patient.patient_id)
    return patient


def filing_notices(named: Patient, filed: Patient, moved: bool) -> tuple[Notice, ...]:
    """What a sender is told where its resource was filed elsewhere than it says, or may be."""
    if moved:
        return (
            Notice(
                "warning",
                "moved-record",
                ".subject",
                f"A person found that this is not about Patient/{named.fhir_id}: it is filed under "
                f"Patient/{filed.fhir_id}. Correct it at its source.",
            ),
        )
    if named.patient_id != filed.patient_id:
        return (
            Notice(
                "warning",
                "joined-record",
                ".subject",
                f"Patient/{named.fhir_id} was joined with Patient/{filed.fhir_id} here; "
                "it is filed there.",
            ),
        )
    if named.replaced_by_id and not named.merged_into_id:
        return (
            Notice(
                "warning",
                "replaced-record",
                ".subject",
                f"You said that another record replaces Patient/{named.fhir_id}. A person is asked "
                "to join the two; until then this is filed where you sent it.",
            ),
        )
    return ()


def patient_facts(arrival: Arrival, patient: Patient, body: bytes) -> ResourceFacts:
    """What searches need to know of a patient's resource."""
    return ResourceFacts(
        resource_type="Patient",
        resource_id=patient.fhir_id,
        content_digest=hashlib.sha256(body).hexdigest(),
        patient_id=patient.patient_id,
        program_id=patient.program_id,
    )
