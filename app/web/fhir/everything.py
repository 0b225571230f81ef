"""Patient/{id}/$everything: all that is held of a patient, with the people and places named."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from app.errors import Malformed, NotFound, Problem
from app.use_cases.gather_everything import CompartmentSearch, Everything, gather_everything
from app.web.dependencies import IntegrationClient
from app.web.fhir.answers import Answer
from app.web.fhir.asking import asked_of, number_of, span_of
from app.web.fhir.bundling import entry, searchset
from app.web.fhir.errors import FHIR_JSON
from app.web.fhir.routing import FhirRoute
from app.web.fhir.searching import MAX_ID
from app.web.fhir.services import Services, base_of, services_of
from fhir_mappings.conformance import PUBLISHED
from fhir_mappings.naming import names_in
from fhir_mappings.operation_inputs import Inputs, check_known

MOST = 1000
"""Resources on a page, people and places besides."""

router = APIRouter(route_class=FhirRoute, include_in_schema=False)
AppServices = Annotated[Services, Depends(services_of)]


@router.get("/Patient/{resource_id}/$everything")
@router.post("/Patient/{resource_id}/$everything", name="post_everything")
async def everything(
    resource_id: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """One page of everything; the next link leads on."""
    inputs = await asked_of(request)
    check_known(inputs, ("start", "end", "_since", "_count", "_cursor"), ("_type",))
    if "\x00" in resource_id or len(resource_id) > MAX_ID:
        raise NotFound()
    asked = _types(inputs)
    wanted = _wanted(inputs, asked, ZoneInfo(actor.time_zone))
    place = f"/fhir/Patient/{resource_id}/$everything"
    request_id = getattr(request.state, "request_id", None)
    async with services.database.transaction(actor, request_id=request_id, place=place) as store:
        found = await gather_everything(store, resource_id, wanted, asked, names_in)
        told = tuple(store.disclosed)
    base = base_of(request)
    links = list(_links(f"{base}/Patient/{resource_id}/$everything", inputs, found.next_cursor))
    answer = searchset(_entries(found, base), links, told)
    return _response(answer)


def _response(answer: Answer) -> Response:
    headers = {**answer.headers, "Cache-Control": "no-store"}
    return Response(answer.body, answer.status, headers, FHIR_JSON)


def _types(inputs: Inputs) -> list[str]:
    asked = inputs.every("_type")
    strange = [one for one in asked if one not in PUBLISHED]
    if strange:
        offered = f"Offered are {', '.join(PUBLISHED)}."
        raise Malformed("The operation cannot be read.", [Problem("_type", offered)])
    return asked


def _wanted(inputs: Inputs, asked: list[str], zone: ZoneInfo) -> CompartmentSearch:
    start, end = span_of(inputs, "start", zone), span_of(inputs, "end", zone)
    since = span_of(inputs, "_since", zone)
    return CompartmentSearch(
        types=frozenset(asked or PUBLISHED),
        start=start[0] if start else None,
        end=end[1] if end else None,
        since=since[0] if since else None,
        count=number_of(inputs, "_count", MOST, MOST),
        cursor=inputs.first("_cursor"),
    )


def _links(address: str, inputs: Inputs, following: str | None) -> Iterator[tuple[str, str]]:
    said = list(inputs.pairs)
    yield "self", f"{address}?{urlencode(said)}" if said else address
    if following:
        rest = [pair for pair in said if pair[0] != "_cursor"]
        yield "next", f"{address}?{urlencode([*rest, ('_cursor', following)])}"


def _entries(found: Everything, base: str) -> Iterator[bytes]:
    yield from (entry(one, base, {"mode": "match"}) for one in found.resources)
    yield from (entry(one, base, {"mode": "include"}) for one in found.named)
