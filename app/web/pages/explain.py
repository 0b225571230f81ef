"""Why a patient is flagged, and the rules that everything is judged by."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.use_cases.explain_flags import explain_flags
from app.use_cases.read_rules import read_rules
from app.web.dependencies import SignedIn, Today, WriteStore
from app.web.pages.rendering import page

router = APIRouter()


@router.get("/patients/{patient_id}/explain")
async def show_explanation(
    request: Request, session: SignedIn, store: WriteStore, today: Today, patient_id: UUID
) -> Response:
    """Each flag with its rule, its numbers and its source; and why the others are not there."""
    told = await explain_flags(store, patient_id, today)
    return page(request, "explain.html", session, told=told)


@router.get("/rules")
async def show_rules(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """The rulebook, so that every source leads somewhere."""
    return page(request, "rules.html", session, chapters=read_rules(store))
