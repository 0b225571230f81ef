"""My account: how I sign in, where I am signed in, and proving again who I am."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.auth import own_account
from app.auth.authenticator import WrongCode, picture_of, secret_words
from app.auth.own_account import PasswordWrong
from app.auth.passwords import WeakPassword
from app.auth.sessions import Due, Renewed
from app.errors import NotFound, RegistryError, Throttled
from app.web.dependencies import (
    Arriving,
    ArrivingStore,
    Session,
    SignedIn,
    WriteStore,
    check_csrf,
    freshly_proved,
    place_here,
)
from app.web.pages.rendering import page
from app.web.pages.sign_in import check_same
from app.web.session_cookie import browser_of, carry_session, drop_session

router = APIRouter()
checked = [Depends(check_csrf)]
proved = [Depends(check_csrf), Depends(freshly_proved)]
NOTES = {
    "changed": "Your password was changed. Your other sessions were ended.",
    "passkey": "Your passkey is kept: from now on it signs you in.",
    "passkey-removed": "The passkey was removed. Your other sessions were ended.",
    "removed": "The authenticator app was removed: it is asked for no more.",
    "ended": "Ended.",
}


@router.get("/my-account")
async def show(
    request: Request, session: SignedIn, store: WriteStore, note: Annotated[str, Query()] = ""
) -> Response:
    """How I sign in, and where."""
    services = request.app.state.services
    own = await own_account.view_own(store, services.settings.session_idle_minutes, services.now())
    return page(request, "my_account.html", session, own=own, note=NOTES.get(note, ""))


@router.get("/my-account/password")
async def show_password(request: Request, session: Arriving) -> Response:
    """The form; somebody whose password another person chose sees it before anything else."""
    return page(request, "change_password.html", session, problem="")


@router.post("/my-account/password", dependencies=checked)
async def change_password(
    request: Request,
    session: Arriving,
    present: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Another password; other sessions end and this one goes on under a new token."""
    services = request.app.state.services
    try:
        check_same(wanted, again)
        renewed = await own_account.change_password(
            services.database,
            who_of(session),
            session.session_token,
            present[:1000],
            wanted,
            services.now(),
        )
    except (WeakPassword, PasswordWrong, Throttled) as refusal:
        return page(
            request,
            "change_password.html",
            session,
            status=429 if isinstance(refusal, Throttled) else 422,
            problem=refusal.message,
        )
    answer = RedirectResponse("/" if session.due else "/my-account?note=changed", 303)
    carry_session(request, answer, renewed.token)
    return answer


def who_of(session: Session) -> tuple[UUID, UUID]:
    """(organization, staff). Raises NotFound for whoever is no member of staff."""
    if session.actor.staff_id is None:
        raise NotFound()
    return session.actor.org_id, session.actor.staff_id


@router.post("/my-account/authenticator/begin", dependencies=proved)
async def begin_authenticator(request: Request, store: ArrivingStore) -> Response:
    """A new secret, shown on the next page until its first code is entered."""
    await own_account.begin_authenticator(store, request.app.state.services.sealer)
    return RedirectResponse("/my-account/authenticator", 303)


@router.get("/my-account/authenticator")
async def show_authenticator(request: Request, session: Arriving, store: ArrivingStore) -> Response:
    """How to set up an app; the picture to scan once it was begun."""
    return await _set_up(request, session, store)


async def _set_up(
    request: Request, session: Session, store: ArrivingStore, problem: str = ""
) -> Response:
    try:
        secret, address = await own_account.waiting_secret(store, request.app.state.services.sealer)
    except NotFound:
        secret = address = ""
    return page(
        request,
        "authenticator.html",
        session,
        status=422 if problem else 200,
        secret=secret_words(secret),
        picture=picture_of(address) if address else "",
        owed=session.due is Due.SECOND_FACTOR,
        problem=problem,
    )


@router.post("/my-account/authenticator", dependencies=proved)
async def confirm_authenticator(
    request: Request, session: Arriving, store: ArrivingStore, code: Annotated[str, Form()] = ""
) -> Response:
    """The app's first code; then the codes for paper, shown this once."""
    services = request.app.state.services
    try:
        renewed, codes = await own_account.confirm_authenticator(
            store, services.sealer, session.session_token, code[:100], services.now()
        )
    except WrongCode as refusal:
        return await _set_up(request, session, store, refusal.message)
    return show_codes(request, session, codes, renewed)


def show_codes(
    request: Request, session: Session, codes: list[str], renewed: Renewed | None = None
) -> Response:
    """The codes for paper, this once."""
    if renewed:
        session = replace(session, csrf=renewed.csrf, session_token=renewed.token, due=None)
    answer = page(request, "recovery_codes.html", session, codes=codes)
    if renewed:
        carry_session(request, answer, renewed.token)
    return answer


@router.post("/my-account/authenticator/remove", dependencies=proved)
async def remove_authenticator(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """Back to the password alone, where that is allowed."""
    now = request.app.state.services.now()
    renewed = await own_account.remove_authenticator(store, session.session_token, now)
    answer = RedirectResponse("/my-account?note=removed", 303)
    carry_session(request, answer, renewed.token)
    return answer


@router.post("/my-account/recovery-codes", dependencies=proved)
async def renewshow_codes(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """Ten fresh codes, shown this once."""
    return show_codes(request, session, await own_account.new_recovery_codes(store))


@router.post("/my-account/sessions/end-others", dependencies=checked)
async def end_others(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """Sign out everywhere but here."""
    await own_account.end_all_others(store, session.session_token, request.app.state.services.now())
    return RedirectResponse("/my-account?note=ended#sessions", 303)


@router.post("/my-account/sessions/{session_id}/end", dependencies=checked)
async def end_one(
    request: Request, session: SignedIn, store: WriteStore, session_id: UUID
) -> Response:
    """Sign out of one of my sessions; of this one too."""
    await own_account.end_one(store, session_id, request.app.state.services.now())
    answer = RedirectResponse("/my-account?note=ended#sessions", 303)
    if session_id == session.session_id:
        answer = RedirectResponse("/sign-in", 303)
        drop_session(request, answer)
    return answer


@router.get("/my-account/confirm")
async def show_proof(
    request: Request, session: Arriving, next: Annotated[str, Query()] = ""
) -> Response:
    """Prove again who I am before a change to how I or others sign in."""
    return _proof(request, session, place_here(next))


def _proof(
    request: Request, session: Session, after: str, refusal: RegistryError | None = None
) -> Response:
    return page(
        request,
        "prove_again.html",
        session,
        status=429 if isinstance(refusal, Throttled) else 422 if refusal else 200,
        after=after,
        problem=refusal.message if refusal else "",
    )


@router.post("/my-account/confirm", dependencies=checked)
async def prove(
    request: Request,
    session: Arriving,
    password: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """The session goes on under a new token, freshly proved."""
    services, after = request.app.state.services, place_here(next)
    try:
        token = await own_account.prove(
            services.database,
            services.sealer,
            who_of(session),
            session.session_token,
            password[:1000],
            code[:100],
            browser_of(request),
            services.now(),
        )
    except (PasswordWrong, WrongCode, Throttled) as refusal:
        return _proof(request, session, after, refusal)
    answer = RedirectResponse(after if after != "/" else "/my-account", 303)
    carry_session(request, answer, token)
    return answer
