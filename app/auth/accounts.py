"""What an administrator does about how others sign in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.auth.letters import tell_of_change
from app.auth.links import end_everything, make_link, send_link
from app.auth.sealed_secrets import Sealer
from app.domain.access import Permission, Role
from app.domain.second_factor import SecondFactorPolicy, is_asked
from app.errors import Conflict
from app.store import accounts, audit, organizations, passkeys, second_factors, staff
from app.store.accounts import AccountRow
from app.store.staff import StaffAccount
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Accounts:
    """How everybody here signs in, and of whom a second factor is asked."""

    policy: SecondFactorPolicy
    people: list[tuple[AccountRow, bool]]
    """Each with whether a second factor is asked of them."""


async def view_accounts(store: Store, now: datetime, idle_since: datetime) -> Accounts:
    store.actor.require(Permission.MANAGE_SIGN_IN)
    policy = SecondFactorPolicy(await organizations.get_second_factor(store))
    rows = await accounts.list_accounts(store, now, idle_since)
    return Accounts(
        policy, [(one, is_asked(policy, [Role(role) for role in one.roles])) for one in rows]
    )


async def reset_password(store: Store, staff_id: UUID, now: datetime) -> str:
    """The path of a link by which somebody chooses a password; the old one is good no more.

    Their sessions end at once. The link is shown once.
    """
    account = await _close(store, staff_id, now)
    await tell_of_change(store, account, now)
    return await make_link(store, staff_id, now)


async def mail_reset(store: Store, sealer: Sealer, staff_id: UUID, now: datetime) -> None:
    """The same, and the link goes to them by mail: not even their administrator sees it."""
    account = await _close(store, staff_id, now)
    await send_link(store, sealer, account, now)


async def _close(store: Store, staff_id: UUID, now: datetime) -> StaffAccount:
    """Take the password away and end what was begun with it; whose it was."""
    store.actor.require(Permission.MANAGE_SIGN_IN)
    account = await staff.get_account(store, staff_id)
    if not account.active:
        raise Conflict("This person works here no more.")
    await staff.set_password(store, staff_id, None)
    ended = await end_everything(store, staff_id, now)
    await audit.record(
        store, "password.reset", subject=f"staff/{staff_id}", detail={"sessions": ended}
    )
    return account


async def reset_second_factor(store: Store, staff_id: UUID, now: datetime) -> None:
    """Take away the second factor of somebody who lost it; their sessions end.

    Where one is asked of them, they set up another at their next sign-in before anything else.
    """
    store.actor.require(Permission.MANAGE_SIGN_IN)
    account = await staff.get_account(store, staff_id)
    await second_factors.remove_second_factors(store, staff_id)
    await passkeys.remove_passkeys(store, staff_id)
    await tell_of_change(store, account, now)
    ended = await end_everything(store, staff_id, now)
    await audit.record(
        store, "second-factor.reset", subject=f"staff/{staff_id}", detail={"sessions": ended}
    )


async def end_sessions(store: Store, staff_id: UUID, now: datetime) -> int:
    """Sign somebody out everywhere; how many sessions there were."""
    store.actor.require(Permission.MANAGE_SIGN_IN)
    await staff.get_account(store, staff_id)
    ended = await end_everything(store, staff_id, now)
    await audit.record(
        store, "session.end", subject=f"staff/{staff_id}", detail={"sessions": ended}
    )
    return ended


async def set_policy(store: Store, policy: SecondFactorPolicy) -> None:
    """Of whom a second factor is asked; whoever lacks one sets it up at their next page."""
    store.actor.require(Permission.MANAGE_SIGN_IN)
    await organizations.set_second_factor(store, policy)
    await audit.record(store, "second-factor.policy", detail={"asked-of": policy.value})
