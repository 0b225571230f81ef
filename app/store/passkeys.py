"""Passkeys of staff: adding, finding, using each answer once, taking away."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from app.store.ids import new_id
from app.store.tables import passkeys
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """A passkey as it is kept."""

    passkey_id: UUID
    staff_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    transports: tuple[str, ...]
    synced: bool
    created_at: datetime
    last_used_at: datetime | None


_ROW = tuple(passkeys.c[name] for name in PasskeyRow.__dataclass_fields__)


async def add_passkey(
    store: Store,
    staff_id: UUID,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    name: str,
    transports: list[str],
    synced: bool,
) -> UUID | None:
    """Keep a new one; its id, or None where the organization has this credential already."""
    passkey_id = new_id()
    fresh = insert(passkeys).values(
        org_id=store.org_id,
        passkey_id=passkey_id,
        staff_id=staff_id,
        credential_id=credential_id,
        public_key=public_key,
        sign_count=sign_count,
        name=name,
        transports=transports,
        synced=synced,
        created_at=store.now,
    )
    kept = await store.connection.execute(fresh.on_conflict_do_nothing())
    return passkey_id if kept.rowcount == 1 else None


async def list_passkeys(store: Store, staff_id: UUID) -> list[PasskeyRow]:
    """Somebody's that hold, the oldest first."""
    found = await store.connection.execute(
        select(*_ROW)
        .where(passkeys.c.org_id == store.org_id, passkeys.c.staff_id == staff_id)
        .where(passkeys.c.removed_at.is_(None))
        .order_by(passkeys.c.created_at, passkeys.c.passkey_id)
    )
    return [_row(row) for row in found.all()]


async def find_passkey(store: Store, credential_id: bytes) -> PasskeyRow | None:
    """The one that holds by this credential."""
    found = await store.connection.execute(
        select(*_ROW)
        .where(passkeys.c.org_id == store.org_id)
        .where(passkeys.c.credential_id == credential_id)
        .where(passkeys.c.removed_at.is_(None))
    )
    row = found.one_or_none()
    return None if row is None else _row(row)


def _row(found: Row[Any]) -> PasskeyRow:
    return PasskeyRow(**dict(found._mapping) | {"transports": tuple(found.transports)})


async def use_passkey(store: Store, passkey_id: UUID, sign_count: int) -> bool:
    """Note a use; False where its counter did not go on: a copy, or an answer handed in again.

    Those that do not count say 0 always (WebAuthn Level 3, 6.1.1).
    """
    forward = passkeys.c.sign_count < sign_count
    if sign_count == 0:
        forward = passkeys.c.sign_count == 0
    used = await store.connection.execute(
        update(passkeys)
        .where(passkeys.c.org_id == store.org_id, passkeys.c.passkey_id == passkey_id)
        .where(passkeys.c.removed_at.is_(None))
        .where(forward)
        .values(sign_count=sign_count, last_used_at=store.now)
    )
    return used.rowcount == 1


async def remove_passkeys(store: Store, staff_id: UUID, only: UUID | None = None) -> int:
    """Take one away, or all of somebody's; how many were."""
    removing = (
        update(passkeys)
        .where(passkeys.c.org_id == store.org_id, passkeys.c.staff_id == staff_id)
        .where(passkeys.c.removed_at.is_(None))
        .values(removed_at=store.now)
    )
    if only is not None:
        removing = removing.where(passkeys.c.passkey_id == only)
    return int((await store.connection.execute(removing)).rowcount)
