"""The path of care as the patient's page shows it: steps, what is suggested, what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.domain.step import STEPS, Step
from app.domain.step_care import Suggestion
from app.store import rosters, step_care
from app.store.step_care import StepDecision
from app.store.transaction import Store
from app.use_cases.weigh_step import weigh_step


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
class CarePath:
    """The path of the episode shown: `steps` where it is open, the history in any case."""

    steps: StepView | None
    decisions: list[DecisionRow]
    """The newest first."""


async def view_care_path(
    store: Store, patient_id: UUID, episode_id: UUID | None, today: date
) -> CarePath:
    """The path of this episode, the open one or the last."""
    weighed = await weigh_step(store, patient_id, today)
    if weighed:
        facts = weighed.facts
        steps = StepView(
            weighed.episode.episode_id,
            STEPS[facts.current] if facts.current else None,
            facts.since,
            facts.offered,
            weighed.suggestion,
        )
        return CarePath(steps, await _rows(store, weighed.decisions))
    decided = await step_care.list_decisions(store, episode_id) if episode_id else []
    return CarePath(None, await _rows(store, decided))


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
