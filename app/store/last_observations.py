"""Observations that fit, the newest first, with their codes; bodies are read of those chosen."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from app.domain.criteria import ResourceSearch
from app.domain.newest import Observed
from app.store.compartment import list_named
from app.store.resource_matching import matching
from app.store.resources import StoredResource
from app.store.tables import resource_tokens, resources
from app.store.transaction import Store

KIND = "Observation"
MOST = 10_000
"""Observations that are looked at, of one patient."""

About = dict[str, tuple[UUID | None, UUID | None]]
"""By id: whom it is about, and the Part 2 program whose record it is."""


async def list_observed(store: Store, wanted: ResourceSearch) -> tuple[list[Observed], About]:
    """What fits, the newest first; what tells of no time comes last."""
    fitting = matching(store, KIND, wanted.criteria)
    found = await store.connection.execute(
        select(resources.c.resource_id, resources.c.patient_id, resources.c.program_id)
        .where(
            resources.c.org_id == store.org_id,
            resources.c.resource_type == KIND,
            resources.c.resource_id.in_(fitting),
        )
        .order_by(resources.c.effective_at.desc().nulls_last(), resources.c.resource_id.desc())
        .limit(MOST)
    )
    about = {row.resource_id: (row.patient_id, row.program_id) for row in found.all()}
    told = await store.connection.execute(
        select(
            resource_tokens.c.resource_id, resource_tokens.c.system, resource_tokens.c.value
        ).where(
            resource_tokens.c.org_id == store.org_id,
            resource_tokens.c.resource_type == KIND,
            resource_tokens.c.parameter == "code",
            resource_tokens.c.resource_id.in_(fitting),
        )
    )
    codes: dict[str, set[tuple[str, str]]] = {}
    for name, system, value in told.all():
        codes.setdefault(name, set()).add((system, value))
    return [Observed(one, frozenset(codes.get(one, ()))) for one in about], about


async def list_observations(store: Store, names: Sequence[str]) -> list[StoredResource]:
    """These Observations as they are served, in this order."""
    found = await list_named(store, [(KIND, one) for one in names])
    by_name = {one.resource_id: one for one in found}
    return [by_name[one] for one in names if one in by_name]
