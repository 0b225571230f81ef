"""Second stages that are owed, and typing one in: for whoever hands out the forms."""

from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from app.use_cases.enter_form import open_form, view_filled
from app.use_cases.view_second_stages import view_second_stages
from app.web.dependencies import SignedIn, Today, WriteStore
from app.web.pages.rendering import page

router = APIRouter()


@router.get("/worklists/second-stages")
async def show_second_stages(
    request: Request, session: SignedIn, store: WriteStore, today: Today
) -> Response:
    """The forms owed for longest first."""
    owed = await view_second_stages(store, today)
    return page(request, "second_stages.html", session, owed=owed)


@router.get("/patients/{patient_id}/assessments/{instrument_id}")
async def show_form(
    request: Request, session: SignedIn, store: WriteStore, patient_id: UUID, instrument_id: str
) -> Response:
    """One form, ready to be typed in."""
    form = await open_form(store, patient_id, instrument_id)
    now_local = store.now.astimezone(ZoneInfo(session.actor.time_zone))
    return page(
        request,
        "form.html",
        session,
        form=form,
        now_local=now_local.strftime("%Y-%m-%dT%H:%M"),
    )


@router.get("/patients/{patient_id}/assessments/{assessment_id}/recorded")
async def show_recorded(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    assessment_id: UUID,
) -> Response:
    """What was just typed in, and whether somebody has to come at once."""
    filled = await view_filled(store, patient_id, assessment_id, today)
    return page(request, "recorded.html", session, filled=filled)
