"""Who came in when, with what: so that the demo's pages on signing in have something to show."""

from datetime import timedelta
from random import Random
from uuid import UUID

from app.auth.links import make_link
from app.auth.secrets import digest, new_token
from app.store import sessions, staff
from app.store.ids import new_id
from app.store.transaction import Store

DEVICES = (
    "Chrome on Windows",
    "Edge on Windows",
    "Firefox on Linux",
    "Safari on Mac",
    "Safari on iPhone",
    "Chrome on Android",
)
NEWCOMER = ("jonah", "Jonah Pike, MA", ["medical-assistant"])
"""Who begins next week and has not chosen a password yet; nobody signs in as them."""
WORKDAYS = 10
MORNING = 12
"""UTC: when the first of them begin."""


async def tell_sign_ins(store: Store, dice: Random, ids: list[UUID]) -> None:
    """Two weeks of sessions that ended, and a newcomer's link."""
    for staff_id in ids:
        own = dice.sample(DEVICES, 2)
        for days in sorted(dice.sample(range(1, 15), WORKDAYS)):
            await _past_session(store, dice, staff_id, days, dice.choice(own))
    login, name, roles = NEWCOMER
    newcomer = await staff.add_staff(store, login, name, roles, None, "jonah@demo.invalid")
    await make_link(store, newcomer, store.now)


async def _past_session(store: Store, dice: Random, staff_id: UUID, days: int, device: str) -> None:
    morning = store.now.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    begun = morning - timedelta(days=days) + timedelta(minutes=dice.randrange(90))
    ended = begun + timedelta(hours=dice.randrange(3, 9))
    await sessions.add_session(
        store.connection,
        {
            "session_hash": digest(new_token()),
            "session_id": new_id(),
            "org_id": store.org_id,
            "staff_id": staff_id,
            "csrf_token": new_token(),
            "how": "password",
            "device": device,
            "address": f"192.0.2.{dice.randrange(10, 60)}",
            "created_at": begun,
            "proved_at": begun,
            "last_seen_at": min(ended, store.now),
            "expires_at": begun + timedelta(hours=12),
            "ended_at": min(ended, store.now),
        },
    )
