"""Sign in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.auth.sessions import sign_out
from app.auth.sign_in import WrongCredentials, sign_in
from app.domain.access import Permission
from app.errors import Throttled
from app.web.dependencies import SignedIn, check_csrf, place_here
from app.web.pages.oidc import signed_out_there
from app.web.pages.ways_in import sign_in_form
from app.web.session_cookie import browser_of, carry_session, drop_session, session_token

router = APIRouter()


@router.get("/sign-in")
async def show(request: Request, next: Annotated[str, Query()] = "") -> Response:
    """The form; a demo names its accounts. `next` is the page that was asked for."""
    return await sign_in_form(request, after=place_here(next))


@router.post("/sign-in")
async def enter(
    request: Request,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """Begin a session; the answer never says which of the two was wrong."""
    services, after = request.app.state.services, place_here(next)
    try:
        token = await sign_in(
            services.database,
            login[:200],
            password[:1000],
            browser_of(request),
            services.now(),
            hours=services.settings.session_hours,
            instead_of=session_token(request),
        )
    except WrongCredentials as refusal:
        return await sign_in_form(request, refusal.message, login, 401, after)
    except Throttled as refusal:
        return await sign_in_form(request, refusal.message, login, 429, after)
    answer = RedirectResponse(after, 303)
    carry_session(request, answer, token)
    return answer


@router.post("/sign-out", dependencies=[Depends(check_csrf)])
async def leave(request: Request, session: SignedIn) -> Response:
    """End the session."""
    services = request.app.state.services
    await sign_out(services.database, session.session_token, services.now())
    answer = await signed_out_there(request, session) or RedirectResponse("/sign-in", 303)
    drop_session(request, answer)
    return answer


@router.get("/")
async def home(session: SignedIn) -> Response:
    """The first page of a role."""
    if session.actor.may(Permission.REVIEW_CASE):
        return RedirectResponse("/reviews", 303)
    if session.actor.may(Permission.VIEW_CASELOAD):
        return RedirectResponse("/caseload", 303)
    if session.actor.may(Permission.RECORD_ASSESSMENT):
        return RedirectResponse("/worklists/second-stages", 303)
    if session.actor.may(Permission.VIEW_SCREENING_REACH):
        return RedirectResponse("/screening", 303)
    if session.actor.may(Permission.CHOOSE_PROTOCOL):
        return RedirectResponse("/protocols", 303)
    if session.actor.may(Permission.VIEW_FLAG_TIMES):
        return RedirectResponse("/flag-times", 303)
    if session.actor.may(Permission.SET_REACH):
        return RedirectResponse("/reach", 303)
    return RedirectResponse("/operator/inbound", 303)
