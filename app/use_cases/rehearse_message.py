"""Rehearse a message: what would be answered to it, with nothing of it kept."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.domain.access import Permission
from app.errors import Kind, RegistryError
from app.store import audit
from app.store.transaction import Store, savepoint

Told = TypeVar("Told")


class _Enough(Exception):
    """What was to be known is known: undo it."""


async def rehearse_message(
    store: Store, subject: str, take: Callable[[Store], Awaitable[Told]]
) -> Told | RegistryError:
    """What taking the message comes to, or its refusal; everything that taking it did is undone.

    Raises what is forbidden: who may not send it may not ask what would come of it. That it was
    asked is audited, since a refusal can tell whom the registry knows.
    """
    store.actor.require(Permission.RECEIVE_RESOURCES)
    told = await _undone(store, take)
    refused = isinstance(told, RegistryError)
    await audit.record(store, "resource.rehearse", subject=subject, detail={"refused": refused})
    return told


async def _undone(store: Store, take: Callable[[Store], Awaitable[Told]]) -> Told | RegistryError:
    found: list[Told] = []
    try:
        async with savepoint(store):
            found.append(await take(store))
            raise _Enough
    except _Enough:
        return found[0]
    except RegistryError as refusal:
        if refusal.kind is Kind.FORBIDDEN:
            raise
        return refusal
