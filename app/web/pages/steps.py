"""Steps of care: which a clinic offers, and the decision for one patient."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.referral import STATES
from app.domain.step import STEPS
from app.domain.step_decision import Choice, StaleSuggestion, StepChoice
from app.errors import Problem, Unprocessable
from app.use_cases.decide_step import StepForm, decide_step
from app.use_cases.offer_steps import offer_steps, view_offers
from app.use_cases.set_referral_days import view_referral_days
from app.use_cases.view_patient import view_patient
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.forms import back, day
from app.web.pages.rendering import page

router = APIRouter()
checked = [Depends(check_csrf)]


@router.get("/steps")
async def show_offers(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """The ladder, and which clinic offers what of it."""
    return page(
        request,
        "steps.html",
        session,
        offers=await view_offers(store),
        days=await view_referral_days(store),
        states=STATES,
        steps=STEPS,
    )


@router.post("/steps/{clinic_id}", dependencies=checked)
async def choose_offer(
    store: WriteStore,
    clinic_id: UUID,
    version: Annotated[int, Form()],
    steps: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Keep what a clinic offers."""
    await offer_steps(store, clinic_id, version, steps or [])
    return RedirectResponse("/steps", 303)


@router.post("/patients/{patient_id}/steps/{episode_id}", dependencies=checked)
async def decide(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    episode_id: UUID,
    suggestion: Annotated[str, Form()],
    request_key: Annotated[str, Form()],
    choice: Annotated[str, Form()] = "",
    other: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    interim_care: Annotated[str, Form()] = "",
    started_on: Annotated[str, Form()] = "",
) -> Response:
    """Keep a decision; where the facts changed meanwhile, show what is suggested now."""
    made = StepChoice(_choice(choice), other, reason, interim_care)
    form = StepForm(made, day(started_on, "started_on") or today, suggestion, request_key)
    try:
        await decide_step(store, episode_id, form, today)
    except StaleSuggestion as refusal:
        story = await view_patient(store, patient_id, today)
        typed = {"other": other, "reason": reason, "interim_care": interim_care}
        return page(
            request,
            "step_again.html",
            session,
            status=409,
            message=refusal.message,
            path_of_care=story.path,
            patient_id=patient_id,
            ladder=STEPS,
            typed=typed | {"choice": choice, "started_on": form.started_on.isoformat()},
            new_key=lambda: uuid4().hex,
        )
    return back(patient_id, "#steps")


def _choice(word: str) -> Choice:
    if word not in list(Choice):
        raise Unprocessable(
            "The step was not decided.", [Problem("choice", "say whether you accept it")]
        )
    return Choice(word)
