"""How others sign in: links to choose a password, lost second factors, sessions, the policy."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.auth import accounts
from app.domain.delivery import Channel
from app.domain.second_factor import SecondFactorPolicy
from app.errors import Problem, Unprocessable
from app.store.transaction import Store
from app.web.dependencies import Session, SignedIn, WriteStore, check_csrf, freshly_proved
from app.web.pages.rendering import page

router = APIRouter()
proved = [Depends(check_csrf), Depends(freshly_proved)]
NOTES = {
    "policy": "Saved. Whoever is asked and has no second factor sets it up at their next page.",
    "second-factor": "Their second factor was taken away, and their sessions were ended.",
    "mailed": "A link is on its way to their address. The old password works no more.",
    "sessions": "They were signed out everywhere.",
}


@router.get("/accounts")
async def show(
    request: Request, session: SignedIn, store: WriteStore, note: Annotated[str, Query()] = ""
) -> Response:
    """Who signs in, and how."""
    return await _board(request, session, store, note=NOTES.get(note, ""))


async def _board(
    request: Request,
    session: Session,
    store: Store,
    note: str = "",
    link: str = "",
    whose: UUID | None = None,
) -> Response:
    services = request.app.state.services
    now = services.now()
    idle = now - timedelta(minutes=services.settings.session_idle_minutes)
    board = await accounts.view_accounts(store, now, idle)
    return page(
        request,
        "accounts.html",
        session,
        board=board,
        policies=SecondFactorPolicy,
        note=note,
        mail_works=Channel.EMAIL in services.post,
        link=services.settings.base_url.rstrip("/") + link if link else "",
        whose=next((one.name for one, _ in board.people if one.staff_id == whose), ""),
    )


@router.post("/accounts/policy", dependencies=proved)
async def set_policy(store: WriteStore, policy: Annotated[str, Form()] = "") -> Response:
    """Of whom a second factor is asked."""
    if policy not in {one.value for one in SecondFactorPolicy}:
        raise Unprocessable(problems=[Problem("policy", "choose one of those shown")])
    await accounts.set_policy(store, SecondFactorPolicy(policy))
    return RedirectResponse("/accounts?note=policy", 303)


@router.post("/accounts/{staff_id}/password", dependencies=proved)
async def reset_password(
    request: Request, session: SignedIn, store: WriteStore, staff_id: UUID
) -> Response:
    """A link to choose a password, shown this once."""
    link = await accounts.reset_password(store, staff_id, request.app.state.services.now())
    return await _board(request, session, store, link=link, whose=staff_id)


@router.post("/accounts/{staff_id}/mailed-password", dependencies=proved)
async def mail_reset(request: Request, store: WriteStore, staff_id: UUID) -> Response:
    """A link to choose a password, by mail to them alone."""
    services = request.app.state.services
    await accounts.mail_reset(store, services.sealer, staff_id, services.now())
    return RedirectResponse("/accounts?note=mailed", 303)


@router.post("/accounts/{staff_id}/second-factor", dependencies=proved)
async def reset_second_factor(request: Request, store: WriteStore, staff_id: UUID) -> Response:
    """For somebody who lost their phone and their codes."""
    await accounts.reset_second_factor(store, staff_id, request.app.state.services.now())
    return RedirectResponse("/accounts?note=second-factor", 303)


@router.post("/accounts/{staff_id}/sessions", dependencies=proved)
async def end_sessions(request: Request, store: WriteStore, staff_id: UUID) -> Response:
    """Sign somebody out everywhere."""
    await accounts.end_sessions(store, staff_id, request.app.state.services.now())
    return RedirectResponse("/accounts?note=sessions", 303)
