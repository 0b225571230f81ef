"""Who works here and whom they see: people, clinics, charts opened for a while."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.access import Role
from app.domain.access_page import meaning, title
from app.domain.chart_grant import LONGEST_DAYS
from app.domain.posting import Wanted
from app.use_cases.change_staff import add_staff, change_staff
from app.use_cases.open_charts import OpenCharts, close_charts, open_charts
from app.use_cases.set_clinics import add_clinic, open_clinics
from app.use_cases.view_staff import view_staff
from app.web.dependencies import SignedIn, WriteStore, check_csrf, freshly_proved
from app.web.pages.forms import choice
from app.web.pages.forms import staff as optional_choice
from app.web.pages.rendering import page

router = APIRouter()
proved = [Depends(check_csrf), Depends(freshly_proved)]
Choices = Annotated[list[str] | None, Form()]


@router.get("/staff")
async def show(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """Everybody, the clinics, and to whom charts stand open."""
    return page(
        request,
        "staff.html",
        session,
        board=await view_staff(store),
        roles=[(role.value, title(role), meaning(role)) for role in Role],
        longest_days=LONGEST_DAYS,
        new_key=lambda: uuid4().hex,
    )


@router.post("/staff", dependencies=proved)
async def add(
    store: WriteStore,
    login: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    roles: Choices = None,
    sees: Annotated[str, Form()] = "",
    clinics: Choices = None,
) -> Response:
    """Somebody new."""
    staff_id = await add_staff(store, login, _wanted(name, roles, sees, clinics))
    return RedirectResponse(f"/staff#person-{staff_id}", 303)


@router.post("/staff/clinics", dependencies=proved)
async def add_one_clinic(
    store: WriteStore,
    name: Annotated[str, Form()] = "",
    time_zone: Annotated[str, Form()] = "",
) -> Response:
    """Another clinic."""
    await add_clinic(store, name, time_zone.strip())
    return RedirectResponse("/staff#clinics", 303)


@router.post("/staff/clinics/open", dependencies=proved)
async def set_open(store: WriteStore, to_all: Annotated[str, Form()] = "") -> Response:
    """All see every clinic, or each their own."""
    await open_clinics(store, to_all=to_all == "yes")
    return RedirectResponse("/staff", 303)


@router.post("/staff/charts", dependencies=proved)
async def open_some(
    store: WriteStore,
    request_key: Annotated[str, Form()],
    staff: Annotated[str, Form()] = "",
    clinic: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    days: Annotated[int, Form()] = 0,
) -> Response:
    """Open charts to somebody for a while."""
    form = OpenCharts(
        choice(staff, "staff"), optional_choice(clinic, "clinic"), reason, days, request_key
    )
    await open_charts(store, form)
    return RedirectResponse("/staff#charts", 303)


@router.post("/staff/charts/{grant_id}/end", dependencies=proved)
async def close_some(store: WriteStore, grant_id: UUID) -> Response:
    """Close them before their time."""
    await close_charts(store, grant_id)
    return RedirectResponse("/staff#charts", 303)


@router.post("/staff/{staff_id}", dependencies=proved)
async def change(
    store: WriteStore,
    staff_id: UUID,
    mark: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    roles: Choices = None,
    sees: Annotated[str, Form()] = "",
    clinics: Choices = None,
    active: Annotated[str, Form()] = "",
) -> Response:
    """What somebody is from now on."""
    wanted = _wanted(name, roles, sees, clinics, active=active == "yes")
    await change_staff(store, staff_id, wanted, mark)
    return RedirectResponse(f"/staff#person-{staff_id}", 303)


def _wanted(
    name: str, roles: list[str] | None, sees: str, clinics: list[str] | None, *, active: bool = True
) -> Wanted:
    every = sees == "every"
    chosen = [] if every else clinics or []
    return Wanted(
        name=name,
        roles=tuple(roles or ()),
        every_clinic=every,
        clinics=frozenset(choice(one, "clinics") for one in chosen),
        active=active,
    )
