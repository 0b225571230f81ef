"""Identity providers of an organization, and who is whom there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.sign_on import Candidate, Identity
from app.errors import Conflict
from app.store.tables import identities, identity_providers, provider_addresses, staff
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Provider:
    """Where staff prove who they are."""

    provider_id: UUID
    slug: str
    name: str
    issuer: str
    client_id: str
    matches_email: bool
    """Whether a verified address links somebody who comes for the first time."""
    shows_second_factor: bool
    """Whether its tokens must name a second factor; else the operator trusts it to ask for one."""
    signs_out_there: bool
    """Whether signing out here leads on to signing out there."""


@dataclass(frozen=True, slots=True)
class ProviderAddress:
    """A provider's button, before the organization is known."""

    slug: str
    org_id: UUID
    provider_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """A provider's person and whose account they have."""

    provider_id: UUID
    subject: str
    staff_id: UUID | None
    staff_name: str | None
    state: str
    email: str | None
    email_verified: bool
    name: str | None
    first_seen_at: datetime
    last_seen_at: datetime


_PROVIDER = tuple(identity_providers.c[name] for name in Provider.__dataclass_fields__)


async def add_provider(store: Store, provider: Provider, listed: bool) -> None:
    """Raises Conflict where the address is another provider's."""
    taken = await store.connection.execute(
        insert(provider_addresses)
        .values(
            slug=provider.slug,
            org_id=store.org_id,
            provider_id=provider.provider_id,
            name=provider.name,
            listed=listed,
        )
        .on_conflict_do_nothing()
    )
    if taken.rowcount != 1:
        raise Conflict(f"The address {provider.slug!r} is another provider's.")
    values = {name: getattr(provider, name) for name in Provider.__dataclass_fields__}
    await store.connection.execute(
        identity_providers.insert().values(org_id=store.org_id, created_at=store.now, **values)
    )


async def retire_provider(store: Store, provider_id: UUID) -> None:
    """Nobody signs in through it any more; who was whom there stays on record."""
    await store.connection.execute(
        delete(provider_addresses).where(
            provider_addresses.c.org_id == store.org_id,
            provider_addresses.c.provider_id == provider_id,
        )
    )
    await store.connection.execute(
        update(identity_providers)
        .where(identity_providers.c.org_id == store.org_id)
        .where(identity_providers.c.provider_id == provider_id)
        .values(retired_at=store.now)
    )


async def find_address(connection: AsyncConnection, slug: str) -> ProviderAddress | None:
    found = await connection.execute(_ADDRESS.where(provider_addresses.c.slug == slug))
    row = found.one_or_none()
    return None if row is None else ProviderAddress(*row)


async def list_addresses(
    connection: AsyncConnection, most: int, last: str
) -> list[ProviderAddress]:
    """The buttons of the common sign-in page; the one that a browser came by last, in any case."""
    came_by = provider_addresses.c.slug == last
    wanted = _ADDRESS.where(provider_addresses.c.listed | came_by).order_by(
        came_by.desc(), provider_addresses.c.name, provider_addresses.c.slug
    )
    return [ProviderAddress(*row) for row in (await connection.execute(wanted.limit(most))).all()]


_ADDRESS = select(*(provider_addresses.c[name] for name in ProviderAddress.__dataclass_fields__))


async def find_provider(store: Store, provider_id: UUID) -> Provider | None:
    """One that is not retired."""
    found = await store.connection.execute(
        select(*_PROVIDER)
        .where(identity_providers.c.org_id == store.org_id)
        .where(identity_providers.c.provider_id == provider_id)
        .where(identity_providers.c.retired_at.is_(None))
    )
    row = found.one_or_none()
    return None if row is None else Provider(*row)


async def list_providers(store: Store) -> list[Provider]:
    found = await store.connection.execute(
        select(*_PROVIDER)
        .where(identity_providers.c.org_id == store.org_id)
        .where(identity_providers.c.retired_at.is_(None))
        .order_by(identity_providers.c.name, identity_providers.c.provider_id)
    )
    return [Provider(*row) for row in found.all()]


async def see_identity(store: Store, provider_id: UUID, who: Identity) -> IdentityRow:
    """Note that somebody came from the provider; who they are here, as far as is known."""
    said = {"email": who.email, "email_verified": who.email_verified, "name": who.name}
    fresh = insert(identities).values(
        org_id=store.org_id,
        provider_id=provider_id,
        subject=who.subject,
        state="waiting",
        first_seen_at=store.now,
        last_seen_at=store.now,
        **said,
    )
    await store.connection.execute(
        fresh.on_conflict_do_update(
            index_elements=["org_id", "provider_id", "subject"],
            set_={**said, "last_seen_at": store.now},
        )
    )
    seen = await find_identity(store, provider_id, who.subject)
    assert seen is not None
    return seen


async def find_identity(store: Store, provider_id: UUID, subject: str) -> IdentityRow | None:
    found = await store.connection.execute(
        _identities(store)
        .where(identities.c.provider_id == provider_id, identities.c.subject == subject)
        .with_for_update(of=identities)
    )
    row = found.one_or_none()
    return None if row is None else IdentityRow(*row)


async def list_identities(store: Store, most: int) -> list[IdentityRow]:
    """Who waits first, then who is linked, by name."""
    found = await store.connection.execute(
        _identities(store)
        .order_by(
            (identities.c.state != "waiting"),
            staff.c.display_name,
            identities.c.last_seen_at.desc(),
        )
        .limit(most)
    )
    return [IdentityRow(*row) for row in found.all()]


def _identities(store: Store) -> Select[Any]:
    named = {"staff_name": staff.c.display_name}
    names = IdentityRow.__dataclass_fields__
    columns = [named[name] if name in named else identities.c[name] for name in names]
    mine = and_(staff.c.org_id == identities.c.org_id, staff.c.staff_id == identities.c.staff_id)
    return (
        select(*columns)
        .select_from(identities.outerjoin(staff, mine))
        .where(identities.c.org_id == store.org_id)
    )


async def set_identity(
    store: Store,
    provider_id: UUID,
    subject: str,
    state: str,
    staff_id: UUID | None,
    by: UUID | None = None,
) -> None:
    """Link somebody, let them wait again, or refuse them."""
    await store.connection.execute(
        update(identities)
        .where(identities.c.org_id == store.org_id, identities.c.provider_id == provider_id)
        .where(identities.c.subject == subject)
        .values(
            state=state,
            staff_id=staff_id,
            linked_at=store.now if staff_id else None,
            linked_by_id=by,
        )
    )


async def is_linked(store: Store, provider_id: UUID, staff_id: UUID) -> bool:
    """Whether this member of staff has somebody at this provider."""
    found = await store.connection.scalar(
        select(
            exists().where(
                identities.c.org_id == store.org_id,
                identities.c.provider_id == provider_id,
                identities.c.staff_id == staff_id,
            )
        )
    )
    return bool(found)


async def list_candidates(store: Store, provider_id: UUID, email: str) -> list[Candidate]:
    """Everybody here who confirmed this address as theirs, whether or not they still work here."""
    linked = exists().where(
        identities.c.org_id == staff.c.org_id,
        identities.c.staff_id == staff.c.staff_id,
        identities.c.provider_id == provider_id,
    )
    found = await store.connection.execute(
        select(staff.c.staff_id, staff.c.active, linked)
        .where(staff.c.org_id == store.org_id)
        .where(func.lower(staff.c.email) == email.lower())
        .where(staff.c.email_confirmed_at.is_not(None))
    )
    return [Candidate(*row) for row in found.all()]
