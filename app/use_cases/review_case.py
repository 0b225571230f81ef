"""Review a case: the psychiatric consultant looks, and says what to do."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.errors import Problem, Unprocessable
from app.store import audit, care, episodes
from app.store.ids import new_id
from app.store.transaction import Store
from app.use_cases.change_episode import open_episode
from app.use_cases.reevaluate_patient import reevaluate_patient

KINDS = ("recommendation", "discussed", "deferred")


@dataclass(frozen=True, slots=True)
class ReviewForm:
    """What the consultant decided. Deferred: not reviewed now, look again."""

    kind: str
    recommendation: str
    follow_up_weeks: int | None
    request_key: str


async def review_case(store: Store, episode_id: UUID, form: ReviewForm, today: date) -> None:
    """Keep the review; a recommendation stays open until somebody answers it."""
    store.actor.require(Permission.REVIEW_CASE)
    _check(form)
    episode = await open_episode(store, episode_id)
    review_id = new_id()
    asks = form.kind == "recommendation"
    added = await care.add_review(
        store,
        {
            "review_id": review_id,
            "patient_id": episode.patient_id,
            "episode_id": episode_id,
            "reviewed_at": store.now,
            "reviewed_on": today,
            "consultant_id": store.actor.staff_id,
            "kind": form.kind,
            "recommendation": form.recommendation.strip(),
            "follow_up_weeks": form.follow_up_weeks,
            "status": "open" if asks else "closed",
            "request_key": form.request_key,
        },
    )
    if not added:
        return
    if form.kind != "deferred" and store.source == episode.program_id:
        reviewed = {"last_review_on": today, "consultant_id": store.actor.staff_id}
        await episodes.save_evaluations(store, {episode_id: reviewed})
    await audit.record(
        store,
        "case.review",
        patient_id=episode.patient_id,
        subject=f"case_reviews/{review_id}",
        detail={"kind": form.kind},
    )
    await reevaluate_patient(store, episode.patient_id, today)


def _check(form: ReviewForm) -> None:
    problems = []
    if form.kind not in KINDS:
        problems.append(Problem("kind", f"choose one of {', '.join(KINDS)}"))
    if form.kind == "recommendation" and not form.recommendation.strip():
        problems.append(Problem("recommendation", "say what you recommend"))
    if form.follow_up_weeks is not None and not 1 <= form.follow_up_weeks <= 52:
        problems.append(Problem("follow_up_weeks", "give weeks from 1 to 52"))
    if not form.request_key:
        problems.append(Problem("request_key", "is missing; open the page again"))
    if problems:
        raise Unprocessable("The review was not saved.", problems)
