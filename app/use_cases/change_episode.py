"""Change an episode: its status, who cares, who treats."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.domain.access import Permission
from app.domain.episode import EpisodeClosed, EpisodeStatus, is_open, transition
from app.errors import Problem, Unprocessable
from app.store import audit, care, endings, episodes, patients, rosters
from app.store.disclosure import write_as
from app.store.episodes import Episode
from app.store.ids import new_id
from app.store.transaction import Store
from app.use_cases.reevaluate_patient import reevaluate_patient


@dataclass(frozen=True, slots=True)
class EpisodeChange:
    """What to change; None leaves it. `version` is the one the person was looking at."""

    version: int
    status: str | None = None
    care_manager_id: UUID | None = None
    primary_care_clinician: str | None = None
    reason: str = ""


async def open_episode(store: Store, episode_id: UUID) -> Episode:
    """The episode, its patient locked; raises EpisodeClosed where nothing may be added."""
    episode = await episodes.get_episode(store, episode_id)
    await patients.lock_patients(store, [episode.patient_id])
    episode = await episodes.get_episode(store, episode_id)
    if not is_open(EpisodeStatus(episode.status)):
        raise EpisodeClosed()
    await write_as(store, episode.program_id)
    return episode


async def change_episode(
    store: Store, episode_id: UUID, change: EpisodeChange, today: date
) -> None:
    """Change an open episode; raises VersionConflict where somebody else changed it meanwhile."""
    store.actor.require(Permission.CHANGE_EPISODE)
    episode = await open_episode(store, episode_id)
    values = await _values(store, episode, change)
    if not values:
        return
    await episodes.change_episode(store, episode_id, change.version, values)
    if "status" in values:
        await _keep_event(store, episode, values["status"], change.reason, today)
    await audit.record(
        store,
        "episode.change",
        patient_id=episode.patient_id,
        subject=f"episodes/{episode_id}",
        detail={"changed": ", ".join(sorted(values))},
    )
    await reevaluate_patient(store, episode.patient_id, today)


async def _values(store: Store, episode: Episode, change: EpisodeChange) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if change.status and change.status != episode.status:
        wanted = _status(change.status)
        transition(EpisodeStatus(episode.status), wanted)
        await _check_status(store, episode, wanted, change.reason)
        values["status"] = wanted.value
    if change.care_manager_id and change.care_manager_id != episode.care_manager_id:
        await check_care_manager(store, change.care_manager_id)
        values["care_manager_id"] = change.care_manager_id
    clinician = change.primary_care_clinician
    if clinician is not None and clinician.strip() != (episode.primary_care_clinician or ""):
        values["primary_care_clinician"] = clinician.strip() or None
    return values


async def _check_status(store: Store, episode: Episode, wanted: EpisodeStatus, reason: str) -> None:
    """An episode ends by a discharge; relapse prevention asks for a plan, or why there is none."""
    if wanted is EpisodeStatus.CLOSED:
        raise Unprocessable(
            "The episode was not ended.",
            [Problem("status", "discharge the patient instead: it asks what is still open")],
        )
    if wanted is not EpisodeStatus.RELAPSE_PREVENTION or reason.strip():
        return
    if not await endings.list_plans(store, episode.episode_id):
        raise Unprocessable(
            "The status was not changed.",
            [Problem("reason", "write the relapse prevention plan first, or say why none")],
        )


def _status(word: str) -> EpisodeStatus:
    if word not in list(EpisodeStatus):
        raise Unprocessable(problems=[Problem("status", "is not one of ours")])
    return EpisodeStatus(word)


async def check_care_manager(store: Store, staff_id: UUID) -> None:
    """Raises where this is not an active care manager of the organization."""
    if staff_id not in {name.staff_id for name in await rosters.list_care_managers(store)}:
        raise Unprocessable(problems=[Problem("care_manager_id", "is no care manager here")])


async def _keep_event(
    store: Store, episode: Episode, status: str, reason: str, today: date
) -> None:
    words = f"Status: {status.replace('-', ' ')}" + (
        f" — {reason.strip()}" if reason.strip() else ""
    )
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
