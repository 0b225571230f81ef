"""Answering flags: taking one on, handing it over, saying what came of it; what waits for me."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.access import Permission
from app.domain.flag import FLAG_POLICY
from app.errors import Problem, Unprocessable
from app.use_cases.answer_flag import acknowledge_flag, close_flag, hand_flag
from app.use_cases.view_waiting import view_flag, view_waiting
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.rendering import page

router = APIRouter()
checked = [Depends(check_csrf)]


def _back(session: SignedIn, patient_id: UUID, flag_id: UUID) -> Response:
    if session.actor.may(Permission.ANSWER_FLAG):
        return RedirectResponse(f"/patients/{patient_id}#flag-{flag_id}", 303)
    return RedirectResponse(f"/flags/{flag_id}", 303)


@router.get("/flags")
async def show_waiting(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """What waits for whoever is signed in."""
    waiting = await view_waiting(store)
    return page(
        request,
        "waiting.html",
        session,
        waiting=waiting,
        now=store.now,
        policies={kind.value: policy for kind, policy in FLAG_POLICY.items()},
    )


@router.get("/flags/{flag_id}")
async def show_flag(
    request: Request, session: SignedIn, store: WriteStore, flag_id: UUID
) -> Response:
    """Where a message's link leads: the patient, or the loop alone for those who lead."""
    shown = await view_flag(store, flag_id)
    if session.actor.may(Permission.ANSWER_FLAG):
        return _back(session, shown.patient_id, flag_id)
    return page(request, "one_flag.html", session, shown=shown)


@router.post("/flags/{flag_id}/acknowledge", dependencies=checked)
async def take_flag(session: SignedIn, store: WriteStore, today: Today, flag_id: UUID) -> Response:
    """Say: I have it."""
    return _back(session, await acknowledge_flag(store, flag_id, today), flag_id)


@router.post("/flags/{flag_id}/hand-over", dependencies=checked)
async def give_flag(
    session: SignedIn,
    store: WriteStore,
    today: Today,
    flag_id: UUID,
    to: Annotated[str, Form()] = "",
    words: Annotated[str, Form()] = "",
) -> Response:
    """Hand it to another person."""
    try:
        person = UUID(to)
    except ValueError:
        raise Unprocessable(
            "The flag was not handed over.", [Problem("to", "choose from the list")]
        ) from None
    return _back(session, await hand_flag(store, flag_id, person, today, words[:500]), flag_id)


@router.post("/flags/{flag_id}/close", dependencies=checked)
async def settle_flag(
    session: SignedIn,
    store: WriteStore,
    today: Today,
    flag_id: UUID,
    outcome: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    attempts: Annotated[str, Form()] = "",
) -> Response:
    """Say what came of it."""
    tried = int(attempts) if attempts.strip().isdecimal() else None
    patient_id = await close_flag(store, flag_id, outcome, today, code=code, attempts=tried)
    return _back(session, patient_id, flag_id)
