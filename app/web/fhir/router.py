"""The addresses of the FHIR face."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response

from app.domain.actor import Actor
from app.errors import NotFound, WrongMediaType
from app.web.dependencies import IntegrationClient
from app.web.fhir import (
    audit_events,
    bulk,
    everything,
    lastn,
    matching,
    populating,
    rendered,
    shipped,
    unknown_operations,
    validating,
)
from app.web.fhir.allowing import allowed_at, check_method
from app.web.fhir.answers import Answer
from app.web.fhir.capability import capability_statement
from app.web.fhir.errors import FHIR_JSON, MethodNotOffered, check_served
from app.web.fhir.incoming import id_of, incoming_of
from app.web.fhir.messages import desk_of
from app.web.fhir.negotiation import check_accept, check_accept_lines
from app.web.fhir.reading import read_alone, search
from app.web.fhir.receiving import receive
from app.web.fhir.routing import FhirRoute
from app.web.fhir.services import Services, base_of, services_of
from app.web.fhir.shaping import written
from fhir_mappings.asked import Target
from fhir_mappings.conformance import PUBLISHED, TYPES
from fhir_mappings.json_text import write_json

ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _negotiate(request: Request) -> None:
    if request.url.path.startswith("/fhir/$export-file/"):
        return check_accept_lines(request.headers.get("accept"))
    check_accept(request.headers.get("accept"), request.query_params.get("_format"))


router = APIRouter(
    prefix="/fhir",
    route_class=FhirRoute,
    dependencies=[Depends(_negotiate)],
    include_in_schema=False,
)
router.include_router(audit_events.router)
router.include_router(everything.router)
router.include_router(lastn.router)
router.include_router(matching.router)
router.include_router(validating.router)
router.include_router(populating.router)
router.include_router(bulk.router)
router.include_router(rendered.router)
router.include_router(shipped.router)
router.include_router(unknown_operations.router)  # after every operation that there is
AppServices = Annotated[Services, Depends(services_of)]


@router.get("/metadata")
async def get_metadata(request: Request) -> Response:
    """What this face can do; public, and the same for everyone."""
    settings = services_of(request).settings
    statement = capability_statement(
        base_of(request), settings.token_endpoint, settings.revocation_endpoint
    )
    return Response(write_json(statement), media_type=FHIR_JSON)


@router.post("")
@router.post("/", name="post_bundle_slash")
async def post_bundle(
    request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Take a transaction or a batch."""
    return await _received(request, actor, services, "")


@router.post("/{kind}/_search")
async def post_search(
    kind: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Search with the parameters in the body, where no log sees them."""
    check_served(kind)
    return await _searched_by_form(request, actor, services, kind)


@router.post("/Patient/{patient_id}/{kind}/_search")
async def post_compartment_search(
    patient_id: str,
    kind: str,
    request: Request,
    actor: IntegrationClient,
    services: AppServices,
) -> Response:
    """Search one type within what is about one patient, with the parameters in the body."""
    _check_compartment(kind)
    place = f"Patient/{patient_id}/{kind}"
    return await _searched_by_form(request, actor, services, kind, place)


async def _searched_by_form(
    request: Request, actor: Actor, services: Services, kind: str, place: str = ""
) -> Response:
    if request.headers.get("content-type", "").split(";")[0] != "application/x-www-form-urlencoded":
        raise WrongMediaType("Send the parameters as application/x-www-form-urlencoded.")
    incoming = await incoming_of(request, services, actor, f"{place or kind}/_search")
    form = parse_qsl(incoming.body.decode("utf-8", errors="replace"), keep_blank_values=True)
    answer = await _searched(request, actor, services, kind, form, place)
    return written(answer, dict(form).get("_pretty"))


@router.post("/{kind}")
async def create(
    kind: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Create one resource, unless a condition finds it; the registry chooses its id."""
    check_method("POST", kind)
    return await _received(request, actor, services, kind)


@router.api_route("/{kind}", methods=["PUT", "PATCH", "DELETE"])
async def change_found(
    kind: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Update, patch or delete the one resource that a condition finds."""
    check_method(request.method, kind)
    if not request.url.query:
        raise MethodNotOffered("Name an id, or a condition.", allowed_at(kind))
    return await _received(request, actor, services, kind)


@router.api_route("/{kind}/{resource_id}", methods=["PUT", "PATCH", "DELETE"])
async def change(
    kind: str,
    resource_id: str,
    request: Request,
    actor: IntegrationClient,
    services: AppServices,
) -> Response:
    """Update one resource, or create it under the sender's id; patch it; take it away."""
    check_method(request.method, f"{kind}/{resource_id}")
    return await _received(request, actor, services, f"{kind}/{resource_id}")


@router.get("/_history")
async def system_history(
    request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Every version of everything that the client may read."""
    return await _read(request, actor, services, Target("_history", query=request.url.query))


@router.get("/{kind}")
async def search_type(
    kind: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Search one type."""
    check_served(kind)
    return await _searched(request, actor, services, kind, [])


@router.get("/{kind}/_history")
async def type_history(
    kind: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Every version of every resource of a type."""
    target = Target(kind, None, ("_history",), request.url.query)
    return await _read(request, actor, services, target)


@router.get("/{kind}/{resource_id}")
async def read(
    kind: str,
    resource_id: str,
    request: Request,
    actor: IntegrationClient,
    services: AppServices,
) -> Response:
    """Read the newest version of one resource."""
    target = Target(kind, resource_id, (), request.url.query)
    return await _read(request, actor, services, target)


@router.get("/{kind}/{resource_id}/_history")
async def history(
    kind: str,
    resource_id: str,
    request: Request,
    actor: IntegrationClient,
    services: AppServices,
) -> Response:
    """Every version of one resource, also that it was taken away."""
    target = Target(kind, resource_id, ("_history",), request.url.query)
    return await _read(request, actor, services, target)


@router.get("/{kind}/{resource_id}/_history/{version}")
async def read_version(
    kind: str,
    resource_id: str,
    version: str,
    request: Request,
    actor: IntegrationClient,
    services: AppServices,
) -> Response:
    """Read one version as it was served then."""
    target = Target(kind, resource_id, ("_history", version), request.url.query)
    return await _read(request, actor, services, target)


@router.get("/Patient/{patient_id}/{kind}")
async def search_compartment(
    patient_id: str,
    kind: str,
    request: Request,
    actor: IntegrationClient,
    services: AppServices,
) -> Response:
    """Search one type within what is about one patient."""
    _check_compartment(kind)
    place = f"Patient/{patient_id}/{kind}"
    return await _searched(request, actor, services, kind, [], place)


@router.api_route("", methods=ALL_METHODS)
@router.api_route("/{path:path}", methods=ALL_METHODS)
async def elsewhere(request: Request, actor: IntegrationClient, path: str = "") -> Response:
    """Say clearly what is not offered: another method here, or nothing at this address."""
    allowed = allowed_at(path)
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": allowed, "Cache-Control": "no-store"})
    raise MethodNotOffered("This address does not take that method.", allowed)


def _check_compartment(kind: str) -> None:
    if kind not in PUBLISHED or not TYPES[kind].compartment:
        raise NotFound("There is no such compartment; see /fhir/metadata for what is.")


async def _received(request: Request, actor: Actor, services: Services, path: str) -> Response:
    incoming = await incoming_of(request, services, actor, path)
    return _response(await receive(services, actor, incoming))


async def _read(request: Request, actor: Actor, services: Services, target: Target) -> Response:
    desk = desk_of(actor, services.now(), base_of(request), request.headers)
    return _response(await read_alone(services, actor, desk, target, id_of(request)))


async def _searched(
    request: Request,
    actor: Actor,
    services: Services,
    kind: str,
    form: list[tuple[str, str]],
    place: str = "",
) -> Response:
    pairs = (*request.query_params.multi_items(), *form)
    base, request_id = base_of(request), id_of(request)
    answer = await search(services, actor, kind, pairs, request.headers, base, request_id, place)
    return _response(answer)


def _response(answer: Answer) -> Response:
    headers = {**answer.headers, "Cache-Control": "no-store"}
    return Response(answer.body, answer.status, headers, FHIR_JSON if answer.body else None)
