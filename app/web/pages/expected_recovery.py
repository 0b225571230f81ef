"""What is expected of a recovery here, from which courses, and how well it predicts."""

from fastapi import APIRouter, Request, Response

from app.domain.expected_recovery import (
    FEWEST_COURSES,
    GROUPS,
    OFF_TRACK_BELOW,
    OUTCOME_FROM_DAY,
    OUTCOME_UNTIL_DAY,
    PERCENTILES,
)
from app.domain.recovery_fitting import CHANCE_WEIGHT, CURVE_WEIGHT, FEWEST_IN_WEEK
from app.use_cases.view_expected_recovery import view_expected_recovery
from app.web.dependencies import SignedIn, WriteStore
from app.web.pages.rendering import page

router = APIRouter(prefix="/expected-recovery")
METHOD = {
    "groups": GROUPS,
    "percentiles": PERCENTILES,
    "below": OFF_TRACK_BELOW,
    "fewest": FEWEST_COURSES,
    "fewest_in_week": FEWEST_IN_WEEK,
    "curve_weight": CURVE_WEIGHT,
    "chance_weight": CHANCE_WEIGHT,
    "outcome_days": (OUTCOME_FROM_DAY, OUTCOME_UNTIL_DAY),
}


@router.get("")
async def show_expected_recovery(
    request: Request, session: SignedIn, store: WriteStore
) -> Response:
    """Curves, chances and accuracy of the models in use, the method and its limits."""
    below = request.app.state.services.settings.small_cells_below
    told = await view_expected_recovery(store, below)
    return page(request, "expected_recovery.html", session, told=told, method=METHOD)
