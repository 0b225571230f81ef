"""The sweep, at its rhythm: one organization after the other, a bounded piece at a time."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.actor import system
from app.jobs.organizations import in_each
from app.store.rosters import get_policy
from app.store.transaction import Database
from app.use_cases.fit_expected_recovery import refit_when_due
from app.use_cases.sweep import sweep


async def sweep_all(database: Database) -> int:
    """Evaluate every episode that is due, in every organization; how many there were."""
    return await in_each(database, "the sweep", lambda org_id: sweep_in(database, org_id))


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
