"""What people ask of others, as it is published: referrals and recommendations."""

from collections.abc import Sequence
from uuid import UUID

from app.domain.referral import ReferralState
from app.publishing.own import Noun, OwnResource
from app.store.publishable_requests import (
    RecommendationFacts,
    ReferralFacts,
    list_recommendation_facts,
    list_referral_facts,
    list_referral_ids,
    list_review_ids,
)
from app.store.transaction import Store
from fhir_mappings.published_recommendation import PublishedRecommendation, render_recommendation
from fhir_mappings.published_referral import PublishedReferral, render_referral


async def _referrals(store: Store, ids: Sequence[UUID]) -> Sequence[OwnResource]:
    return [
        OwnResource(resource, facts.patient_id, facts.opened_at, facts.program_id)
        for facts in await list_referral_facts(store, ids)
        for resource in render_referral(_referral(facts))
    ]


def _referral(facts: ReferralFacts) -> PublishedReferral:
    return PublishedReferral(
        referral_id=str(facts.referral_id),
        patient_fhir_id=facts.patient_fhir_id,
        episode_id=str(facts.episode_id),
        step=facts.step,
        reason=facts.reason,
        to_whom=facts.to_whom,
        state=ReferralState(facts.state),
        closed_from=ReferralState(facts.closed_from) if facts.closed_from else None,
        opened_at=facts.opened_at,
        moved_at=facts.moved_at,
        due_on=facts.due_on,
        appointment_on=facts.appointment_on,
        requester_id=str(facts.staff_id),
        owner_id=str(facts.owner_id) if facts.owner_id else None,
    )


async def _recommendations(store: Store, ids: Sequence[UUID]) -> Sequence[OwnResource]:
    return [
        OwnResource(
            render_recommendation(_recommendation(facts)),
            facts.patient_id,
            facts.reviewed_at,
            facts.program_id,
        )
        for facts in await list_recommendation_facts(store, ids)
    ]


def _recommendation(facts: RecommendationFacts) -> PublishedRecommendation:
    return PublishedRecommendation(
        review_id=str(facts.review_id),
        patient_fhir_id=facts.patient_fhir_id,
        episode_id=str(facts.episode_id),
        words=facts.recommendation,
        status=facts.status,
        reviewed_at=facts.reviewed_at,
        consultant_id=str(facts.consultant_id),
        answer=facts.answer,
        answered_at=facts.answered_at,
        owner_id=str(facts.answered_by_id) if facts.answered_by_id else None,
    )


REFERRAL = Noun(_referrals, list_referral_ids, ("ServiceRequest", "Task"))
RECOMMENDATION = Noun(_recommendations, list_review_ids, ("Task",))
