"""Find the last observations of each kind of a patient."""

from app.domain.access import Permission
from app.domain.criteria import ResourceSearch, types_looked_through
from app.domain.newest import newest_of_each
from app.domain.scopes import Interaction
from app.store import audit
from app.store.accounting import account
from app.store.last_observations import list_observations, list_observed
from app.store.resources import StoredResource
from app.store.transaction import Store


async def find_last_observations(
    store: Store, wanted: ResourceSearch, most: int
) -> list[StoredResource]:
    """The newest `most` of each code among what fits; the look is audited with whom it showed."""
    for one in ("Observation", *sorted(types_looked_through(wanted))):
        store.actor.require_scope(one, Interaction.SEARCH)
    store.actor.require(Permission.READ_RESOURCES)
    observed, about = await list_observed(store, wanted)
    found = await list_observations(store, newest_of_each(observed, most))
    told = [about[one.resource_id] for one in found]
    people = {patient_id for patient_id, _ in told if patient_id}
    detail = {"found": len(found)}
    await audit.record(store, "resource.last", shown=people, subject="Observation", detail=detail)
    labelled = {(patient, program) for patient, program in told if patient and program}
    await account(store, "resource.last", labelled, "Observation")
    return found
