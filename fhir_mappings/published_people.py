"""Staff, clinics and the organization as US Core 7 Practitioner, PractitionerRole, Organization and
Location."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fhir_mappings.conformance import TYPES
from fhir_mappings.published import (
    ROLE_SYSTEM,
    SNOMED,
    coding,
    concept,
    ours,
    record_identifier,
    reference,
    without_empty,
)

_ORGANIZATION_TYPES = "http://terminology.hl7.org/CodeSystem/organization-type"
_PROVIDER = coding(_ORGANIZATION_TYPES, "prov", "Healthcare Provider")
_TIME_ZONE = "http://hl7.org/fhir/StructureDefinition/timezone"

ROLES: Mapping[str, tuple[str, Mapping[str, str] | None]] = MappingProxyType(
    {
        "care-manager": ("Behavioral health care manager", None),
        "psychiatrist": (
            "Psychiatric consultant",
            coding(SNOMED, "80584001", "Psychiatrist"),
        ),
        "clinician": (
            "Primary-care clinician",
            coding(SNOMED, "453231000124104", "Primary care provider"),
        ),
        "medical-assistant": ("Medical assistant", None),
        "director": ("Clinic director", None),
        "compliance": ("Compliance officer", None),
        "administrator": ("Administrator", None),
        "operator": ("Operator", None),
    }
)
"""Role → what it is called, and its code where one is certain (SNOMED CT, US edition)."""


@dataclass(frozen=True, slots=True)
class PublishedStaff:
    """A member of staff as others are told of them: their work, never how they sign in."""

    staff_id: str
    name: str
    roles: tuple[str, ...]
    active: bool
    org_id: str
    clinic_ids: tuple[str, ...] = ()
    """Where they work."""


@dataclass(frozen=True, slots=True)
class PublishedClinic:
    """A clinic."""

    clinic_id: str
    name: str
    time_zone: str
    org_id: str


def role_concept(role: str) -> dict[str, Any]:
    """A role in our words, beside its code where one is certain."""
    words, code = ROLES[role]
    return concept(coding(ROLE_SYSTEM, role, words), *([code] if code else []), text=words)


def render_staff(staff: PublishedStaff) -> Sequence[dict[str, Any]]:
    """A Practitioner, and the PractitionerRole under the same id."""
    return _practitioner(staff), _practitioner_role(staff)


def _practitioner(staff: PublishedStaff) -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "id": staff.staff_id,
        "meta": ours(*TYPES["Practitioner"].profiles),
        "identifier": [record_identifier("staff", staff.staff_id)],
        "active": staff.active,
        "name": [human_name(staff.name)],
    }


def human_name(name: str) -> dict[str, Any]:
    """A name that is kept in one piece: the last word is called the family name.

    US Core asks for a family name; the text says it as it is written.
    """
    given, _, family = name.strip().rpartition(" ")
    return without_empty({"text": name, "family": family or name, "given": given.split()})


def _practitioner_role(staff: PublishedStaff) -> dict[str, Any]:
    resource = {
        "resourceType": "PractitionerRole",
        "id": staff.staff_id,
        "meta": ours(*TYPES["PractitionerRole"].profiles),
        "identifier": [record_identifier("staff", staff.staff_id)],
        "active": staff.active,
        "practitioner": reference("Practitioner", staff.staff_id),
        "organization": reference("Organization", staff.org_id),
        "code": [role_concept(role) for role in staff.roles],
        "location": [reference("Location", clinic_id) for clinic_id in staff.clinic_ids],
    }
    return without_empty(resource)


def render_organization(org_id: str, name: str) -> dict[str, Any]:
    """The organization itself."""
    return {
        "resourceType": "Organization",
        "id": org_id,
        "meta": ours(*TYPES["Organization"].profiles),
        "identifier": [record_identifier("organization", org_id)],
        "active": True,
        "type": [concept(_PROVIDER, text="Healthcare provider")],
        "name": name,
    }


def render_clinic(clinic: PublishedClinic) -> Sequence[dict[str, Any]]:
    """A clinic as a part of the organization, and the Location under the same id."""
    organization = render_organization(clinic.clinic_id, clinic.name) | {
        "identifier": [record_identifier("clinic", clinic.clinic_id)],
        "partOf": reference("Organization", clinic.org_id),
    }
    location = {
        "resourceType": "Location",
        "id": clinic.clinic_id,
        "meta": ours(*TYPES["Location"].profiles),
        "extension": [{"url": _TIME_ZONE, "valueCode": clinic.time_zone}],
        "identifier": [record_identifier("clinic", clinic.clinic_id)],
        "status": "active",
        "name": clinic.name,
        "managingOrganization": reference("Organization", clinic.clinic_id),
    }
    return organization, location
