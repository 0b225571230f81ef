"""Reads that came alone: each opens the one transaction and answers."""

from collections.abc import Mapping

from app.domain.actor import Actor
from app.web.fhir.answers import Answer
from app.web.fhir.messages import Desk
from app.web.fhir.reading_out import read_out, read_within
from app.web.fhir.searching import search_within
from app.web.fhir.services import Services
from fhir_mappings.asked import Conditions, Pairs, Target
from fhir_mappings.bundle import Entry


async def read_alone(
    services: Services, actor: Actor, desk: Desk, target: Target, request_id: str | None
) -> Answer:
    """A GET of any address: a resource, a version, a history, a search."""
    headers = desk.headers
    conditions = Conditions(
        if_none_match=headers.get("if-none-match"),
        if_modified_since=headers.get("if-modified-since"),
    )
    entry = Entry("", "GET", target, conditions=conditions)
    place = "/fhir/" + "/".join(filter(None, (target.kind, target.resource_id, *target.rest)))
    begun = services.database.transaction(actor, request_id=request_id, place=place)
    async with begun as store:
        return await read_out(store, entry, desk)


async def read_one(
    services: Services,
    actor: Actor,
    kind: str,
    resource_id: str,
    version: int | None = None,
    request_id: str | None = None,
) -> Answer:
    """A resource, in its newest version where none is named; raises NotFound or Deleted."""
    place = f"/fhir/{kind}/{resource_id}"
    begun = services.database.transaction(actor, request_id=request_id, place=place)
    async with begun as store:
        return await read_within(store, kind, resource_id, version, Target(kind, resource_id))


async def search(
    services: Services,
    actor: Actor,
    kind: str,
    pairs: Pairs,
    headers: Mapping[str, str],
    base: str,
    request_id: str | None = None,
    place: str = "",
) -> Answer:
    """A search, also within a compartment such as ``Patient/85/Observation``."""
    begun = services.database.transaction(actor, request_id=request_id, place=f"/fhir/{kind}")
    async with begun as store:
        return await search_within(store, kind, pairs, headers, base, place)
