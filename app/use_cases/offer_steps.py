"""Say which steps of care a clinic gives itself."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from app.domain.access import Permission
from app.domain.step import STEPS
from app.errors import NotFound, Problem, Unprocessable
from app.store import audit, rosters, step_care
from app.store.step_care import StepOffer
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class ClinicOffer:
    """One clinic and its steps."""

    clinic_id: UUID
    clinic: str
    offer: StepOffer


async def view_offers(store: Store) -> list[ClinicOffer]:
    """What each clinic offers, by name."""
    store.actor.require(Permission.OFFER_STEPS)
    offers = await step_care.list_offers(store)
    return [
        ClinicOffer(clinic_id, name, offers.get(clinic_id, StepOffer()))
        for clinic_id, name in await rosters.list_clinics(store)
    ]


async def offer_steps(store: Store, clinic_id: UUID, version: int, steps: Collection[str]) -> None:
    """Keep the steps that a clinic offers; raises VersionConflict where somebody else did."""
    store.actor.require(Permission.OFFER_STEPS)
    if clinic_id not in dict(await rosters.list_clinics(store)):
        raise NotFound("There is no such clinic.")
    if unknown := set(steps) - set(STEPS):
        raise Unprocessable(problems=[Problem("steps", f"{len(unknown)} of them do not exist")])
    if not steps:
        raise Unprocessable(
            "Nothing was saved.", [Problem("steps", "a clinic offers one step at least")]
        )
    await step_care.save_offer(store, clinic_id, version, [s for s in STEPS if s in steps])
    await audit.record(
        store,
        "steps.offer",
        subject=f"clinics/{clinic_id}",
        detail={"steps": ", ".join(s for s in STEPS if s in steps)},
    )
