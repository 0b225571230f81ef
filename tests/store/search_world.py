"""Thousands of published resources and what they are found by, written as the publisher would."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from app.domain.actor import system
from app.store import organizations
from app.store.bulk import copy_rows
from app.store.ids import new_id
from app.store.transaction import Database
from fhir_mappings.indexing import index_of

NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)
CODES = ("44261-6", "70274-6", "75626-2", "93374-7", "89204-2")
NAMES = ("Rivera", "Núñez", "Okafor", "Lindqvist", "Alvarez", "Nguyen", "Ortiz", "Brandt")


async def make_world(database: Database, people: int, each: int) -> UUID:
    """An organization with so many patients, and so many observations of each."""
    org_id = new_id()
    async with database.transaction(system(org_id)) as store:
        await organizations.add_organization(store, "Clinic", "UTC", "refuse")
        ids = [uuid5(org_id, str(number)) for number in range(people)]
        await copy_rows(store, "patients", [_person(org_id, one) for one in ids])
        bodies = [(_patient(n, one), one) for n, one in enumerate(ids)]
        bodies += [(_observation(n, one), one) for one in ids for n in range(each)]
        for table, rows in _rows(org_id, bodies).items():
            await copy_rows(store, table, rows)
    return org_id


def _person(org_id: UUID, patient_id: UUID) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "patient_id": patient_id,
        "fhir_id": str(patient_id),
        "display_name": "Nobody",
        "sex": "unknown",
        "active": True,
        "created_at": NOW,
        "updated_at": NOW,
    }


def _patient(number: int, patient_id: UUID) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": str(patient_id),
        "identifier": [{"system": "urn:mrn", "value": f"{number}"}],
        "name": [{"family": f"{NAMES[number % 8]}{number // 8}", "given": ["Ana", "M"]}],
        "birthDate": f"19{50 + number % 50}-05-04",
        "gender": "female",
    }


def _observation(number: int, patient_id: UUID) -> dict[str, Any]:
    day = NOW - timedelta(days=30 * number)
    coding = [{"system": "http://loinc.org", "code": CODES[number % 5]}]
    return {
        "resourceType": "Observation",
        "id": str(uuid5(patient_id, str(number))),
        "status": "final",
        "category": [{"coding": [{"system": "urn:category", "code": "survey"}]}],
        "code": {"coding": coding},
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": day.isoformat(),
    }


def _rows(
    org_id: UUID, bodies: list[tuple[dict[str, Any], UUID]]
) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in (
            "resources",
            "resource_versions",
            "resource_tokens",
            "resource_dates",
            "resource_strings",
        )
    }
    for n, (body, patient_id) in enumerate(bodies):
        key = {
            "org_id": org_id,
            "resource_type": body["resourceType"],
            "resource_id": body["id"],
        }
        both = key | {
            "version": 1,
            "patient_id": patient_id,
            "deleted": False,
            "last_updated": NOW - timedelta(seconds=n),
        }
        rows["resources"].append(both | {"content_digest": ""})
        rows["resource_versions"].append(both | {"labels": "", "body": b"{}"})
        index = index_of(body, "", UTC)
        rows["resource_tokens"] += [
            key | {"parameter": one.parameter, "system": one.system, "value": one.value}
            for one in index.tokens
        ]
        rows["resource_dates"] += [
            key | {"parameter": one.parameter, "starts_at": one.start, "ends_at": one.end}
            for one in index.dates
        ]
        rows["resource_strings"] += [
            key | {"parameter": one.parameter, "word": one.word, "whole": one.whole}
            for one in index.strings
        ]
    return rows
