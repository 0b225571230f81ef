"""Who asks the API, and the transaction that the question is answered in."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from app.domain.actor import Actor
from app.store.transaction import Store
from app.web.dependencies import arriving, integration_client, signed_in


async def who_asks(request: Request) -> Actor:
    """The bearer of a token where one is sent, else the member of staff of the session's cookie.

    A token never falls back to a cookie: who sends a wrong one is told so. What either may
    do is the permission table's to say; an integration client has no role there, so that it
    reads no explanation of a patient until the table grants it one.
    """
    if request.headers.get("authorization"):
        return await integration_client(request)
    return (await signed_in(await arriving(request))).actor


Asking = Annotated[Actor, Depends(who_asks)]


async def open_transaction(request: Request, actor: Asking) -> AsyncIterator[Store]:
    """The one transaction; a read writes its audit row in it."""
    database = request.app.state.services.database
    request_id = getattr(request.state, "request_id", None)
    place = request.url.path
    async with database.transaction(actor, request_id=request_id, place=place) as store:
        yield store


AskedStore = Annotated[Store, Depends(open_transaction, scope="function")]


def today_there(request: Request, actor: Asking) -> date:
    """Today in the organization's time zone."""
    now = request.app.state.services.now()
    today: date = now.astimezone(ZoneInfo(actor.time_zone)).date()
    return today


AskedOn = Annotated[date, Depends(today_there)]
