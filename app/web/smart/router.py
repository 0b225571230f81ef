"""The addresses of the SMART face."""

import json
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from app.auth.key_sets import ALGORITHMS
from app.auth.smart import GRANT_TYPE, ClientProof, InvalidRequest, TokenDesk
from app.domain.scopes import scopes_offered
from app.errors import TooLarge, WrongMediaType
from app.web.smart.errors import NO_STORE, MethodNotTaken
from app.web.smart.routing import SmartRoute

LARGEST_FORM = 64 * 1024
MOST_FIELDS = 20
CACHED_SECONDS = 3600
ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
router = APIRouter(route_class=SmartRoute, include_in_schema=False)


@router.get("/fhir/.well-known/smart-configuration")
async def get_configuration(request: Request) -> Response:
    """What is offered and where; public, and the same for everyone."""
    settings = request.app.state.services.settings
    told = configuration(settings.token_endpoint, settings.revocation_endpoint)
    headers = {"Cache-Control": f"public, max-age={CACHED_SECONDS}"}
    return Response(json.dumps(told), 200, headers, "application/json")


def configuration(token_endpoint: str, revocation_endpoint: str) -> dict[str, Any]:
    """The configuration document of SMART App Launch 2.2; it claims nothing that is not there."""
    methods, algorithms = ["private_key_jwt"], list(ALGORITHMS)
    return {
        "token_endpoint": token_endpoint,
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint": revocation_endpoint,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "grant_types_supported": [GRANT_TYPE],
        "scopes_supported": scopes_offered(),
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }


@router.post("/auth/token")
async def post_token(request: Request) -> Response:
    """A token for a signed assertion."""
    form = await _form(request)
    granted = await _desk(request).give(form.get("grant_type"), _proof(form), form.get("scope"))
    told = {
        "access_token": granted.token,
        "token_type": "bearer",
        "expires_in": granted.seconds,
        "scope": granted.scope,
    }
    return Response(json.dumps(told), 200, NO_STORE, "application/json")


@router.post("/auth/revoke")
async def post_revocation(request: Request) -> Response:
    """Take a token back, at once."""
    form = await _form(request)
    await _desk(request).take_back(_proof(form), form.get("token"))
    return Response(status_code=200, headers=NO_STORE)


@router.api_route("/auth/token", methods=ALL_METHODS)
@router.api_route("/auth/revoke", methods=ALL_METHODS)
async def other_method(request: Request) -> Response:
    """Credentials are never taken from an address."""
    raise MethodNotTaken()


def _desk(request: Request) -> TokenDesk:
    services = request.app.state.services
    settings = services.settings
    audiences = {settings.token_endpoint}
    if request.url.path.endswith("/revoke"):
        audiences.add(settings.revocation_endpoint)
    return TokenDesk(services.database, services.fetcher, frozenset(audiences), services.now())


def _proof(form: dict[str, str]) -> ClientProof:
    return ClientProof(
        form.get("client_assertion_type"), form.get("client_assertion"), form.get("client_id")
    )


async def _form(request: Request) -> dict[str, str]:
    """The fields of the body, each once. Raises InvalidRequest, TooLarge or WrongMediaType."""
    headers = request.headers
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise WrongMediaType("Send the fields as application/x-www-form-urlencoded.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise WrongMediaType("Send the body uncompressed.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise TooLarge()
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise InvalidRequest("The fields cannot be read.") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise InvalidRequest("A field is sent twice.")
    return dict(pairs)
