"""How everybody in an organization signs in, for whoever looks after it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.store.tables import (
    authenticators,
    passkeys,
    recovery_codes,
    sessions,
    sign_in_links,
    staff,
)
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One member of staff, and how they sign in."""

    staff_id: UUID
    login: str
    name: str
    roles: tuple[str, ...]
    active: bool
    email: str | None
    has_password: bool
    authenticator_since: datetime | None
    passkeys: int
    codes_left: int
    last_sign_in_at: datetime | None
    sessions: int
    """How many hold now."""
    link_until: datetime | None
    """Until when a link to choose a password holds, if one does."""


async def list_accounts(store: Store, now: datetime, idle_since: datetime) -> list[AccountRow]:
    """Everybody who works here, then who worked here, by name."""
    mine = (authenticators.c.org_id == staff.c.org_id) & (
        authenticators.c.staff_id == staff.c.staff_id
    )
    since = (
        select(authenticators.c.confirmed_at)
        .where(mine, authenticators.c.confirmed_at.is_not(None))
        .where(authenticators.c.removed_at.is_(None))
        .scalar_subquery()
    )
    codes = (
        select(func.count())
        .where(recovery_codes.c.org_id == staff.c.org_id)
        .where(recovery_codes.c.staff_id == staff.c.staff_id)
        .where(recovery_codes.c.used_at.is_(None), recovery_codes.c.withdrawn_at.is_(None))
        .scalar_subquery()
    )
    keys = (
        select(func.count())
        .where(passkeys.c.org_id == staff.c.org_id, passkeys.c.staff_id == staff.c.staff_id)
        .where(passkeys.c.removed_at.is_(None))
        .scalar_subquery()
    )
    theirs = (sessions.c.org_id == staff.c.org_id) & (sessions.c.staff_id == staff.c.staff_id)
    last = select(func.max(sessions.c.created_at)).where(theirs).scalar_subquery()
    held = (
        select(func.count())
        .where(theirs, sessions.c.ended_at.is_(None), sessions.c.expires_at > now)
        .where(sessions.c.last_seen_at > idle_since)
        .scalar_subquery()
    )
    link = (
        select(func.max(sign_in_links.c.expires_at))
        .where(sign_in_links.c.org_id == staff.c.org_id)
        .where(sign_in_links.c.staff_id == staff.c.staff_id)
        .where(sign_in_links.c.ended_at.is_(None), sign_in_links.c.expires_at > now)
        .scalar_subquery()
    )
    found = await store.connection.execute(
        select(
            staff.c.staff_id,
            staff.c.login,
            staff.c.display_name.label("name"),
            staff.c.roles,
            staff.c.active,
            staff.c.email,
            staff.c.password_hash.is_not(None).label("has_password"),
            since.label("authenticator_since"),
            keys.label("passkeys"),
            codes.label("codes_left"),
            last.label("last_sign_in_at"),
            held.label("sessions"),
            link.label("link_until"),
        )
        .where(staff.c.org_id == store.org_id)
        .order_by(staff.c.active.desc(), staff.c.display_name, staff.c.staff_id)
    )
    return [AccountRow(**dict(row._mapping) | {"roles": tuple(row.roles)}) for row in found]
