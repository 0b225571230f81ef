"""See the models of expected recovery: curves, numbers, accuracy."""

from dataclasses import dataclass

from app.domain.access import Permission
from app.domain.catalogue import INSTRUMENTS
from app.domain.expected_recovery import RecoveryModel, can_expect, default_model
from app.domain.instrument import Instrument
from app.store import recovery
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class ExpectedRecovery:
    """One instrument and the model that its charts show."""

    instrument: Instrument
    model: RecoveryModel


async def view_expected_recovery(store: Store) -> list[ExpectedRecovery]:
    """The newest model of every instrument that has one, else the stated default.

    Counts over many patients and nothing about one of them: no row of the audit.
    """
    store.actor.require(Permission.VIEW_EXPECTED_RECOVERY)
    fitted = await recovery.newest_models(store)
    return [
        ExpectedRecovery(one, fitted.get(one.id) or default_model(one))
        for one in sorted(INSTRUMENTS.values(), key=lambda one: one.id, reverse=True)
        if can_expect(one)
    ]
