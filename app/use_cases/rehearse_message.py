"""Rehearse a message: what would be answered to it, with nothing of it kept."""

from collections.abc import Sequence

from app.domain.access import Permission
from app.errors import Kind, RegistryError
from app.store import audit
from app.store.transaction import Store, savepoint
from app.use_cases.arrivals import Arrival, Outcome
from app.use_cases.receive_resources import receive_transaction


class _Enough(Exception):
    """What was to be known is known: undo it."""


async def rehearse_message(
    store: Store, arrivals: Sequence[Arrival]
) -> list[Outcome] | RegistryError:
    """The outcomes, or the refusal; everything that taking it did is undone.

    Raises what is forbidden: who may not send it may not ask what would come of it. That it was
    asked is audited, since a refusal can tell whom the registry knows.
    """
    store.actor.require(Permission.RECEIVE_RESOURCES)
    told = await _undone(store, arrivals)
    refused = isinstance(told, RegistryError)
    subject = arrivals[0].resource_type if arrivals else ""
    await audit.record(store, "resource.rehearse", subject=subject, detail={"refused": refused})
    return told


async def _undone(store: Store, arrivals: Sequence[Arrival]) -> list[Outcome] | RegistryError:
    outcomes: list[Outcome] = []
    try:
        async with savepoint(store):
            outcomes = await receive_transaction(store, arrivals)
            raise _Enough
    except _Enough:
        return outcomes
    except RegistryError as refusal:
        if refusal.kind is Kind.FORBIDDEN:
            raise
        return refusal
