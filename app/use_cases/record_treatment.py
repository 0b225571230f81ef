"""Record a change of treatment, so that the chart shows it beside the scores."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.errors import Problem, Unprocessable
from app.store import audit, care
from app.store.ids import new_id
from app.store.transaction import Store
from app.use_cases.change_episode import open_episode

KINDS = ("medication", "therapy", "other")


@dataclass(frozen=True, slots=True)
class TreatmentForm:
    """What changed and when: "sertraline 50 mg started"."""

    on: date
    kind: str
    words: str


async def record_treatment(
    store: Store, episode_id: UUID, form: TreatmentForm, today: date
) -> None:
    """Put a treatment event on the episode's time axis."""
    store.actor.require(Permission.CHANGE_EPISODE)
    episode = await open_episode(store, episode_id)
    problems = []
    if form.kind not in KINDS:
        problems.append(Problem("kind", f"choose one of {', '.join(KINDS)}"))
    if not form.words.strip():
        problems.append(Problem("words", "say what changed"))
    if form.on > today:
        problems.append(Problem("on", "lies in the future"))
    if problems:
        raise Unprocessable("The treatment was not saved.", problems)
    event_id = new_id()
    await care.add_treatment_event(
        store,
        {
            "event_id": event_id,
            "patient_id": episode.patient_id,
            "episode_id": episode_id,
            "happened_on": form.on,
            "kind": form.kind,
            "words": form.words.strip(),
            "staff_id": store.actor.staff_id,
        },
    )
    await audit.record(
        store,
        "treatment.record",
        patient_id=episode.patient_id,
        subject=f"treatment_events/{event_id}",
    )
