"""After a key was rotated: everything sealed is sealed anew with the newest one."""

from app.auth.sealed_secrets import Sealer
from app.auth.second_factor import about
from app.domain.actor import system
from app.store import audit, organizations, sealed
from app.store.transaction import Database, Store


async def reseal_all(database: Database, sealer: Sealer) -> int:
    """Seal anew what older keys sealed, in every organization; how many there were."""
    async with database.directory() as connection:
        everywhere = await organizations.list_organizations(connection)
    count = 0
    for org_id in everywhere:
        async with database.transaction(system(org_id)) as store:
            count += await _reseal(store, sealer)
    return count


async def _reseal(store: Store, sealer: Sealer) -> int:
    count = 0
    for authenticator_id, staff_id, kept in await sealed.list_sealed_authenticators(store):
        if sealer.is_newest(kept):
            continue
        whose = about(store.org_id, staff_id)
        fresh = sealer.seal(sealer.open(kept, whose), whose)
        await sealed.save_sealed_authenticator(store, authenticator_id, fresh)
        count += 1
    if count:
        await audit.record(store, "secret.reseal", detail={"secrets": count})
    return count
