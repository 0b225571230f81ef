"""See referrals: those of one patient with their history, and all that are open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.domain.referral import STATES, ReferralState, moves_from
from app.domain.step import STEPS
from app.store import audit, referrals, rosters
from app.store.referrals import Referral, ReferralEvent
from app.store.transaction import Store

AT_MOST = 200
"""How many rows the worklist shows; how many there are is told."""


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A move as pages show it."""

    on: date
    title: str
    waits: bool
    appointment_on: date | None
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """A referral as pages show it, with what comes next in words."""

    referral_id: UUID
    patient_id: UUID
    patient: str
    what: str
    to_whom: str
    reason: str
    interim_care: str
    state: str
    title: str
    next: str
    since: date
    due_on: date | None
    late: bool
    appointment_on: date | None
    owner: str | None
    version: int
    open: bool
    moves: list[tuple[str, str]]
    """(state, how it reads) of what may be told next."""
    history: list[MoveRow]
    """The newest first."""


@dataclass(frozen=True, slots=True)
class OpenReferrals:
    """The worklist; `count` is how many there are."""

    rows: list[ReferralRow]
    count: int


async def view_open_referrals(store: Store, today: date) -> OpenReferrals:
    """Every open referral, the longest due first."""
    store.actor.require(Permission.VIEW_CASELOAD)
    found = await referrals.list_open(store, AT_MOST)
    names = await rosters.staff_names(store, {r.owner_id for r, _ in found if r.owner_id})
    await audit.record(store, "worklist.referrals", shown=[r.patient_id for r, _ in found])
    rows = [_row(referral, name, names, (), today) for referral, name in found]
    return OpenReferrals(rows, await referrals.count_open(store))


async def list_patient_referrals(store: Store, patient_id: UUID, today: date) -> list[ReferralRow]:
    """A patient's referrals with every move, the open ones first; for use within other views."""
    found = await referrals.list_referrals(store, patient_id)
    if not found:
        return []
    events = await referrals.list_events(store, [r.referral_id for r in found])
    ids = {r.owner_id for r in found} | {e.staff_id for held in events.values() for e in held}
    names = await rosters.staff_names(store, {known for known in ids if known})
    rows = [_row(r, "", names, events.get(r.referral_id, []), today) for r in found]
    return sorted(rows, key=lambda row: not row.open)


def what_for(referral: Referral) -> str:
    """What a referral is for: the step where it is for one, else its reason."""
    return STEPS[referral.step].title.lower() if referral.step else referral.reason


def _row(
    referral: Referral,
    patient: str,
    names: Mapping[UUID, str],
    events: Sequence[ReferralEvent],
    today: date,
) -> ReferralRow:
    state = ReferralState(referral.state)
    return ReferralRow(
        referral_id=referral.referral_id,
        patient_id=referral.patient_id,
        patient=patient,
        what=what_for(referral),
        to_whom=referral.to_whom,
        reason=referral.reason,
        interim_care=referral.interim_care,
        state=state.value,
        title=STATES[state].title,
        next=STATES[state].next,
        since=referral.state_since,
        due_on=referral.due_on,
        late=referral.due_on is not None and today > referral.due_on,
        appointment_on=referral.appointment_on,
        owner=names.get(referral.owner_id) if referral.owner_id else None,
        version=referral.version,
        open=state is not ReferralState.CLOSED,
        moves=[(one.value, _move_words(one, state)) for one in moves_from(state)],
        history=[_move(event, names) for event in reversed(events)],
    )


def _move_words(one: ReferralState, state: ReferralState) -> str:
    if one is not state:
        return STATES[one].title
    again = state is ReferralState.SCHEDULED
    return "Another appointment" if again else f"Still: {STATES[one].title.lower()}"


def _move(event: ReferralEvent, names: Mapping[UUID, str]) -> MoveRow:
    return MoveRow(
        event.happened_on,
        STATES[ReferralState(event.state)].title,
        event.state == event.from_state,
        event.appointment_on,
        event.words,
        names.get(event.staff_id, "") if event.staff_id else "",
    )
