"""What the demo's compliance officer finds: two weeks in which people signed in and looked."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.actor import Actor, ActorKind
from app.store import audit
from app.store.transaction import Store

DAYS = 14
ASSISTANT = 4
"""Whose place among the staff is that of the medical assistant."""
LISTED = 40
"""How many patients a list shows at most."""


async def tell_of_looks(
    store: Store, staff: Sequence[tuple[UUID, str]], team: Sequence[UUID], ids: Sequence[UUID]
) -> None:
    """Looks of the last two weeks by the team, one act that was refused, nothing of the future."""
    until, registry = store.now, store.actor
    dice = Random(14)
    for ago in range(DAYS, -1, -1):
        day = until.astimezone(ZoneInfo(registry.time_zone)).date() - timedelta(days=ago)
        if day.weekday() >= 5 or not ids:
            continue
        for number, staff_id in enumerate(team):
            store.actor = _as(registry, staff_id, dict(staff)[staff_id])
            begins = datetime.combine(day, time(8, 5 * number + dice.randint(0, 4)))
            moment = begins.replace(tzinfo=ZoneInfo(registry.time_zone))
            await _morning(store, dice, moment, until, ids, reviews=number == len(team) - 1)
    store.actor = _as(registry, *staff[ASSISTANT])
    store.now = until - timedelta(days=3, hours=2)
    detail = {"code": "forbidden", "needs": "view-patient"}
    one = ids[0] if ids else None
    place = f"/patients/{one}"
    await audit.record(
        store, "access.refuse", patient_id=one, subject=place, outcome="refused", detail=detail
    )
    store.now, store.actor = until, registry


async def _morning(
    store: Store,
    dice: Random,
    moment: datetime,
    until: datetime,
    ids: Sequence[UUID],
    *,
    reviews: bool,
) -> None:
    """One member of staff: signs in, sees a list, opens some charts of it."""
    shown = dice.sample(list(ids), min(LISTED, len(ids)))
    listed = "review-queue.view" if reviews else "caseload.view"
    steps: list[tuple[str, UUID | None, list[UUID] | None]] = [("session.begin", None, None)]
    steps.append((listed, None, shown))
    steps += [("patient.view", one, None) for one in shown[: dice.randint(2, 6)]]
    steps.append(("session.end", None, None))
    for action, patient_id, people in steps:
        moment += timedelta(minutes=dice.randint(1, 9), seconds=dice.randint(0, 59))
        if moment >= until:
            return
        store.now = moment
        await audit.record(store, action, patient_id=patient_id, shown=people)


def _as(registry: Actor, staff_id: UUID, name: str) -> Actor:
    return Actor(registry.org_id, ActorKind.STAFF, staff_id, name, time_zone=registry.time_zone)
