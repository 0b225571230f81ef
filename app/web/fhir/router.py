"""The addresses of the FHIR face."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response

from app.domain.actor import Actor
from app.domain.scopes import Interaction, covers
from app.errors import NotFound, TooLarge, WrongMediaType
from app.web.dependencies import IntegrationClient
from app.web.fhir import (
    audit_events,
    everything,
    lastn,
    matching,
    populating,
    shipped,
    unknown_operations,
    validating,
)
from app.web.fhir.answers import Answer
from app.web.fhir.capability import capability_statement
from app.web.fhir.errors import FHIR_JSON, MethodNotOffered, TypeNotServed
from app.web.fhir.messages import Incoming
from app.web.fhir.negotiation import check_accept, preferred_return
from app.web.fhir.receiving import keep_fact, receive
from app.web.fhir.routing import FhirRoute
from app.web.fhir.searching import read_one, search
from app.web.fhir.services import Services, base_of, services_of
from app.web.fhir.shaping import read_shape, written
from fhir_mappings.conformance import PUBLISHED, TYPES
from fhir_mappings.json_text import write_json

ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _negotiate(request: Request) -> None:
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
    return _response(await receive(services, actor, await _incoming(request, services, actor, "")))


@router.post("/{kind}/_search")
async def post_search(
    kind: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Search with the parameters in the body, where no log sees them."""
    _check_kind(kind)
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
    incoming = await _incoming(request, services, actor, f"{place or kind}/_search")
    form = parse_qsl(incoming.body.decode("utf-8", errors="replace"), keep_blank_values=True)
    answer = await _searched(request, actor, services, kind, form, place)
    return written(answer, dict(form).get("_pretty"))


@router.post("/{kind}")
async def create(
    kind: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Create one resource; the registry chooses its id."""
    if kind == "metadata":
        raise MethodNotOffered("This address does not take that method.", _allowed(kind))
    _check_kind(kind)
    incoming = await _incoming(request, services, actor, kind)
    return await _written(request, actor, services, await receive(services, actor, incoming))


@router.put("/{kind}/{resource_id}")
async def update(
    kind: str,
    resource_id: str,
    request: Request,
    actor: IntegrationClient,
    services: AppServices,
) -> Response:
    """Update one resource, or create it under the id that the sender chose."""
    _check_kind(kind)
    incoming = await _incoming(request, services, actor, f"{kind}/{resource_id}")
    return await _written(request, actor, services, await receive(services, actor, incoming))


@router.get("/{kind}")
async def search_type(
    kind: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Search one type."""
    _check_kind(kind)
    return await _searched(request, actor, services, kind, [])


@router.get("/{kind}/{resource_id}")
async def read(
    kind: str,
    resource_id: str,
    request: Request,
    actor: IntegrationClient,
    services: AppServices,
) -> Response:
    """Read the newest version of one resource."""
    _check_kind(kind)
    shape = read_shape(request.query_params.multi_items())
    answer = await read_one(services, actor, kind, resource_id, None, _id_of(request), shape)
    if request.headers.get("if-none-match") == answer.headers["ETag"]:
        return Response(status_code=304, headers=dict(answer.headers))
    return _response(answer)


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
    _check_kind(kind)
    if not version.isdecimal() or len(version) > 9:
        raise NotFound(f"There is no such version of {kind}/{resource_id[:64]}.")
    number, shape = int(version), read_shape(request.query_params.multi_items())
    return _response(
        await read_one(services, actor, kind, resource_id, number, _id_of(request), shape)
    )


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
    kind, _, rest = path.partition("/")
    if path in ("", "metadata"):
        raise MethodNotOffered("This address does not take that method.", _allowed(path))
    _check_kind(kind)
    if "/" in rest or (rest.startswith("_") and rest != "_search"):
        raise NotFound("There is nothing at this address; see /fhir/metadata for what is.")
    if request.method == "DELETE":
        raise MethodNotOffered(
            "Nothing is deleted here: send the resource again with the status entered-in-error "
            "(a Patient with active false).",
            _allowed(path),
        )
    raise MethodNotOffered("This address does not take that method.", _allowed(path))


def _allowed(path: str) -> str:
    if path == "":
        return "POST"
    if path == "metadata":
        return "GET"
    if path.endswith("/_search"):
        return "POST"
    return "GET, PUT" if "/" in path else "GET, POST"


def _check_compartment(kind: str) -> None:
    if kind not in PUBLISHED or not TYPES[kind].compartment:
        raise NotFound("There is no such compartment; see /fhir/metadata for what is.")


def _check_kind(kind: str) -> None:
    if kind not in PUBLISHED:
        kept = ", ".join(PUBLISHED)
        raise TypeNotServed(f"This registry keeps {kept}; there is nothing else at this address.")


def _id_of(request: Request) -> str | None:
    """By which the log and the audit name this request."""
    return getattr(request.state, "request_id", None)


async def _incoming(request: Request, services: Services, actor: Actor, path: str) -> Incoming:
    """The request with its body, as long as that is within the limit."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    request_id = _id_of(request)
    empty = Incoming(request.method, path, headers, b"", base_of(request), request_id)
    limit = services.settings.max_body_bytes
    chunks: list[bytes] = []
    size = _declared(headers)
    received = 0
    if size <= limit:
        async for chunk in request.stream():
            received += len(chunk)
            size = max(size, received)
            if received > limit:
                break
            chunks.append(chunk)
    if size > limit:
        error = TooLarge(f"The body is larger than {limit} bytes; send it in parts.")
        await keep_fact(services, actor, empty, error, size)
        raise error
    body = b"".join(chunks)
    return Incoming(request.method, path, headers, body, empty.base, request_id)


def _declared(headers: dict[str, str]) -> int:
    text = headers.get("content-length", "")
    return int(text) if text.isdecimal() and len(text) < 16 else 0


async def _searched(
    request: Request,
    actor: Actor,
    services: Services,
    kind: str,
    form: list[tuple[str, str]],
    place: str = "",
) -> Response:
    pairs = [*request.query_params.multi_items(), *form]
    base, request_id = base_of(request), _id_of(request)
    answer = await search(services, actor, kind, pairs, request.headers, base, request_id, place)
    return _response(answer)


async def _written(request: Request, actor: Actor, services: Services, answer: Answer) -> Response:
    """The answer as the sender prefers it (Prefer: return=…)."""
    wanted = preferred_return(request.headers)
    if wanted == "minimal":
        return Response(status_code=answer.status, headers=_headers(answer))
    if wanted == "representation" and answer.resource and _may_read(actor, answer.resource[0]):
        shown = await read_one(services, actor, *answer.resource, None, _id_of(request))
        return Response(shown.body, answer.status, _headers(answer), FHIR_JSON)
    return _response(answer)


def _may_read(actor: Actor, kind: str) -> bool:
    """What was written stands: a sender who may not read is answered without the resource."""
    return covers(actor.scopes, kind, Interaction.READ)


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, _headers(answer), FHIR_JSON)


def _headers(answer: Answer) -> dict[str, str]:
    return {**answer.headers, "Cache-Control": "no-store"}
