"""See the review queue: whom the psychiatric consultant should look at, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.domain.episode import weeks_in_treatment
from app.domain.flag import FLAG_POLICY, FlagKind
from app.store import audit, care, caseload, flags, rosters
from app.store.caseload import CaseloadRow, TrendRow
from app.store.transaction import Store
from app.use_cases.patient_story import FlagRow, ReviewRow
from app.use_cases.view_patient import Names, age_on, flag_row, review_row

REVIEWED = [kind.value for kind, policy in FLAG_POLICY.items() if policy.needs_review]


@dataclass(frozen=True, slots=True)
class ReviewQueueRow:
    """One patient in the queue: why here, and the story in half a minute."""

    patient_id: UUID
    episode_id: UUID
    name: str
    age: int | None
    sex: str
    clinic: str
    care_manager: str | None
    status: str
    weeks: int
    reasons: list[FlagRow]
    trends: Mapping[str, TrendRow]
    last_contact_on: date | None
    last_review_on: date | None
    last_recommendation: ReviewRow | None


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """The queue, the most in need first."""

    rows: list[ReviewQueueRow]
    today: date


async def view_review_queue(store: Store, today: date) -> ReviewQueue:
    """Every open episode with a finding that asks for the consultant."""
    store.actor.require(Permission.REVIEW_CASE)
    asking = await flags.list_open_flags(store, REVIEWED)
    by_episode: dict[UUID, list[FlagRow]] = {}
    people = {i for f in asking for i in (f.owner_id, f.acknowledged_by_id) if i}
    rows = await caseload.list_episodes_by_id(
        store, {flag.episode_id for flag in asking if flag.episode_id}
    )
    latest = await care.list_latest_reviews(store, [row.episode_id for row in rows])
    for review in latest.values():
        people |= {i for i in (review.consultant_id, review.answered_by_id) if i}
    names = Names(await rosters.staff_names(store, people), {}, {})
    for flag in asking:
        if flag.episode_id:
            by_episode.setdefault(flag.episode_id, []).append(flag_row(flag, names))
    await audit.record(store, "review-queue.view", shown=[row.patient_id for row in rows])
    queue = [
        _row(
            row,
            by_episode[row.episode_id],
            review_row(latest[row.episode_id], names) if row.episode_id in latest else None,
            today,
        )
        for row in rows
    ]
    return ReviewQueue(sorted(queue, key=_need), today)


def _row(
    row: CaseloadRow, reasons: list[FlagRow], last: ReviewRow | None, today: date
) -> ReviewQueueRow:
    return ReviewQueueRow(
        patient_id=row.patient_id,
        episode_id=row.episode_id,
        name=row.name,
        age=age_on(row.birth_on, today),
        sex=row.sex,
        clinic=row.clinic,
        care_manager=row.care_manager,
        status=row.status,
        weeks=weeks_in_treatment(row.enrolled_on, today),
        reasons=sorted(reasons, key=lambda r: FLAG_POLICY[FlagKind(r.kind)].rank),
        trends=row.trends,
        last_contact_on=row.last_contact_on,
        last_review_on=row.last_review_on,
        last_recommendation=last,
    )


def _need(row: ReviewQueueRow) -> tuple[int, date, str]:
    """Safety first, then findings in their order; the longest without a review before others."""
    rank = min(FLAG_POLICY[FlagKind(r.kind)].rank for r in row.reasons)
    return rank, row.last_review_on or date.min, row.name
