"""Write the plan against relapse with the patient; every version is kept."""

from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.domain.relapse_prevention import RelapsePlan, check_plan
from app.errors import NotFound, Problem, Unprocessable, VersionConflict
from app.store import audit, endings, episodes, patients
from app.store.endings import StoredPlan
from app.store.patients import Patient
from app.store.transaction import Store
from app.use_cases.change_episode import open_episode
from app.use_cases.reevaluate_patient import reevaluate_patient


async def write_relapse_plan(
    store: Store, episode_id: UUID, plan: RelapsePlan, version: int, request_key: str, today: date
) -> None:
    """Keep a new version; `version` is the one it was written on, 0 where there was none.

    Raises VersionConflict where somebody wrote another one meanwhile: neither is lost.
    """
    store.actor.require(Permission.PLAN_RELAPSE_PREVENTION)
    episode = await open_episode(store, episode_id)
    if not request_key:
        raise Unprocessable(problems=[Problem("request_key", "is missing; open the page again")])
    if await endings.was_planned(store, episode_id, request_key):
        return
    check_plan(plan, today)
    held = await endings.list_plans(store, episode_id)
    if version != (held[0].version if held else 0):
        raise VersionConflict(
            "Somebody else wrote a new version of this plan while you had it open. What you "
            "wrote is below: look at theirs, and bring the two together."
        )
    await endings.add_plan(
        store, episode_id, episode.patient_id, version + 1, plan.cleaned(), request_key
    )
    await audit.record(
        store,
        "relapse-plan.write",
        patient_id=episode.patient_id,
        subject=f"episodes/{episode_id}",
        detail={"version": version + 1, "agreed": plan.agreed_on is not None},
    )
    await reevaluate_patient(store, episode.patient_id, today)


async def read_relapse_plan(store: Store, episode_id: UUID) -> tuple[Patient, StoredPlan]:
    """The plan in force with whose it is, to be printed; the look is audited."""
    store.actor.require(Permission.VIEW_PATIENT)
    episode = await episodes.get_episode(store, episode_id)
    patient = await patients.get_patient(store, episode.patient_id)
    held = await endings.list_plans(store, episode_id)
    if not held:
        raise NotFound("There is no plan yet.")
    await audit.record(
        store,
        "relapse-plan.print",
        patient_id=episode.patient_id,
        subject=f"episodes/{episode_id}",
        detail={"version": held[0].version},
    )
    return patient, held[0]
