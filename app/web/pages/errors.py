"""Refusals in plain words; what was typed is shown again, so that nothing is lost."""

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from app.auth.sessions import Due
from app.errors import Kind, Problem, RegistryError
from app.web.dependencies import NotSignedIn, ProofDue, StepDue, place_here
from app.web.pages.rendering import environment

STATUS = {
    Kind.INVALID: 400,
    Kind.UNPROCESSABLE: 422,
    Kind.NOT_FOUND: 404,
    Kind.GONE: 410,
    Kind.CONFLICT: 409,
    Kind.PRECONDITION: 409,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_SUPPORTED: 400,
    Kind.TOO_LARGE: 413,
    Kind.WRONG_MEDIA_TYPE: 415,
    Kind.NOT_ACCEPTABLE: 406,
    Kind.THROTTLED: 429,
    Kind.UNAVAILABLE: 503,
    Kind.FAILED: 500,
}

FIRST = {Due.PASSWORD: "/my-account/password", Due.SECOND_FACTOR: "/my-account/authenticator"}
"""Where somebody goes who has something due before any other page."""
UNTOLD = frozenset(
    {"csrf", "request_key", "password", "present", "wanted", "again", "code", "keys"}
)
"""Fields that are never shown again."""


def render(request: Request, error: Exception) -> Response:
    """The page that tells of a refusal or a failure."""
    if isinstance(error, NotSignedIn) and request.method == "GET":
        back = place_here(request.url.path)
        return RedirectResponse("/sign-in" if back == "/" else f"/sign-in?next={back}", 303)
    if isinstance(error, StepDue):
        return RedirectResponse(FIRST[error.due], 303)
    if isinstance(error, ProofDue):
        return RedirectResponse(f"/my-account/confirm?next={place_here(error.back)}", 303)
    status, message, problems = _told(error)
    typed = [
        (name, str(value))
        for name, value in (getattr(request, "_form", None) or {}).items()
        if name not in UNTOLD and str(value).strip()
    ]
    html = environment.get_template("error.html").render(
        status=status,
        message=message,
        problems=problems,
        typed=typed,
        session=None,
        demo=False,
        zone="UTC",
        path=request.url.path,
    )
    return HTMLResponse(html, status)


def _told(error: Exception) -> tuple[int, str, tuple[Problem, ...]]:
    if isinstance(error, RegistryError):
        return STATUS[error.kind], error.message, error.problems
    if isinstance(error, RequestValidationError):
        problems = tuple(
            Problem(str(one["loc"][-1]), str(one["msg"]).lower()) for one in error.errors()
        )
        return 422, "Something in the form is missing or cannot be read.", problems
    if isinstance(error, HTTPException):
        words = {404: "There is no such page.", 405: "This page takes no such request."}
        return error.status_code, words.get(error.status_code, "This was refused."), ()
    return 500, "Something went wrong on our side. Nothing was saved; please try again.", ()
