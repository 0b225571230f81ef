"""Which records of a patient are shown: the one predicate, and the ways around it.

The database itself withholds what is labelled (migrations/part2.py): every list, count,
search and page reads through it. The registry looks past it to judge a patient or to file
what arrives, and shows nothing of what it saw there.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.exc import DBAPIError

from app.domain.part2 import EVERYTHING, keys_of
from app.store.tables import (
    assessments,
    case_reviews,
    contacts,
    episodes,
    flags,
    referrals,
)
from app.store.transaction import Store
from app.store.withholding import look_as, write_for


@asynccontextmanager
async def _seeing(store: Store, keys: Iterable[str]) -> AsyncIterator[None]:
    """Show what these keys show within the block; then what was shown before.

    Also where a refusal ends the block. Where the database itself ended the transaction,
    its rollback sets this back.
    """
    before, wanted = store.shown_by, frozenset(keys)
    if not store.keys or wanted == before:
        yield
        return
    store.shown_by = wanted
    await look_as(store.connection, wanted)
    try:
        yield
    finally:
        store.shown_by = before
        with suppress(DBAPIError):
            await look_as(store.connection, before)


def whole_record(store: Store) -> AbstractAsyncContextManager[None]:
    """See every record within the block: to judge, to file, to publish; never to show."""
    return _seeing(store, {EVERYTHING})


def own_sight(store: Store) -> AbstractAsyncContextManager[None]:
    """Within a whole record, see for a moment what whoever asks may see."""
    return _seeing(store, store.keys)


def general_records(store: Store) -> AbstractAsyncContextManager[None]:
    """See what is no program's within the block, whoever asks."""
    return _seeing(store, ())


def records_with(store: Store, program_id: UUID) -> AbstractAsyncContextManager[None]:
    """See what a program's own people see within the block."""
    return _seeing(store, {f"program:{program_id}"})


async def begin_withholding(store: Store) -> None:
    """An organization marks its first program: from here on, its records are withheld.

    Without this the transaction would see nothing that it labels.
    """
    if not store.keys:
        store.keys = store.shown_by = keys_of(store.actor, ())
        await look_as(store.connection, store.keys)


async def write_as(store: Store, program_id: UUID | None) -> None:
    """Whatever is written from now on is this program's record.

    Whoever works for one program alone writes for that one, wherever they write.
    """
    if store.keys and store.source is None and program_id is not None:
        store.source = program_id
        await write_for(store.connection, program_id)


@asynccontextmanager
async def writing_as(store: Store, program_id: UUID | None) -> AsyncIterator[None]:
    """What is written within the block is this program's record; then as it was before."""
    before = store.source
    await write_as(store, program_id)
    try:
        yield
    finally:
        if store.source != before:
            store.source = before
            with suppress(DBAPIError):
                await write_for(store.connection, before)


_JUDGED = (assessments, episodes, flags, contacts, case_reviews, referrals)


async def programs_of(store: Store, patient_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Each program that holds records of any of these patients, with those patients."""
    if not store.keys:
        return {}
    labelled = union(
        *[
            select(table.c.program_id, table.c.patient_id).where(
                table.c.org_id == store.org_id,
                table.c.patient_id.in_(patient_ids),
                table.c.program_id.is_not(None),
            )
            for table in _JUDGED
        ]
    )
    found: dict[UUID, list[UUID]] = {}
    async with whole_record(store):
        rows = (await store.connection.execute(labelled)).all()
    for program_id, patient_id in sorted(rows):
        found.setdefault(program_id, []).append(patient_id)
    return found
