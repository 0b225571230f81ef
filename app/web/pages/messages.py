"""Messages to people: sent, waiting, failed; and what keeps flags from reaching somebody."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.delivery import Channel
from app.use_cases.view_messages import send_again, view_messages
from app.web.dependencies import SignedIn, WriteStore, check_csrf
from app.web.pages.rendering import page

router = APIRouter(prefix="/operator/messages")


@router.get("")
async def show_messages(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """Every message with its attempts."""
    services = request.app.state.services
    return page(
        request,
        "messages.html",
        session,
        board=await view_messages(store),
        set_up={one.value: one in services.post for one in Channel},
    )


@router.post("/{delivery_id}/again", dependencies=[Depends(check_csrf)])
async def try_again(store: WriteStore, delivery_id: UUID) -> Response:
    """Send a failed message once more."""
    await send_again(store, delivery_id)
    return RedirectResponse("/operator/messages", 303)
