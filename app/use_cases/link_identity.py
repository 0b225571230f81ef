"""Say who is whom at the organization's identity provider: link, unlink, turn away."""

from dataclasses import dataclass
from uuid import UUID

from app.domain.access import Permission, Role
from app.domain.sign_on import may_require_provider
from app.errors import Conflict, NotFound, Problem, Unprocessable
from app.store import audit, identity_providers, sessions, sign_in_rules, staff
from app.store.identity_providers import IdentityRow, Provider
from app.store.staff import Contact
from app.store.transaction import Store

MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class IdentityBoard:
    """The providers, who waits to be linked, who is, and which ways in are open."""

    providers: list[Provider]
    waiting: list[IdentityRow]
    linked: list[IdentityRow]
    turned_away: list[IdentityRow]
    people: list[Contact]
    """Who works here and could be linked, by name."""
    administrators: list[Contact]
    break_glass: set[UUID]
    provider_only: bool
    missing: list[str]
    """What keeps the organization from closing its passwords."""


async def view_identities(store: Store) -> IdentityBoard:
    store.actor.require(Permission.LINK_IDENTITIES)
    rows = await identity_providers.list_identities(store, MOST_SHOWN)
    people = [one for one in await staff.list_contacts(store) if one.active]
    await audit.record(store, "identity.view")
    return IdentityBoard(
        await identity_providers.list_providers(store),
        [one for one in rows if one.state == "waiting"],
        [one for one in rows if one.state == "linked"],
        [one for one in rows if one.state == "refused"],
        people,
        [one for one in people if Role.ADMINISTRATOR.value in one.roles],
        await sign_in_rules.list_break_glass(store),
        await sign_in_rules.provider_only(store),
        await _missing(store),
    )


async def link_identity(store: Store, provider_id: UUID, subject: str, staff_id: UUID) -> None:
    """From now on this person at the provider signs in as this member of staff.

    A member of staff has one person at a provider; whoever was linked before is unlinked first.
    """
    store.actor.require(Permission.LINK_IDENTITIES)
    found = await _identity(store, provider_id, subject)
    people = {one.staff_id: one for one in await staff.list_contacts(store) if one.active}
    if staff_id not in people:
        raise Unprocessable(problems=[Problem("staff", "choose somebody who works here")])
    if found.staff_id == staff_id:
        return
    if found.staff_id is not None:
        raise Conflict(f"This is linked to {found.staff_name} already: unlink it first.")
    if await identity_providers.is_linked(store, provider_id, staff_id):
        name = people[staff_id].name
        raise Conflict(f"{name} is linked to somebody else at this provider: unlink that first.")
    await identity_providers.set_identity(
        store, provider_id, subject, "linked", staff_id, store.actor.staff_id
    )
    await audit.record(
        store, "identity.link", subject=f"staff/{staff_id}", detail={"by": "administrator"}
    )


async def unlink_identity(store: Store, provider_id: UUID, subject: str) -> None:
    """This person at the provider is nobody here any more; the sessions they began end."""
    store.actor.require(Permission.LINK_IDENTITIES)
    found = await _identity(store, provider_id, subject)
    if found.staff_id is None:
        return
    await identity_providers.set_identity(store, provider_id, subject, "refused", None)
    await sessions.end_sessions(store.connection, store.org_id, found.staff_id, store.now)
    await audit.record(store, "identity.unlink", subject=f"staff/{found.staff_id}")


async def turn_away(store: Store, provider_id: UUID, subject: str) -> None:
    """Whoever asked is nobody here; they are not shown as waiting again."""
    store.actor.require(Permission.LINK_IDENTITIES)
    found = await _identity(store, provider_id, subject)
    if found.state == "waiting":
        await identity_providers.set_identity(store, provider_id, subject, "refused", None)
        await audit.record(store, "identity.refuse", subject=f"identity-providers/{provider_id}")


async def _identity(store: Store, provider_id: UUID, subject: str) -> IdentityRow:
    found = await identity_providers.find_identity(store, provider_id, subject)
    if found is None:
        raise NotFound("Nobody came from the provider by that name.")
    return found


async def close_passwords(store: Store, closed: bool) -> None:
    """Let staff in through the provider alone, but for administrators named for its bad days."""
    store.actor.require(Permission.LINK_IDENTITIES)
    missing = await _missing(store) if closed else []
    if missing:
        raise Unprocessable(
            "Passwords stay open for now.", [Problem("passwords", one) for one in missing]
        )
    await sign_in_rules.set_provider_only(store, closed)
    await audit.record(store, "sign-in-rule.set", detail={"provider-only": closed})


async def _missing(store: Store) -> list[str]:
    active = {one.staff_id for one in await staff.list_contacts(store) if one.active}
    kept = await sign_in_rules.list_break_glass(store) & active
    there = bool(await identity_providers.list_providers(store))
    used = there and await sign_in_rules.count_linked(store) > 0
    return may_require_provider(used, len(kept))


async def name_break_glass(store: Store, staff_id: UUID, named: bool) -> None:
    """Let an administrator keep a password, or no longer; one always does while it is the rule."""
    store.actor.require(Permission.LINK_IDENTITIES)
    everybody = {one.staff_id: one for one in await staff.list_contacts(store)}
    if staff_id not in everybody:
        raise NotFound("There is no such member of staff.")
    people = {key: one for key, one in everybody.items() if one.active}
    person = people.get(staff_id)
    if named and (person is None or Role.ADMINISTRATOR.value not in person.roles):
        raise Unprocessable(problems=[Problem("staff", "choose an administrator who works here")])
    kept = (await sign_in_rules.list_break_glass(store) & set(people)) - {staff_id}
    if not named and not kept and await sign_in_rules.provider_only(store):
        raise Conflict("Nobody else keeps a password: open passwords first, or name another.")
    await sign_in_rules.set_break_glass(store, staff_id, named)
    await audit.record(
        store, "break-glass-account.set", subject=f"staff/{staff_id}", detail={"named": named}
    )
