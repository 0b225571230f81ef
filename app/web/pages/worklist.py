"""New positive screens: who needs somebody and has nobody yet."""

from fastapi import APIRouter, Request, Response

from app.use_cases.view_worklist import view_new_positive_screens
from app.web.dependencies import SignedIn, Today, WriteStore
from app.web.pages.rendering import page

router = APIRouter()


@router.get("/worklists/new-screens")
async def show_new_screens(
    request: Request, session: SignedIn, store: WriteStore, today: Today
) -> Response:
    """Patients to reach, safety first."""
    rows = await view_new_positive_screens(store, today)
    return page(request, "worklist.html", session, rows=rows)
