"""See what waits for me, and where one flag's loop stands."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.access import Permission
from app.domain.flag import FLAG_POLICY, FlagKind
from app.store import audit, escalations, flags, rosters
from app.store.escalations import WaitingRow
from app.store.rosters import StaffName
from app.store.transaction import Store
from app.use_cases.flag_loop import tell_loop
from app.use_cases.patient_story import LoopRow

SHOWN = 40
"""How many a page lists; the others stand on the caseload."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for whoever looks; the most urgent first."""

    unanswered: list[WaitingRow]
    mine: list[WaitingRow]
    """Those they have and did not close yet."""
    more: int
    """How many unanswered ones are not in the list."""


@dataclass(frozen=True, slots=True)
class FlagLoop:
    """One flag without its patient: for those who lead and do not treat."""

    flag_id: UUID
    patient_id: UUID
    title: str
    level: int
    state: str
    owner: str | None
    has_it: str | None
    opened_at: datetime
    due_at: datetime
    outcome_told: bool
    loop: list[LoopRow]
    colleagues: list[StaffName]


async def view_waiting(store: Store) -> Waiting:
    """The flags that wait for me, the most urgent in full; the look is audited."""
    store.actor.require(Permission.ANSWER_FLAG)
    me = store.actor.staff_id
    assert me is not None
    rows = sorted(await escalations.list_waiting(store, me), key=_order)
    unanswered = [row for row in rows if row.state == "open" or row.owner_id != me]
    mine = [row for row in rows if row.state == "acknowledged" and row.owner_id == me]
    told = Waiting(unanswered[:SHOWN], mine, max(0, len(unanswered) - SHOWN))
    shown = [row.patient_id for row in (*told.unanswered, *mine)]
    await audit.record(store, "flags.view-waiting", shown=shown, detail={"more": told.more})
    return told


def _order(row: WaitingRow) -> tuple[int, datetime]:
    return FLAG_POLICY[FlagKind(row.kind)].rank, row.due_at


async def view_flag(store: Store, flag_id: UUID) -> FlagLoop:
    """Where a flag's loop stands, without a patient's name, words or numbers."""
    store.actor.require(Permission.HAND_FLAG)
    flag = await flags.get_flag(store, flag_id)
    await audit.record(
        store, "flag.view", patient_id=flag.patient_id, subject=f"flags/{flag.flag_id}"
    )
    policy = FLAG_POLICY[FlagKind(flag.kind)]
    ids = {one for one in (flag.owner_id, flag.acknowledged_by_id) if one}
    names = await rosters.staff_names(store, ids)
    steps = (await escalations.list_steps_of(store, [flag_id])).get(flag_id, [])
    return FlagLoop(
        flag_id=flag.flag_id,
        patient_id=flag.patient_id,
        title=policy.title,
        level=policy.level,
        state=flag.state,
        owner=names.get(flag.owner_id) if flag.owner_id else None,
        has_it=names.get(flag.acknowledged_by_id) if flag.acknowledged_by_id else None,
        opened_at=flag.opened_at,
        due_at=flag.due_at,
        outcome_told=flag.outcome is not None,
        loop=tell_loop(steps),
        colleagues=await rosters.list_answering(store),
    )
