"""Patients, the identifiers that find them and the folded tokens of their names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.patient import Identifier, PatientDetails, fold
from app.errors import Conflict, NotFound
from app.store.ids import new_id
from app.store.tables import patient_identifiers, patient_name_tokens, patients, resources
from app.store.transaction import Store
from app.store.visibility import seen_record

PIECE = 1000
"""How many values one statement names (ours)."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's row."""

    patient_id: UUID
    fhir_id: str
    name: str
    birth_on: date | None
    sex: str
    language: str | None
    phone: str | None
    deceased_on: date | None
    clinic_id: UUID | None
    client_id: UUID | None
    merged_into_id: UUID | None
    """The record that goes on, where a person joined the two here; never one that is joined."""
    replaced_by_id: UUID | None = None
    """The record that replaces this one, as its sender says; a person decides."""
    family_name: str | None = None
    given_names: str | None = None
    program_id: UUID | None = None
    """The Part 2 program by which alone the person is known here, if so."""

    @property
    def survivor_id(self) -> UUID:
        """The record under which things about this person are filed."""
        return self.merged_into_id or self.patient_id


class RecordJoined(Conflict):
    """This record was joined with another one; open the record that goes on. Nothing was saved."""

    code = "record-joined"


def _patient(row: Row[Any]) -> Patient:
    return Patient(
        patient_id=row.patient_id,
        fhir_id=row.fhir_id,
        name=row.display_name,
        birth_on=row.birth_on,
        sex=row.sex,
        language=row.language,
        phone=row.phone,
        deceased_on=row.deceased_at.date() if row.deceased_at else None,
        clinic_id=row.clinic_id,
        client_id=row.client_id,
        merged_into_id=row.merged_into_id,
        replaced_by_id=row.replaced_by_id,
        family_name=row.family_name,
        given_names=row.given_names,
        program_id=row.program_id,
    )


async def get_patient(store: Store, patient_id: UUID) -> Patient:
    """Raises NotFound where there is none, or none that the actor sees: the two are one."""
    found = await store.connection.execute(
        select(patients).where(
            patients.c.org_id == store.org_id,
            patients.c.patient_id == patient_id,
            seen_record(store),
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such patient.")
    return _patient(row)


async def get_patients(store: Store, patient_ids: Sequence[UUID]) -> list[Patient]:
    """These patients, each once; those that do not exist are left out.

    For the registry's own look at records whose ids it found: it does not ask who sees them.
    """
    found = await store.connection.execute(
        select(patients).where(
            patients.c.org_id == store.org_id, patients.c.patient_id.in_(patient_ids)
        )
    )
    return [_patient(row) for row in found.all()]


async def find_by_fhir_id(store: Store, fhir_id: str) -> Patient | None:
    found = await store.connection.execute(
        select(patients).where(patients.c.org_id == store.org_id, patients.c.fhir_id == fhir_id)
    )
    row = found.one_or_none()
    return None if row is None else _patient(row)


async def find_by_identifiers(
    store: Store, identifiers: Iterable[tuple[str, str]]
) -> list[Patient]:
    """The patients who carry any of these (system, value) pairs; each once."""
    pairs = [(system, value) for system, value in identifiers if system]
    if not pairs:
        return []
    owners = select(patient_identifiers.c.patient_id).where(
        patient_identifiers.c.org_id == store.org_id,
        _pair_in(pairs),
    )
    found = await store.connection.execute(
        select(patients).where(patients.c.org_id == store.org_id, patients.c.patient_id.in_(owners))
    )
    return [_patient(row) for row in found.all()]


def _pair_in(pairs: Sequence[tuple[str, str]]) -> Any:
    return tuple_(patient_identifiers.c.system, patient_identifiers.c.value).in_(pairs)


async def lock_names(store: Store, names: Iterable[str]) -> None:
    """Let nobody else settle who these names belong to until this transaction ends."""
    for name in sorted(set(names)):
        await store.connection.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(f"{store.org_id} {name}", 0)))
        )


async def lock_patients(store: Store, ids: Iterable[UUID]) -> None:
    """One writer at a time per patient, so that a trajectory is computed from all there is.

    Raises RecordJoined where one of them was joined with another record: nothing more is
    filed there.
    """
    held = await hold_patients(store, ids)
    if any(patient.merged_into_id for patient in held):
        raise RecordJoined()


async def hold_patients(store: Store, ids: Iterable[UUID]) -> list[Patient]:
    """The same for records that may be joined with another one; as they stand, once locked."""
    found = await store.connection.execute(
        select(patients)
        .where(patients.c.org_id == store.org_id, patients.c.patient_id.in_(sorted(set(ids))))
        .order_by(patients.c.patient_id)
        .with_for_update()
    )
    return [_patient(row) for row in found.all()]


async def hold_survivors(store: Store, ids: Iterable[UUID]) -> dict[UUID, Patient]:
    """Lock these records and those they were joined into: each id with the record that goes on.

    A joining that commits while this waits for a lock is noticed, and the locks are taken
    anew in their one order.
    """
    named = set(ids)
    while True:
        known = {p.survivor_id for p in await get_patients(store, sorted(named))}
        wanted = await store.connection.begin_nested()
        held = {p.patient_id: p for p in await hold_patients(store, named | known)}
        goes_on = {one: held[one].survivor_id for one in named}
        if held.keys() >= set(goes_on.values()):
            await wanted.commit()
            return {one: held[survivor] for one, survivor in goes_on.items()}
        await wanted.rollback()


async def add_patient(
    store: Store, details: PatientDetails, *, fhir_id: str | None, clinic_id: UUID | None = None
) -> Patient:
    """A new patient; without a sender's id the registry's own serves as the FHIR id too."""
    patient_id = new_id()
    values = _columns(details) | {
        "org_id": store.org_id,
        "patient_id": patient_id,
        "fhir_id": fhir_id or str(patient_id),
        "clinic_id": clinic_id,
        "client_id": store.actor.client_id,
        "created_at": store.now,
        "updated_at": store.now,
    }
    found = await store.connection.execute(patients.insert().values(values).returning(patients))
    await _save_names(store, patient_id, details)
    await _save_identifiers(store, patient_id, details.identifiers)
    return _patient(found.one())


async def make_known(store: Store, patient_id: UUID) -> bool:
    """Nobody's in particular from now on: others than a Part 2 program told of the person.

    So is the Patient resource, from its next version on. The program's clinic is their home no
    longer: it would name the program. Whether that is new.
    """
    mine = (patients.c.org_id == store.org_id, patients.c.patient_id == patient_id)
    changed = await store.connection.execute(
        update(patients)
        .where(*mine, patients.c.program_id.is_not(None))
        .values(program_id=None, clinic_id=func.nullif(patients.c.clinic_id, patients.c.program_id))
    )
    await store.connection.execute(
        update(resources)
        .where(resources.c.org_id == store.org_id, resources.c.patient_id == patient_id)
        .where(resources.c.resource_type == "Patient")
        .values(program_id=None)
    )
    return changed.rowcount == 1


async def label_resources(store: Store, patient_ids: Sequence[UUID]) -> None:
    """Let the Patient resources be whose record the patients are."""
    await store.connection.execute(
        update(resources)
        .where(resources.c.org_id == store.org_id, resources.c.patient_id == patients.c.patient_id)
        .where(patients.c.org_id == store.org_id, patients.c.patient_id.in_(patient_ids))
        .where(resources.c.resource_type == "Patient")
        .values(program_id=patients.c.program_id)
    )


async def add_patients(
    store: Store, many: Sequence[tuple[PatientDetails, UUID | None]]
) -> list[Patient]:
    """New patients, each with its clinic, in few statements; the caller knows that they are new."""
    ids = [new_id() for _ in many]
    given = {"org_id": store.org_id, "client_id": None}
    rows = [
        _columns(details)
        | given
        | {
            "patient_id": one,
            "fhir_id": str(one),
            "clinic_id": clinic_id,
            "created_at": store.now,
            "updated_at": store.now,
        }
        for one, (details, clinic_id) in zip(ids, many, strict=True)
    ]
    numbered = [
        {"org_id": store.org_id, "patient_id": one, "system": i.system, "value": i.value}
        | {"kind": i.kind}
        for one, (details, _) in zip(ids, many, strict=True)
        for i in details.identifiers
    ]
    named = [
        {"org_id": store.org_id, "patient_id": one, "token": token}
        for one, (details, _) in zip(ids, many, strict=True)
        for token in fold(details.display_name)
    ]
    for table, content in (
        (patients, rows),
        (patient_identifiers, numbered),
        (patient_name_tokens, named),
    ):
        if content:
            await store.connection.execute(table.insert(), content)
    added = {one.patient_id: one for one in await get_patients(store, ids)}
    return [added[one] for one in ids]


async def list_by_number(store: Store, numbers: Sequence[str]) -> dict[str, list[Patient]]:
    """Whom the actor sees of those who carry these numbers, whoever assigned them."""
    held = patient_identifiers.c
    pairs: list[tuple[str, UUID]] = []
    for start in range(0, len(numbers), PIECE):
        found = await store.connection.execute(
            select(held.value, held.patient_id).where(
                held.org_id == store.org_id, held.value.in_(numbers[start : start + PIECE])
            )
        )
        pairs += [(row.value, row.patient_id) for row in found.all()]
    people = await _seen_of(store, [one for _, one in pairs])
    owners: dict[str, list[Patient]] = {}
    for number, patient_id in pairs:
        if patient_id in people:
            owners.setdefault(number, []).append(people[patient_id])
    return owners


async def _seen_of(store: Store, ids: Sequence[UUID]) -> dict[UUID, Patient]:
    wanted = sorted(set(ids))
    people: dict[UUID, Patient] = {}
    for start in range(0, len(wanted), PIECE):
        found = await store.connection.execute(
            select(patients).where(
                patients.c.org_id == store.org_id,
                patients.c.patient_id.in_(wanted[start : start + PIECE]),
                seen_record(store),
            )
        )
        people |= {row.patient_id: _patient(row) for row in found.all()}
    return people


async def list_taken(store: Store, system: str, numbers: Sequence[str]) -> set[str]:
    """Those of a system's numbers that a record carries, whoever sees it: never to be told."""
    held = patient_identifiers.c
    taken: set[str] = set()
    for start in range(0, len(numbers), PIECE):
        found = await store.connection.execute(
            select(held.value).where(
                held.org_id == store.org_id,
                held.system == system,
                held.value.in_(numbers[start : start + PIECE]),
            )
        )
        taken |= set(found.scalars().all())
    return taken


async def list_by_birth(store: Store, days: Sequence[date]) -> dict[date, list[Patient]]:
    """Whom the actor sees of those born on these days, records that were joined too."""
    born: dict[date, list[Patient]] = {}
    for start in range(0, len(days), PIECE):
        found = await store.connection.execute(
            select(patients).where(
                patients.c.org_id == store.org_id,
                patients.c.birth_on.in_(days[start : start + PIECE]),
                seen_record(store),
            )
        )
        for row in found.all():
            born.setdefault(row.birth_on, []).append(_patient(row))
    return born


async def list_numbers_of_system(store: Store, system: str) -> dict[UUID, list[str]]:
    """The numbers that one system assigned, or one of its own parts (``system/…``), by patient."""
    held = patient_identifiers.c
    assigned = or_(held.system == system, held.system.startswith(f"{system}/", autoescape=True))
    found = await store.connection.execute(
        select(held.patient_id, held.value).where(held.org_id == store.org_id, assigned)
    )
    numbers: dict[UUID, list[str]] = {}
    for row in found.all():
        numbers.setdefault(row.patient_id, []).append(row.value)
    return numbers


async def update_patient(
    store: Store, patient_id: UUID, details: PatientDetails, replaced_by_id: UUID | None
) -> Patient:
    """What is said of a patient now. That a person joined records stays as it is."""
    found = await store.connection.execute(
        update(patients)
        .where(patients.c.org_id == store.org_id, patients.c.patient_id == patient_id)
        .values(**_columns(details), replaced_by_id=replaced_by_id, updated_at=store.now)
        .returning(patients)
    )
    await _save_names(store, patient_id, details)
    await _save_identifiers(store, patient_id, details.identifiers)
    return _patient(found.one())


def _columns(details: PatientDetails) -> dict[str, Any]:
    return {
        "family_name": details.family_name,
        "given_names": details.given_names,
        "display_name": details.display_name,
        "birth_on": details.birth_on,
        "sex": details.sex,
        "language": details.language,
        "phone": details.phone,
        "deceased_at": details.deceased_at,
        "active": details.active,
    }


async def _save_names(store: Store, patient_id: UUID, details: PatientDetails) -> None:
    await store.connection.execute(
        delete(patient_name_tokens).where(
            patient_name_tokens.c.org_id == store.org_id,
            patient_name_tokens.c.patient_id == patient_id,
        )
    )
    parts = (details.family_name, details.given_names, details.display_name)
    tokens = fold(" ".join(part for part in parts if part))
    if tokens:
        await store.connection.execute(
            patient_name_tokens.insert(),
            [{"org_id": store.org_id, "patient_id": patient_id, "token": t} for t in tokens],
        )


async def _save_identifiers(
    store: Store, patient_id: UUID, identifiers: Sequence[Identifier]
) -> None:
    wanted = {(i.system, i.value): i.kind for i in identifiers if i.system and i.value}
    await store.connection.execute(
        delete(patient_identifiers).where(
            patient_identifiers.c.org_id == store.org_id,
            patient_identifiers.c.patient_id == patient_id,
        )
    )
    if not wanted:
        return
    rows = [
        {
            "org_id": store.org_id,
            "patient_id": patient_id,
            "system": system,
            "value": value,
            "kind": kind,
        }
        for (system, value), kind in wanted.items()
    ]
    kept = await store.connection.execute(
        insert(patient_identifiers)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(patient_identifiers.c.system)
    )
    if len(kept.all()) < len(rows) and not await _are_one_person(store, patient_id, list(wanted)):
        raise Conflict("An identifier of this patient belongs to another patient's record.")


async def _are_one_person(store: Store, patient_id: UUID, pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether all who carry these identifiers are joined with this record."""
    mine = (await get_patient(store, patient_id)).survivor_id
    owners = await find_by_identifiers(store, pairs)
    return all(owner.survivor_id == mine for owner in owners)


async def list_identifiers(store: Store, patient_id: UUID) -> list[Identifier]:
    return (await list_identifiers_of(store, [patient_id])).get(patient_id, [])


async def list_identifiers_of(
    store: Store, patient_ids: Sequence[UUID]
) -> dict[UUID, list[Identifier]]:
    """The same for each of many patients."""
    held = patient_identifiers.c
    found = await store.connection.execute(
        select(held.patient_id, held.system, held.value, held.kind)
        .where(held.org_id == store.org_id, held.patient_id.in_(patient_ids))
        .order_by(held.kind.nulls_last(), held.system)
    )
    numbers: dict[UUID, list[Identifier]] = {}
    for row in found.all():
        numbers.setdefault(row.patient_id, []).append(Identifier(*row[1:]))
    return numbers


async def search_patients(
    store: Store, tokens: Sequence[str], born_on: date | None, number: str | None, limit: int
) -> list[Patient]:
    """Patients who carry every token as the start of a name, or the number, or the birth date.

    The names and numbers of records that were joined lead to the one that goes on.
    """
    of_org = patients.c.org_id == store.org_id
    statement = select(patients).where(
        of_org, patients.c.merged_into_id.is_(None), seen_record(store)
    )
    for token in tokens:
        named = select(patient_name_tokens.c.patient_id).where(
            patient_name_tokens.c.org_id == store.org_id,
            patient_name_tokens.c.token >= token,
            patient_name_tokens.c.token < token + "\U0010ffff",
        )
        statement = statement.where(_joined_in(store, named))
    if born_on:
        statement = statement.where(patients.c.birth_on == born_on)
    if number:
        numbered = select(patient_identifiers.c.patient_id).where(
            patient_identifiers.c.org_id == store.org_id, patient_identifiers.c.value == number
        )
        statement = statement.where(_joined_in(store, numbered))
    found = await store.connection.execute(
        statement.order_by(patients.c.display_name, patients.c.patient_id).limit(limit)
    )
    return [_patient(row) for row in found.all()]


def _joined_in(store: Store, records: Any) -> Any:
    """Whether a patient, or a record joined into it, is among these."""
    kin = patients.alias()
    joined = select(kin.c.merged_into_id).where(
        kin.c.org_id == store.org_id,
        kin.c.merged_into_id.is_not(None),
        kin.c.patient_id.in_(records),
    )
    return or_(patients.c.patient_id.in_(records), patients.c.patient_id.in_(joined))
