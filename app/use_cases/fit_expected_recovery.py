"""Fit the models of expected recovery anew from the organization's own past courses."""

from datetime import date, timedelta

from app.domain.access import Permission
from app.domain.catalogue import INSTRUMENTS
from app.domain.expected_recovery import RecoveryModel, can_expect
from app.domain.instrument import Instrument
from app.domain.recovery_fitting import Tally, fit
from app.store import audit, recovery
from app.store.disclosure import general_records
from app.store.transaction import Store

REFIT_AFTER_DAYS = 7
"""How old a model grows until the sweep fits the next one (ours)."""


async def fit_expected_recovery(store: Store, today: date) -> list[RecoveryModel]:
    """A new version for every instrument that judges treatments.

    Memory does not grow with the courses: they are read in pieces and counted.
    """
    store.actor.require(Permission.VIEW_EXPECTED_RECOVERY)
    await recovery.lock_models(store)
    last = await recovery.last_versions(store)
    async with general_records(store):  # everybody sees the models: no program's courses in them
        return [
            await _fit_one(store, instrument, last.get(instrument.id, 0) + 1, today)
            for instrument in INSTRUMENTS.values()
            if can_expect(instrument)
        ]


async def refit_when_due(store: Store, today: date) -> int:
    """The same where the newest models are a week old; how many were fitted."""
    if not await _is_due(store, today):
        return 0
    await recovery.lock_models(store)  # another worker may be fitting: then look again
    return len(await fit_expected_recovery(store, today)) if await _is_due(store, today) else 0


async def _is_due(store: Store, today: date) -> bool:
    last = await recovery.last_fitted_on(store)
    return last is None or today >= last + timedelta(days=REFIT_AFTER_DAYS)


async def _fit_one(
    store: Store, instrument: Instrument, version: int, today: date
) -> RecoveryModel:
    tally = Tally(instrument)
    async for piece in recovery.past_courses(store, instrument, today):
        for course in piece:
            tally.add(course)
    model = fit(tally, version, today)
    await recovery.add_model(store, model)
    await audit.record(
        store,
        "expected-recovery.fit",
        subject=f"{instrument.id} {version}",
        detail={"courses": model.courses, "known": model.known},
    )
    return model
