"""The horizon: a time that nothing older can still cross.

What is published carries the time at which its transaction began, and transactions do not commit in
that order: who reads up to "now" would miss what began before and commits after. So every
transaction of an organization holds a shared lock from before it asks for its time until it has
ended. Whoever takes the lock alone, for an instant, knows: all that began before has ended, and all
that begins after is later. The versions are only added to, so that what is not later than this
time stays what it is, whenever it is read.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.store.transaction import Store
from app.store.withholding import HORIZON, place_of

WAIT_MILLISECONDS = 1_000
"""Writers wait behind whoever waits for the lock: never longer than this."""

_LOCK_NOT_AVAILABLE = "55P03"
_DEADLOCK = "40P01"


async def choose_horizon(store: Store) -> datetime | None:
    """A time that nothing older can still cross; None where somebody writes for too long.

    It is good once this transaction has ended, and must be the last that it does. Whoever is told
    None asks again a little later.
    """
    await store.connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_MILLISECONDS}'"))
    try:
        async with store.connection.begin_nested():
            await store.connection.execute(
                text("SELECT pg_advisory_xact_lock(:horizon, :place)"),
                {"horizon": HORIZON, "place": place_of(store.org_id)},
            )
            found: datetime = (
                await store.connection.execute(text("SELECT clock_timestamp()"))
            ).scalar_one()
            return found
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in (_LOCK_NOT_AVAILABLE, _DEADLOCK):
            return None
        raise
