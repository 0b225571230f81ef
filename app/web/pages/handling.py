"""How each kind of flag is handled, and how long flags wait."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.flag_times import (
    BENCHMARK_MEDIAN_DAYS,
    BENCHMARK_RESOLVED_PERCENT,
    BENCHMARK_SLOWEST_DAYS,
    WINDOW_DAYS,
    duration_words,
)
from app.domain.handling import Handling, Rung, read_span, span_words
from app.errors import Problem, Unprocessable
from app.use_cases.set_handling import set_handling, view_handlings
from app.use_cases.view_flag_times import view_flag_times
from app.web.dependencies import SignedIn, WriteStore, check_csrf
from app.web.pages.rendering import page

router = APIRouter()


@router.get("/handling")
async def show_handling(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """Every kind with its times."""
    board = await view_handlings(store)
    return page(request, "handling.html", session, board=board, span=span_words, rungs=list(Rung))


@router.post("/handling/{kind}", dependencies=[Depends(check_csrf)])
async def change_handling(
    store: WriteStore,
    kind: str,
    version: Annotated[int, Form()],
    due: Annotated[str, Form()] = "",
    acknowledge: Annotated[str, Form()] = "",
    step: Annotated[str, Form()] = "",
    ends_with: Annotated[str, Form()] = Rung.SAFETY_CONTACT.value,
    at_once: Annotated[str, Form()] = "",
    any_hour: Annotated[str, Form()] = "",
) -> Response:
    """Handle a kind like this from now on."""
    if not due.strip().isdecimal() or len(due.strip()) > 4:
        raise Unprocessable("Nothing was changed.", [Problem("due", "write a number of days")])
    if ends_with not in list(Rung):
        raise Unprocessable("Nothing was changed.", [Problem("ends with", "choose from the list")])
    wanted = Handling(
        due_in_days=int(due),
        acknowledge_minutes=read_span(acknowledge),
        step_minutes=read_span(step),
        told_at_once=at_once == "yes",
        at_any_hour=any_hour == "yes",
        ends_with=Rung(ends_with),
    )
    await set_handling(store, kind, wanted, version)
    return RedirectResponse(f"/handling#{kind}", 303)


@router.get("/flag-times")
async def show_times(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """How long flags wait."""
    return page(
        request,
        "flag_times.html",
        session,
        board=await view_flag_times(store, request.app.state.services.settings.small_cells_below),
        took=duration_words,
        days=WINDOW_DAYS,
        benchmark=(BENCHMARK_RESOLVED_PERCENT, BENCHMARK_MEDIAN_DAYS, BENCHMARK_SLOWEST_DAYS),
    )
