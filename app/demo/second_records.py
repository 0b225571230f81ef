"""A few people of the demo who have a second record, as happens between two systems."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from app.domain.patient import Identifier, PatientDetails
from app.store import patients
from app.store.patients import Patient
from app.store.publishing import ChangedPatient
from app.store.transaction import Store
from app.use_cases.find_duplicates import find_duplicates
from app.use_cases.record_assessment import FormByHand, record_by_hand

HOSPITAL_NUMBERS = "urn:oid:2.16.840.1.113883.19.7"
ANSWERS = (2, 2, 1, 2, 1, 2, 1, 0, 0)


async def add_second_records(store: Store, ids: Sequence[UUID], today: date) -> None:
    """The same again, names swapped, a slip in the birth date, a married name; one with a PHQ-9."""
    people = {p.patient_id: p for p in await patients.get_patients(store, ids[:40])}
    chosen = [people[one] for one in ids[3:40:9] if one in people]
    added = [
        await _add(store, number, _told(number, person))
        for number, person in enumerate(chosen[:4])
        if person.birth_on
    ]
    if added:
        answers = {f"q{n + 1}": value for n, value in enumerate(ANSWERS)}
        at = store.now - timedelta(days=6)
        await record_by_hand(store, added[0], FormByHand("phq-9", answers, at), today)
    await find_duplicates(store, added)


def _told(number: int, one: Patient) -> PatientDetails:
    assert one.birth_on
    told = PatientDetails(
        family_name=one.family_name,
        given_names=one.given_names,
        display_name=one.name,
        birth_on=one.birth_on,
        sex=one.sex,
        language=one.language,
        phone=one.phone,
        identifiers=(Identifier(HOSPITAL_NUMBERS, f"H-{70311 + number}", "MR"),),
    )
    if number == 1:
        swapped = f"{one.family_name} {one.given_names}"
        return replace(
            told,
            family_name=one.given_names,
            given_names=one.family_name,
            display_name=swapped,
            phone=None,
        )
    if number == 2:
        return replace(told, birth_on=_slip(one.birth_on))
    if number == 3:
        return replace(
            told,
            family_name="Whitaker",
            display_name=f"{one.given_names} Whitaker",
            phone=one.phone,
        )
    return told


def _slip(born: date) -> date:
    """One digit of the day mistyped."""
    day = born.day + 1 if born.day % 10 != 9 and born.day < 28 else born.day - 1
    return born.replace(day=day)


async def _add(store: Store, number: int, told: PatientDetails) -> UUID:
    added = await patients.add_patient(store, told, fhir_id=f"hospital-{number + 1}")
    store.saved.append(
        ChangedPatient(
            patient_id=added.patient_id,
            fhir_id=added.fhir_id,
            family_name=told.family_name,
            given_names=told.given_names,
            display_name=told.display_name,
            birth_on=told.birth_on.isoformat() if told.birth_on else None,
            sex=told.sex,
            identifiers=tuple((i.system, i.value) for i in told.identifiers),
        )
    )
    return added.patient_id
