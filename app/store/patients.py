"""Patients, the identifiers that find them and the folded tokens of their names."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.patient import Identifier, PatientDetails
from app.errors import Conflict, NotFound
from app.store.ids import new_id
from app.store.tables import patient_identifiers, patient_name_tokens, patients
from app.store.transaction import Store


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
    )


async def get_patient(store: Store, patient_id: UUID) -> Patient:
    found = await store.connection.execute(
        select(patients).where(
            patients.c.org_id == store.org_id, patients.c.patient_id == patient_id
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such patient.")
    return _patient(row)


async def get_patients(store: Store, patient_ids: Sequence[UUID]) -> list[Patient]:
    """These patients, each once; those that do not exist are left out."""
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
    """One writer at a time per patient, so that a trajectory is computed from all there is."""
    await store.connection.execute(
        select(patients.c.patient_id)
        .where(patients.c.org_id == store.org_id, patients.c.patient_id.in_(sorted(set(ids))))
        .order_by(patients.c.patient_id)
        .with_for_update()
    )


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


async def update_patient(
    store: Store, patient_id: UUID, details: PatientDetails, merged_into_id: UUID | None
) -> Patient:
    found = await store.connection.execute(
        update(patients)
        .where(patients.c.org_id == store.org_id, patients.c.patient_id == patient_id)
        .values(**_columns(details), merged_into_id=merged_into_id, updated_at=store.now)
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


def fold(words: str) -> list[str]:
    """The searchable tokens of a name: without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", words)
    bare = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return sorted(set(re.findall(r"\w+", bare)))


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
    if len(kept.all()) < len(rows):
        raise Conflict("An identifier of this patient belongs to another patient's record.")


async def list_identifiers(store: Store, patient_id: UUID) -> list[Identifier]:
    found = await store.connection.execute(
        select(
            patient_identifiers.c.system, patient_identifiers.c.value, patient_identifiers.c.kind
        )
        .where(
            patient_identifiers.c.org_id == store.org_id,
            patient_identifiers.c.patient_id == patient_id,
        )
        .order_by(patient_identifiers.c.kind.nulls_last(), patient_identifiers.c.system)
    )
    return [Identifier(*row) for row in found.all()]


async def search_patients(
    store: Store, tokens: Sequence[str], born_on: date | None, number: str | None, limit: int
) -> list[Patient]:
    """Patients who carry every token as the start of a name, or the number, or the birth date."""
    statement = select(patients).where(
        patients.c.org_id == store.org_id, patients.c.merged_into_id.is_(None)
    )
    for token in tokens:
        statement = statement.where(
            patients.c.patient_id.in_(
                select(patient_name_tokens.c.patient_id).where(
                    patient_name_tokens.c.org_id == store.org_id,
                    patient_name_tokens.c.token >= token,
                    patient_name_tokens.c.token < token + "\U0010ffff",
                )
            )
        )
    if born_on:
        statement = statement.where(patients.c.birth_on == born_on)
    if number:
        statement = statement.where(
            patients.c.patient_id.in_(
                select(patient_identifiers.c.patient_id).where(
                    patient_identifiers.c.org_id == store.org_id,
                    patient_identifiers.c.value == number,
                )
            )
        )
    found = await store.connection.execute(
        statement.order_by(patients.c.display_name, patients.c.patient_id).limit(limit)
    )
    return [_patient(row) for row in found.all()]
