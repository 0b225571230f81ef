"""Which ways of signing in an organization leaves open, and for whom."""

from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert

from app.store.tables import break_glass_accounts as accounts
from app.store.tables import identities, identity_providers, sign_in_rules, staff
from app.store.transaction import Store


async def password_closed(store: Store, staff_id: UUID) -> bool:
    """Whether this member of staff has to come through a provider: one must be there."""
    there = await store.connection.scalar(
        select(
            exists().where(
                identity_providers.c.org_id == store.org_id,
                identity_providers.c.retired_at.is_(None),
            )
        )
    )
    closed = bool(there) and await provider_only(store)
    return closed and staff_id not in await list_break_glass(store)


async def provider_only(store: Store) -> bool:
    """Whether staff come in through the organization's provider alone."""
    found = await store.connection.scalar(
        select(sign_in_rules.c.provider_only).where(sign_in_rules.c.org_id == store.org_id)
    )
    return bool(found)


async def set_provider_only(store: Store, wanted: bool) -> None:
    values = {
        "provider_only": wanted,
        "changed_at": store.now,
        "changed_by_id": store.actor.staff_id,
    }
    fresh = insert(sign_in_rules).values(org_id=store.org_id, **values)
    await store.connection.execute(
        fresh.on_conflict_do_update(index_elements=["org_id"], set_=values)
    )


async def list_break_glass(store: Store) -> set[UUID]:
    """Who keeps a password in any case."""
    found = await store.connection.execute(
        select(accounts.c.staff_id).where(
            accounts.c.org_id == store.org_id, accounts.c.withdrawn_at.is_(None)
        )
    )
    return set(found.scalars().all())


async def set_break_glass(store: Store, staff_id: UUID, named: bool) -> None:
    values = {
        "named_at": store.now,
        "named_by_id": store.actor.staff_id,
        "withdrawn_at": None if named else store.now,
    }
    fresh = insert(accounts).values(org_id=store.org_id, staff_id=staff_id, **values)
    changed = values if named else {"withdrawn_at": store.now}
    await store.connection.execute(
        fresh.on_conflict_do_update(index_elements=["org_id", "staff_id"], set_=changed)
    )


async def count_linked(store: Store) -> int:
    """How many active people have a link with a provider of this organization."""
    found = await store.connection.scalar(
        select(func.count(func.distinct(identities.c.staff_id)))
        .select_from(
            identities.join(
                staff,
                (staff.c.org_id == identities.c.org_id)
                & (staff.c.staff_id == identities.c.staff_id),
            )
        )
        .where(identities.c.org_id == store.org_id, identities.c.state == "linked", staff.c.active)
    )
    return int(found or 0)
