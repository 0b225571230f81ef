"""Fitting expected recovery on command: one organization, or one after the other."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.actor import system
from app.domain.expected_recovery import RecoveryModel
from app.store.organizations import list_organizations
from app.store.rosters import get_policy
from app.store.transaction import Database
from app.use_cases.fit_expected_recovery import fit_expected_recovery


async def fit_all(database: Database, only: UUID | None) -> dict[UUID, list[RecoveryModel]]:
    """Organization → the models that were fitted now, each in a transaction of its own."""
    async with database.directory() as connection:
        found = [only] if only else await list_organizations(connection)
    fitted = {}
    for org_id in found:
        async with database.transaction(system(org_id)) as store:
            zone = ZoneInfo((await get_policy(store)).time_zone)
            today = datetime.now(UTC).astimezone(zone).date()
            fitted[org_id] = await fit_expected_recovery(store, today)
    return fitted
