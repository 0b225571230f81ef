"""What somebody proves themselves with beside a password: their authenticator, codes on paper."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.store.ids import new_id
from app.store.tables import authenticators, recovery_codes
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Authenticator:
    """An app that makes codes; its secret as it is kept, sealed."""

    authenticator_id: UUID
    sealed_secret: str


async def begin_authenticator(store: Store, staff_id: UUID, sealed_secret: str) -> None:
    """An app that is not confirmed yet; one begun before it is forgotten."""
    await _remove(store, staff_id, confirmed=False)
    await store.connection.execute(
        authenticators.insert().values(
            org_id=store.org_id,
            authenticator_id=new_id(),
            staff_id=staff_id,
            sealed_secret=sealed_secret,
            last_step=0,
            created_at=store.now,
        )
    )


async def find_authenticator(
    store: Store, staff_id: UUID, *, confirmed: bool
) -> Authenticator | None:
    """The one that holds, or the one that waits to be confirmed."""
    state = authenticators.c.confirmed_at
    found = await store.connection.execute(
        select(authenticators.c.authenticator_id, authenticators.c.sealed_secret)
        .where(authenticators.c.org_id == store.org_id, authenticators.c.staff_id == staff_id)
        .where(authenticators.c.removed_at.is_(None))
        .where(state.is_not(None) if confirmed else state.is_(None))
    )
    row = found.one_or_none()
    return None if row is None else Authenticator(row[0], row[1])


async def confirm_authenticator(
    store: Store, staff_id: UUID, authenticator_id: UUID, step: int
) -> None:
    """It holds from now on, instead of the one before; the code that confirmed it is used up."""
    await _remove(store, staff_id, confirmed=True)
    await store.connection.execute(
        update(authenticators)
        .where(authenticators.c.org_id == store.org_id)
        .where(authenticators.c.authenticator_id == authenticator_id)
        .values(confirmed_at=store.now, last_step=step)
    )


async def take_step(store: Store, authenticator_id: UUID, step: int) -> bool:
    """Use up the code of this step; False where it, or a later one, was used already."""
    changed = await store.connection.execute(
        update(authenticators)
        .where(authenticators.c.org_id == store.org_id)
        .where(authenticators.c.authenticator_id == authenticator_id)
        .where(authenticators.c.last_step < step, authenticators.c.removed_at.is_(None))
        .values(last_step=step)
    )
    return changed.rowcount == 1


async def remove_second_factors(store: Store, staff_id: UUID, *, codes: bool = True) -> None:
    """Take away the authenticator, and the codes on paper unless they stand in for a passkey."""
    await _remove(store, staff_id, confirmed=True)
    await _remove(store, staff_id, confirmed=False)
    if codes:
        await _withdraw_codes(store, staff_id)


async def _remove(store: Store, staff_id: UUID, *, confirmed: bool) -> None:
    state = authenticators.c.confirmed_at
    await store.connection.execute(
        update(authenticators)
        .where(authenticators.c.org_id == store.org_id, authenticators.c.staff_id == staff_id)
        .where(authenticators.c.removed_at.is_(None))
        .where(state.is_not(None) if confirmed else state.is_(None))
        .values(removed_at=store.now, sealed_secret="")
    )


async def replace_codes(store: Store, staff_id: UUID, hashes: Iterable[str]) -> None:
    """New recovery codes; those from before are good no more."""
    await _withdraw_codes(store, staff_id)
    await store.connection.execute(
        insert(recovery_codes),
        [
            {
                "org_id": store.org_id,
                "staff_id": staff_id,
                "code_hash": one,
                "created_at": store.now,
            }
            for one in hashes
        ],
    )


async def _withdraw_codes(store: Store, staff_id: UUID) -> None:
    await store.connection.execute(
        update(recovery_codes)
        .where(recovery_codes.c.org_id == store.org_id, recovery_codes.c.staff_id == staff_id)
        .where(recovery_codes.c.withdrawn_at.is_(None))
        .values(withdrawn_at=store.now)
    )


async def use_code(store: Store, staff_id: UUID, code_hash: str) -> bool:
    """Use up a recovery code; of two at once one succeeds."""
    changed = await store.connection.execute(
        update(recovery_codes)
        .where(recovery_codes.c.org_id == store.org_id, recovery_codes.c.staff_id == staff_id)
        .where(recovery_codes.c.code_hash == code_hash)
        .where(recovery_codes.c.used_at.is_(None), recovery_codes.c.withdrawn_at.is_(None))
        .values(used_at=store.now)
    )
    return changed.rowcount == 1


async def count_codes(store: Store, staff_id: UUID) -> int:
    """How many recovery codes are left."""
    found = await store.connection.execute(
        select(func.count())
        .select_from(recovery_codes)
        .where(recovery_codes.c.org_id == store.org_id, recovery_codes.c.staff_id == staff_id)
        .where(recovery_codes.c.used_at.is_(None), recovery_codes.c.withdrawn_at.is_(None))
    )
    return int(found.scalar_one())
