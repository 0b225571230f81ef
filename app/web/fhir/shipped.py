"""Definitions that come with the service: read, and found in memory; the same for everybody.

They hold nothing of anybody, so no use case looks for them and no audit tells of it; a client needs
their scope like any other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from app.domain.actor import Actor
from app.domain.catalogue import INSTRUMENTS
from app.domain.scopes import Interaction
from app.errors import Malformed, NotFound, WrongMediaType
from app.use_cases.read_resources import StoredResource
from app.web.dependencies import IntegrationClient
from app.web.fhir.answers import Answer, entity_tag, http_date
from app.web.fhir.bundling import entry, page_links, searchset
from app.web.fhir.errors import FHIR_JSON
from app.web.fhir.negotiation import preferred_handling
from app.web.fhir.parameters import Pairs, Read, read_search
from app.web.fhir.routing import FhirRoute
from app.web.fhir.searching import left_aside
from app.web.fhir.services import Services, base_of, services_of
from app.web.fhir.shaping import read_shape, shaped_body
from fhir_mappings.code_system import list_code_systems
from fhir_mappings.indexing import index_of
from fhir_mappings.json_text import write_json
from fhir_mappings.matching import Findable, fits_all, in_order
from fhir_mappings.operations import CHANGED_ON, OPERATIONS, definition
from fhir_mappings.questionnaire import list_questionnaires

Lister = Callable[[], Sequence[dict[str, Any]]]
"""Every resource of a type, each with its id, meta.versionId and meta.lastUpdated."""
MOST_BYTES = 16 * 1024


def _operations() -> Sequence[dict[str, Any]]:
    return [definition(one, CHANGED_ON) for one in OPERATIONS]


LISTERS: Mapping[str, Lister] = MappingProxyType(
    {
        "Questionnaire": list_questionnaires,
        "CodeSystem": list_code_systems,
        "OperationDefinition": _operations,
    }
)
"""By type."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A definition as it is served and found."""

    stored: StoredResource
    findable: Findable


def _shipped(kind: str, base: str, zone: str) -> Mapping[str, Shipped]:
    """By id, in the order of the ids; made anew where the site's instruments are others.

    A day is a day in the zone of whoever asks, here as in the searches of the versions.
    """
    return _made_of(kind, base, zone, tuple((one.id, one.version) for one in INSTRUMENTS.values()))


@lru_cache(maxsize=64)
def _made_of(kind: str, base: str, zone: str, _catalogue: object) -> Mapping[str, Shipped]:
    made = {str(one["id"]): _made(one, base, ZoneInfo(zone)) for one in LISTERS[kind]()}
    return {name: made[name] for name in sorted(made)}


def _made(resource: Mapping[str, Any], base: str, zone: ZoneInfo) -> Shipped:
    kind, name, meta = resource["resourceType"], str(resource["id"]), resource["meta"]
    changed = datetime.fromisoformat(meta["lastUpdated"])
    stored = StoredResource(
        kind, name, int(meta["versionId"]), changed, False, write_json(resource)
    )
    return Shipped(stored, Findable(name, changed, index_of(resource, base, zone)))


router = APIRouter(route_class=FhirRoute, include_in_schema=False)
AppServices = Annotated[Services, Depends(services_of)]


def _add(kind: str) -> None:
    """The addresses of one type."""

    async def search_by_address(request: Request, actor: IntegrationClient) -> Response:
        return _searched(request, actor, kind, request.query_params.multi_items())

    async def search_by_form(request: Request, actor: IntegrationClient) -> Response:
        if request.headers.get("content-type", "").split(";")[0] != _FORM:
            raise WrongMediaType(f"Send the parameters as {_FORM}.")
        body = (await request.body())[:MOST_BYTES]
        form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        return _searched(request, actor, kind, [*request.query_params.multi_items(), *form])

    async def read(key: str, request: Request, actor: IntegrationClient) -> Response:
        return _read(request, actor, kind, key)

    router.add_api_route(f"/{kind}", search_by_address, methods=["GET"])
    router.add_api_route(f"/{kind}/_search", search_by_form, methods=["POST"])
    router.add_api_route(f"/{kind}/{{key}}", read, methods=["GET"])


_FORM = "application/x-www-form-urlencoded"
for _kind in LISTERS:
    _add(_kind)


def _read(request: Request, actor: Actor, kind: str, name: str) -> Response:
    actor.require_scope(kind, Interaction.READ)
    found = _shipped(kind, base_of(request), actor.time_zone).get(name)
    if found is None:
        raise NotFound(f"There is no {kind}/{name[:64]} here.")
    headers = {
        "ETag": entity_tag(found.stored.version),
        "Last-Modified": http_date(found.stored.last_updated),
        "Cache-Control": "no-store",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    shape = read_shape(request.query_params.multi_items())
    return Response(shaped_body(found.stored.body, shape, searched=False), 200, headers, FHIR_JSON)


def _searched(request: Request, actor: Actor, kind: str, pairs: Pairs) -> Response:
    actor.require_scope(kind, Interaction.SEARCH)
    base, zone = base_of(request), ZoneInfo(actor.time_zone)
    handling = preferred_handling(request.headers)
    read = read_search(kind, pairs, base, zone, handling=handling)
    every = _shipped(kind, base, actor.time_zone)
    answer = _page(kind, every, read, base)
    headers = {**answer.headers, "Cache-Control": "no-store"}
    return Response(answer.body, answer.status, headers, FHIR_JSON)


def _page(kind: str, every: Mapping[str, Shipped], read: Read, base: str) -> Answer:
    """Those that fit, after the one that the page before ended with."""
    wanted = read.search
    if wanted.cursor is not None and wanted.cursor not in every:
        raise Malformed("The page link is not one of ours; search again from the start.")
    ordered = in_order([one.findable for one in every.values()], wanted.sort)
    names = [one.resource_id for one in ordered]
    fitting = [one.resource_id for one in ordered if fits_all(one, wanted.criteria)]
    begun = set(names[: names.index(wanted.cursor) + 1] if wanted.cursor else ())
    rest = [name for name in fitting if name not in begun]
    shown = rest[: wanted.count]
    following = shown[-1] if len(rest) > wanted.count > 0 else None
    links = page_links(f"{base}/{kind}", read.used, following)
    return searchset(_entries(every, shown, read, base), links, (), len(fitting))


def _entries(
    every: Mapping[str, Shipped], shown: Sequence[str], read: Read, base: str
) -> Iterator[bytes]:
    for name in shown:
        stored = every[name].stored
        yield entry(stored, base, {"mode": "match"}, shaped_body(stored.body, read.shape))
    if read.left_aside:
        yield left_aside(read)
