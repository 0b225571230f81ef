"""Where what is served differs from what the records say now: for every noun, whoever owns it."""

from uuid import UUID

from sqlalchemy import select

from app.domain.actor import system
from app.publishing.nouns import NOUNS
from app.store.disclosure import whole_record
from app.store.tables import resources
from app.wiring import Services


async def find_drift(services: Services, org_id: UUID) -> list[str]:
    """``Type/id`` of each resource of ours that is missing, or says something else."""
    drifted = []
    async with services.database.transaction(system(org_id)) as store, whole_record(store):
        for name, noun in NOUNS.items():
            ids = await noun.list_ids(store, None, 10_000)
            for own in await noun.render(store, ids):
                facts, _ = own.facts_and_body()
                assert facts.resource_type in noun.types, f"{name} becomes {facts.resource_type}"
                served = await store.connection.execute(
                    select(resources.c.content_digest, resources.c.program_id).where(
                        resources.c.org_id == org_id,
                        resources.c.resource_type == facts.resource_type,
                        resources.c.resource_id == facts.resource_id,
                    )
                )
                found = served.one_or_none()
                if found is None or tuple(found) != (facts.content_digest, facts.program_id):
                    drifted.append(f"{facts.resource_type}/{facts.resource_id}")
    return drifted
