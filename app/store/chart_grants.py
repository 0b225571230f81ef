"""Charts opened for a while to those who see none by their role."""

from uuid import UUID

from sqlalchemy import exists, select

from app.store.sight import stands
from app.store.tables import chart_grants
from app.store.transaction import Store


async def are_open_to(store: Store, staff_id: UUID) -> bool:
    """Whether charts stand open to somebody now, of one clinic or of all."""
    held = exists(
        select(1)
        .select_from(chart_grants)
        .where(chart_grants.c.org_id == store.org_id, chart_grants.c.staff_id == staff_id)
        .where(stands(store.now))
    )
    return bool(await store.connection.scalar(select(held)))
