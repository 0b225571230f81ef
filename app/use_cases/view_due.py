"""See whom to screen at the next visit: who, where, when and with which form; no scores."""

from dataclasses import dataclass
from datetime import date

from app.domain.access import Permission
from app.domain.screening_rule import Topic
from app.store import audit
from app.store.transaction import Store
from app.use_cases.view_screening_reach import DueList, list_due


@dataclass(frozen=True, slots=True)
class DueBoard:
    """The list for one topic."""

    topic: Topic
    due: DueList
    reads_charts: bool
    today: date


async def view_due(store: Store, topic: Topic, today: date) -> DueBoard:
    """Of those whom one sees: with a visit planned first, then those seen last; audited."""
    store.actor.require(Permission.VIEW_DUE)
    due = await list_due(store, topic, today)
    await audit.record(
        store,
        "due.view",
        shown=[row.patient_id for row in due.rows],
        detail={"topic": topic.value},
    )
    return DueBoard(topic, due, store.actor.may(Permission.VIEW_PATIENT), today)
