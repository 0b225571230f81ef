"""Sweep: find what time alone made true — overdue, not responding, too old to judge."""

from datetime import date

from app.store import episodes, patients, roster_uploads
from app.store.transaction import Store
from app.use_cases.reevaluate_patient import reevaluate_patients

PER_TRANSACTION = 200
"""How many episodes one transaction evaluates, so that none is locked for long (ours)."""


async def sweep(store: Store, today: date) -> int:
    """Evaluate the episodes that are due, at most a transaction's worth; how many there were.

    Call again in a new transaction until it returns 0. The cost grows with the
    episodes due, not with the registry.
    """
    await roster_uploads.forget_expired(store)
    due = await episodes.list_due_for_evaluation(store, today, PER_TRANSACTION)
    await patients.hold_patients(store, [episode.patient_id for episode in due])
    await reevaluate_patients(store, [episode.patient_id for episode in due], today)
    return len(due)
