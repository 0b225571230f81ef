"""Staff and their accounts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import Conflict
from app.store.ids import new_id
from app.store.tables import logins, staff
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """What signing in needs to know."""

    staff_id: UUID
    name: str
    roles: tuple[str, ...]
    password_hash: str | None
    """None: no local password; they come by another way."""
    active: bool


async def add_staff(
    store: Store,
    login: str,
    name: str,
    roles: list[str],
    password_hash: str | None,
    email: str | None = None,
) -> UUID:
    """A member of staff with a local account; a login name is one person's everywhere."""
    staff_id = new_id()
    try:
        async with store.connection.begin_nested():
            await store.connection.execute(
                logins.insert().values(login=login, org_id=store.org_id, staff_id=staff_id)
            )
    except IntegrityError:
        raise Conflict(f"The login {login!r} is taken.") from None
    await store.connection.execute(
        staff.insert().values(
            org_id=store.org_id,
            staff_id=staff_id,
            login=login,
            display_name=name,
            roles=roles,
            password_hash=password_hash,
            active=True,
            email=email,
            created_at=store.now,
        )
    )
    return staff_id


async def find_login(connection: AsyncConnection, login: str) -> tuple[UUID, UUID] | None:
    """(organization, staff) of a login name; before the organization is known."""
    found = await connection.execute(
        select(logins.c.org_id, logins.c.staff_id).where(logins.c.login == login)
    )
    row = found.one_or_none()
    return None if row is None else (row.org_id, row.staff_id)


async def get_account(store: Store, staff_id: UUID) -> StaffAccount:
    found = await store.connection.execute(
        select(
            staff.c.staff_id,
            staff.c.display_name,
            staff.c.roles,
            staff.c.password_hash,
            staff.c.active,
        ).where(staff.c.org_id == store.org_id, staff.c.staff_id == staff_id)
    )
    row = found.one()
    return StaffAccount(row[0], row[1], tuple(row[2]), row[3], row[4])


@dataclass(frozen=True, slots=True)
class Contact:
    """How a member of staff is reached."""

    staff_id: UUID
    login: str
    name: str
    roles: tuple[str, ...]
    active: bool
    email: str | None
    email_confirmed_at: datetime | None


async def list_contacts(store: Store) -> list[Contact]:
    """Everybody who works or worked here, by name."""
    found = await store.connection.execute(
        select(
            staff.c.staff_id,
            staff.c.login,
            staff.c.display_name,
            staff.c.roles,
            staff.c.active,
            staff.c.email,
            staff.c.email_confirmed_at,
        )
        .where(staff.c.org_id == store.org_id)
        .order_by(staff.c.active.desc(), staff.c.display_name, staff.c.staff_id)
    )
    return [Contact(r[0], r[1], r[2], tuple(r[3]), r[4], r[5], r[6]) for r in found.all()]


async def set_email(store: Store, staff_id: UUID, email: str | None) -> str | None:
    """Where somebody is told, not confirmed yet; their name, or None where nobody is that."""
    found = await store.connection.execute(
        update(staff)
        .where(staff.c.org_id == store.org_id, staff.c.staff_id == staff_id)
        .values(email=email, email_confirmed_at=None)
        .returning(staff.c.display_name)
    )
    name: str | None = found.scalar_one_or_none()
    return name


async def confirm_email(store: Store, staff_id: UUID, email: str) -> bool:
    """Note that a message reached this address; whether it is theirs still."""
    changed = await store.connection.execute(
        update(staff)
        .where(staff.c.org_id == store.org_id, staff.c.staff_id == staff_id)
        .where(staff.c.email == email)
        .values(email_confirmed_at=store.now)
    )
    return changed.rowcount == 1
