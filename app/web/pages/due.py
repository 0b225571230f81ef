"""Whom to screen at the next visit: for whoever hands out the forms."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.domain.catalogue import INSTRUMENTS
from app.domain.screening_rule import Topic
from app.use_cases.view_due import view_due
from app.web.dependencies import SignedIn, Today, WriteStore
from app.web.pages.rendering import page

router = APIRouter()


@router.get("/worklists/due")
async def show_due(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    today: Today,
    topic: Annotated[str, Query()] = "",
) -> Response:
    """Those with a visit today or planned first, each with the forms of their clinic's rule."""
    wanted = Topic(topic) if topic in list(Topic) else Topic.DEPRESSION
    return page(
        request,
        "due.html",
        session,
        board=await view_due(store, wanted, today),
        topics=list(Topic),
        titles={name: one.short_title for name, one in INSTRUMENTS.items()},
    )
