"""Staff, clinics and the organization, as they are published."""

from collections.abc import Sequence
from uuid import UUID

from app.publishing.own import Noun, OwnResource
from app.store.publishable_people import (
    get_organization_name,
    list_clinic_facts,
    list_clinic_ids,
    list_own_id,
    list_staff_facts,
    list_staff_ids,
)
from app.store.transaction import Store
from fhir_mappings.published_people import (
    PublishedClinic,
    PublishedStaff,
    render_clinic,
    render_organization,
    render_staff,
)


async def _staff(store: Store, ids: Sequence[UUID]) -> Sequence[OwnResource]:
    own = []
    for facts in await list_staff_facts(store, ids):
        told = PublishedStaff(
            staff_id=str(facts.staff_id),
            name=facts.name,
            roles=facts.roles,
            active=facts.active,
            org_id=str(store.org_id),
            clinic_ids=tuple(str(clinic_id) for clinic_id in facts.clinic_ids),
        )
        own += [OwnResource(resource) for resource in render_staff(told)]
    return own


async def _clinics(store: Store, ids: Sequence[UUID]) -> Sequence[OwnResource]:
    own = []
    for facts in await list_clinic_facts(store, ids):
        told = PublishedClinic(
            clinic_id=str(facts.clinic_id),
            name=facts.name,
            time_zone=facts.time_zone,
            org_id=str(store.org_id),
        )
        own += [OwnResource(resource) for resource in render_clinic(told)]
    return own


async def _organization(store: Store, ids: Sequence[UUID]) -> Sequence[OwnResource]:
    name = await get_organization_name(store)
    return [OwnResource(render_organization(str(org_id), name)) for org_id in ids]


STAFF = Noun(_staff, list_staff_ids, ("Practitioner", "PractitionerRole"))
CLINIC = Noun(_clinics, list_clinic_ids, ("Organization", "Location"))
ORGANIZATION = Noun(_organization, list_own_id, ("Organization",))
