"""Mail about signing in: links to choose a password, and word that something was changed."""

from datetime import datetime
from uuid import UUID

from app.auth.sealed_secrets import Sealer
from app.domain.delivery import Channel, Purpose
from app.errors import Conflict
from app.store import deliveries
from app.store.staff import StaffAccount
from app.store.transaction import Store


async def mail_link(store: Store, sealer: Sealer, account: StaffAccount, now: datetime) -> str:
    """Put a link into the outbox; its token, which is made again when it is sent.

    Raises Conflict where no address is kept of them.
    """
    if account.email is None:
        raise Conflict("No address is kept of this person: give them the link yourself.")
    return sealer.link_token(await _put(store, Purpose.SIGN_IN_LINK, account, now))


async def tell_of_change(store: Store, account: StaffAccount, now: datetime) -> None:
    """Tell somebody that how they sign in was changed, where an address is kept of them."""
    if account.email is not None:
        await _put(store, Purpose.SIGN_IN_CHANGED, account, now)


async def _put(store: Store, purpose: Purpose, account: StaffAccount, now: datetime) -> UUID:
    values = {
        "channel": Channel.EMAIL.value,
        "purpose": purpose.value,
        "staff_id": account.staff_id,
        "recipient": account.name,
        "address": account.email,
        "urgent": purpose is Purpose.SIGN_IN_LINK,
        "flag_count": 0,
    }
    return await deliveries.add_delivery(store, values, now)
