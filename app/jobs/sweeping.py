"""The sweep, at its rhythm: one organization after the other, a bounded piece at a time."""

import asyncio
import logging
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.domain.actor import system
from app.store.engine import CANNOT_REACH
from app.store.organizations import list_organizations
from app.store.rosters import get_policy
from app.store.transaction import Database
from app.use_cases.sweep import sweep

log = logging.getLogger("stepwell.sweep")


async def sweep_all(database: Database) -> int:
    """Evaluate every episode that is due, in every organization; how many there were."""
    evaluated = 0
    async with database.directory() as connection:
        found = await list_organizations(connection)
    for org_id in found:
        async with database.transaction(system(org_id)) as store:
            time_zone = (await get_policy(store)).time_zone
        today = datetime.now(UTC).astimezone(ZoneInfo(time_zone)).date()
        while True:
            async with database.transaction(system(org_id, time_zone)) as store:
                count = await sweep(store, today)
            evaluated += count
            if count == 0:
                break
    return evaluated


async def sweep_regularly(database: Database, minutes: int) -> None:
    """Sweep until cancelled; a database that is away for a while is tried again."""
    while True:
        try:
            await sweep_all(database)
        except CANNOT_REACH:
            log.warning("the sweep could not reach the database; it is tried again")
        await asyncio.sleep(minutes * 60)
