"""Resources published as they are, by what a sender's resource is published by."""

import hashlib
import json
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.store.publishing import ReceivedBody
from app.store.resources import ResourceFacts, save_resources
from app.store.tables import patients
from app.store.transaction import Store
from tests.web.fhir_face import Face


async def publish(face: Face, *bodies: dict[str, Any], patient: str | None = None) -> None:
    """Publish these in one transaction, about the patient (a FHIR id) where one is named."""
    async with face.database.transaction(face.actor) as store:
        about = await _patient_id(store, patient) if patient else None
        every = [_facts(body, about) for body in bodies]
        states = await save_resources(store, every)
        store.saved += [
            ReceivedBody(
                facts.resource_type,
                facts.resource_id,
                state.version,
                about,
                json.dumps(body).encode(),
            )
            for body, facts, state in zip(bodies, every, states, strict=True)
        ]


def _facts(body: dict[str, Any], about: UUID | None) -> ResourceFacts:
    digest = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    return ResourceFacts(body["resourceType"], body["id"], digest, patient_id=about)


async def _patient_id(store: Store, fhir_id: str) -> UUID:
    found = await store.connection.scalar(
        select(patients.c.patient_id).where(
            patients.c.org_id == store.org_id, patients.c.fhir_id == fhir_id
        )
    )
    assert isinstance(found, UUID)
    return found
