"""Refer a patient to care that the clinic does not give itself, and follow that to its end."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.domain.access import Permission
from app.domain.referral import Move, ReferralState, Standing, check_move, due_after
from app.domain.step import STEPS
from app.errors import Problem, Unprocessable
from app.store import audit, patients, referrals
from app.store.episodes import Episode
from app.store.ids import new_id
from app.store.referrals import Referral
from app.store.transaction import Store
from app.use_cases.change_episode import open_episode
from app.use_cases.reevaluate_patient import reevaluate_patient


@dataclass(frozen=True, slots=True)
class ReferralForm:
    """A referral as it is opened; `step` is empty where it is for something else."""

    step: str
    reason: str
    to_whom: str
    interim_care: str
    request_key: str


@dataclass(frozen=True, slots=True)
class MoveForm:
    """A move as the form brings it; `version` is the one the person was looking at."""

    move: Move
    version: int
    request_key: str


async def refer_patient(store: Store, episode_id: UUID, form: ReferralForm, today: date) -> None:
    """Open a referral: it is needed, and followed until a person closes it."""
    store.actor.require(Permission.REFER)
    episode = await open_episode(store, episode_id)
    _check(form)
    if await open_referral(store, episode, form, today):
        await reevaluate_patient(store, episode.patient_id, today)


async def open_referral(store: Store, episode: Episode, form: ReferralForm, today: date) -> bool:
    """Keep a new referral with its first move; False where this form was sent before."""
    referral_id, event_id = new_id(), new_id()
    needed = Move(ReferralState.NEEDED, today)
    due_on = due_after(needed, (await referrals.get_policy(store)).days)
    added = await referrals.add_referral(
        store,
        {
            "referral_id": referral_id,
            "patient_id": episode.patient_id,
            "episode_id": episode.episode_id,
            "step": form.step or None,
            "reason": form.reason.strip(),
            "to_whom": form.to_whom.strip(),
            "interim_care": form.interim_care.strip(),
            "state": needed.state.value,
            "state_since": today,
            "due_on": due_on,
            "next_evaluation_on": None,
            "last_event_id": event_id,
            "owner_id": episode.care_manager_id or store.actor.staff_id,
            "staff_id": store.actor.staff_id,
            "request_key": form.request_key,
        },
    )
    if not added:
        return False
    await _keep_event(store, event_id, referral_id, None, needed, due_on, f"{form.request_key}:1")
    await audit.record(
        store,
        "referral.open",
        patient_id=episode.patient_id,
        subject=f"referrals/{referral_id}",
        detail={"step": form.step or "other"},
    )
    return True


def _check(form: ReferralForm) -> None:
    problems = []
    if form.step and form.step not in STEPS:
        problems.append(Problem("step", "choose a step from the list"))
    if not form.reason.strip():
        problems.append(Problem("reason", "say what it is for"))
    if not form.interim_care.strip():
        problems.append(Problem("interim_care", "say what is done while the patient waits"))
    if not form.request_key:
        problems.append(Problem("request_key", "is missing; open the page again"))
    if problems:
        raise Unprocessable("The referral was not opened.", problems)


async def move_referral(store: Store, referral_id: UUID, form: MoveForm, today: date) -> UUID:
    """Keep what happened to a referral, in an episode that ended too. Returns the patient.

    Raises VersionConflict where somebody else moved it meanwhile.
    """
    store.actor.require(Permission.REFER)
    referral = await referrals.get_referral(store, referral_id)
    await patients.lock_patients(store, [referral.patient_id])
    if not form.request_key:
        raise Unprocessable(problems=[Problem("request_key", "is missing; open the page again")])
    if await referrals.was_moved(store, referral_id, form.request_key):
        return referral.patient_id
    referral = await referrals.get_referral(store, referral_id)
    await save_move(store, referral, form, today)
    await reevaluate_patient(store, referral.patient_id, today)
    return referral.patient_id


async def save_move(store: Store, referral: Referral, form: MoveForm, today: date) -> None:
    """Check a move and keep it with its event; the caller holds the patient's lock."""
    move = form.move
    state = ReferralState(referral.state)
    check_move(Standing(state, referral.state_since, referral.to_whom), move, today)
    due_on = due_after(move, (await referrals.get_policy(store)).days)
    event_id = new_id()
    values = _moved(referral, move, due_on) | {"last_event_id": event_id}
    await referrals.change_referral(store, referral, form.version, values)
    key = form.request_key
    await _keep_event(store, event_id, referral.referral_id, state, move, due_on, key)
    await audit.record(
        store,
        "referral.move",
        patient_id=referral.patient_id,
        subject=f"referrals/{referral.referral_id}",
        detail={"from": state.value, "to": move.state.value},
    )


def _moved(referral: Referral, move: Move, due_on: date | None) -> dict[str, Any]:
    waits = move.state.value == referral.state
    return {
        "state": move.state.value,
        "state_since": referral.state_since if waits else move.on,
        "to_whom": move.to_whom.strip() or referral.to_whom,
        "due_on": due_on,
        "appointment_on": move.appointment_on or referral.appointment_on,
        "next_evaluation_on": None,
    }


async def _keep_event(
    store: Store,
    event_id: UUID,
    referral_id: UUID,
    before: ReferralState | None,
    move: Move,
    due_on: date | None,
    request_key: str,
) -> None:
    await referrals.add_event(
        store,
        {
            "event_id": event_id,
            "referral_id": referral_id,
            "from_state": before.value if before else None,
            "state": move.state.value,
            "happened_on": move.on,
            "appointment_on": move.appointment_on,
            "due_on": due_on,
            "words": move.words.strip(),
            "staff_id": store.actor.staff_id,
            "request_key": request_key,
        },
    )
