"""The publisher chosen in wiring: what was saved, rendered once as FHIR R4 and kept as served."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
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
        publications = [_received(store, c) for c in saved if isinstance(c, ReceivedBody)]
        own = await _own(store, saved)
        states = await resources.save_resources(store, [facts for facts, _ in own.values()])
        for (facts, body), state in zip(own.values(), states, strict=True):
            if state.changed:
                publications.append(_version(store, facts, body, state.version))
        await resources.append_versions(store, publications)


def _received(store: Store, change: ReceivedBody) -> tuple[Publication, UUID | None]:
    body = render_received(
        change.body, change.resource_type, change.resource_id, change.version, store.now
    )
    publication = Publication(change.resource_type, change.resource_id, change.version, body)
    return publication, change.patient_id


def _version(
    store: Store, facts: ResourceFacts, body: bytes, version: int
) -> tuple[Publication, UUID | None]:
    served = render_received(body, facts.resource_type, facts.resource_id, version, store.now)
    return Publication(facts.resource_type, facts.resource_id, version, served), facts.patient_id


async def _own(
    store: Store, saved: Sequence[Any]
) -> dict[tuple[str, str], tuple[ResourceFacts, bytes]]:
    """The resources of ours that a transaction changed, each as it finally stands."""
    found: dict[tuple[str, str], tuple[ResourceFacts, bytes]] = {}
    changed = {c.assessment_id: c for c in saved if isinstance(c, ChangedAssessment)}
    quiet = [str(key) for key, change in changed.items() if not change.publish_score]
    told_before = await resources.existing_ids(store, "Observation", quiet)
    for resource, change in _rendered(changed.values(), told_before):
        facts, body = _of_assessment(resource, change)
        found[facts.resource_type, facts.resource_id] = facts, body
    for change in saved:
        if isinstance(change, ChangedPatient):
            found["Patient", change.fhir_id] = _of_patient(change)
    return found


def _rendered(
    changed: Iterable[ChangedAssessment], told_before: set[str]
) -> Iterator[tuple[dict[str, Any], ChangedAssessment]]:
    for change in changed:
        own_id = str(change.assessment_id)
        told = PublishedAssessment(
            assessment_id=own_id,
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
        if change.publish_form:
            yield render_completed_form(told), change
            told = replace(told, derived_from=(f"QuestionnaireResponse/{own_id}",))
        if change.publish_score or own_id in told_before:
            yield render_score(told), change


def _of_assessment(
    resource: dict[str, Any], change: ChangedAssessment
) -> tuple[ResourceFacts, bytes]:
    body = write_json(resource)
    facts = ResourceFacts(
        resource_type=str(resource["resourceType"]),
        resource_id=str(change.assessment_id),
        content_digest=hashlib.sha256(body).hexdigest(),
        patient_id=change.patient_id,
        effective_at=change.effective_at,
        status=str(resource["status"]),
        questionnaire=resource.get("questionnaire"),
        tokens=tokens_of(resource),
        ours=True,
    )
    return facts, body


def _of_patient(change: ChangedPatient) -> tuple[ResourceFacts, bytes]:
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
    return facts, body
