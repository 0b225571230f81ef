"""Refusals as OAuth 2.0 says them (RFC 6749 section 5.2): a code, words, and no detail."""

import json
from collections.abc import Mapping

from fastapi import Request, Response

from app.errors import Kind, RegistryError

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

STATUS: Mapping[Kind, int] = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.NOT_SUPPORTED: 405,
    Kind.TOO_LARGE: 413,
    Kind.WRONG_MEDIA_TYPE: 415,
    Kind.UNAVAILABLE: 503,
    Kind.FAILED: 500,
}
OF_OAUTH = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)


class MethodNotTaken(RegistryError):
    """Send a POST with the fields in its body."""

    code = "invalid_request"
    kind = Kind.NOT_SUPPORTED


def render(request: Request, error: RegistryError) -> Response:
    """The whole answer to a refused request."""
    status = STATUS.get(error.kind, 400)
    code = error.code if error.code in OF_OAUTH else "invalid_request"
    if status >= 500:
        code = "temporarily_unavailable" if status == 503 else "server_error"
    headers = dict(NO_STORE)
    if status == 405:
        headers["Allow"] = "POST"
    if status == 503:
        headers["Retry-After"] = "5"
    told = {"error": code, "error_description": error.message}
    content = "" if request.method == "HEAD" else json.dumps(told)
    return Response(content, status, headers, "application/json")
