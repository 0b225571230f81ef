"""Which clinics and clients are Part 2 programs, and who their people are."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.use_cases.mark_program import MarkForm, mark_program, view_programs
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.forms import choice, staff
from app.web.pages.rendering import page

router = APIRouter()


@router.get("/programs")
async def show_programs(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """Every clinic and client with its mark."""
    places, people = await view_programs(store)
    return page(request, "programs.html", session, places=places, people=people)


@router.post("/programs/{place_id}", dependencies=[Depends(check_csrf)])
async def mark(
    request: Request,
    store: WriteStore,
    today: Today,
    place_id: UUID,
    marked: Annotated[str, Form()] = "",
    contact: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Mark it, or take the mark away."""
    sent = await request.form()
    form = MarkForm(
        place_id=place_id,
        marked=marked == "yes",
        contact_id=staff(contact, "safety contact"),
        members=frozenset(choice(str(one), "people") for one in sent.getlist("member")),
        sole=frozenset(choice(str(one), "people") for one in sent.getlist("sole")),
        reason=reason,
    )
    await mark_program(store, form, today)
    return RedirectResponse(f"/programs#p-{place_id}", 303)
