"""Which protocol judges the treatments here, and what each would flag."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.use_cases.choose_protocol import choose_protocol, preview_protocols
from app.use_cases.read_protocol import read_protocol
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.rendering import page

router = APIRouter(prefix="/protocols")


@router.get("")
async def show_protocols(
    request: Request, session: SignedIn, store: WriteStore, today: Today
) -> Response:
    """Every protocol with its numbers, its source and what it would flag today."""
    preview = await preview_protocols(store, today)
    return page(request, "protocols.html", session, preview=preview)


@router.post("", dependencies=[Depends(check_csrf)])
async def choose(store: WriteStore, today: Today, protocol: Annotated[str, Form()]) -> Response:
    """Judge by another protocol from now on."""
    await choose_protocol(store, protocol, today)
    return RedirectResponse("/protocols", 303)


@router.get("/{protocol_id}/{version}")
async def show_protocol(
    request: Request, session: SignedIn, store: WriteStore, protocol_id: str, version: int
) -> Response:
    """One version, for as long as a finding names it."""
    reading = await read_protocol(store, protocol_id, version)
    return page(request, "protocol.html", session, reading=reading)
