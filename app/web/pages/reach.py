"""How people are reached: addresses, the contact of last resort, hours, the webhook; one's own."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.access import Permission
from app.domain.delivery import Channel
from app.domain.opening_hours import WEEKDAYS
from app.use_cases.reach_people import (
    confirm_email,
    my_contact,
    set_clinic,
    set_email,
    set_last_resort,
    set_webhook,
    view_reach,
)
from app.web.dependencies import SignedIn, WriteStore, check_csrf
from app.web.pages.forms import staff
from app.web.pages.rendering import page

router = APIRouter()
checked = [Depends(check_csrf)]


@router.get("/reach")
async def show_reach(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """Everything that decides whether a flag reaches somebody."""
    services = request.app.state.services
    board = await view_reach(store)
    return page(
        request,
        "reach.html",
        session,
        board=board,
        weekdays=WEEKDAYS,
        mail_works=Channel.EMAIL in services.post,
        webhooks_work=Channel.WEBHOOK in services.post,
        secret=services.webhook_secret(session.actor.org_id, board.reach.webhook_secret_version),
    )


@router.post("/reach/people/{staff_id}", dependencies=checked)
async def change_email(
    session: SignedIn, store: WriteStore, staff_id: UUID, email: Annotated[str, Form()] = ""
) -> Response:
    """Where somebody is told."""
    await set_email(store, staff_id, email)
    mine = not session.actor.may(Permission.SET_REACH)
    return RedirectResponse("/my-address" if mine else "/reach", 303)


@router.post("/reach/last-resort", dependencies=checked)
async def change_last_resort(
    store: WriteStore,
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    intake: Annotated[str, Form()] = "",
) -> Response:
    """Who is told when nobody else answers, and who takes what nobody owns."""
    await set_last_resort(store, name, email, staff(intake, "intake"))
    return RedirectResponse("/reach", 303)


@router.post("/reach/webhook", dependencies=checked)
async def change_webhook(
    request: Request,
    store: WriteStore,
    url: Annotated[str, Form()] = "",
    new_secret: Annotated[str, Form()] = "",
) -> Response:
    """Where the organization's own system is told."""
    allowed = request.app.state.services.settings.webhook_private_networks
    await set_webhook(store, url, private_allowed=allowed, new_secret=new_secret == "yes")
    return RedirectResponse("/reach#webhook", 303)


@router.post("/reach/clinics/{clinic_id}", dependencies=checked)
async def change_clinic(
    request: Request,
    store: WriteStore,
    clinic_id: UUID,
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
) -> Response:
    """A clinic's hours and its own contact."""
    typed = await request.form()
    week = [(str(typed.get(f"opens-{n}", "")), str(typed.get(f"closes-{n}", ""))) for n in range(7)]
    await set_clinic(store, clinic_id, week, name, email)
    return RedirectResponse("/reach#clinics", 303)


@router.get("/my-address")
async def show_mine(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """Where I am told."""
    return page(request, "my_address.html", session, contact=await my_contact(store))


@router.get("/my-address/{delivery_id}")
async def show_confirm(request: Request, session: SignedIn, delivery_id: UUID) -> Response:
    """Where a confirming message leads; a button confirms, so that no mail scanner does."""
    return page(request, "confirm_address.html", session, delivery_id=delivery_id)


@router.post("/my-address/{delivery_id}", dependencies=checked)
async def confirm(store: WriteStore, delivery_id: UUID) -> Response:
    """The message reached me."""
    await confirm_email(store, delivery_id)
    return RedirectResponse("/my-address", 303)
