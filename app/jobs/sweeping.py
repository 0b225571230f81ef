"""The sweep, at its rhythm: one organization after the other, a bounded piece at a time."""

import logging
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.actor import system
from app.store.engine import CANNOT_REACH
from app.store.organizations import list_organizations
from app.store.rosters import get_policy
from app.store.transaction import Database
from app.use_cases.fit_expected_recovery import refit_when_due
from app.use_cases.sweep import sweep

log = logging.getLogger("stepwell.sweep")


async def sweep_all(database: Database) -> int:
    """Evaluate every episode that is due, in every organization; how many there were."""
    evaluated = 0
    async with database.directory() as connection:
        found = await list_organizations(connection)
    for org_id in found:
        try:
            evaluated += await sweep_in(database, org_id)
        except CANNOT_REACH:
            raise
        except Exception as error:  # one organization's trouble never silences the others
            log.error("the sweep failed in %s: %s", org_id, type(error).__name__)
    return evaluated


async def sweep_in(database: Database, org_id: UUID) -> int:
    """The same in one organization."""
    evaluated = 0
    async with database.transaction(system(org_id)) as store:
        time_zone = (await get_policy(store)).time_zone
    today = datetime.now(UTC).astimezone(ZoneInfo(time_zone)).date()
    while True:
        async with database.transaction(system(org_id, time_zone)) as store:
            count = await sweep(store, today)
        evaluated += count
        if count == 0:
            break
    async with database.transaction(system(org_id, time_zone)) as store:
        await refit_when_due(store, today)
    return evaluated
