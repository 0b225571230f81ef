"""Observation/$lastn: the last observations of each kind of a patient."""

from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from app.domain.criteria import AboutPatient, ResourceSearch
from app.errors import Malformed, Problem
from app.use_cases.find_last_observations import find_last_observations
from app.web.dependencies import IntegrationClient
from app.web.fhir.asking import asked_of, number_of
from app.web.fhir.bundling import entry, searchset
from app.web.fhir.errors import FHIR_JSON
from app.web.fhir.negotiation import preferred_handling
from app.web.fhir.parameters import read_search
from app.web.fhir.results import RESULT_PARAMETERS
from app.web.fhir.routing import FhirRoute
from app.web.fhir.services import Services, base_of, services_of
from fhir_mappings.operation_inputs import Inputs

MOST = 1000
"""Of each kind."""

router = APIRouter(route_class=FhirRoute, include_in_schema=False)
AppServices = Annotated[Services, Depends(services_of)]


@router.get("/Observation/$lastn")
@router.post("/Observation/$lastn", name="post_lastn")
async def lastn(request: Request, actor: IntegrationClient, services: AppServices) -> Response:
    """The normal search parameters of Observation, bounded to a patient, and `max`."""
    inputs, base = await asked_of(request), base_of(request)
    most = number_of(inputs, "max", MOST, 1)
    handling = preferred_handling(request.headers)
    search, used = _read(inputs, base, ZoneInfo(actor.time_zone), handling)
    place, request_id = "/fhir/Observation/$lastn", getattr(request.state, "request_id", None)
    async with services.database.transaction(actor, request_id=request_id, place=place) as store:
        found = await find_last_observations(store, search, most)
        told = tuple(store.disclosed)
    address = f"{base}/Observation/$lastn?{urlencode(used)}"
    entries = [entry(one, base, {"mode": "match"}) for one in found]
    answer = searchset(entries, [("self", address)], told, len(found))
    headers = {**answer.headers, "Cache-Control": "no-store"}
    return Response(answer.body, answer.status, headers, FHIR_JSON)


def _read(
    inputs: Inputs, base: str, zone: ZoneInfo, handling: str | None
) -> tuple[ResourceSearch, list[tuple[str, str]]]:
    """The search and the parameters as they were used; raises Malformed."""
    shaping = [name for name, _ in inputs.pairs if name.partition(":")[0] in RESULT_PARAMETERS]
    if shaping:
        words = "The answer of this operation is not paged, sorted or widened."
        raise Malformed("The operation cannot be read.", [Problem(shaping[0], words)])
    pairs = [(name, text) for name, text in inputs.pairs if name != "max"]
    read = read_search("Observation", pairs, base, zone, handling=handling)
    if not any(isinstance(one, AboutPatient) for one in read.search.criteria):
        problem = Problem("patient", "Say of which patient.")
        raise Malformed("The operation cannot be read.", [problem])
    said = [pair for pair in inputs.pairs if pair[0] == "max"]
    return read.search, [*read.used, *said]
