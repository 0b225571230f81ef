"""Answer a recommendation: accept it, decline it with a reason, or say that it is done."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.errors import Conflict, Problem, Unprocessable
from app.store import audit, care
from app.store.transaction import Store

NEXT = {"open": ("accepted", "declined", "done"), "accepted": ("done", "declined")}
"""From which state to which a recommendation may go."""


@dataclass(frozen=True, slots=True)
class RecommendationAnswer:
    """The answer, with words where it is declined."""

    status: str
    words: str = ""


async def answer_recommendation(
    store: Store, review_id: UUID, answer: RecommendationAnswer, today: date
) -> UUID:
    """Keep the answer; the recommendation is followed until declined or done. The patient."""
    store.actor.require(Permission.ANSWER_RECOMMENDATION)
    review = await care.get_review(store, review_id)
    if answer.status not in NEXT.get(review.status, ()):
        raise Conflict("This recommendation was answered already; look at the answer.")
    if answer.status == "declined" and not answer.words.strip():
        raise Unprocessable(
            "Say why it is declined.", [Problem("words", "a reason is needed to decline")]
        )
    words = answer.words.strip()
    await care.answer_review(store, review, answer.status, words, store.actor.staff_id)
    await audit.record(
        store,
        "recommendation.answer",
        patient_id=review.patient_id,
        subject=f"case_reviews/{review_id}",
        detail={"status": answer.status, "on": today.isoformat()},
    )
    return review.patient_id
