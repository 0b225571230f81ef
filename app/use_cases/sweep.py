"""Sweep: find what time alone made true — overdue, not responding, too old to judge."""

from datetime import date

from app.domain.access import Permission
from app.store import audit, episodes, patients, referrals, roster_uploads
from app.store.transaction import Store
from app.use_cases.reevaluate_patient import reevaluate_patients

PER_TRANSACTION = 200
"""How many episodes, or referrals, one transaction evaluates: none is locked for long (ours)."""


async def sweep(store: Store, today: date) -> int:
    """Evaluate the episodes and referrals that are due; how many patients there were.

    A transaction's worth at most: call again in a new one until it returns 0. The cost
    grows with what is due, not with the registry. A referral outlives its episode.
    """
    store.actor.require(Permission.KEEP_RUNNING)
    await roster_uploads.forget_expired(store)
    return await evaluate_due(store, today)


async def evaluate_due(store: Store, today: date) -> int:
    """The same for use within what a person changed; the caller has asked whether they may."""
    due = await episodes.list_due_for_evaluation(store, today, PER_TRANSACTION)
    waiting = await referrals.list_patients_due(store, today, PER_TRANSACTION)
    people = list(dict.fromkeys([*(episode.patient_id for episode in due), *waiting]))
    await patients.hold_patients(store, people)
    await reevaluate_patients(store, people, today)
    if people:
        await audit.record(store, "sweep.judge", shown=people)
    return len(people)
