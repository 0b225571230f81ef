"""Change a resource of one's own: hold it as it stands, so that a patch or a deletion fits it."""

from app.domain.access import Permission
from app.domain.scopes import Interaction
from app.errors import Conflict, Forbidden, NotFound, Problem, VersionConflict
from app.store import audit, own_resources, resources
from app.store.disclosure import whole_record
from app.store.own_resources import Held
from app.store.publishing import ReceivedBody
from app.store.resources import ResourceFacts, SavedResource
from app.store.transaction import Store
from app.use_cases.arrivals import Outcome, Result
from app.use_cases.read_resources import Deleted

__all__ = ["Held", "NotTheSenders", "hold_own", "take_away_patient"]


class NotTheSenders(Forbidden):
    """A sender changes its own resources alone; this one is another's, or the registry's."""

    code = "not-the-senders"


async def hold_own(
    store: Store,
    resource_type: str,
    resource_id: str,
    wanted: Interaction,
    if_match: int | None = None,
    where: str = "",
) -> Held:
    """A resource of the sender's own, which nobody else changes until this is done.

    Raises NotFound, Deleted, NotTheSenders, or VersionConflict where another version was named.
    """
    store.actor.require_scope(resource_type, wanted, where)
    store.actor.require(Permission.RECEIVE_RESOURCES)
    held = await own_resources.hold_resource(store, resource_type, resource_id)
    place = where or resource_type
    if held is None and if_match is not None:
        raise VersionConflict(problems=[Problem(place, "There is no such resource.")])
    if held is None:
        raise NotFound(
            f"There is no {resource_type}/{resource_id} here.", [Problem(place, "Name another.")]
        )
    if held.client_id is None or held.client_id != store.actor.client_id:
        raise NotTheSenders(problems=[Problem(place, "is not yours to change.")])
    if if_match is not None and held.resource.version != if_match:
        raise VersionConflict(problems=[Problem(place, "is at another version.")])
    if held.resource.deleted:
        raise Deleted(f"{resource_type}/{resource_id}", held.resource.version)
    named = f"{resource_type}/{resource_id}"
    await audit.record(store, "resource.hold", patient_id=held.patient_id, subject=named)
    return held


async def take_away_patient(store: Store, held: Held, where: str = "") -> Outcome:
    """Take a Patient away of whom nothing is kept; raises Conflict where something is.

    What a Part 2 program keeps, and the sender may not see, is neither told nor touched: then the
    sender's resource is gone and the record inside stays as it is.
    """
    store.actor.require_scope("Patient", Interaction.DELETE, where)
    store.actor.require(Permission.RECEIVE_RESOURCES)
    patient_id, named = held.patient_id, held.resource
    if patient_id is not None:
        if await own_resources.has_records(store, patient_id):
            words = "Send it with active false, or take away what was sent of the patient first."
            raise Conflict(
                "Records are kept of this patient.", [Problem(where or "Patient", words)]
            )
        async with whole_record(store):
            if not await own_resources.has_records(store, patient_id):
                await own_resources.put_aside(store, patient_id)
    facts = ResourceFacts(
        "Patient",
        named.resource_id,
        content_digest="",
        patient_id=patient_id,
        program_id=named.program_id,
        deleted=True,
    )
    async with whole_record(store):
        saved = await resources.save_resource(store, facts)
    return await _gone(store, facts, saved, where)


async def _gone(store: Store, facts: ResourceFacts, saved: SavedResource, where: str) -> Outcome:
    kind, name = facts.resource_type, facts.resource_id
    store.saved.append(
        ReceivedBody(
            kind, name, saved.version, facts.patient_id, b"", facts.program_id, deleted=True
        )
    )
    await audit.record(
        store,
        "resource.delete",
        patient_id=facts.patient_id,
        subject=f"{kind}/{name}",
        detail={"version": saved.version},
    )
    return Outcome(where, Result.DELETED, kind, name, saved.version, saved.last_updated)
