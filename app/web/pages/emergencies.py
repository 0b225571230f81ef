"""Opening a record in an emergency, its review, and the account of disclosures."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.use_cases.declare_emergency import (
    OUTCOMES,
    EmergencyForm,
    declare_emergency,
    end_emergency,
    list_for_review,
    review_emergency,
    view_emergency,
)
from app.use_cases.view_disclosures import list_accounts, view_disclosures
from app.web.dependencies import SignedIn, WriteStore, check_csrf
from app.web.pages.forms import back
from app.web.pages.rendering import page

router = APIRouter()
checked = [Depends(check_csrf)]


@router.get("/patients/{patient_id}/emergency")
async def show_form(
    request: Request, session: SignedIn, store: WriteStore, patient_id: UUID
) -> Response:
    """What must be said before the record opens."""
    board = await view_emergency(store, patient_id)
    return page(request, "emergency.html", session, board=board, key=uuid4().hex)


@router.post("/patients/{patient_id}/emergency", dependencies=checked)
async def declare(
    store: WriteStore,
    patient_id: UUID,
    request_key: Annotated[str, Form()] = "",
    facility: Annotated[str, Form()] = "",
    discloser: Annotated[str, Form()] = "",
    nature: Annotated[str, Form()] = "",
) -> Response:
    """Open the record."""
    form = EmergencyForm(facility, discloser, nature, request_key)
    await declare_emergency(store, patient_id, form)
    return back(patient_id)


@router.post("/patients/{patient_id}/emergency/end", dependencies=checked)
async def end(store: WriteStore, patient_id: UUID) -> Response:
    """Close it again."""
    await end_emergency(store, patient_id)
    return back(patient_id)


@router.get("/emergencies")
async def show_emergencies(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """What waits for review, and what was found of the rest."""
    waiting, settled = await list_for_review(store)
    return page(
        request, "emergencies.html", session, waiting=waiting, settled=settled, outcomes=OUTCOMES
    )


@router.post("/emergencies/{emergency_id}", dependencies=checked)
async def review(
    store: WriteStore,
    emergency_id: UUID,
    outcome: Annotated[str, Form()] = "",
    words: Annotated[str, Form()] = "",
) -> Response:
    """Keep what the review found."""
    await review_emergency(store, emergency_id, outcome, words)
    return RedirectResponse("/emergencies", 303)


@router.get("/disclosures")
async def show_accounts(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """Whose records were shown to others."""
    return page(request, "accounts_of.html", session, rows=await list_accounts(store))


@router.get("/disclosures/{patient_id}")
async def show_disclosures(
    request: Request, session: SignedIn, store: WriteStore, patient_id: UUID
) -> Response:
    """The account of one patient, to be printed."""
    account = await view_disclosures(store, patient_id)
    return page(request, "disclosures.html", session, account=account)
