"""The path of care as the patient's page shows it: steps, what is suggested, what was decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from app.domain.discharge import OUTCOMES, Outcome
from app.domain.episode import EpisodeStatus, is_open
from app.domain.relapse_prevention import RelapsePlan
from app.domain.rhythm import next_contact_due
from app.domain.step import STEPS, Step
from app.domain.step_care import Suggestion
from app.store import endings, rosters, step_care
from app.store.endings import Discharge, StoredPlan
from app.store.episodes import Episode
from app.store.step_care import StepDecision
from app.store.transaction import Store
from app.use_cases.view_referrals import ReferralRow, list_patient_referrals
from app.use_cases.weigh_step import WeighedStep, weigh_step


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision in the history, with the suggestion that was shown."""

    decided_at: datetime
    started_on: date
    by: str
    choice: str
    from_title: str | None
    wanted_title: str
    title: str
    reason: str
    interim_care: str
    suggested: str
    source: str


@dataclass(frozen=True, slots=True)
class StepView:
    """Where an open episode stands on the ladder."""

    episode_id: UUID
    current: Step | None
    since: date | None
    offered: frozenset[str]
    suggestion: Suggestion


@dataclass(frozen=True, slots=True)
class EarlierCourse:
    """A course that ended, kept in view: never part of the present one."""

    episode_id: UUID
    enrolled_on: date
    ended_on: date | None
    followed: bool
    """Whether the open episode follows it."""
    outcome: str
    steps: list[str]
    plan: StoredPlan | None
    discharge: Discharge | None
    by: str


@dataclass(frozen=True, slots=True)
class CarePath:
    """The path of the open episode, and what went before it."""

    steps: StepView | None
    decisions: list[DecisionRow]
    """The newest first."""
    referrals: list[ReferralRow]
    """All of the patient's, the open ones first."""
    plan: StoredPlan | None
    """The one in force of the open episode."""
    plan_by: str
    former_plans: list[StoredPlan]
    next_call_on: date | None
    """By the plan's rhythm, in relapse prevention."""
    earlier: list[EarlierCourse]
    """The courses that ended, the newest first."""


async def view_care_path(
    store: Store, patient_id: UUID, courses: Sequence[Episode], today: date
) -> CarePath:
    """The path of a patient's open episode, and of the courses that ended before it."""
    weighed = await weigh_step(store, patient_id, today)
    current = weighed.episode if weighed else None
    plans = await endings.list_plans(store, current.episode_id) if current else []
    return CarePath(
        steps=_step_view(weighed) if weighed else None,
        decisions=await _rows(store, weighed.decisions if weighed else []),
        referrals=await list_patient_referrals(store, patient_id, today),
        plan=plans[0] if plans else None,
        plan_by=await _name(store, plans[0].staff_id) if plans else "",
        former_plans=plans[1:],
        next_call_on=_next_call(current, plans[0].plan) if current and plans else None,
        earlier=await _earlier(store, patient_id, courses, current),
    )


def _step_view(weighed: WeighedStep) -> StepView:
    facts = weighed.facts
    return StepView(
        weighed.episode.episode_id,
        STEPS[facts.current] if facts.current else None,
        facts.since,
        facts.offered,
        weighed.suggestion,
    )


def _next_call(episode: Episode, plan: RelapsePlan) -> date | None:
    status = EpisodeStatus(episode.status)
    if status is not EpisodeStatus.RELAPSE_PREVENTION:
        return None
    return episode.next_contact_on or next_contact_due(
        status, episode.enrolled_on, episode.last_contact_on, plan.rhythm
    )


async def _name(store: Store, staff_id: UUID) -> str:
    return (await rosters.staff_names(store, {staff_id})).get(staff_id, "")


async def _earlier(
    store: Store, patient_id: UUID, courses: Sequence[Episode], current: Episode | None
) -> list[EarlierCourse]:
    ended = [e for e in courses if not is_open(EpisodeStatus(e.status))]
    if not ended:
        return []
    ids = [episode.episode_id for episode in ended]
    decided = await step_care.list_decisions_of(store, ids)
    plans = await endings.latest_plans(store, ids)
    told = await endings.list_discharges(store, patient_id)
    names = await rosters.staff_names(store, {d.staff_id for d in told.values()})
    return [
        _course(
            episode,
            current,
            decided.get(episode.episode_id, []),
            plans.get(episode.episode_id),
            told.get(episode.episode_id),
            names,
        )
        for episode in ended
    ]


def _course(
    episode: Episode,
    current: Episode | None,
    decided: Sequence[StepDecision],
    plan: StoredPlan | None,
    discharge: Discharge | None,
    names: Mapping[UUID, str],
) -> EarlierCourse:
    steps = [STEPS[d.step].title for d in decided]
    return EarlierCourse(
        episode_id=episode.episode_id,
        enrolled_on=episode.enrolled_on,
        ended_on=episode.ended_on,
        followed=current is not None and current.earlier_episode_id == episode.episode_id,
        outcome=OUTCOMES[Outcome(discharge.outcome)] if discharge else "",
        steps=[title for title, _ in groupby(steps)],
        plan=plan,
        discharge=discharge,
        by=names.get(discharge.staff_id, "") if discharge else "",
    )


async def _rows(store: Store, decisions: Sequence[StepDecision]) -> list[DecisionRow]:
    names = await rosters.staff_names(store, {d.staff_id for d in decisions})
    return [
        DecisionRow(
            decided_at=decision.decided_at,
            started_on=decision.started_on,
            by=names.get(decision.staff_id, ""),
            choice=decision.choice,
            from_title=STEPS[decision.from_step].title if decision.from_step else None,
            wanted_title=STEPS[decision.wanted_step].title,
            title=STEPS[decision.step].title,
            reason=decision.reason,
            interim_care=decision.interim_care,
            suggested=decision.suggestion["words"],
            source=decision.suggestion["source"],
        )
        for decision in reversed(decisions)
    ]
