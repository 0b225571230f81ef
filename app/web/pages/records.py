"""Records that are wrong: probable duplicates, joining and parting, moving a questionnaire."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.errors import Problem, Unprocessable
from app.use_cases.find_duplicates import keep_apart
from app.use_cases.find_patients import find_patients
from app.use_cases.merge_patients import MergeForm, merge_patients
from app.use_cases.move_assessment import MoveForm, move_assessment, view_move
from app.use_cases.unmerge_patients import unmerge_patients
from app.use_cases.view_duplicates import compare_records, view_duplicates
from app.use_cases.view_patient import view_identity
from app.use_cases.view_record_trail import view_joining
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.forms import back, choice
from app.web.pages.rendering import page

router = APIRouter()
checked = [Depends(check_csrf)]


@router.get("/worklists/duplicates")
async def show_duplicates(
    request: Request, session: SignedIn, store: WriteStore, today: Today
) -> Response:
    """Records that may be of one person, the likeliest first."""
    rows, settled, waiting = await view_duplicates(store, today)
    return page(request, "duplicates.html", session, rows=rows, settled=settled, waiting=waiting)


@router.get("/records/{one}/{other}")
async def show_both(
    request: Request, session: SignedIn, store: WriteStore, one: UUID, other: UUID
) -> Response:
    """Two records side by side."""
    compared = await compare_records(store, one, other)
    return page(request, "compare.html", session, pair=compared)


@router.post("/records/{one}/{other}/join", dependencies=checked)
async def join(
    store: WriteStore,
    today: Today,
    one: UUID,
    other: UUID,
    goes_on: Annotated[str, Form()] = "",
    kept_episode: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
) -> Response:
    """Join the two; the person says which goes on."""
    winner = choice(goes_on, "goes_on")
    if winner not in (one, other):
        raise Unprocessable(
            "The records were not joined.", [Problem("goes_on", "choose which record goes on")]
        )
    if seen != "yes":
        raise Unprocessable(
            "The records were not joined.",
            [Problem("seen", "tick that you compared both and they are one person")],
        )
    loser = other if winner == one else one
    episode = choice(kept_episode, "kept_episode") if kept_episode else None
    await merge_patients(store, MergeForm(winner, loser, reason, episode), today)
    return back(winner)


@router.post("/records/{one}/{other}/two-people", dependencies=checked)
async def two_people(
    store: WriteStore, one: UUID, other: UUID, note: Annotated[str, Form()] = ""
) -> Response:
    """Remember that the two are two people."""
    await keep_apart(store, one, other, note)
    return RedirectResponse("/worklists/duplicates", 303)


@router.post("/patients/{patient_id}/same-person", dependencies=checked)
async def find_other_record(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    patient_id: UUID,
    query: Annotated[str, Form()] = "",
) -> Response:
    """Find the other record of this person; by POST, so that no name stands in an address."""
    who = await view_identity(store, patient_id)
    found = [p for p in await find_patients(store, query[:200]) if p.patient_id != patient_id]
    return page(request, "other_record.html", session, who=who, query=query, found=found)


@router.get("/joinings/{merge_id}")
async def show_joining(
    request: Request, session: SignedIn, store: WriteStore, merge_id: UUID
) -> Response:
    """What was joined, what moved, what came since; and the way back."""
    return page(request, "joining.html", session, view=await view_joining(store, merge_id))


@router.post("/joinings/{merge_id}/undo", dependencies=checked)
async def undo(
    store: WriteStore, today: Today, merge_id: UUID, reason: Annotated[str, Form()] = ""
) -> Response:
    """Part the two records again."""
    await unmerge_patients(store, merge_id, reason, today)
    return RedirectResponse(f"/joinings/{merge_id}", 303)


@router.get("/assessments/{assessment_id}/move")
async def show_move(
    request: Request, session: SignedIn, store: WriteStore, assessment_id: UUID
) -> Response:
    """Choose whose questionnaire it is."""
    view = await view_move(store, assessment_id)
    return page(request, "move.html", session, view=view, query="", found=None)


@router.post("/assessments/{assessment_id}/owner", dependencies=checked)
async def find_owner(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    assessment_id: UUID,
    query: Annotated[str, Form()] = "",
) -> Response:
    """Find the right patient; by POST, so that no name stands in an address."""
    view = await view_move(store, assessment_id)
    found = [p for p in await find_patients(store, query[:200]) if p.patient_id != view.patient_id]
    return page(request, "move.html", session, view=view, query=query, found=found)


@router.post("/assessments/{assessment_id}/move", dependencies=checked)
async def move(
    store: WriteStore,
    today: Today,
    assessment_id: UUID,
    patient: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Move it to the right record."""
    to = choice(patient, "patient")
    await move_assessment(store, MoveForm(assessment_id, to, reason), today)
    return back(to, "#history")
