"""Searches and reads, answered with the bodies as they were published."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from app.domain.actor import Actor
from app.domain.part2 import NOTICE
from app.errors import NotFound
from app.use_cases.read_resources import (
    ResourcePage,
    StoredResource,
    read_resource,
    search_resources,
)
from app.web.disclosing import disclosure_headers
from app.web.fhir.answers import Answer, entity_tag, http_date
from app.web.fhir.negotiation import is_lenient
from app.web.fhir.parameters import Pairs, read_search
from app.web.fhir.services import Services
from fhir_mappings.json_text import write_json
from fhir_mappings.security import disclosure_notice

MAX_ID = 64
"""FHIR R4: an id has 1 to 64 characters."""


async def read_one(
    services: Services,
    actor: Actor,
    kind: str,
    resource_id: str,
    version: int | None = None,
    request_id: str | None = None,
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
    return Answer(200, found.body, headers | disclosure_headers(told))


async def search(
    services: Services,
    actor: Actor,
    kind: str,
    pairs: Pairs,
    headers: Mapping[str, str],
    base: str,
    request_id: str | None = None,
) -> Answer:
    """A searchset Bundle with its own link and, where there is more, the next page's."""
    zone = ZoneInfo(actor.time_zone)
    wanted, used = read_search(kind, pairs, base, zone, lenient=is_lenient(headers))
    begun = services.database.transaction(actor, request_id=request_id, place=f"/fhir/{kind}")
    async with begun as store:
        page = await search_resources(store, wanted)
        told = tuple(store.disclosed)
    return Answer(200, _searchset(kind, page, used, base, told), disclosure_headers(told))


def _searchset(kind: str, page: ResourcePage, used: Pairs, base: str, told: Sequence[str]) -> bytes:
    """The Bundle around bodies that stay as they are: they are not parsed again."""
    frame = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": page.total,
        "link": _links(kind, page, used, base),
    }
    head = write_json(frame)[:-1]
    entries = b",".join([*(_entry(found, base) for found in page.resources), *_told(told)])
    return head + b',"entry":[' + entries + b"]}" if entries else head + b"}"


def _told(told: Sequence[str]) -> list[bytes]:
    """The same within the Bundle, beside what it matched."""
    if not told:
        return []
    outcome = disclosure_notice([NOTICE, *told])
    return [write_json({"resource": outcome, "search": {"mode": "outcome"}})]


def _entry(found: StoredResource, base: str) -> bytes:
    address = write_json(f"{base}/{found.resource_type}/{found.resource_id}")
    return b'{"fullUrl":' + address + b',"resource":' + found.body + b',"search":{"mode":"match"}}'


def _links(kind: str, page: ResourcePage, used: Pairs, base: str) -> list[dict[str, str]]:
    links = [{"relation": "self", "url": _url(kind, used, base)}]
    if page.next_cursor:
        rest = [pair for pair in used if pair[0] != "_cursor"]
        following = [*rest, ("_cursor", page.next_cursor)]
        links.append({"relation": "next", "url": _url(kind, following, base)})
    return links


def _url(kind: str, pairs: Pairs, base: str) -> str:
    query = urlencode(list(pairs))
    return f"{base}/{kind}?{query}" if query else f"{base}/{kind}"
