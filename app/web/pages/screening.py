"""How far universal screening reaches, and the rules of whom to screen."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.catalogue import INSTRUMENTS
from app.domain.screening_rule import ScreeningRule, Topic
from app.errors import Problem, Unprocessable
from app.use_cases.set_screening_rule import set_screening_rule, view_screening_rules
from app.use_cases.view_screening_reach import ReachWanted, view_screening_reach
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.rendering import page

router = APIRouter(prefix="/screening")
LOOK_BACK_MONTHS = 24
"""How far back a period may end."""


@router.get("")
async def show_reach(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    today: Today,
    topic: Annotated[str, Query()] = "",
    clinic: Annotated[str, Query()] = "",
    until: Annotated[str, Query()] = "",
) -> Response:
    """Whom screening reached, clinic by clinic and month by month."""
    months = _months(today)
    wanted = ReachWanted(
        topic=Topic(topic) if topic in list(Topic) else Topic.DEPRESSION,
        clinic_id=_clinic(clinic),
        until=next((month for month in months if f"{month:%Y-%m}" == until), months[0]),
        small_cells_below=request.app.state.services.settings.small_cells_below,
    )
    found = await view_screening_reach(store, wanted, today)
    titles = {name: one.short_title for name, one in INSTRUMENTS.items()}
    return page(
        request,
        "screening_reach.html",
        session,
        reach=found,
        topics=list(Topic),
        choices=months,
        titles=titles,
    )


@router.get("/rules")
async def show_rules(
    request: Request, session: SignedIn, store: WriteStore, clinic: Annotated[str, Query()] = ""
) -> Response:
    """The rules in force, ready to be changed."""
    rules = await view_screening_rules(store, _clinic(clinic))
    return page(request, "screening_rules.html", session, edit=rules)


@router.post("/rules", dependencies=[Depends(check_csrf)])
async def save_rule(
    request: Request,
    store: WriteStore,
    topic: Annotated[Topic, Form()],
    version: Annotated[int, Form()],
    from_age: Annotated[str, Form()],
    every_days: Annotated[str, Form()],
    to_age: Annotated[str, Form()] = "",
    clinic: Annotated[str, Form()] = "",
    active: Annotated[str, Form()] = "",
) -> Response:
    """Keep a changed rule."""
    chosen = (await request.form()).getlist("instrument")
    rule = ScreeningRule(
        topic=topic,
        instruments=tuple(str(name) for name in chosen),
        from_age=_number(from_age, "from age"),
        to_age=_number(to_age, "to age") if to_age.strip() else None,
        every_days=_number(every_days, "every days"),
        active=active == "yes",
        clinic_id=_clinic(clinic),
    )
    await set_screening_rule(store, rule, version)
    return RedirectResponse(f"/screening/rules?clinic={clinic}#{topic.value}", 303)


def _months(today: date) -> list[date]:
    """The months that a period can end with, the present one first."""
    months = [today.replace(day=1)]
    while len(months) < LOOK_BACK_MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months


def _clinic(text: str) -> UUID | None:
    """A clinic from a list; empty is all of them."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Unprocessable(
            "A choice could not be read.", [Problem("clinic", "choose from the list")]
        ) from None


def _number(text: str, name: str) -> int:
    if not text.strip().isdecimal() or len(text.strip()) > 6:
        raise Unprocessable("A number could not be read.", [Problem(name, "write a whole number")])
    return int(text)
