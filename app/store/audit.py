"""The record of who did what: written in the transaction of the act it tells of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.store.accounting import account_for
from app.store.ids import new_id
from app.store.tables import audit_events, audit_shown

if TYPE_CHECKING:  # the transaction records its own refusals with this module
    from app.store.transaction import Store


async def record(
    store: Store,
    action: str,
    *,
    patient_id: UUID | None = None,
    shown: Iterable[UUID] | None = None,
    subject: str | None = None,
    outcome: str = "done",
    detail: Mapping[str, str | int | bool] | None = None,
) -> None:
    """Write one audit row. `detail` never holds names, answers or free text of a patient.

    `shown` are the patients whom a list showed: one row tells of all of them, and each can
    be asked who saw them.
    """
    row = _row(store, action, patient_id, subject, outcome, detail)
    people = None if shown is None else sorted(set(shown))
    about = ([patient_id] if patient_id else []) + (people or [])
    await account_for(store, action, about, subject or "")
    await store.connection.execute(audit_events.insert().values(row | {"patient_ids": people}))
    if people:
        named = {"org_id": store.org_id, "at": row["at"], "audit_id": row["audit_id"]}
        await store.connection.execute(
            audit_shown.insert(), [named | {"patient_id": one} for one in people]
        )


async def record_each(store: Store, action: str, patient_ids: Sequence[UUID]) -> None:
    """One audit row for each of many patients."""
    if patient_ids:
        await store.connection.execute(
            audit_events.insert(),
            [_row(store, action, one, None, "done", None) for one in patient_ids],
        )


def _emergency(store: Store, patient_id: UUID | None) -> dict[str, str]:
    """Whatever is done on a record that the actor opened in an emergency says so."""
    opened = store.emergencies.get(patient_id) if patient_id else None
    return {"emergency": str(opened)} if opened else {}


def _row(
    store: Store,
    action: str,
    patient_id: UUID | None,
    subject: str | None,
    outcome: str,
    detail: Mapping[str, str | int | bool] | None,
) -> dict[str, Any]:
    return {
        "org_id": store.org_id,
        "audit_id": new_id(),
        "at": store.now,
        "actor_kind": store.actor.kind.value,
        "actor_id": store.actor.id,
        "actor_name": store.actor.name,
        "action": action,
        "outcome": outcome,
        "patient_id": patient_id,
        "subject": subject,
        "detail": dict(detail or {}) | _emergency(store, patient_id),
        "request_id": store.request_id,
    }
