"""Change what an episode treats: it is judged by that condition's protocol from then on."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.domain.condition import Condition
from app.errors import Problem, Unprocessable
from app.store import audit, care, episodes, protocol_choices
from app.store.episodes import Episode
from app.store.ids import new_id
from app.store.protocol_choices import Choice
from app.store.transaction import Store
from app.use_cases.change_episode import open_episode
from app.use_cases.reevaluate_patient import reevaluate_patient

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class ConditionChange:
    """The condition wanted; `version` is the episode's as the person was looking at it."""

    version: int
    condition: Condition
    reason: str = ""


async def change_condition(
    store: Store, episode_id: UUID, change: ConditionChange, today: date
) -> None:
    """Treat another condition; raises VersionConflict where somebody changed it meanwhile."""
    store.actor.require(Permission.CHANGE_EPISODE)
    if len(change.reason) > LONGEST_REASON:
        raise Unprocessable(
            problems=[Problem("reason", f"is longer than {LONGEST_REASON} characters")]
        )
    await protocol_choices.hold(store)
    episode = await open_episode(store, episode_id)
    if episode.condition == change.condition.value:
        return
    chosen = await protocol_choices.get_choice(store, change.condition)
    values = {
        "condition": change.condition.value,
        "protocol_id": chosen.protocol_id,
        "protocol_version": chosen.protocol_version,
    }
    await episodes.change_episode(store, episode_id, change.version, values)
    await _keep_event(store, episode, change, chosen, today)
    await audit.record(
        store,
        "episode.change",
        patient_id=episode.patient_id,
        subject=f"episodes/{episode_id}",
        detail={"changed": "condition"},
    )
    await reevaluate_patient(store, episode.patient_id, today)


async def _keep_event(
    store: Store, episode: Episode, change: ConditionChange, chosen: Choice, today: date
) -> None:
    """What the chart tells of it, for as long as there is a chart."""
    words = (
        f"Target condition: {change.condition.value}, before {episode.condition}; "
        f"judged by {chosen.name}"
    )
    if change.reason.strip():
        words += f" — {change.reason.strip()}"
    await care.add_treatment_event(
        store,
        {
            "event_id": new_id(),
            "patient_id": episode.patient_id,
            "episode_id": episode.episode_id,
            "happened_on": today,
            "kind": "status",
            "words": words,
            "staff_id": store.actor.staff_id,
        },
    )
