"""Refusals as FHIR says them: a status, an OperationOutcome, and the headers due."""

from collections.abc import Mapping
from typing import ClassVar

from fastapi import Request, Response

from app.domain.scopes import InsufficientScope
from app.errors import Kind, NotFound, Problem, RegistryError
from app.use_cases.read_resources import Deleted
from fhir_mappings.conformance import PUBLISHED
from fhir_mappings.json_text import write_json
from fhir_mappings.operation_outcome import outcome, refusal_issues
from fhir_mappings.reading import EntriesRefused

FHIR_JSON = "application/fhir+json; charset=utf-8"

STATUS: Mapping[Kind, int] = {
    Kind.INVALID: 400,
    Kind.UNPROCESSABLE: 422,
    Kind.NOT_FOUND: 404,
    Kind.GONE: 410,
    Kind.CONFLICT: 409,
    Kind.PRECONDITION: 412,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_SUPPORTED: 422,
    Kind.TOO_LARGE: 413,
    Kind.WRONG_MEDIA_TYPE: 415,
    Kind.NOT_ACCEPTABLE: 406,
    Kind.THROTTLED: 429,
    Kind.UNAVAILABLE: 503,
    Kind.FAILED: 500,
}


class TypeNotServed(NotFound):
    """This service has no resources of that type."""

    code: ClassVar[str] = "not-supported"


def check_served(kind: str) -> None:
    """Raises TypeNotServed for a type that lies not in the versions."""
    if kind not in PUBLISHED:
        kept = ", ".join(PUBLISHED)
        words = f"This registry keeps {kept}; there is nothing else at this address."
        raise TypeNotServed(words, [Problem("resourceType", "Name a type that is kept.")])


class MethodNotOffered(RegistryError):
    """This address does not take that method."""

    code = "not-supported"
    kind = Kind.NOT_SUPPORTED

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed


def status_of(error: RegistryError) -> int:
    """The HTTP status of a refusal; of several, the one they share, else 422."""
    if isinstance(error, MethodNotOffered):
        return 405
    if isinstance(error, EntriesRefused):
        statuses = {status_of(cause) for cause in error.causes}
        return statuses.pop() if len(statuses) == 1 else 422
    return STATUS[error.kind]


def body_of(error: RegistryError) -> bytes:
    """The OperationOutcome of a refusal."""
    return write_json(outcome(refusal_issues(error)))


def render(request: Request, error: RegistryError) -> Response:
    """The whole answer to a refused request."""
    status = status_of(error)
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = _challenge(request)
    if status == 403:
        headers["WWW-Authenticate"] = _lacking(error)
    if status in (429, 503):
        headers["Retry-After"] = str(getattr(error, "retry_after_seconds", 5))
    if isinstance(error, MethodNotOffered):
        headers["Allow"] = error.allowed
    if isinstance(error, Deleted):
        headers["ETag"] = f'W/"{error.version}"'
    content = b"" if request.method == "HEAD" else body_of(error)
    return Response(content, status, headers, FHIR_JSON)


def _challenge(request: Request) -> str:
    """RFC 6750: say ``invalid_token`` only where a token was sent."""
    if request.headers.get("authorization"):
        return 'Bearer realm="stepwell", error="invalid_token"'
    return 'Bearer realm="stepwell"'


def _lacking(error: RegistryError) -> str:
    """RFC 6750: the token is good and does not carry enough; which scope would do, if one would."""
    scope = f', scope="{error.scope}"' if isinstance(error, InsufficientScope) else ""
    return f'Bearer realm="stepwell", error="insufficient_scope"{scope}'


_BEFORE = {408: "timeout", 413: "too-costly", 421: "not-supported", 503: "transient"}


def told_before(status: int, words: str) -> Response:
    """What is refused before this face is reached, in its words all the same."""
    issue = {"severity": "error", "code": _BEFORE.get(status, "invalid"), "diagnostics": words}
    return Response(write_json(outcome([issue])), status, {"Cache-Control": "no-store"}, FHIR_JSON)
