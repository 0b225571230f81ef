"""On call and away: the roster, its gaps, absences with their covers, closed days."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.opening_hours import WEEKDAYS
from app.errors import Problem, Unprocessable
from app.use_cases.keep_roster import (
    enter_absence,
    enter_shifts,
    set_closed_day,
    view_duty,
    withdraw_absence,
    withdraw_shift,
)
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.forms import clock, needed_day, staff
from app.web.pages.rendering import page

router = APIRouter(prefix="/duty")
checked = [Depends(check_csrf)]


def _back() -> Response:
    return RedirectResponse("/duty", 303)


@router.get("")
async def show_duty(
    request: Request, session: SignedIn, store: WriteStore, today: Today
) -> Response:
    """Who is on call and who is away."""
    board = await view_duty(store, today)
    return page(request, "duty.html", session, board=board, weekdays=WEEKDAYS)


@router.post("/shifts", dependencies=checked)
async def add_shifts(
    request: Request,
    store: WriteStore,
    who: Annotated[str, Form()] = "",
    first: Annotated[str, Form()] = "",
    last: Annotated[str, Form()] = "",
    begins: Annotated[str, Form()] = "",
    ends: Annotated[str, Form()] = "",
) -> Response:
    """Put somebody on call."""
    days = (needed_day(first, "first"), needed_day(last or first, "last"))
    hours = (clock(begins, "begins"), clock(ends, "ends"))
    typed = (await request.form()).getlist("weekday")
    weekdays = [int(str(one)) for one in typed if str(one) in "0123456" and len(str(one)) == 1]
    await enter_shifts(store, _somebody(who), days, weekdays, hours)
    return _back()


def _somebody(text: str) -> UUID:
    chosen = staff(text, "who")
    if chosen is None:
        raise Unprocessable("Nobody was chosen.", [Problem("who", "choose from the list")])
    return chosen


@router.post("/shifts/{shift_id}/withdraw", dependencies=checked)
async def remove_shift(store: WriteStore, shift_id: UUID) -> Response:
    """Take a shift off the roster."""
    await withdraw_shift(store, shift_id)
    return _back()


@router.post("/absences", dependencies=checked)
async def add_absence(
    store: WriteStore,
    who: Annotated[str, Form()] = "",
    cover: Annotated[str, Form()] = "",
    first: Annotated[str, Form()] = "",
    last: Annotated[str, Form()] = "",
) -> Response:
    """Somebody is away."""
    days = needed_day(first, "first"), needed_day(last or first, "last")
    await enter_absence(store, _somebody(who), staff(cover, "cover"), *days)
    return _back()


@router.post("/absences/{absence_id}/withdraw", dependencies=checked)
async def remove_absence(store: WriteStore, absence_id: UUID) -> Response:
    """Somebody is there after all."""
    await withdraw_absence(store, absence_id)
    return _back()


@router.post("/closed-days", dependencies=checked)
async def close_day(
    store: WriteStore,
    on: Annotated[str, Form()] = "",
    words: Annotated[str, Form()] = "",
    closed: Annotated[str, Form()] = "yes",
) -> Response:
    """Close the clinics on a day, or open them again."""
    await set_closed_day(store, needed_day(on, "on"), words, closed=closed == "yes")
    return _back()
