"""What is published of episodes of care."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_, or_, select

from app.store.tables import discharges, episodes, patients
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """An episode, whose it is and who gives the care."""

    episode_id: UUID
    patient_id: UUID
    patient_fhir_id: str
    status: str
    condition: str
    enrolled_on: date
    ended_on: date | None
    clinic_id: UUID
    care_manager_id: UUID | None
    consultant_id: UUID | None
    primary_care_clinician: str | None
    program_id: UUID | None
    outcome: str | None
    """Why it ended."""


async def list_episode_facts(store: Store, episode_ids: Sequence[UUID]) -> list[EpisodeFacts]:
    """What is told of each of these."""
    of = episodes.c
    whose = and_(patients.c.org_id == of.org_id, patients.c.patient_id == of.patient_id)
    mine = or_(discharges.c.program_id.is_(None), discharges.c.program_id == of.program_id)
    ended = and_(
        discharges.c.org_id == of.org_id,
        discharges.c.episode_id == of.episode_id,
        mine,  # how a program ended somebody else's episode is told by the program alone
    )
    found = await store.connection.execute(
        select(
            of.episode_id,
            of.patient_id,
            patients.c.fhir_id.label("patient_fhir_id"),
            of.status,
            of.condition,
            of.enrolled_on,
            of.ended_on,
            of.clinic_id,
            of.care_manager_id,
            of.consultant_id,
            of.primary_care_clinician,
            of.program_id,
            discharges.c.outcome,
        )
        .join_from(episodes, patients, whose)
        .outerjoin(discharges, ended)
        .where(of.org_id == store.org_id, of.episode_id.in_(episode_ids))
        .order_by(of.episode_id)
    )
    return [EpisodeFacts(**row) for row in found.mappings().all()]


async def list_episode_ids(store: Store, after: UUID | None, count: int) -> Sequence[UUID]:
    """A page of all episodes."""
    wanted = select(episodes.c.episode_id).where(episodes.c.org_id == store.org_id)
    if after:
        wanted = wanted.where(episodes.c.episode_id > after)
    found = await store.connection.execute(wanted.order_by(episodes.c.episode_id).limit(count))
    return list(found.scalars().all())
