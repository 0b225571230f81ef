"""End an episode: why, what became of everything that was open, and a summary of the course."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.domain.access import Permission
from app.domain.discharge import (
    OUTCOMES,
    Became,
    LoopAnswer,
    LoopKind,
    OpenLoop,
    Outcome,
    Standing,
    check_discharge,
)
from app.domain.episode import EpisodeStatus, transition
from app.domain.flag import FlagKind
from app.domain.outcome import OTHER
from app.domain.referral import Move, ReferralState
from app.domain.words import day_words
from app.errors import Problem, Unprocessable
from app.store import audit, care, endings, episodes, flags, patients, referrals, rosters
from app.store.episodes import Episode
from app.store.ids import new_id
from app.store.rosters import StaffName
from app.store.transaction import Store
from app.use_cases.answer_flag import close_flag, hand_flag
from app.use_cases.change_episode import open_episode
from app.use_cases.course_summary import course_summary
from app.use_cases.reevaluate_patient import reevaluate_patient
from app.use_cases.refer_patient import MoveForm, save_move
from app.use_cases.view_referrals import what_for

OPEN_ADVICE = ("open", "accepted")


@dataclass(frozen=True, slots=True)
class DischargeForm:
    """The end of an episode as the form brings it; `answers` by the id of the open loop."""

    outcome: str
    words: str
    answers: Mapping[str, LoopAnswer]
    version: int
    request_key: str


@dataclass(frozen=True, slots=True)
class DischargeView:
    """What a person looks at before an episode ends."""

    episode: Episode
    patient_name: str
    standing: Standing
    outcomes: Mapping[Outcome, str]
    staff: list[StaffName]


async def view_discharge(store: Store, episode_id: UUID) -> DischargeView:
    """What is open in an episode that is about to end."""
    store.actor.require(Permission.DISCHARGE)
    episode = await open_episode(store, episode_id)
    patient = await patients.get_patient(store, episode.patient_id)
    await audit.record(store, "discharge.view", patient_id=patient.patient_id)
    standing, staff = await _standing(store, episode), await rosters.list_answering(store)
    return DischargeView(episode, patient.name, standing, OUTCOMES, staff)


async def discharge_patient(
    store: Store, episode_id: UUID, form: DischargeForm, today: date
) -> UUID:
    """End the episode once nothing open is left behind. Returns the patient.

    Raises VersionConflict where somebody else changed the episode meanwhile.
    """
    store.actor.require(Permission.DISCHARGE)
    if not form.request_key:
        raise Unprocessable(problems=[Problem("request_key", "is missing; open the page again")])
    patient_id = (await episodes.get_episode(store, episode_id)).patient_id
    await patients.lock_patients(store, [patient_id])
    if await endings.was_discharged(store, episode_id, form.request_key):
        return patient_id
    episode = await open_episode(store, episode_id)
    transition(EpisodeStatus(episode.status), EpisodeStatus.CLOSED)
    standing = await _standing(store, episode)
    outcome = check_discharge(form.outcome, form.words, form.answers, standing)
    await _check_owners(store, standing, form)
    for loop in standing.loops:
        await _settle(store, loop, form, today)
    await _end(store, episode, outcome, standing, form, today)
    await reevaluate_patient(store, patient_id, today)
    return patient_id


async def _standing(store: Store, episode: Episode) -> Standing:
    every = await referrals.list_referrals(store, episode.patient_id)
    return Standing(
        in_relapse_prevention=episode.status == EpisodeStatus.RELAPSE_PREVENTION.value,
        attempts=await _attempts(store, episode.episode_id),
        referred=any(r.episode_id == episode.episode_id for r in every),
        loops=tuple(await _loops(store, episode)),
    )


async def _attempts(store: Store, episode_id: UUID) -> int:
    """Contacts tried since the patient was last reached."""
    tried = 0
    for contact in await care.list_contacts(store, episode_id):
        if contact.reached:
            break
        tried += 1
    return tried


async def _loops(store: Store, episode: Episode) -> list[OpenLoop]:
    loops = [
        OpenLoop(str(flag.flag_id), LoopKind.SAFETY, flag.words)
        for flag in await flags.list_flags(store, episode.patient_id)
        if flag.kind == FlagKind.SAFETY.value and flag.state != "closed"
    ]
    held = await referrals.list_open_of(store, [episode.patient_id])
    for one in held.get(episode.patient_id, []):
        where = f" ({one.to_whom})" if one.to_whom else ""
        words = f"Referral to {what_for(one)}{where}, since {day_words(one.state_since)}"
        loops.append(OpenLoop(str(one.referral_id), LoopKind.REFERRAL, words))
    loops += [
        OpenLoop(str(review.review_id), LoopKind.RECOMMENDATION, review.recommendation)
        for review in await care.list_reviews(store, episode.episode_id)
        if review.status in OPEN_ADVICE
    ]
    return loops


async def _check_owners(store: Store, standing: Standing, form: DischargeForm) -> None:
    known = {str(one.staff_id) for one in await rosters.list_answering(store)}
    problems = [
        Problem(loop.kind.value, "choose who has it now from the list")
        for loop in standing.loops
        if (answer := form.answers[loop.id]).became == Became.HANDED_OVER
        and answer.owner not in known
    ]
    if problems:
        raise Unprocessable("The episode was not ended.", problems)


async def _settle(store: Store, loop: OpenLoop, form: DischargeForm, today: date) -> None:
    """Close a loop with words, or hand it to somebody by name."""
    answer, key = form.answers[loop.id], UUID(loop.id)
    closed = answer.became == Became.CLOSED
    if loop.kind is LoopKind.SAFETY and closed:
        await close_flag(store, key, answer.words, today, code=OTHER)
    elif loop.kind is LoopKind.SAFETY:
        await hand_flag(store, key, UUID(answer.owner), today, answer.words)
    elif loop.kind is LoopKind.RECOMMENDATION:
        review = await care.get_review(store, key)
        words = answer.words.strip()
        await care.answer_review(store, review, "done", words, store.actor.staff_id)
    else:
        await _settle_referral(store, key, answer, form.request_key, today)


async def _settle_referral(
    store: Store, referral_id: UUID, answer: LoopAnswer, request_key: str, today: date
) -> None:
    referral = await referrals.get_referral(store, referral_id)
    if answer.became == Became.HANDED_OVER:
        values = {"owner_id": UUID(answer.owner)}
        await referrals.change_referral(store, referral, referral.version, values)
        await audit.record(
            store,
            "referral.hand-over",
            patient_id=referral.patient_id,
            subject=f"referrals/{referral_id}",
        )
        return
    move = Move(ReferralState.CLOSED, today, answer.words)
    form = MoveForm(move, referral.version, f"{request_key}:{referral_id}")
    await save_move(store, referral, form, today)


async def _end(
    store: Store,
    episode: Episode,
    outcome: Outcome,
    standing: Standing,
    form: DischargeForm,
    today: date,
) -> None:
    summary = await course_summary(store, episode, today)
    summary["loops"] = _told(standing.loops, form.answers)
    row = _row(store, episode, outcome, form, today) | {"summary": summary}
    await endings.add_discharge(store, row)
    values = {"status": EpisodeStatus.CLOSED.value, "ended_on": today}
    await episodes.change_episode(store, episode.episode_id, form.version, values)
    await care.add_treatment_event(
        store,
        {
            "event_id": new_id(),
            "patient_id": episode.patient_id,
            "episode_id": episode.episode_id,
            "happened_on": today,
            "kind": "status",
            "words": f"Discharged: {OUTCOMES[outcome].lower()}",
            "staff_id": store.actor.staff_id,
        },
    )
    await audit.record(
        store,
        "episode.discharge",
        patient_id=episode.patient_id,
        subject=f"episodes/{episode.episode_id}",
        detail={"outcome": outcome.value, "loops": len(standing.loops)},
    )


def _row(
    store: Store, episode: Episode, outcome: Outcome, form: DischargeForm, today: date
) -> dict[str, Any]:
    return {
        "episode_id": episode.episode_id,
        "patient_id": episode.patient_id,
        "outcome": outcome.value,
        "words": form.words.strip(),
        "discharged_on": today,
        "staff_id": store.actor.staff_id,
        "request_key": form.request_key,
    }


def _told(loops: Sequence[OpenLoop], answers: Mapping[str, LoopAnswer]) -> list[dict[str, str]]:
    return [
        {
            "kind": loop.kind.value,
            "what": loop.words,
            "became": answers[loop.id].became,
            "words": answers[loop.id].words.strip(),
        }
        for loop in loops
    ]
