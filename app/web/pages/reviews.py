"""The psychiatric consultant's queue."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.use_cases.answer_recommendation import RecommendationAnswer, answer_recommendation
from app.use_cases.review_case import ReviewForm, review_case
from app.use_cases.view_review_queue import view_review_queue
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.rendering import page

router = APIRouter()


@router.get("/reviews")
async def show_queue(
    request: Request, session: SignedIn, store: WriteStore, today: Today
) -> Response:
    """Who is here, why, and the story in half a minute."""
    queue = await view_review_queue(store, today)
    return page(request, "reviews.html", session, queue=queue, new_key=lambda: uuid4().hex)


@router.post("/episodes/{episode_id}/reviews", dependencies=[Depends(check_csrf)])
async def review(
    episode_id: UUID,
    store: WriteStore,
    today: Today,
    request_key: Annotated[str, Form()],
    kind: Annotated[str, Form()] = "recommendation",
    recommendation: Annotated[str, Form()] = "",
    follow_up_weeks: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/reviews",
) -> Response:
    """Keep what the consultant decided."""
    weeks = int(follow_up_weeks) if follow_up_weeks.strip().isdecimal() else None
    form = ReviewForm(kind, recommendation, weeks, request_key)
    await review_case(store, episode_id, form, today)
    return RedirectResponse(back if back.startswith("/patients/") else "/reviews", 303)


@router.post("/reviews/{review_id}/answer", dependencies=[Depends(check_csrf)])
async def answer(
    review_id: UUID,
    store: WriteStore,
    today: Today,
    status: Annotated[str, Form()],
    words: Annotated[str, Form()] = "",
) -> Response:
    """Accept, decline or finish a recommendation."""
    told = RecommendationAnswer(status, words)
    patient_id = await answer_recommendation(store, review_id, told, today)
    return RedirectResponse(f"/patients/{patient_id}#reviews", 303)
