"""Searches and reads, answered with the bodies as they were published."""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from app.domain.actor import Actor
from app.domain.criteria import AboutPatient, AnyOf, Criterion, HasId, HasToken
from app.errors import NotFound
from app.use_cases.read_resources import (
    ResourcePage,
    StoredResource,
    read_resource,
    search_resources,
)
from app.web.disclosing import disclosure_headers
from app.web.fhir.answers import Answer, entity_tag, http_date
from app.web.fhir.bundling import entry, page_links, searchset
from app.web.fhir.negotiation import preferred_handling
from app.web.fhir.parameters import Pairs, Read, read_search
from app.web.fhir.services import Services
from app.web.fhir.shaping import shaped_body
from fhir_mappings.conformance import TYPES
from fhir_mappings.json_text import write_json
from fhir_mappings.operation_outcome import outcome, remark_issues
from fhir_mappings.reading import Remark
from fhir_mappings.shaping import WHOLE, Shape

MAX_ID = 64
"""FHIR R4: an id has 1 to 64 characters."""


async def read_one(
    services: Services,
    actor: Actor,
    kind: str,
    resource_id: str,
    version: int | None = None,
    request_id: str | None = None,
    shape: Shape = WHOLE,
) -> Answer:
    """A resource, in its newest version where none is named; raises NotFound or Gone."""
    if "\x00" in resource_id or len(resource_id) > MAX_ID:
        raise NotFound()
    place = f"/fhir/{kind}/{resource_id}"
    begun = services.database.transaction(actor, request_id=request_id, place=place)
    async with begun as store:
        found = await read_resource(store, kind, resource_id, version)
        told = tuple(store.disclosed)
    headers = {"ETag": entity_tag(found.version), "Last-Modified": http_date(found.last_updated)}
    return Answer(200, shaped_body(found.body, shape), headers | disclosure_headers(told))


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
    """A search in a transaction of its own; see `search_within`."""
    begun = services.database.transaction(actor, request_id=request_id, place=f"/fhir/{kind}")
    async with begun as store:
        return await search_within(store, kind, pairs, headers, base, place)


async def search_within(
    store: Any, kind: str, pairs: Pairs, headers: Mapping[str, str], base: str, place: str = ""
) -> Answer:
    """A searchset Bundle with its own link and, where there is more, the next page's.

    `place` is the compartment in which is searched, such as ``Patient/85/Observation``.
    """
    read = read_search(
        kind,
        pairs,
        base,
        ZoneInfo(store.actor.time_zone),
        handling=preferred_handling(headers),
        within=compartment_of(kind, place),
        now=store.now,
    )
    already = len(store.disclosed)
    page = await search_resources(store, read.search)
    told = tuple(store.disclosed[already:])
    links = page_links(f"{base}/{place or kind}", read.used, page.next_cursor)
    return searchset(_entries(page, read, base), links, told, page.total)


def compartment_of(kind: str, place: str) -> tuple[Criterion, ...]:
    """What lies in the compartment of the patient whom the place names, if it names one."""
    _, _, rest = place.partition("/")
    if not rest:
        return ()
    patient = rest.partition("/")[0]
    return (AnyOf(tuple(_links_to(name, patient) for name in TYPES[kind].compartment)),)


def _links_to(name: str, patient: str) -> Criterion:
    if name == "_id":
        return HasId((patient,))
    if name == "patient":
        return AboutPatient((patient,))
    return HasToken(name, (("Patient", patient),))


def _entries(page: ResourcePage, read: Read, base: str) -> Iterator[bytes]:
    for one in page.resources:
        yield _entry(one, base, "match", read.shape)
    for one in page.included:
        yield _entry(one, base, "include", read.shape)
    if read.left_aside:
        yield _left_aside(read)


def _entry(found: StoredResource, base: str, mode: str, shape: Shape) -> bytes:
    body = shaped_body(found.body, shape, searched=mode == "match")
    return entry(found, base, {"mode": mode}, body)


def _left_aside(read: Read) -> bytes:
    """What was asked and is not offered: told, since more may be found than was meant."""
    words = "This parameter is not offered and was left aside."
    remarks = [Remark("warning", "not-supported", name, words) for name in read.left_aside]
    told = {"resource": outcome(remark_issues(remarks)), "search": {"mode": "outcome"}}
    return write_json(told)
