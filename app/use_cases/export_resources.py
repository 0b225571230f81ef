"""Bulk export: asked for by a client, worked on in pieces, told of, taken back.

What a client gets so is what it would get by reading: the same policies show or withhold each
record, now, while the piece is read. What there is of it is fixed by the horizon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.access import Permission
from app.domain.criteria import AboutPatient, AllOf, AnyOf, Criterion
from app.domain.scopes import Interaction
from app.errors import RegistryError, Throttled
from app.store import audit, exports
from app.store.accounting import account
from app.store.export_files import remove
from app.store.export_pieces import Cut, Piece, read_piece
from app.store.exports import Export
from app.store.horizon import choose_horizon
from app.store.transaction import Store

__all__ = ["Export", "Piece", "remove"]

MOST_OPEN = 5
"""Exports that one client may have under way; the next is asked to wait."""


class TooManyExports(Throttled):
    """So many exports of yours are under way: wait for one to end, or take one back (DELETE)."""

    code = "too-many-exports"
    retry_after_seconds = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the registry an export is to hold."""

    types: tuple[str, ...]
    since: datetime | None = None
    """Changed after this: the transactionTime of the export before."""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Type → searches, of which one must fit; in the words of the protocol."""
    elements: tuple[str, ...] = ()
    patients: tuple[str, ...] | None = None
    """FHIR ids of the only patients that are meant; None: everybody."""
    of_patients: bool = False
    """Only what is about patients, and the people and places around them."""
    scopes: tuple[str, ...] = ()
    """Of the token that asked for it."""
    left_aside: tuple[str, ...] = ()
    """Parameters that were not understood and are told in the manifest."""


def pack(wanted: Wanted) -> dict[str, Any]:
    """As the row holds it."""
    since = wanted.since.isoformat() if wanted.since else None
    return asdict(wanted) | {"since": since}


def unpack(row: Mapping[str, Any]) -> Wanted:
    """The same, read again."""
    values: dict[str, Any]
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in row.items()}
    values["filters"] = {kind: tuple(texts) for kind, texts in row["filters"].items()}
    values["since"] = datetime.fromisoformat(row["since"]) if row["since"] else None
    return Wanted(**values)


async def begin_export(store: Store, wanted: Wanted, request: str, lasts: timedelta) -> UUID:
    """Take the order; raises InsufficientScope for a type, TooManyExports."""
    store.actor.require(Permission.READ_RESOURCES)
    for kind in wanted.types:
        store.actor.require_scope(kind, Interaction.READ)
    assert store.actor.client_id
    if await exports.count_open(store, store.actor.client_id) >= MOST_OPEN:
        raise TooManyExports()
    client_id = store.actor.client_id
    export_id = await exports.add_export(store, client_id, request, pack(wanted), lasts)
    await audit.record(
        store,
        "export.begin",
        subject=f"exports/{export_id}",
        detail={"types": ", ".join(wanted.types)},
    )
    return export_id


async def look_at_export(store: Store, export_id: UUID) -> Export:
    """How far one's own export is; raises NotFound. It tells of no patient."""
    store.actor.require(Permission.READ_RESOURCES)
    assert store.actor.client_id
    return await exports.get_export(store, store.actor.client_id, export_id)


async def take_file(store: Store, export_id: UUID, name: str) -> Export:
    """Before a file is given out: whose it is, and the line in the audit that tells of it.

    Raises InsufficientScope where the token reaches less than the one that asked for the export.
    """
    found = await look_at_export(store, export_id)
    for one in found.files:
        if one.get("name") == name:
            store.actor.require_scope(str(one["of"]), Interaction.READ)
    await audit.record(
        store, "export.download", subject=f"exports/{export_id}", detail={"file": name}
    )
    return found


async def cancel_export(store: Store, export_id: UUID) -> None:
    """Take it back, whether it is done or not; raises NotFound."""
    await look_at_export(store, export_id)
    await exports.cancel(store, export_id)
    await audit.record(store, "export.cancel", subject=f"exports/{export_id}")


class GivenUp(RegistryError):
    """The export was taken back, or somebody else works on it by now."""

    code = "given-up"


async def set_horizon(store: Store, export: Export) -> datetime | None:
    """Fix what the export holds; None where somebody writes for too long: ask again.

    Raises GivenUp.
    """
    store.actor.require(Permission.READ_RESOURCES)
    at = await choose_horizon(store)
    told = {"transaction_time": at} if at is not None else {}
    if not await exports.save_progress(store, export, **told):
        raise GivenUp()
    return at


async def export_piece(
    store: Store,
    export: Export,
    cut: Cut,
    after: str,
    told: set[UUID],
) -> Piece | None:
    """The next piece of a type; None where there is no more. Raises GivenUp.

    `told` are the patients of whom the audit already says that this export showed them: each is
    told once, not once for each thousand resources.
    """
    store.actor.require(Permission.READ_RESOURCES)
    store.actor.require_scope(cut.resource_type, Interaction.READ)
    if not await exports.save_progress(store, export, at_work_on=cut.resource_type):
        raise GivenUp()
    piece = await read_piece(store, cut, after)
    if piece is None:
        return None
    new = set(piece.patient_ids) - told
    subject = f"exports/{export.export_id}"
    if new:
        await audit.record(
            store,
            "export.write",
            shown=new,
            subject=subject,
            detail={"type": cut.resource_type},
        )
        told |= new
    await account(store, "export.write", piece.shown, subject)
    return piece


def cut_of(
    wanted: Wanted, kind: str, until: datetime, filters: Sequence[Sequence[Criterion]], about: bool
) -> Cut:
    """What of a type is meant; `about` tells whether resources of the type are about patients."""
    filtered = AnyOf(tuple(AllOf(tuple(one)) for one in filters)) if filters else None
    patients = AboutPatient(wanted.patients) if wanted.patients is not None and about else None
    return Cut(kind, until, wanted.since, filtered, patients, wanted.of_patients and about)
