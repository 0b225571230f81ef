"""Label what a program recorded before it was marked."""

from typing import Any
from uuid import UUID

from sqlalchemy import cast, func, select, update

from app.store.part2 import Program
from app.store.publishing import ReceivedBody
from app.store.resources import take_next_version
from app.store.tables import (
    assessment_parts,
    assessments,
    case_reviews,
    contacts,
    discharges,
    encounters,
    episodes,
    flags,
    inbound_messages,
    patients,
    referrals,
    relapse_plans,
    resource_versions,
    resources,
    step_decisions,
    treatment_events,
)
from app.store.transaction import Store

_WITHIN = (
    contacts,
    case_reviews,
    treatment_events,
    referrals,
    step_decisions,
    relapse_plans,
    discharges,
)
_PUBLISHED = (
    (assessments, assessments.c.assessment_id),
    (episodes, episodes.c.episode_id),
    (flags, flags.c.flag_id),
    (referrals, referrals.c.referral_id),
    (case_reviews, case_reviews.c.review_id),
)
"""Tables whose rows are published under their own id."""
_SENT = (assessments, assessment_parts, encounters, resources, inbound_messages)


async def label_records(store: Store, program: Program) -> set[UUID]:
    """Label what a program recorded before it was marked; the patients whose records changed.

    A client's: all that it sent. A clinic's: its episodes with all that was written in them,
    its visits, and the patients whom nobody else has told of.
    """
    mine = program.program_id
    touched: set[UUID] = set()
    if program.kind == "client":
        for table in _SENT:
            touched |= await _label(store, table, mine, table.c.client_id == mine)
        only = patients.c.client_id == mine
    else:
        touched |= await _label(store, episodes, mine, episodes.c.clinic_id == mine)
        held = select(episodes.c.episode_id).where(
            episodes.c.org_id == store.org_id, episodes.c.program_id == mine
        )
        for table in _WITHIN:
            touched |= await _label(store, table, mine, table.c.episode_id.in_(held))
        by_hand = assessments.c.episode_id.in_(held) & assessments.c.client_id.is_(None)
        touched |= await _label(store, assessments, mine, by_hand)
        await _leave(store, held)
        touched |= await _label(store, encounters, mine, encounters.c.clinic_id == mine)
        only = patients.c.clinic_id == mine
    await _label_flags(store, mine)
    await _label_own_resources(store, mine)
    await _label_visits(store, mine)
    touched |= await _label(store, patients, mine, only & _known_by_no_other(store))
    return touched


async def _leave(store: Store, held: Any) -> None:
    """What others sent is no program's record: it leaves the program's episode."""
    await store.connection.execute(
        update(assessments)
        .where(assessments.c.org_id == store.org_id, assessments.c.episode_id.in_(held))
        .where(assessments.c.program_id.is_(None))
        .values(episode_id=None)
    )


async def _label(store: Store, table: Any, program_id: UUID, which: Any) -> set[UUID]:
    changed = (
        update(table)
        .where(table.c.org_id == store.org_id, table.c.program_id.is_(None), which)
        .values(program_id=program_id)
    )
    if "patient_id" not in table.c:
        await store.connection.execute(changed)
        return set()
    found = await store.connection.execute(changed.returning(table.c.patient_id))
    return {one for one in found.scalars().all() if one}


async def _label_flags(store: Store, program_id: UUID) -> None:
    """Flags that follow from what is labelled now: about it, or of a course it belonged to.

    What is still true without it is found anew.
    """
    a = assessments.c
    mine = (a.org_id == store.org_id) & (a.program_id == program_id)
    about = select(cast(a.assessment_id, flags.c.subject.type)).where(mine)
    held = select(episodes.c.episode_id).where(
        episodes.c.org_id == store.org_id, episodes.c.program_id == program_id
    )
    since = (
        select(a.assessment_id)
        .where(mine, a.patient_id == flags.c.patient_id, a.received_at <= flags.c.opened_at)
        .exists()
    )
    for which in (
        flags.c.subject.in_(about),
        flags.c.episode_id.in_(held),
        (flags.c.subject == "") & since,
    ):
        await _label(store, flags, program_id, which)


async def _label_own_resources(store: Store, program_id: UUID) -> None:
    """What the registry itself published of records that are labelled now."""
    for table, key in _PUBLISHED:
        labelled = select(cast(key, resources.c.resource_id.type)).where(
            table.c.org_id == store.org_id, table.c.program_id == program_id
        )
        await _label(store, resources, program_id, resources.c.resource_id.in_(labelled))


async def _label_visits(store: Store, program_id: UUID) -> None:
    """The resources of visits that are labelled now, whoever sent them."""
    named = select(func.split_part(encounters.c.encounter_key, "/", 2)).where(
        encounters.c.org_id == store.org_id, encounters.c.program_id == program_id
    )
    visits = (resources.c.resource_type == "Encounter") & resources.c.resource_id.in_(named)
    await _label(store, resources, program_id, visits)


def _known_by_no_other(store: Store) -> Any:
    """Patients of whom nothing general is held."""
    conditions = [
        ~select(table.c.patient_id)
        .where(
            table.c.org_id == store.org_id,
            table.c.patient_id == patients.c.patient_id,
            table.c.program_id.is_(None),
        )
        .exists()
        for table in (assessments, episodes, encounters)
    ]
    return conditions[0] & conditions[1] & conditions[2]


async def publish_again(store: Store, program_id: UUID) -> list[ReceivedBody]:
    """The program's resources whose newest version does not say whose they are, once more."""
    found = await store.connection.execute(
        select(resources.c.resource_type, resources.c.resource_id)
        .join(
            resource_versions,
            (resource_versions.c.org_id == resources.c.org_id)
            & (resource_versions.c.resource_type == resources.c.resource_type)
            & (resource_versions.c.resource_id == resources.c.resource_id)
            & (resource_versions.c.version == resources.c.version),
        )
        .where(resources.c.org_id == store.org_id, resources.c.program_id == program_id)
        .where(resource_versions.c.program_id.is_(None))
        .order_by(resources.c.resource_type, resources.c.resource_id)
    )
    again = []
    for kind, name in found.all():
        held = await take_next_version(store, kind, name)
        if held:
            again.append(
                ReceivedBody(kind, name, held.version, held.patient_id, held.body, program_id)
            )
    return again
