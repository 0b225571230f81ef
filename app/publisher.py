"""The publisher chosen in wiring: what was saved, rendered once as FHIR R4 and kept as served."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.domain.catalogue import INSTRUMENTS
from app.store import resources
from app.store.publishing import ChangedAssessment, ChangedPatient, ReceivedBody
from app.store.resources import ResourceFacts
from app.store.transaction import Publication, Store
from fhir_mappings.json_text import write_json
from fhir_mappings.publish import (
    PublishedAssessment,
    render_completed_form,
    render_known_patient,
    render_received,
    render_score,
    tokens_of,
)


class FhirPublisher:
    """Renders each changed record by `fhir_mappings` and appends the version that is served."""

    async def publish(self, store: Store, saved: Sequence[Any]) -> None:
        """Called at the end of a transaction with everything it saved, in order."""
        publications: list[tuple[Publication, UUID | None]] = []
        for change in _latest(saved):
            match change:
                case ReceivedBody():
                    publications.append(_received(store, change))
                case ChangedAssessment():
                    publications += await _assessment(store, change)
                case ChangedPatient():
                    publications += await _patient(store, change)
        await resources.append_versions(store, publications)


def _latest(saved: Sequence[Any]) -> list[Any]:
    """One transaction publishes an assessment of ours once, as it finally stands."""
    last = {c.assessment_id: c for c in saved if isinstance(c, ChangedAssessment)}
    others = [c for c in saved if not isinstance(c, ChangedAssessment)]
    return others + list(last.values())


def _received(store: Store, change: ReceivedBody) -> tuple[Publication, UUID | None]:
    body = render_received(
        change.body, change.resource_type, change.resource_id, change.version, store.now
    )
    publication = Publication(change.resource_type, change.resource_id, change.version, body)
    return publication, change.patient_id


async def _assessment(
    store: Store, change: ChangedAssessment
) -> list[tuple[Publication, UUID | None]]:
    told = PublishedAssessment(
        assessment_id=str(change.assessment_id),
        instrument=INSTRUMENTS[change.instrument_id],
        patient_fhir_id=change.patient_fhir_id,
        answers=change.answers,
        total=change.total,
        prorated=change.prorated,
        severity=change.severity,
        status=change.status,
        effective_at=change.effective_at,
        derived_from=change.derived_from,
        by=change.recorded_by,
    )
    own_id = str(change.assessment_id)
    publications = []
    if change.publish_form:
        form = render_completed_form(told)
        publications += await _ours(store, form, own_id, change)
        told = PublishedAssessment(
            **{name: getattr(told, name) for name in told.__dataclass_fields__}
            | {"derived_from": (f"QuestionnaireResponse/{own_id}",)}
        )
    held = await resources.find_current(store, "Observation", own_id)
    if change.publish_score or held is not None:
        publications += await _ours(store, render_score(told), own_id, change)
    return publications


async def _ours(
    store: Store, resource: dict[str, Any], own_id: str, change: ChangedAssessment
) -> list[tuple[Publication, UUID | None]]:
    resource_type = str(resource["resourceType"])
    body = write_json(resource)
    facts = ResourceFacts(
        resource_type=resource_type,
        resource_id=own_id,
        content_digest=hashlib.sha256(body).hexdigest(),
        patient_id=change.patient_id,
        effective_at=change.effective_at,
        status=str(resource["status"]),
        questionnaire=resource.get("questionnaire"),
        tokens=tokens_of(resource),
        ours=True,
    )
    return await _save(store, facts, body)


async def _patient(store: Store, change: ChangedPatient) -> list[tuple[Publication, UUID | None]]:
    resource = render_known_patient(
        family=change.family_name,
        given=change.given_names,
        name=change.display_name,
        birth_on=change.birth_on,
        sex=change.sex,
        identifiers=change.identifiers,
    )
    body = write_json(resource)
    facts = ResourceFacts(
        resource_type="Patient",
        resource_id=change.fhir_id,
        content_digest=hashlib.sha256(body).hexdigest(),
        patient_id=change.patient_id,
        status="active",
        tokens=tokens_of(resource),
        ours=True,
    )
    return await _save(store, facts, body)


async def _save(
    store: Store, facts: ResourceFacts, body: bytes
) -> list[tuple[Publication, UUID | None]]:
    saved = await resources.save_resource(store, facts)
    if not saved.changed:
        return []
    served = render_received(body, facts.resource_type, facts.resource_id, saved.version, store.now)
    publication = Publication(facts.resource_type, facts.resource_id, saved.version, served)
    return [(publication, facts.patient_id)]
