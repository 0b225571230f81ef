"""Who is whom at the organization's identity provider, and which ways of signing in are open."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.errors import Unprocessable
from app.use_cases import link_identity as links
from app.web.dependencies import SignedIn, WriteStore, check_csrf, freshly_proved
from app.web.pages.forms import choice
from app.web.pages.rendering import page

router = APIRouter()
checked = [Depends(check_csrf)]
proved = [Depends(check_csrf), Depends(freshly_proved)]
"""Who opens a way in for somebody, or shuts one, has proved who they are just now."""
Subject = Annotated[str, Form(max_length=255)]


@router.get("/identities")
async def show(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """Everything about signing in through the provider."""
    board = await links.view_identities(store)
    return page(request, "identities.html", session, board=board)


@router.post("/identities/{provider_id}/link", dependencies=proved)
async def link(
    store: WriteStore, provider_id: UUID, subject: Subject, staff: Annotated[str, Form()] = ""
) -> Response:
    """This person there is this member of staff."""
    await links.link_identity(store, provider_id, subject, choice(staff, "staff"))
    return RedirectResponse("/identities#linked", 303)


@router.post("/identities/{provider_id}/unlink", dependencies=checked)
async def unlink(store: WriteStore, provider_id: UUID, subject: Subject) -> Response:
    """This person there is nobody here any more."""
    await links.unlink_identity(store, provider_id, subject)
    return RedirectResponse("/identities#linked", 303)


@router.post("/identities/{provider_id}/turn-away", dependencies=checked)
async def turn_away(store: WriteStore, provider_id: UUID, subject: Subject) -> Response:
    """Whoever asked is not one of ours."""
    await links.turn_away(store, provider_id, subject)
    return RedirectResponse("/identities", 303)


@router.post("/identities/passwords", dependencies=proved)
async def ways_in(store: WriteStore, ways: Annotated[str, Form()] = "") -> Response:
    """Open or close passwords for everybody but the administrators who keep one."""
    if ways not in ("open", "closed"):
        raise Unprocessable("Nothing was changed: choose whether passwords are open.")
    await links.close_passwords(store, ways == "closed")
    return RedirectResponse("/identities#passwords", 303)


@router.post("/identities/break-glass/{staff_id}", dependencies=proved)
async def break_glass(
    store: WriteStore, staff_id: UUID, named: Annotated[str, Form()] = ""
) -> Response:
    """Let an administrator keep a password, or no longer."""
    await links.name_break_glass(store, staff_id, named == "yes")
    return RedirectResponse("/identities#passwords", 303)
