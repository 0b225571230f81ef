"""Weigh the next step of care: what the facts of an open episode suggest today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.evaluate import course_of, judging_instrument
from app.domain.flag import FlagKind
from app.domain.protocol import judge
from app.domain.referral import SEEN_STATES, ReferralState
from app.domain.step import STEPS
from app.domain.step_care import ReferralOut, StepFacts, Suggestion, suggest
from app.domain.trajectory import is_stale
from app.store import step_care
from app.store.episodes import Episode
from app.store.referrals import Referral
from app.store.step_care import StepDecision
from app.store.transaction import Store
from app.use_cases.judging import Facts, facts_in_care, open_episode
from app.use_cases.reevaluate_patient import load_facts


@dataclass(frozen=True, slots=True)
class WeighedStep:
    """The episode, the facts as the suggestion saw them, and what it says."""

    episode: Episode
    facts: StepFacts
    suggestion: Suggestion
    decisions: list[StepDecision]
    """The oldest first; the last one is in force."""


async def weigh_step(store: Store, patient_id: UUID, today: date) -> WeighedStep | None:
    """The suggestion for the patient's open episode; None where none is open."""
    [facts] = await load_facts(store, [patient_id])
    episode = open_episode(facts.episodes)
    if episode is None:
        return None
    decisions = await step_care.list_decisions(store, episode.episode_id)
    offer = await step_care.get_offer(store, episode.clinic_id)
    weighed = _step_facts(facts, episode, decisions, offer.steps, today)
    return WeighedStep(episode, weighed, suggest(weighed), decisions)


def _step_facts(
    facts: Facts,
    episode: Episode,
    decisions: Sequence[StepDecision],
    offered: frozenset[str],
    today: date,
) -> StepFacts:
    assert facts.protocol is not None
    known = facts_in_care(facts)
    assert known is not None
    instrument, _ = judging_instrument(known)
    course = course_of(known, instrument)
    return StepFacts(
        instrument=instrument,
        course=course,
        judgement=judge(facts.protocol, instrument, course, known.enrolled_on, today),
        offered=offered,
        current=decisions[-1].step if decisions else None,
        since=_begun(decisions),
        stale=course.latest is not None
        and is_stale(course.latest.on, today, facts.protocol.stale_after_days),
        referral=_out(facts.referrals, episode),
        safety_open=any(
            flag.kind == FlagKind.SAFETY.value and flag.state != "closed" for flag in facts.flags
        ),
    )


def _out(held: Sequence[Referral], episode: Episode) -> ReferralOut | None:
    """The open referral of this episode to the highest step; where the patient was seen first."""
    out = [
        ReferralOut(r.step, r.opened_at.date(), ReferralState(r.state) in SEEN_STATES)
        for r in held
        if r.step and r.episode_id == episode.episode_id
    ]
    return max(out, key=lambda r: (STEPS[r.step].level, r.seen), default=None)


def _begun(decisions: Sequence[StepDecision]) -> date | None:
    """Since when the step in force is: decisions to stay do not begin it anew."""
    begun = None
    for decision in reversed(decisions):
        if decision.step != decisions[-1].step:
            break
        begun = decision.started_on
    return begun
