"""The addresses of what is rendered when it is read: Provenance and Group."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from app.domain.actor import Actor
from app.errors import NotFound, WrongMediaType
from app.web.dependencies import IntegrationClient
from app.web.disclosing import disclosure_headers
from app.web.fhir.answers import Answer, entity_tag, http_date
from app.web.fhir.caseloads import read_caseload, search_caseloads
from app.web.fhir.errors import FHIR_JSON
from app.web.fhir.negotiation import preferred_handling
from app.web.fhir.origins import read_provenance, search_provenance
from app.web.fhir.parameters import Pairs, read_search
from app.web.fhir.routing import FhirRoute
from app.web.fhir.searching import MAX_ID, compartment_of, paged
from app.web.fhir.services import Services, base_of, services_of
from app.web.fhir.shaping import read_shape, shaped_body

_FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a type is read and searched; both take the open transaction and the base address."""

    read: Callable[[Any, str, str], Any]
    search: Callable[[Any, Any, str], Any]


RENDERINGS: Mapping[str, Rendering] = MappingProxyType(
    {
        "Provenance": Rendering(read_provenance, search_provenance),
        "Group": Rendering(read_caseload, search_caseloads),
    }
)

router = APIRouter(route_class=FhirRoute, include_in_schema=False)
AppServices = Annotated[Services, Depends(services_of)]


def _add(kind: str) -> None:
    """The addresses of one type."""

    async def search_by_address(
        request: Request, actor: IntegrationClient, services: AppServices
    ) -> Response:
        return await _searched(request, services, actor, kind, kind)

    async def search_by_form(
        request: Request, actor: IntegrationClient, services: AppServices
    ) -> Response:
        return await _searched(request, services, actor, kind, kind, await _form(request))

    async def search_compartment(
        patient_id: str, request: Request, actor: IntegrationClient, services: AppServices
    ) -> Response:
        return await _searched(request, services, actor, kind, f"Patient/{patient_id}/{kind}")

    async def read(
        key: str, request: Request, actor: IntegrationClient, services: AppServices
    ) -> Response:
        return await _read(request, services, actor, kind, key)

    router.add_api_route(f"/{kind}", search_by_address, methods=["GET"])
    router.add_api_route(f"/{kind}/_search", search_by_form, methods=["POST"])
    router.add_api_route(f"/Patient/{{patient_id}}/{kind}", search_compartment, methods=["GET"])
    router.add_api_route(f"/{kind}/{{key}}", read, methods=["GET"])


for _kind in RENDERINGS:
    _add(_kind)


async def _form(request: Request) -> Pairs:
    if request.headers.get("content-type", "").split(";")[0] != _FORM:
        raise WrongMediaType(f"Send the parameters as {_FORM}.")
    body = (await request.body())[:MOST_BYTES]
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


async def _read(
    request: Request, services: Services, actor: Actor, kind: str, name: str
) -> Response:
    if "\x00" in name or len(name) > MAX_ID:
        raise NotFound()
    place, request_id = f"/fhir/{kind}/{name}", getattr(request.state, "request_id", None)
    async with services.database.transaction(actor, request_id=request_id, place=place) as store:
        found = await RENDERINGS[kind].read(store, name, base_of(request))
        told = tuple(store.disclosed)
    tag = entity_tag(found.version)
    headers = {"ETag": tag, "Last-Modified": http_date(found.last_updated)}
    headers |= disclosure_headers(told)
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    shape = read_shape(request.query_params.multi_items())
    return _response(Answer(200, shaped_body(found.body, shape, searched=False), headers))


async def _searched(
    request: Request,
    services: Services,
    actor: Actor,
    kind: str,
    place: str,
    form: Pairs = (),
) -> Response:
    pairs = [*request.query_params.multi_items(), *form]
    base, request_id = base_of(request), getattr(request.state, "request_id", None)
    begun = services.database.transaction(actor, request_id=request_id, place=f"/fhir/{kind}")
    async with begun as store:
        read = read_search(
            kind,
            pairs,
            base,
            ZoneInfo(actor.time_zone),
            handling=preferred_handling(request.headers),
            within=compartment_of(kind, place),
            now=store.now,
        )
        page = await RENDERINGS[kind].search(store, read.search, base)
        told = tuple(store.disclosed)
    return _response(paged(page, read, base, place, told))


def _response(answer: Answer) -> Response:
    headers = {**answer.headers, "Cache-Control": "no-store"}
    return Response(answer.body, answer.status, headers, FHIR_JSON)
