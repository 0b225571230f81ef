"""Refusals as the API says them: problem+json (RFC 9457), for the whole family in one table."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from app.errors import Failed, Kind, Malformed, NotFound, Problem, RegistryError

PROBLEM_JSON = "application/problem+json"

STATUS: Mapping[Kind, tuple[int, str]] = {
    Kind.INVALID: (400, "The request cannot be read"),
    Kind.UNPROCESSABLE: (422, "The request breaks a rule"),
    Kind.NOT_FOUND: (404, "Nothing is here by that name"),
    Kind.GONE: (410, "This was taken away"),
    Kind.CONFLICT: (409, "This contradicts what is held"),
    Kind.PRECONDITION: (412, "Somebody changed this meanwhile"),
    Kind.UNAUTHENTICATED: (401, "Who is asking is not known"),
    Kind.FORBIDDEN: (403, "This is not allowed"),
    Kind.NOT_SUPPORTED: (400, "This is not offered"),
    Kind.TOO_LARGE: (413, "The body is too large"),
    Kind.WRONG_MEDIA_TYPE: (415, "This media type is not read"),
    Kind.NOT_ACCEPTABLE: (406, "This media type is not written"),
    Kind.THROTTLED: (429, "Too many attempts"),
    Kind.UNAVAILABLE: (503, "The service cannot answer now"),
    Kind.FAILED: (500, "The registry failed"),
}
"""What sort of refusal it is → the status and the title that every one of the sort has."""


class MethodNotOffered(RegistryError):
    """This address does not take that method."""

    code = "method-not-offered"
    kind = Kind.NOT_SUPPORTED


class ParametersNotValid(Malformed):
    """A part of the address or of the query cannot be read."""

    code = "parameters-not-valid"
    kind = Kind.UNPROCESSABLE


def as_refusal(error: Exception) -> RegistryError:
    """What the framework or a bug raised, in the error family."""
    if isinstance(error, RegistryError):
        return error
    if isinstance(error, RequestValidationError):
        found = [Problem(str(one["loc"][-1]), str(one["msg"])) for one in error.errors()]
        return ParametersNotValid(problems=found)
    if isinstance(error, HTTPException) and error.status_code == 404:
        return NotFound("There is nothing at this address; see /api/v1/openapi.json for what is.")
    if isinstance(error, HTTPException) and error.status_code == 405:
        return MethodNotOffered()
    return Failed()


def render(request: Request, error: Exception) -> Response:
    """The whole answer to a refused request; it names nothing of what was asked for."""
    refusal = as_refusal(error)
    status, title = STATUS[refusal.kind]
    if isinstance(refusal, MethodNotOffered):
        status = 405
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = _challenge(request)
    if status == 405 and isinstance(error, HTTPException):
        headers |= dict(error.headers or {})
    if status in (429, 503):
        headers["Retry-After"] = str(getattr(refusal, "retry_after_seconds", 5))
    told = json.dumps(body_of(refusal, status, title, request), ensure_ascii=False)
    return Response("" if request.method == "HEAD" else told, status, headers, PROBLEM_JSON)


def body_of(refusal: RegistryError, status: int, title: str, request: Request) -> dict[str, Any]:
    """The members of the problem: those of the RFC, our code, and each thing that is wrong."""
    return {
        "type": f"urn:stepwell:problem:{refusal.code}",
        "title": title,
        "status": status,
        "detail": refusal.message,
        "code": refusal.code,
        "problems": [{"where": p.where, "what": p.what} for p in refusal.problems],
        "request_id": getattr(request.state, "request_id", None),
    }


def _challenge(request: Request) -> str:
    """RFC 6750: say ``invalid_token`` only where a token was sent."""
    sent = request.headers.get("authorization")
    return 'Bearer realm="stepwell"' + (', error="invalid_token"' if sent else "")
