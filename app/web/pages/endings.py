"""Plans against relapse, discharges and their summaries."""

from datetime import date
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request, Response

from app.domain.discharge import MAY_BECOME, OUTCOMES, LoopAnswer, Outcome
from app.domain.relapse_prevention import RelapsePlan
from app.errors import Problem, Unprocessable, VersionConflict
from app.use_cases.discharge_patient import DischargeForm, discharge_patient, view_discharge
from app.use_cases.view_patient import view_patient
from app.use_cases.write_relapse_plan import read_relapse_plan, write_relapse_plan
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.forms import back, day
from app.web.pages.rendering import page

router = APIRouter(prefix="/patients/{patient_id}")
checked = [Depends(check_csrf)]


@router.post("/relapse-plan/{episode_id}", dependencies=checked)
async def write_plan(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    episode_id: UUID,
    plan_version: Annotated[int, Form()],
    request_key: Annotated[str, Form()],
) -> Response:
    """Keep a new version; where another was written meanwhile, both are shown."""
    typed = {name: str(value) for name, value in (await request.form()).items()}
    plan = _plan(typed, today)
    try:
        await write_relapse_plan(store, episode_id, plan, plan_version, request_key, today)
    except VersionConflict as refusal:
        story = await view_patient(store, patient_id, today)
        return page(
            request,
            "relapse_plan_again.html",
            session,
            status=409,
            message=refusal.message,
            story=story,
            typed=plan,
            new_key=lambda: uuid4().hex,
        )
    return back(patient_id, "#relapse-plan")


def _plan(typed: dict[str, str], today: date) -> RelapsePlan:
    agreed = typed.get("agreed") == "yes"
    return RelapsePlan(
        warning_signs=typed.get("warning_signs", ""),
        what_helped=typed.get("what_helped", ""),
        medication=typed.get("medication", ""),
        whom_to_call=typed.get("whom_to_call", ""),
        own_words=typed.get("own_words", ""),
        continue_until=day(typed.get("continue_until", ""), "continue_until"),
        call_weeks=_weeks(typed.get("call_weeks", "")),
        next_check_on=day(typed.get("next_check_on", ""), "next_check_on"),
        agreed_on=(day(typed.get("agreed_on", ""), "agreed_on") or today) if agreed else None,
    )


def _weeks(text: str) -> int:
    if not text.strip().isdecimal() or len(text.strip()) > 3:
        raise Unprocessable("The plan was not saved.", [Problem("call_weeks", "give whole weeks")])
    return int(text)


@router.get("/relapse-plan/{episode_id}")
async def print_plan(
    request: Request, session: SignedIn, store: WriteStore, patient_id: UUID, episode_id: UUID
) -> Response:
    """One page for the patient: large, plain, no codes."""
    patient, held = await read_relapse_plan(store, episode_id)
    return page(request, "relapse_plan_print.html", session, patient=patient, held=held)


@router.get("/discharge/{episode_id}")
async def show_discharge(
    request: Request, session: SignedIn, store: WriteStore, patient_id: UUID, episode_id: UUID
) -> Response:
    """What is open, and what becomes of it."""
    view = await view_discharge(store, episode_id)
    return page(
        request,
        "discharge.html",
        session,
        view=view,
        patient_id=patient_id,
        may_become=MAY_BECOME,
        request_key=uuid4().hex,
    )


@router.post("/discharge/{episode_id}", dependencies=checked)
async def discharge(
    request: Request,
    store: WriteStore,
    today: Today,
    episode_id: UUID,
    version: Annotated[int, Form()],
    request_key: Annotated[str, Form()],
    outcome: Annotated[str, Form()] = "",
    words: Annotated[str, Form()] = "",
) -> Response:
    """End the episode."""
    typed = {name: str(value) for name, value in (await request.form()).items()}
    answers = {
        name.removeprefix("became-"): LoopAnswer(
            value,
            typed.get(name.replace("became-", "words-", 1), ""),
            typed.get(name.replace("became-", "owner-", 1), ""),
        )
        for name, value in typed.items()
        if name.startswith("became-")
    }
    form = DischargeForm(outcome, words, answers, version, request_key)
    patient_id = await discharge_patient(store, episode_id, form, today)
    return back(patient_id, "#earlier")


@router.get("/summary/{episode_id}")
async def show_summary(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    episode_id: UUID,
) -> Response:
    """The summary of an episode that ended, as it stood on that day."""
    story = await view_patient(store, patient_id, today)
    course = next((c for c in story.path.earlier if c.episode_id == episode_id), None)
    if course is None or course.discharge is None:
        raise Unprocessable("There is no discharge summary of this episode.")
    return page(
        request,
        "discharge_summary.html",
        session,
        story=story,
        course=course,
        outcome=OUTCOMES[Outcome(course.discharge.outcome)],
    )
