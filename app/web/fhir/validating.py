"""$validate: whether a resource is FHIR R4, and whether it would be taken; nothing is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from app.domain.actor import Actor
from app.errors import Malformed, NotSupported, Problem, RegistryError
from app.use_cases.rehearse_message import rehearse_message
from app.web.dependencies import IntegrationClient
from app.web.fhir.asking import body_of
from app.web.fhir.carrying_out import carry_out
from app.web.fhir.errors import FHIR_JSON, TypeNotServed
from app.web.fhir.messages import Incoming, read_message
from app.web.fhir.reading import read_one
from app.web.fhir.routing import FhirRoute
from app.web.fhir.services import Services, base_of, services_of
from fhir_mappings.conformance import TYPES
from fhir_mappings.examining import examine
from fhir_mappings.json_text import read_json, write_json
from fhir_mappings.operation_inputs import Inputs, check_known, read_parameters
from fhir_mappings.operation_outcome import outcome, refusal_issues, remark_issues
from fhir_mappings.reading import Remark

MODES = {"create": "POST", "update": "PUT", "delete": "DELETE"}
"""What each rehearses."""
Issues = list[dict[str, Any]]

router = APIRouter(route_class=FhirRoute, include_in_schema=False)
AppServices = Annotated[Services, Depends(services_of)]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be validated, and how."""

    resource: Mapping[str, Any] | None
    mode: str
    profiles: Sequence[str]


@router.get("/{kind}/$validate", name="validate_nothing")
@router.post("/{kind}/$validate")
async def validate_type(
    kind: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Validate what is sent: a resource, or a Parameters resource with one."""
    _check_type(kind)
    asked = _asked(request, await body_of(request))
    if asked.resource is None:
        raise _cannot("resource", "Send the resource.")
    if asked.mode in ("update", "delete"):
        raise _cannot("mode", f"This mode is for {kind}/[id]/$validate.")
    return await _answer(request, actor, services, asked, asked.resource, kind)


@router.get("/{kind}/{resource_id}/$validate")
@router.post("/{kind}/{resource_id}/$validate", name="validate_sent")
async def validate_instance(
    kind: str, resource_id: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Validate what is sent as an update of this resource, or the resource as it is held."""
    _check_type(kind)
    asked = _asked(request, await body_of(request))
    if asked.mode == "create":
        raise _cannot("mode", f"A create is validated at {kind}/$validate.")
    resource = asked.resource or {} if asked.mode == "delete" else asked.resource
    if resource is None:
        held = await read_one(services, actor, kind, resource_id, None, _id_of(request))
        resource = read_json(held.body)
    return await _answer(request, actor, services, asked, resource, f"{kind}/{resource_id}")


def _check_type(kind: str) -> None:
    if kind not in TYPES:
        raise TypeNotServed(f"This registry keeps {', '.join(TYPES)}.")


def _cannot(where: str, what: str) -> Malformed:
    return Malformed("The operation cannot be read.", [Problem(where, what)])


def _asked(request: Request, body: Mapping[str, Any] | None) -> _Asked:
    query = Inputs(tuple(request.query_params.multi_items()))
    if body is not None and body.get("resourceType") == "Parameters":
        told = read_parameters(body)
        inputs = Inputs((*query.pairs, *told.pairs), told.resources)
        resource = told.resources.get("resource")
    else:
        inputs, resource = query, body
    check_known(inputs, ("resource", "mode", "_format", "_pretty"), ("profile",))
    mode = inputs.first("mode") or ""
    if mode not in ("", *MODES, "profile"):
        raise NotSupported(
            "This mode is not offered.", [Problem("mode", "create, update or delete")]
        )
    return _Asked(resource, mode, inputs.every("profile"))


async def _answer(
    request: Request,
    actor: Actor,
    services: Services,
    asked: _Asked,
    resource: Mapping[str, Any],
    path: str,
) -> Response:
    kind = path.partition("/")[0]
    issues = [_unexamined(one) for one in asked.profiles]
    if asked.mode in MODES:
        issues += await _rehearsed(request, actor, services, asked.mode, resource, path)
    else:
        today = services.now().astimezone(ZoneInfo(actor.time_zone))
        issues += examine(resource, kind, today, base_of(request))
    headers = {"Cache-Control": "no-store"}
    return Response(write_json(outcome(issues)), 200, headers, FHIR_JSON)


def _unexamined(profile: str) -> dict[str, Any]:
    words = "This profile is not examined here: FHIR R4 is, and what the registry takes."
    [issue] = remark_issues([Remark("warning", "not-supported", "profile", words)])
    issue["details"]["text"] = f"{words} ({profile[:200]})"
    return issue


async def _rehearsed(
    request: Request,
    actor: Actor,
    services: Services,
    mode: str,
    resource: Mapping[str, Any],
    path: str,
) -> Issues:
    """Through the same door as what is sent, and undone."""
    headers = {"content-type": "application/fhir+json", "prefer": "return=minimal"}
    body = b"" if mode == "delete" else write_json(resource)
    incoming = Incoming(MODES[mode], path, headers, body, base_of(request), _id_of(request))
    try:
        message = read_message(incoming, actor, services.now())
    except RegistryError as refusal:
        return refusal_issues(refusal)
    place = f"/fhir/{path}/$validate"
    begun = services.database.transaction(actor, request_id=_id_of(request), place=place)
    async with begun as store:
        told = await rehearse_message(store, path, lambda store: carry_out(store, message))
    if isinstance(told, RegistryError):
        return refusal_issues(told)
    return [issue for one in told for issue in one.issues()]


def _id_of(request: Request) -> str | None:
    return getattr(request.state, "request_id", None)
