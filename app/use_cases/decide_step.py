"""Decide the step of care: a person accepts what is suggested, takes another, or stays."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.domain.step_care import StepFacts
from app.domain.step_decision import Settled, StaleSuggestion, StepChoice, settle, step_words
from app.errors import Problem, Unprocessable
from app.store import audit, care, step_care
from app.store.episodes import Episode
from app.store.ids import new_id
from app.store.transaction import Store
from app.use_cases.change_episode import open_episode
from app.use_cases.reevaluate_patient import reevaluate_patient
from app.use_cases.refer_patient import ReferralForm, open_referral
from app.use_cases.weigh_step import WeighedStep, weigh_step


@dataclass(frozen=True, slots=True)
class StepForm:
    """A decision as the form brings it; `suggestion_key` names the suggestion that was shown."""

    choice: StepChoice
    started_on: date
    suggestion_key: str
    request_key: str


async def decide_step(store: Store, episode_id: UUID, form: StepForm, today: date) -> None:
    """Keep the decision beside the suggestion that was shown.

    Raises StaleSuggestion where the facts changed meanwhile, or somebody else decided.
    """
    store.actor.require(Permission.DECIDE_STEP)
    episode = await open_episode(store, episode_id)
    _check(form, episode, today)
    if await step_care.was_decided(store, episode_id, form.request_key):
        return
    weighed = await weigh_step(store, episode.patient_id, today)
    assert weighed is not None
    if weighed.suggestion.key != form.suggestion_key:
        raise StaleSuggestion()
    _check_order(form, weighed.facts)
    settled = settle(form.choice, weighed.suggestion, weighed.facts)
    await _save(store, weighed, settled, form)
    if settled.refer:
        await _refer(store, weighed, settled, form, today)
    await reevaluate_patient(store, episode.patient_id, today)


def _check(form: StepForm, episode: Episode, today: date) -> None:
    problems = []
    if form.started_on > today:
        problems.append(Problem("started_on", "lies in the future"))
    if form.started_on < episode.enrolled_on:
        problems.append(Problem("started_on", "lies before the enrolment"))
    if not form.request_key:
        problems.append(Problem("request_key", "is missing; open the page again"))
    if problems:
        raise Unprocessable("The step was not decided.", problems)


def _check_order(form: StepForm, facts: StepFacts) -> None:
    if facts.since and form.started_on < facts.since:
        raise Unprocessable(
            "The step was not decided.",
            [Problem("started_on", "lies before the step that is in force began")],
        )


async def _save(store: Store, weighed: WeighedStep, settled: Settled, form: StepForm) -> None:
    episode, decision_id = weighed.episode, new_id()
    row = {
        "decision_id": decision_id,
        "patient_id": episode.patient_id,
        "episode_id": episode.episode_id,
        "number": len(weighed.decisions) + 1,
        "started_on": form.started_on,
        "staff_id": store.actor.staff_id,
        "choice": form.choice.choice.value,
        "from_step": weighed.facts.current,
        "wanted_step": settled.wanted,
        "step": settled.in_force,
        "reason": form.choice.reason.strip(),
        "interim_care": form.choice.interim_care.strip(),
        "suggestion": weighed.suggestion.as_shown(),
        "request_key": form.request_key,
    }
    await step_care.add_decision(store, row)
    if settled.wanted != weighed.facts.current:
        await _put_on_chart(store, episode, weighed.facts.current, settled, form.started_on)
    await audit.record(
        store,
        "step.decide",
        patient_id=episode.patient_id,
        subject=f"step_decisions/{decision_id}",
        detail={"choice": form.choice.choice.value, "step": settled.in_force},
    )


async def _refer(
    store: Store, weighed: WeighedStep, settled: Settled, form: StepForm, today: date
) -> None:
    """Open a referral to the step that the clinic does not offer, unless one is open already."""
    if weighed.facts.referral and weighed.facts.referral.step == settled.wanted:
        return
    opened = ReferralForm(
        step=settled.wanted,
        reason=form.choice.reason.strip() or weighed.suggestion.words,
        to_whom="",
        interim_care=form.choice.interim_care,
        request_key=form.request_key,
    )
    await open_referral(store, weighed.episode, opened, today)


async def _put_on_chart(
    store: Store, episode: Episode, before: str | None, settled: Settled, on: date
) -> None:
    await care.add_treatment_event(
        store,
        {
            "event_id": new_id(),
            "patient_id": episode.patient_id,
            "episode_id": episode.episode_id,
            "happened_on": on,
            "kind": "step",
            "words": step_words(before, settled),
            "staff_id": store.actor.staff_id,
        },
    )
