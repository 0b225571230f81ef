"""Searches and reads, answered with the bodies as they were published."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from app.domain.actor import Actor
from app.domain.criteria import AboutPatient, AnyOf, Criterion, HasId, HasToken
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
from app.web.fhir.negotiation import preferred_handling
from app.web.fhir.parameters import Pairs, Read, read_search
from app.web.fhir.services import Services
from fhir_mappings.conformance import TYPES
from fhir_mappings.json_text import write_json
from fhir_mappings.operation_outcome import outcome, remark_issues
from fhir_mappings.reading import Remark
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
    place: str = "",
) -> Answer:
    """A searchset Bundle with its own link and, where there is more, the next page's.

    `place` is the compartment in which is searched, such as ``Patient/85/Observation``.
    """
    zone = ZoneInfo(actor.time_zone)
    handling = preferred_handling(headers)
    within = compartment_of(kind, place)
    read = read_search(kind, pairs, base, zone, handling=handling, within=within)
    begun = services.database.transaction(actor, request_id=request_id, place=f"/fhir/{kind}")
    async with begun as store:
        page = await search_resources(store, read.search)
        told = tuple(store.disclosed)
    return Answer(200, _searchset(place or kind, page, read, base, told), disclosure_headers(told))


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


def _searchset(place: str, page: ResourcePage, read: Read, base: str, told: Sequence[str]) -> bytes:
    """The Bundle around bodies that stay as they are: they are not parsed again."""
    frame: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    if page.total is not None:
        frame["total"] = page.total
    frame["link"] = _links(place, page, read.used, base)
    head = write_json(frame)[:-1]
    found = [_entry(one, base, "match") for one in page.resources]
    found += [_entry(one, base, "include") for one in page.included]
    entries = b",".join([*found, *_left_aside(read), *_told(told)])
    return head + b',"entry":[' + entries + b"]}" if entries else head + b"}"


def _told(told: Sequence[str]) -> list[bytes]:
    """The same within the Bundle, beside what it matched."""
    if not told:
        return []
    outcome = disclosure_notice([NOTICE, *told])
    return [write_json({"resource": outcome, "search": {"mode": "outcome"}})]


def _left_aside(read: Read) -> list[bytes]:
    """What was asked and is not offered: told, since more may be found than was meant."""
    if not read.left_aside:
        return []
    remarks = [
        Remark(
            "warning", "not-supported", name, "This parameter is not offered and was left aside."
        )
        for name in read.left_aside
    ]
    told = {"resource": outcome(remark_issues(remarks)), "search": {"mode": "outcome"}}
    return [write_json(told)]


def _entry(found: StoredResource, base: str, mode: str) -> bytes:
    address = write_json(f"{base}/{found.resource_type}/{found.resource_id}")
    tail = b',"search":{"mode":' + write_json(mode) + b"}}"
    return b'{"fullUrl":' + address + b',"resource":' + found.body + tail


def _links(place: str, page: ResourcePage, used: Pairs, base: str) -> list[dict[str, str]]:
    links = [{"relation": "self", "url": _url(place, used, base)}]
    if page.next_cursor:
        rest = [pair for pair in used if pair[0] != "_cursor"]
        following = [*rest, ("_cursor", page.next_cursor)]
        links.append({"relation": "next", "url": _url(place, following, base)})
    return links


def _url(place: str, pairs: Pairs, base: str) -> str:
    query = urlencode(list(pairs))
    return f"{base}/{place}?{query}" if query else f"{base}/{place}"
