"""Episodes of care and what they treat, as they are published."""

from collections.abc import Sequence
from uuid import UUID

from app.publishing.own import Noun, OwnResource
from app.store.publishable_care import EpisodeFacts, list_episode_facts, list_episode_ids
from app.store.transaction import Store
from fhir_mappings.published_care import PublishedEpisode, render_episode
from fhir_mappings.published_condition import TreatedCondition, render_condition


async def _episodes(store: Store, ids: Sequence[UUID]) -> Sequence[OwnResource]:
    return [
        OwnResource(resource, facts.patient_id, program_id=facts.program_id)
        for facts in await list_episode_facts(store, ids)
        for resource in (*render_episode(_told(facts)), render_condition(_treated(facts)))
    ]


def _told(facts: EpisodeFacts) -> PublishedEpisode:
    return PublishedEpisode(
        episode_id=str(facts.episode_id),
        patient_fhir_id=facts.patient_fhir_id,
        status=facts.status,
        condition=facts.condition,
        enrolled_on=facts.enrolled_on,
        ended_on=facts.ended_on,
        clinic_id=str(facts.clinic_id),
        care_manager_id=_id(facts.care_manager_id),
        consultant_id=_id(facts.consultant_id),
        primary_care_clinician=facts.primary_care_clinician,
    )


def _treated(facts: EpisodeFacts) -> TreatedCondition:
    return TreatedCondition(
        episode_id=str(facts.episode_id),
        patient_fhir_id=facts.patient_fhir_id,
        condition=facts.condition,
        status=facts.status,
        enrolled_on=facts.enrolled_on,
        outcome=facts.outcome,
    )


def _id(found: UUID | None) -> str | None:
    return str(found) if found else None


EPISODE = Noun(_episodes, list_episode_ids, ("EpisodeOfCare", "CareTeam", "Condition"))
