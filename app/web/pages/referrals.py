"""Referrals: opened and moved on the patient's page, followed on a worklist."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.referral import DEFAULT_DAYS, Move, ReferralState
from app.errors import Problem, Unprocessable
from app.use_cases.refer_patient import MoveForm, ReferralForm, move_referral, refer_patient
from app.use_cases.set_referral_days import set_referral_days
from app.use_cases.view_referrals import view_open_referrals
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.forms import back, day
from app.web.pages.rendering import page

router = APIRouter()
checked = [Depends(check_csrf)]


@router.get("/worklists/referrals")
async def show_open(
    request: Request, session: SignedIn, store: WriteStore, today: Today
) -> Response:
    """Every open referral, the longest due first."""
    found = await view_open_referrals(store, today)
    return page(request, "referrals.html", session, found=found)


@router.post("/patients/{patient_id}/referrals/{episode_id}", dependencies=checked)
async def refer(
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    episode_id: UUID,
    request_key: Annotated[str, Form()],
    step: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    to_whom: Annotated[str, Form()] = "",
    interim_care: Annotated[str, Form()] = "",
) -> Response:
    """Open a referral."""
    form = ReferralForm(step, reason, to_whom, interim_care, request_key)
    await refer_patient(store, episode_id, form, today)
    return back(patient_id, "#referrals")


@router.post("/referrals/{referral_id}", dependencies=checked)
async def move(
    store: WriteStore,
    today: Today,
    referral_id: UUID,
    version: Annotated[int, Form()],
    request_key: Annotated[str, Form()],
    state: Annotated[str, Form()] = "",
    on: Annotated[str, Form()] = "",
    words: Annotated[str, Form()] = "",
    to_whom: Annotated[str, Form()] = "",
    appointment_on: Annotated[str, Form()] = "",
    look_again_on: Annotated[str, Form()] = "",
) -> Response:
    """Tell what happened to a referral."""
    told = Move(
        _state(state),
        day(on, "on") or today,
        words,
        to_whom,
        day(appointment_on, "appointment_on"),
        day(look_again_on, "look_again_on"),
    )
    patient_id = await move_referral(
        store, referral_id, MoveForm(told, version, request_key), today
    )
    return back(patient_id, "#referrals")


@router.post("/referral-days", dependencies=checked)
async def choose_days(
    request: Request, store: WriteStore, version: Annotated[int, Form()]
) -> Response:
    """Keep how long each state may last."""
    typed = await request.form()
    days = {state: _whole(str(typed.get(state, ""))) for state in DEFAULT_DAYS}
    await set_referral_days(store, version, days)
    return RedirectResponse("/steps", 303)


def _whole(text: str) -> int | None:
    return int(text) if text.strip().isdecimal() and len(text) < 6 else None


def _state(word: str) -> ReferralState:
    if word not in list(ReferralState):
        raise Unprocessable(
            "The referral was not changed.", [Problem("state", "say what happened")]
        )
    return ReferralState(word)
