"""Refusals are recorded by a second transaction: the first one, with the act, was rolled back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

from app.domain.actor import Actor
from app.errors import Kind, RegistryError
from app.store import audit

if TYPE_CHECKING:
    from app.store.transaction import Database

ACTION = "access.refuse"
_PATIENT = re.compile(r"/patients/([0-9a-fA-F-]{36})(?:/|$)")
_UNFIT = re.compile(r"[^\x20-\x7e]")


def is_recorded(refusal: RegistryError, place: str | None) -> bool:
    """Whatever is forbidden; and the record of a patient who is not to be seen, or is not there."""
    if refusal.kind is Kind.FORBIDDEN:
        return True
    return refusal.kind is Kind.NOT_FOUND and _patient_in(place) is not None


async def record_refusal(
    database: Database,
    actor: Actor,
    refusal: RegistryError,
    request_id: str | None,
    place: str | None,
) -> None:
    """Who was refused what, where. Where this cannot be written the caller fails with it."""
    detail: dict[str, str | int | bool] = {"code": refusal.code}
    if refusal.needs:
        detail["needs"] = refusal.needs
    async with database.transaction(actor, request_id=request_id) as store:
        await audit.record(
            store,
            ACTION,
            patient_id=_patient_in(place),
            subject=_UNFIT.sub("?", place)[:200] if place else None,
            outcome="refused",
            detail=detail,
        )


def _patient_in(place: str | None) -> UUID | None:
    found = _PATIENT.search(place or "")
    try:
        return UUID(found[1]) if found else None
    except ValueError:
        return None
