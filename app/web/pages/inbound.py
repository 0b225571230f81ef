"""Refused messages: see why, mend, replay, settle."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.errors import Unprocessable
from app.use_cases.inbound_messages import count_waiting, get_inbound, list_inbound, settle_inbound
from app.web.dependencies import SignedIn, WriteStore, check_csrf
from app.web.pages.rendering import page

router = APIRouter(prefix="/operator/inbound")


@router.get("")
async def show_list(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """What was refused or kept in part; unsettled first."""
    rows, waiting = await list_inbound(store), await count_waiting(store)
    return page(request, "inbound.html", session, rows=rows, waiting=waiting)


@router.get("/{message_id}")
async def show_message(
    request: Request, session: SignedIn, store: WriteStore, message_id: UUID
) -> Response:
    """One message with its reasons and its body to mend."""
    message = await get_inbound(store, message_id)
    return page(request, "message.html", session, message=message, answer="", status_told=0)


@router.post("/{message_id}/replay", dependencies=[Depends(check_csrf)])
async def replay(
    request: Request, session: SignedIn, message_id: UUID, body: Annotated[str, Form()]
) -> Response:
    """Take the mended message again as its sender's; settled when it is accepted."""
    services = request.app.state.services
    async with services.database.transaction(session.actor) as store:
        message = await get_inbound(store, message_id)
    if message.row.settled_at:
        raise Unprocessable("This message was settled already.")
    status, told = await services.replay(session.actor, message.row, body.encode())
    if status < 300:
        async with services.database.transaction(session.actor) as store:
            await settle_inbound(store, message_id, "Mended and taken.", mended=True)
        return RedirectResponse("/operator/inbound", 303)
    return page(
        request,
        "message.html",
        session,
        status=422,
        message=type(message)(message.row, body),
        answer=told.decode(errors="replace"),
        status_told=status,
    )


@router.post("/{message_id}/settle", dependencies=[Depends(check_csrf)])
async def settle(message_id: UUID, store: WriteStore, note: Annotated[str, Form()]) -> Response:
    """Put a message aside with a reason."""
    await settle_inbound(store, message_id, note, mended=False)
    return RedirectResponse("/operator/inbound", 303)
