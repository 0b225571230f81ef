"""What is published of what people ask of others: referrals and recommendations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, select

from app.store.tables import case_reviews, patients, referral_events, referrals
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class ReferralFacts:
    """A referral, whose it is and its last move."""

    referral_id: UUID
    patient_id: UUID
    patient_fhir_id: str
    episode_id: UUID
    step: str | None
    reason: str
    to_whom: str
    state: str
    closed_from: str | None
    opened_at: datetime
    moved_at: datetime
    due_on: date | None
    appointment_on: date | None
    staff_id: UUID
    owner_id: UUID | None
    program_id: UUID | None


@dataclass(frozen=True, slots=True)
class RecommendationFacts:
    """A recommendation and whose it is."""

    review_id: UUID
    patient_id: UUID
    patient_fhir_id: str
    episode_id: UUID
    recommendation: str
    status: str
    reviewed_at: datetime
    consultant_id: UUID
    answer: str | None
    answered_at: datetime | None
    answered_by_id: UUID | None
    program_id: UUID | None


async def list_referral_facts(store: Store, referral_ids: Sequence[UUID]) -> list[ReferralFacts]:
    """What is told of each of these."""
    of, last = referrals.c, referral_events.c
    whose = and_(patients.c.org_id == of.org_id, patients.c.patient_id == of.patient_id)
    moved = and_(last.org_id == of.org_id, last.event_id == of.last_event_id)
    found = await store.connection.execute(
        select(
            of.referral_id,
            of.patient_id,
            patients.c.fhir_id.label("patient_fhir_id"),
            of.episode_id,
            of.step,
            of.reason,
            of.to_whom,
            of.state,
            last.from_state.label("closed_from"),
            of.opened_at,
            last.recorded_at.label("moved_at"),
            of.due_on,
            of.appointment_on,
            of.staff_id,
            of.owner_id,
            of.program_id,
        )
        .join_from(referrals, patients, whose)
        .join(referral_events, moved)
        .where(of.org_id == store.org_id, of.referral_id.in_(referral_ids))
        .order_by(of.referral_id)
    )
    return [ReferralFacts(**row) for row in found.mappings().all()]


async def list_referral_ids(store: Store, after: UUID | None, count: int) -> Sequence[UUID]:
    """A page of all referrals."""
    wanted = select(referrals.c.referral_id).where(referrals.c.org_id == store.org_id)
    if after:
        wanted = wanted.where(referrals.c.referral_id > after)
    found = await store.connection.execute(wanted.order_by(referrals.c.referral_id).limit(count))
    return list(found.scalars().all())


async def list_recommendation_facts(
    store: Store, review_ids: Sequence[UUID]
) -> list[RecommendationFacts]:
    """What is told of each of these reviews; nothing of one that recommends nothing."""
    of = case_reviews.c
    whose = and_(patients.c.org_id == of.org_id, patients.c.patient_id == of.patient_id)
    found = await store.connection.execute(
        select(
            of.review_id,
            of.patient_id,
            patients.c.fhir_id.label("patient_fhir_id"),
            of.episode_id,
            of.recommendation,
            of.status,
            of.reviewed_at,
            of.consultant_id,
            of.answer,
            of.answered_at,
            of.answered_by_id,
            of.program_id,
        )
        .join_from(case_reviews, patients, whose)
        .where(of.org_id == store.org_id, of.review_id.in_(review_ids))
        .where(of.kind == "recommendation")
        .order_by(of.review_id)
    )
    return [RecommendationFacts(**row) for row in found.mappings().all()]


async def list_review_ids(store: Store, after: UUID | None, count: int) -> Sequence[UUID]:
    """A page of all case reviews that recommend something."""
    of = case_reviews.c
    wanted = select(of.review_id).where(of.org_id == store.org_id, of.kind == "recommendation")
    if after:
        wanted = wanted.where(of.review_id > after)
    found = await store.connection.execute(wanted.order_by(of.review_id).limit(count))
    return list(found.scalars().all())
