"""What people did in an episode: contacts, case reviews, treatment events."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from app.errors import Conflict, NotFound
from app.store.publishing import Changed
from app.store.tables import case_reviews, contacts, treatment_events
from app.store.transaction import Store
from app.store.visibility import seen


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact's row; time in minutes."""

    contact_id: UUID
    at: datetime
    contact_on: date
    way: str
    reached: bool
    minutes: int
    note: str
    staff_id: UUID


@dataclass(frozen=True, slots=True)
class CaseReview:
    """A case review's row."""

    review_id: UUID
    patient_id: UUID
    episode_id: UUID
    reviewed_on: date
    consultant_id: UUID
    kind: str
    recommendation: str
    follow_up_weeks: int | None
    status: str
    answer: str | None
    answered_at: datetime | None
    answered_by_id: UUID | None


@dataclass(frozen=True, slots=True)
class TreatmentEvent:
    """Something that changed in treatment, for the time axis of the chart."""

    event_id: UUID
    happened_on: date
    kind: str
    words: str


_CONTACT = [contacts.c[name] for name in Contact.__dataclass_fields__]
_REVIEW = [case_reviews.c[name] for name in CaseReview.__dataclass_fields__]
_EVENT = [treatment_events.c[name] for name in TreatmentEvent.__dataclass_fields__]


async def list_contacts(store: Store, episode_id: UUID) -> list[Contact]:
    """The newest first."""
    found = await store.connection.execute(
        select(*_CONTACT)
        .where(contacts.c.org_id == store.org_id, contacts.c.episode_id == episode_id)
        .order_by(contacts.c.at.desc(), contacts.c.contact_id.desc())
    )
    return [Contact(*row) for row in found.all()]


async def last_contacts_reached_on(store: Store, episode_ids: list[UUID]) -> dict[UUID, date]:
    """The day each episode's patient was last reached; an attempt is not a contact."""
    found = await store.connection.execute(
        select(contacts.c.episode_id, func.max(contacts.c.contact_on))
        .where(
            contacts.c.org_id == store.org_id,
            contacts.c.episode_id.in_(episode_ids),
            contacts.c.reached,
        )
        .group_by(contacts.c.episode_id)
    )
    return {episode_id: day for episode_id, day in found.all()}


async def list_reviews(store: Store, episode_id: UUID) -> list[CaseReview]:
    """The newest first."""
    found = await store.connection.execute(
        select(*_REVIEW)
        .where(case_reviews.c.org_id == store.org_id, case_reviews.c.episode_id == episode_id)
        .order_by(case_reviews.c.reviewed_at.desc(), case_reviews.c.review_id.desc())
    )
    return [CaseReview(*row) for row in found.all()]


async def list_latest_reviews(store: Store, episode_ids: list[UUID]) -> dict[UUID, CaseReview]:
    """The latest review of each of these episodes."""
    found = await store.connection.execute(
        select(*_REVIEW)
        .ext(distinct_on(case_reviews.c.episode_id))
        .where(case_reviews.c.org_id == store.org_id, case_reviews.c.episode_id.in_(episode_ids))
        .order_by(case_reviews.c.episode_id, case_reviews.c.reviewed_at.desc())
    )
    return {row.episode_id: CaseReview(*row) for row in found.all()}


async def get_review(store: Store, review_id: UUID) -> CaseReview:
    found = await store.connection.execute(
        select(*_REVIEW)
        .where(case_reviews.c.org_id == store.org_id, case_reviews.c.review_id == review_id)
        .where(seen(store, case_reviews.c.patient_id))
        .with_for_update()
    )
    row: Row[Any] | None = found.one_or_none()
    if row is None:
        raise NotFound("There is no such case review.")
    return CaseReview(*tuple(row))


async def answer_review(
    store: Store, review: CaseReview, status: str, words: str, staff_id: UUID | None
) -> None:
    await store.connection.execute(
        update(case_reviews)
        .where(case_reviews.c.org_id == store.org_id, case_reviews.c.review_id == review.review_id)
        .values(status=status, answer=words, answered_at=store.now, answered_by_id=staff_id)
    )
    store.saved.append(Changed("recommendation", review.review_id))


async def list_treatment_events(store: Store, episode_id: UUID) -> list[TreatmentEvent]:
    """The oldest first."""
    found = await store.connection.execute(
        select(*_EVENT)
        .where(
            treatment_events.c.org_id == store.org_id, treatment_events.c.episode_id == episode_id
        )
        .order_by(treatment_events.c.happened_on, treatment_events.c.event_id)
    )
    return [TreatmentEvent(*row) for row in found.all()]


async def add_once(store: Store, table: Table, values: dict[str, Any]) -> bool:
    """Add a row unless the same form was sent before; whether it was added now.

    A form carries the key it was shown with, so a second press of the button or a
    reload finds the first row. The same key from another member of staff is refused.
    """
    added = await store.connection.execute(
        insert(table)
        .values(org_id=store.org_id, **values)
        .on_conflict_do_nothing(index_elements=["org_id", "request_key"])
        .returning(table.c.org_id)
    )
    if added.one_or_none() is not None:
        return True
    author = "staff_id" if "staff_id" in values else "consultant_id"
    return not await was_sent(
        store, table, values["request_key"], {k: values[k] for k in (author, "episode_id")}
    )


async def was_sent(store: Store, table: Table, request_key: str, owner: dict[str, Any]) -> bool:
    """Whether this very form was sent before, by the same person for the same thing.

    Raises Conflict where the key was used for something else.
    """
    first = await store.connection.execute(
        select(*[table.c[name] for name in owner]).where(
            table.c.org_id == store.org_id, table.c.request_key == request_key
        )
    )
    row = first.one_or_none()
    if row is not None and tuple(row) != tuple(owner.values()):
        raise Conflict("This form was used before for something else; open the page again.")
    return row is not None


async def add_contact(store: Store, values: dict[str, Any]) -> bool:
    return await add_once(store, contacts, values | {"recorded_at": store.now})


async def add_review(store: Store, values: dict[str, Any]) -> bool:
    added = await add_once(store, case_reviews, values)
    if added:
        store.saved.append(Changed("recommendation", values["review_id"]))
    return added


async def add_treatment_event(store: Store, values: dict[str, Any]) -> None:
    await store.connection.execute(
        treatment_events.insert().values(org_id=store.org_id, recorded_at=store.now, **values)
    )
