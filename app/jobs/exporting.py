"""Working on bulk exports: one at a time in a process, a piece a transaction, files beside them."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from app.auth.bearer import registered_client
from app.domain.actor import Actor, system
from app.domain.criteria import Criterion
from app.domain.scopes import grant, permissions_of
from app.errors import Forbidden, RegistryError
from app.jobs.organizations import in_each
from app.store import clients, exports
from app.store.engine import CANNOT_REACH
from app.store.export_files import Writing, remove
from app.store.exports import Export
from app.store.transaction import Database
from app.use_cases.export_resources import (
    GivenUp,
    Piece,
    Wanted,
    cut_of,
    export_piece,
    set_horizon,
    unpack,
)

log = logging.getLogger("stepwell.exporting")

MOST_TRIES = 60
"""How often a horizon is asked for, a second apart, before the export fails openly."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """What the work must know of FHIR; chosen in wiring."""

    read_filter: Callable[[str, str, str], Sequence[Criterion]]
    """(type, search, time zone) → its criteria."""
    shape: Callable[[bytes, Sequence[str]], bytes]
    """Bodies, one to a line, with these elements alone."""
    is_about_patients: Callable[[str], bool]
    """Whether resources of the type lie in a patient's compartment."""
    deletions: Callable[[str, Sequence[str]], bytes]
    """A line that says that these ids of a type were deleted."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where exports are worked on."""

    database: Database
    folder: Path
    protocol: Protocol
    pause: float = 1.0
    """Seconds between two tries for a horizon."""


async def export_all(workshop: Workshop) -> int:
    """Work on every export that waits, in every organization; how many there were."""
    return await in_each(workshop.database, "exporting", lambda org_id: export_in(workshop, org_id))


async def export_in(workshop: Workshop, org_id: UUID) -> int:
    """The same in one organization; files whose time is over are removed first."""
    done = 0
    async with workshop.database.transaction(system(org_id)) as store:
        over = await exports.expire_exports(store)
    for export_id in over:
        remove(workshop.folder, export_id)
    while True:
        async with workshop.database.transaction(system(org_id)) as store:
            claimed = await exports.claim_export(store)
        if claimed is None:
            return done
        await _work(workshop, org_id, claimed)
        done += 1


async def _work(workshop: Workshop, org_id: UUID, export: Export) -> None:
    """All of one export; what goes wrong is told to whoever asks for it, without any values.

    Whoever was given up leaves what others made: they, or the taking back, see to it.
    """
    database = workshop.database
    try:
        await _write_all(workshop, org_id, export)
        ended: dict[str, Any] = {"state": "complete"}
    except GivenUp:
        async with database.transaction(system(org_id)) as store:
            over = await exports.is_taken_back(store, export.export_id)
        if over:
            remove(workshop.folder, export.export_id)
        return
    except CANNOT_REACH:
        raise  # its silence is noticed, and somebody goes on
    except RegistryError as refusal:
        ended = {"state": "failed", "failure": refusal.message}
    except Exception as error:
        log.error("export %s failed: %s", export.export_id, type(error).__name__)
        ended = {"state": "failed", "failure": "The registry failed here."}
    async with database.transaction(system(org_id)) as store:
        mine = await exports.end_work(store, export, **ended)
    if mine and ended["state"] == "failed":
        remove(workshop.folder, export.export_id)


async def _write_all(workshop: Workshop, org_id: UUID, export: Export) -> None:
    """Type after type; what is whole stays, also for whoever goes on. Raises GivenUp."""
    wanted = unpack(export.wanted)
    until = export.transaction_time or await _horizon(workshop, org_id, export)
    files = list(export.files)
    told: set[UUID] = set()
    done = {str(one["of"]) for one in files}
    for kind in wanted.types:
        if kind in done:
            continue
        actor = await _actor(workshop, org_id, export)
        files += await _write_type(workshop, actor, export, wanted, kind, until, told)
        async with workshop.database.transaction(system(org_id)) as store:
            if not await exports.save_progress(store, export, files=files):
                raise GivenUp()


async def _actor(workshop: Workshop, org_id: UUID, export: Export) -> Actor:
    """The client, as far as it is still registered: what was taken from it since is not given."""
    async with workshop.database.transaction(system(org_id)) as store:
        registered = await registered_client(store, export.client_id)
        held = await clients.get_client(store, export.client_id)
    if held.disabled_at is not None:
        raise Forbidden("This client is disabled.")
    scopes = grant(held.scopes, unpack(export.wanted).scopes)
    return replace(registered, scopes=scopes, granted=permissions_of(scopes))


async def _horizon(workshop: Workshop, org_id: UUID, export: Export) -> datetime:
    for _ in range(MOST_TRIES):
        actor = await _actor(workshop, org_id, export)
        async with workshop.database.transaction(actor) as store:
            at = await set_horizon(store, export)
        if at is not None:
            return at
        await asyncio.sleep(workshop.pause)
    raise TimeoutError("no horizon")


async def _write_type(
    workshop: Workshop,
    actor: Actor,
    export: Export,
    wanted: Wanted,
    kind: str,
    until: datetime,
    told: set[UUID],
) -> list[dict[str, Any]]:
    """The files of one type, written whole or not at all. Raises GivenUp."""
    protocol = workshop.protocol
    filters = [
        protocol.read_filter(kind, one, actor.time_zone) for one in wanted.filters.get(kind, ())
    ]
    cut = cut_of(wanted, kind, until, filters, protocol.is_about_patients(kind))
    folder = workshop.folder / str(export.export_id)
    bodies = Writing(folder, kind, export.claims)
    deletions = Writing(folder, f"{kind}.deleted", export.claims)
    after = ""
    try:
        while True:
            async with workshop.database.transaction(actor) as store:
                piece = await export_piece(store, export, cut, after, told)
            if piece is None:
                break
            await asyncio.to_thread(_append, bodies, deletions, piece, wanted, kind, protocol)
            after = piece.last_id
    except BaseException:
        bodies.drop()
        deletions.drop()
        raise
    made = [bodies.finish("output", kind), deletions.finish("deleted", kind)]
    return [one for one in made if one] or [{"of": kind, "section": "empty"}]


def _append(
    bodies: Writing,
    deletions: Writing,
    piece: Piece,
    wanted: Wanted,
    kind: str,
    protocol: Protocol,
) -> None:
    if piece.count:
        lines = piece.bodies
        if wanted.elements:
            lines = protocol.shape(lines, wanted.elements)
        bodies.write(lines, piece.count)
    if piece.deleted and wanted.since:
        deletions.write(protocol.deletions(kind, piece.deleted), 1)
