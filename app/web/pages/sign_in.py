"""Sign in and out: the password, the second factor, links to choose a password."""

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.auth.authenticator import WrongCode
from app.auth.links import ask_for_link, choose_password, whose_link
from app.auth.passwords import WeakPassword
from app.auth.second_factor import SignInAgain, account_of, enter_code, who_is_halfway
from app.auth.sessions import sign_out
from app.auth.sign_in import REFUSED_AFTER, SecondFactorOwed, WrongCredentials, sign_in
from app.domain.access import Permission
from app.domain.delivery import Channel
from app.errors import RegistryError, Throttled
from app.web.dependencies import Arriving, SignedIn, check_csrf, from_here, place_here
from app.web.pages.oidc import signed_out_there
from app.web.pages.rendering import page
from app.web.pages.ways_in import sign_in_form
from app.web.session_cookie import (
    browser_of,
    carry_half,
    carry_session,
    drop_half,
    drop_session,
    half_token,
    remember_device,
    session_token,
)

router = APIRouter()
here = [Depends(from_here)]
NOTES = {"chosen": "Your password is set. Sign in with it."}


@router.get("/sign-in")
async def show(
    request: Request, next: Annotated[str, Query()] = "", note: Annotated[str, Query()] = ""
) -> Response:
    """The form; a demo names its accounts. `next` is the page that was asked for."""
    return await sign_in_form(request, note=NOTES.get(note, ""), after=place_here(next))


@router.post("/sign-in", dependencies=here)
async def enter(
    request: Request,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """Begin a session; the answer never says which of the two was wrong."""
    services, after = request.app.state.services, place_here(next)
    try:
        told = await sign_in(
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
    if isinstance(told, SecondFactorOwed):
        answer = RedirectResponse(_onward("/sign-in/second-factor", after), 303)
        carry_half(request, answer, told.half)
        return answer
    answer = RedirectResponse(after, 303)
    carry_session(request, answer, told.token)
    return answer


def _onward(path: str, after: str) -> str:
    return path if after == "/" else f"{path}?next={after}"


@router.get("/sign-in/second-factor")
async def ask_second_factor(request: Request, next: Annotated[str, Query()] = "") -> Response:
    """What is owed after a password."""
    return await _second_step(request, place_here(next))


async def _second_step(
    request: Request, after: str, refusal: RegistryError | None = None
) -> Response:
    """What they can pay with, and what was wrong with the last try."""
    services = request.app.state.services
    try:
        owed = await who_is_halfway(services.database, half_token(request), services.now())
    except SignInAgain as over:
        return await sign_in_form(request, over.message, status=401, after=after)
    account = await account_of(services.database, owed)
    return page(
        request,
        "second_factor.html",
        status=429 if isinstance(refusal, Throttled) else 401 if refusal else 200,
        problem=refusal.message if refusal else "",
        app=account.has_authenticator,
        passkey=account.has_passkey,
        after=after,
    )


@router.post("/sign-in/second-factor", dependencies=here)
async def pay_second_factor(
    request: Request,
    code: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """A code of the app, or one from paper, begins the session."""
    services, after = request.app.state.services, place_here(next)
    try:
        token = await enter_code(
            services.database,
            services.sealer,
            half_token(request),
            code[:100],
            services.now(),
            hours=services.settings.session_hours,
            browser=browser_of(request),
            instead_of=session_token(request),
        )
    except SignInAgain as refusal:
        return await sign_in_form(request, refusal.message, status=401, after=after)
    except (WrongCode, Throttled) as refusal:
        return await _second_step(request, after, refusal)
    answer = RedirectResponse(after, 303)
    carry_session(request, answer, token)
    drop_half(request, answer)
    return answer


@router.get("/sign-in/forgot")
async def show_forgot(request: Request) -> Response:
    """Where somebody asks for a link by mail."""
    return page(request, "forgot.html", sent=False, mail_works=_mail_works(request), problem="")


@router.post("/sign-in/forgot", dependencies=here)
async def ask_link(request: Request, login: Annotated[str, Form()] = "") -> Response:
    """The same answer, as soon, whether there is such a login or not."""
    services, begun, problem = request.app.state.services, time.monotonic(), ""
    try:
        if _mail_works(request):
            await ask_for_link(
                services.database,
                services.sealer,
                login[:200],
                browser_of(request),
                services.now(),
            )
    except Throttled as refusal:
        problem = refusal.message
    await asyncio.sleep(max(0.0, begun + REFUSED_AFTER - time.monotonic()))
    return page(
        request,
        "forgot.html",
        status=429 if problem else 200,
        sent=not problem,
        mail_works=_mail_works(request),
        problem=problem,
    )


def _mail_works(request: Request) -> bool:
    return Channel.EMAIL in request.app.state.services.post


@router.get("/sign-in/link/{token}")
async def show_link(request: Request, token: str) -> Response:
    """Where somebody chooses a password; looking at it uses nothing up."""
    services = request.app.state.services
    account = await whose_link(services.database, token, services.now())
    return page(request, "choose_password.html", account=account, link=token, problem="")


@router.post("/sign-in/link/{token}", dependencies=here)
async def use_link(
    request: Request,
    token: str,
    wanted: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """The password is set; signing in with it is a step of its own."""
    services = request.app.state.services
    account = await whose_link(services.database, token, services.now())
    try:
        check_same(wanted, again)
        await choose_password(services.database, token, wanted, browser_of(request), services.now())
    except WeakPassword as refusal:
        return page(
            request,
            "choose_password.html",
            status=422,
            account=account,
            link=token,
            problem=refusal.message,
        )
    answer = RedirectResponse("/sign-in?note=chosen", 303)
    remember_device(request, answer)
    drop_session(request, answer)
    return answer


def check_same(wanted: str, again: str) -> None:
    """Raises WeakPassword where a new password was not typed the same twice."""
    if wanted != again:
        raise WeakPassword("The two differ. Type the new password twice the same.")


@router.post("/sign-out", dependencies=[Depends(check_csrf)])
async def leave(request: Request, session: Arriving) -> Response:
    """End the session."""
    services = request.app.state.services
    await sign_out(services.database, session.session_token, services.now())
    answer = await signed_out_there(request, session) or RedirectResponse("/sign-in", 303)
    drop_session(request, answer)
    return answer


@router.get("/")
async def home(session: SignedIn) -> Response:
    """The first page of a role."""
    first = next((where for may, where in FIRST_PAGES if session.actor.may(may)), "/my-account")
    return RedirectResponse(first, 303)


FIRST_PAGES = (
    (Permission.REVIEW_CASE, "/reviews"),
    (Permission.VIEW_CASELOAD, "/caseload"),
    (Permission.RECORD_ASSESSMENT, "/worklists/second-stages"),
    (Permission.VIEW_AUDIT, "/audit"),
    (Permission.VIEW_SCREENING_REACH, "/screening"),
    (Permission.CHOOSE_PROTOCOL, "/protocols"),
    (Permission.VIEW_FLAG_TIMES, "/flag-times"),
    (Permission.MANAGE_SIGN_IN, "/accounts"),
    (Permission.SET_REACH, "/reach"),
    (Permission.MANAGE_INBOUND, "/operator/inbound"),
)
"""What somebody may do first decides where they begin."""
