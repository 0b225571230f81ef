"""Staff and their accounts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.login import login_of
from app.errors import Conflict, NotFound, Problem, Unprocessable
from app.store.ids import new_id
from app.store.publishing import Changed
from app.store.tables import authenticators, logins, organizations, passkeys, staff
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """What signing in needs to know of somebody and of what their organization asks."""

    staff_id: UUID
    login: str
    name: str
    roles: tuple[str, ...]
    password_hash: str | None
    """None: no local password; they come by another way, or were given a link."""
    password_must_change: bool
    password_changed_at: datetime | None
    active: bool
    organization: str
    time_zone: str
    second_factor: str
    """Of whom the organization asks a second factor (domain/second_factor.py)."""
    email: str | None
    email_confirmed_at: datetime | None
    has_authenticator: bool
    has_passkey: bool

    @property
    def has_second_factor(self) -> bool:
        """Whether a password alone does not let them in."""
        return self.has_authenticator or self.has_passkey


async def add_staff(
    store: Store,
    login: str,
    name: str,
    roles: list[str],
    password_hash: str | None,
    email: str | None = None,
    *,
    must_change: bool = False,
) -> UUID:
    """A member of staff; a login name is one person's everywhere, in one spelling.

    `must_change`: somebody else chose the password, which is good for one sign-in.
    """
    staff_id, typed = new_id(), login
    login = login_of(typed) or ""
    if not login:
        raise Unprocessable(problems=[Problem("login", "letters and signs without spaces")])
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
            password_must_change=must_change,
            active=True,
            email=email,
            created_at=store.now,
        )
    )
    store.saved.append(Changed("staff", staff_id))
    return staff_id


async def find_login(connection: AsyncConnection, login: str) -> tuple[UUID, UUID] | None:
    """(organization, staff) of a login name; before the organization is known."""
    found = await connection.execute(
        select(logins.c.org_id, logins.c.staff_id).where(logins.c.login == login)
    )
    row = found.one_or_none()
    return None if row is None else (row.org_id, row.staff_id)


async def get_account(store: Store, staff_id: UUID) -> StaffAccount:
    """Raises NotFound where nobody here is that."""
    holds = exists().where(
        authenticators.c.org_id == staff.c.org_id,
        authenticators.c.staff_id == staff.c.staff_id,
        authenticators.c.confirmed_at.is_not(None),
        authenticators.c.removed_at.is_(None),
    )
    keeps = exists().where(
        passkeys.c.org_id == staff.c.org_id,
        passkeys.c.staff_id == staff.c.staff_id,
        passkeys.c.removed_at.is_(None),
    )
    found = await store.connection.execute(
        select(
            staff.c.staff_id,
            staff.c.login,
            staff.c.display_name.label("name"),
            staff.c.roles,
            staff.c.password_hash,
            staff.c.password_must_change,
            staff.c.password_changed_at,
            staff.c.active,
            organizations.c.name.label("organization"),
            organizations.c.time_zone,
            organizations.c.second_factor,
            staff.c.email,
            staff.c.email_confirmed_at,
            holds.label("has_authenticator"),
            keeps.label("has_passkey"),
        )
        .join(organizations, organizations.c.org_id == staff.c.org_id)
        .where(staff.c.org_id == store.org_id, staff.c.staff_id == staff_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such member of staff.")
    return StaffAccount(**dict(row._mapping) | {"roles": tuple(row.roles)})


async def set_password(
    store: Store, staff_id: UUID, password_hash: str | None, *, must_change: bool = False
) -> None:
    """Replace somebody's password, or take it away."""
    await store.connection.execute(
        update(staff)
        .where(staff.c.org_id == store.org_id, staff.c.staff_id == staff_id)
        .values(
            password_hash=password_hash,
            password_must_change=must_change,
            password_changed_at=store.now,
        )
    )


async def rehash_password(store: Store, staff_id: UUID, old: str, new: str) -> None:
    """Keep the same password under newer parameters, unless it was changed meanwhile."""
    await store.connection.execute(
        update(staff)
        .where(staff.c.org_id == store.org_id, staff.c.staff_id == staff_id)
        .where(staff.c.password_hash == old)
        .values(password_hash=new)
    )


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
