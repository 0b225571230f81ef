"""Patient/$match: whom a description fits, graded; nothing is ever joined by it."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.errors import Malformed, Problem
from app.use_cases.match_patient import MatchWish, match_patient
from app.web.dependencies import IntegrationClient
from app.web.fhir.asking import body_of, number_of
from app.web.fhir.bundling import entry, searchset
from app.web.fhir.errors import FHIR_JSON
from app.web.fhir.routing import FhirRoute
from app.web.fhir.services import Services, base_of, services_of
from fhir_mappings.described_patient import read_description, read_served, search_of
from fhir_mappings.operation_inputs import Inputs, check_known, read_parameters

USUAL, MOST = 10, 50
"""How many are told: more would be a way to list the registry."""

router = APIRouter(route_class=FhirRoute, include_in_schema=False)
AppServices = Annotated[Services, Depends(services_of)]


@router.post("/Patient/$match")
async def match(request: Request, actor: IntegrationClient, services: AppServices) -> Response:
    """Take a Patient in a Parameters resource, or a Patient alone."""
    described, inputs, where = _asked(await body_of(request))
    today = services.now().date()
    details = read_description(described, where, today)
    wish = MatchWish(_only_certain(inputs), number_of(inputs, "count", MOST, USUAL))
    place, request_id = "/fhir/Patient/$match", getattr(request.state, "request_id", None)
    async with services.database.transaction(actor, request_id=request_id, place=place) as store:
        found = await match_patient(store, details, wish, read_served)
        told = tuple(store.disclosed)
    base = base_of(request)
    entries = [entry(one.stored, base, search_of(one.grade)) for one in found]
    answer = searchset(entries, [("self", f"{base}/Patient/$match")], told, len(found))
    headers = {**answer.headers, "Cache-Control": "no-store"}
    return Response(answer.body, answer.status, headers, FHIR_JSON)


def _asked(body: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], Inputs, str]:
    """The Patient, what is asked besides, and where the Patient stands in the body."""
    if body is not None and body.get("resourceType") == "Patient":
        return body, Inputs(), "Patient"
    inputs = read_parameters(body or {})
    check_known(inputs, ("resource", "onlyCertainMatches", "count"))
    resource = inputs.resources.get("resource")
    if resource is None or resource.get("resourceType") != "Patient":
        where = "Parameters.parameter.where(name = 'resource')"
        raise Malformed("Say whom you look for.", [Problem(where, "Send a Patient.")])
    return resource, inputs, "Parameters.parameter.where(name = 'resource').resource"


def _only_certain(inputs: Inputs) -> bool:
    text = inputs.first("onlyCertainMatches")
    if text not in (None, "true", "false"):
        problem = Problem("onlyCertainMatches", "Give true or false.")
        raise Malformed("The operation cannot be read.", [problem])
    return text == "true"
