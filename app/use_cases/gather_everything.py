"""Gather everything of a patient: what is said of them, and the people and places it names."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from app.domain.access import Permission
from app.domain.scopes import Interaction, check_scope, covers
from app.errors import Gone, NotFound
from app.store import audit, resources
from app.store.accounting import account
from app.store.compartment import CompartmentSearch, list_compartment, list_named
from app.store.resources import StoredResource
from app.store.transaction import Store

Names = frozenset[tuple[str, str]]
"""(type, id) each."""
Naming = Callable[[bytes], Iterable[tuple[str, str]]]
"""What a body refers to here."""

PEOPLE_AND_PLACES = ("Location", "Organization", "Practitioner", "PractitionerRole")
"""What is given besides where something refers to it; another patient never is."""
ROUNDS = 3
"""How far references are followed: a role leads to its practitioner, a place to its owner."""

__all__ = ["CompartmentSearch", "Everything", "gather_everything"]


@dataclass(frozen=True, slots=True)
class Everything:
    """One page of what is held of a patient."""

    resources: list[StoredResource]
    named: list[StoredResource]
    """The people and places that this page refers to."""
    next_cursor: str | None


async def gather_everything(
    store: Store, fhir_id: str, wanted: CompartmentSearch, asked: Collection[str], naming: Naming
) -> Everything:
    """Everything of a patient that the client's scopes reach; the look is audited.

    `wanted.types` are what there is, `asked` the types that were named: one that the scopes do
    not reach is refused, while nobody asked for the others by name. Raises NotFound, Gone and
    InsufficientScope.
    """
    store.actor.require_scope("Patient", Interaction.READ)
    store.actor.require(Permission.READ_RESOURCES)
    for name in asked:
        check_scope(store.actor.scopes, name, Interaction.READ)
    patient_id = await _patient_of(store, fhir_id)
    reached = {one for one in wanted.types if covers(store.actor.scopes, one, Interaction.READ)}
    page = await list_compartment(store, fhir_id, replace(wanted, types=frozenset(reached)))
    named = await _named(store, page.resources, naming, wanted.types)
    subject = f"Patient/{fhir_id}"
    detail = {"found": len(page.resources)}
    await audit.record(
        store, "resource.everything", patient_id=patient_id, subject=subject, detail=detail
    )
    await account(store, "resource.everything", page.shown, subject)
    return Everything(page.resources, named, page.next_cursor)


async def _patient_of(store: Store, fhir_id: str) -> UUID | None:
    found = await resources.find_current(store, "Patient", fhir_id)
    if found is None:
        raise NotFound(f"There is no Patient/{fhir_id} here.")
    stored, patient_id = found
    if stored.deleted:
        raise Gone(f"Patient/{fhir_id} was deleted.")
    return patient_id


async def _named(
    store: Store, found: list[StoredResource], naming: Naming, types: Collection[str]
) -> list[StoredResource]:
    """People and places that these refer to, and those refer to in turn; each once."""
    kinds = {
        one
        for one in PEOPLE_AND_PLACES
        if one in types and covers(store.actor.scopes, one, Interaction.READ)
    }
    known = {(one.resource_type, one.resource_id) for one in found}
    named: list[StoredResource] = []
    fresh = found
    for _ in range(ROUNDS):
        asked = {name for one in fresh for name in naming(one.body) if name[0] in kinds} - known
        known |= asked
        fresh = list(await list_named(store, asked))
        named += fresh
    return named
