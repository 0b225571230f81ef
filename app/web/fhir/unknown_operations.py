"""Operations that are not offered, or not so: said clearly, never read as an id."""

from fastapi import APIRouter, Request, Response

from app.web.dependencies import IntegrationClient
from app.web.fhir.errors import MethodNotOffered, TypeNotServed
from app.web.fhir.routing import FhirRoute
from fhir_mappings.operations import OPERATIONS

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

router = APIRouter(route_class=FhirRoute, include_in_schema=False)


@router.api_route("/${key}", methods=METHODS)
@router.api_route("/{kind}/${key}", methods=METHODS, name="of_a_type")
@router.api_route("/{kind}/{resource_id}/${key}", methods=METHODS, name="of_a_resource")
async def not_so(
    key: str,
    request: Request,
    actor: IntegrationClient,
    kind: str = "",
    resource_id: str = "",
) -> Response:
    """Comes after every operation that is offered."""
    level = "instance" if resource_id else "type" if kind else "system"
    known = [
        one
        for one in OPERATIONS
        if one.code == key and level in one.levels and (kind in one.types or not kind)
    ]
    if known:
        allowed = ", ".join(dict.fromkeys(m for one in known for m in one.methods))
        raise MethodNotOffered("This operation is not asked by that method.", allowed)
    raise TypeNotServed("No such operation is offered at this address; see /fhir/metadata.")
