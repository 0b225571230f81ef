"""What the registry found, as it is published."""

from collections.abc import Sequence
from uuid import UUID

from app.domain.flag import FlagKind
from app.publishing.own import Noun, OwnResource
from app.store.publishable_findings import FindingFacts, list_finding_facts, list_flag_ids
from app.store.transaction import Store
from fhir_mappings.published_finding import PublishedFinding, render_finding


async def _flags(store: Store, ids: Sequence[UUID]) -> Sequence[OwnResource]:
    return [
        OwnResource(
            render_finding(_told(store, facts)),
            facts.patient_id,
            effective_at=facts.opened_at,
            program_id=facts.program_id,
        )
        for facts in await list_finding_facts(store, ids)
    ]


def _told(store: Store, facts: FindingFacts) -> PublishedFinding:
    return PublishedFinding(
        finding_id=str(facts.flag_id),
        patient_fhir_id=facts.patient_fhir_id,
        kind=FlagKind(facts.kind),
        state=facts.state,
        words=facts.words,
        opened_at=facts.opened_at,
        closed_at=facts.closed_at,
        org_id=str(store.org_id),
        closed_by_id=str(facts.closed_by_id) if facts.closed_by_id else None,
        outcome_code=facts.outcome_code,
        implicated=facts.implicated,
        withdrawn=facts.assessment_status == "entered-in-error",
    )


FLAG = Noun(_flags, list_flag_ids, ("Flag", "DetectedIssue"))
