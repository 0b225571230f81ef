"""The one table of what the FHIR face offers: the types, what is done with each, and its searches.

The CapabilityStatement, the router, the index that is written with every version, the search and
docs/fhir.md are all made from it: what is advertised works, and what works is advertised. The
parameters are those of FHIR R4 and of US Core 7.0.0 (SHALL and SHOULD), as far as the registry
keeps what they look for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from fhir_mappings.parameter import (
    PATIENT,
    Kind,
    Parameter,
    about,
    date,
    reference,
    string,
    token,
    uri,
)


class Source(StrEnum):
    """Where the resources of a type come from."""

    VERSIONS = "versions"
    """Published at write time, senders' and ours alike, and served as they were published."""
    CODE = "code"
    """Definitions that the service ships or a site adds: the same for everybody, never written."""
    RENDERED = "rendered"
    """Rendered from what is kept when they are read: they would be written again and again."""
    AUDIT = "audit"
    """Rows of the audit, rendered when they are read; under a scope of its own."""


READ_ONLY = ("read", "vread", "search-type", "history-instance", "history-type")
"""What is done with what only goes out."""
INTERACTIONS = ("create", "update", "patch", "delete", *READ_ONLY)
"""What is done with what clients send."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One type of FHIR R4 as it is offered here."""

    name: str
    parameters: Mapping[str, Parameter]
    taken: bool = True
    """Whether clients send it; else it only goes out."""
    source: Source = Source.VERSIONS
    compartment: tuple[str, ...] = ()
    """The parameters by which it is in a Patient's compartment (CompartmentDefinition/patient)."""
    profiles: tuple[str, ...] = ()
    """The profiles that what is ours claims."""

    @property
    def interactions(self) -> tuple[str, ...]:
        """What is done with it, as the CapabilityStatement names it."""
        return INTERACTIONS if self.taken else READ_ONLY


_PRACTITIONERS = ("Practitioner", "PractitionerRole", "Organization")
_PEOPLE = (*_PRACTITIONERS, "Patient")
_ACTORS = (*_PEOPLE, "CareTeam")
_ENCOUNTER = reference("encounter", ("Encounter",))
_IDENTIFIER = token("identifier")
_STATUS = token("status")
_CATEGORY = token("category")
_CODE = token("code")

COMMON = (
    Parameter("_id", Kind.TOKEN, ()),
    Parameter("_lastUpdated", Kind.DATE, ()),
    token("_tag", "meta.tag"),
    token("_security", "meta.security"),
    uri("_profile", "meta.profile"),
)
"""What every type of the versions is found by."""


def us_core(*names: str) -> tuple[str, ...]:
    """Profiles of US Core by the end of their canonical."""
    return tuple(f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{n}" for n in names)


def _type(name: str, *parameters: Parameter, **how: object) -> ResourceType:
    common = COMMON[:2] if how.get("source") is Source.RENDERED else COMMON
    by_name = {one.name: one for one in (*common, *parameters)}
    return ResourceType(name, MappingProxyType(by_name), **how)  # type: ignore[arg-type]


_TYPES = (
    _type(
        "Patient",
        _IDENTIFIER,
        token("active"),
        string("name", "name"),
        string("family", "name.family"),
        string("given", "name.given"),
        date("birthdate", "birthDate"),
        date("death-date", "deceasedDateTime"),
        token("deceased", "deceased[x]"),
        token("gender"),
        token("language", "communication.language"),
        token("telecom", "telecom"),
        reference("general-practitioner", _PRACTITIONERS, "generalPractitioner"),
        reference("organization", ("Organization",), "managingOrganization"),
        reference("link", PATIENT, "link.other"),
        compartment=("_id",),
        profiles=us_core("patient"),
    ),
    _type(
        "QuestionnaireResponse",
        *about("subject", "subject"),
        _IDENTIFIER,
        _STATUS,
        date("authored"),
        reference("questionnaire", ("Questionnaire",)),
        reference("author", _PEOPLE),
        reference("source", _PEOPLE),
        _ENCOUNTER,
        reference("based-on", ("ServiceRequest", "CarePlan"), "basedOn"),
        compartment=("patient", "author", "source"),
        profiles=us_core("questionnaireresponse"),
    ),
    _type(
        "Observation",
        *about("subject", "subject"),
        _IDENTIFIER,
        _STATUS,
        _CATEGORY,
        _CODE,
        token("combo-code", "code", "component.code"),
        token("component-code", "component.code"),
        token("value-concept", "valueCodeableConcept"),
        token("data-absent-reason", "dataAbsentReason"),
        date("date", "effective[x]"),
        reference("performer", _ACTORS),
        reference("has-member", ("Observation", "QuestionnaireResponse"), "hasMember"),
        reference("derived-from", ("Observation", "QuestionnaireResponse"), "derivedFrom"),
        _ENCOUNTER,
        compartment=("patient", "performer"),
        profiles=us_core("observation-screening-assessment"),
    ),
    _type(
        "Condition",
        *about("subject", "subject"),
        _IDENTIFIER,
        _CATEGORY,
        _CODE,
        token("clinical-status", "clinicalStatus"),
        token("verification-status", "verificationStatus"),
        token("severity"),
        date("onset-date", "onset[x]"),
        date("abatement-date", "abatement[x]"),
        date("recorded-date", "recordedDate"),
        date(
            "asserted-date",
            "extension(http://hl7.org/fhir/StructureDefinition/condition-assertedDate).value[x]",
        ),
        reference("asserter", _PEOPLE),
        _ENCOUNTER,
        compartment=("patient", "asserter"),
        profiles=us_core("condition-problems-health-concerns"),
    ),
    _type(
        "Encounter",
        *about("subject", "subject"),
        _IDENTIFIER,
        _STATUS,
        token("class"),
        token("type"),
        token("discharge-disposition", "hospitalization.dischargeDisposition"),
        token("participant-type", "participant.type"),
        date("date", "period"),
        reference("participant", _PEOPLE, "participant.individual"),
        reference("location", ("Location",), "location.location"),
        reference("service-provider", ("Organization",), "serviceProvider"),
        reference("episode-of-care", ("EpisodeOfCare",), "episodeOfCare"),
        compartment=("patient",),
        profiles=us_core("encounter"),
    ),
    _type(
        "EpisodeOfCare",
        *about("patient"),
        _IDENTIFIER,
        _STATUS,
        token("type"),
        date("date", "period"),
        reference("condition", ("Condition",), "diagnosis.condition"),
        reference("care-manager", _PRACTITIONERS, "careManager"),
        reference("organization", ("Organization",), "managingOrganization"),
        reference("incoming-referral", ("ServiceRequest",), "referralRequest"),
        compartment=("patient",),
    ),
    _type(
        "CareTeam",
        *about("subject", "subject"),
        _IDENTIFIER,
        _STATUS,
        _CATEGORY,
        token("role", "participant.role"),
        date("date", "period"),
        reference("participant", _ACTORS, "participant.member"),
        _ENCOUNTER,
        compartment=("patient", "participant"),
        profiles=us_core("careteam"),
    ),
    _type(
        "ServiceRequest",
        *about("subject", "subject"),
        _IDENTIFIER,
        _STATUS,
        _CATEGORY,
        _CODE,
        token("intent"),
        token("priority"),
        date("authored", "authoredOn"),
        date("occurrence", "occurrence[x]"),
        reference("requester", _PEOPLE),
        reference("performer", _ACTORS),
        _ENCOUNTER,
        compartment=("patient", "performer"),
        profiles=us_core("servicerequest"),
    ),
    _type(
        "CarePlan",
        *about("subject", "subject"),
        _IDENTIFIER,
        _STATUS,
        _CATEGORY,
        token("intent"),
        date("date", "period"),
        reference("care-team", ("CareTeam",), "careTeam"),
        reference("condition", ("Condition",), "addresses"),
        _ENCOUNTER,
        taken=False,
        compartment=("patient",),
        profiles=us_core("careplan"),
    ),
    _type(
        "Procedure",
        *about("subject", "subject"),
        _IDENTIFIER,
        _STATUS,
        _CATEGORY,
        _CODE,
        date("date", "performed[x]"),
        reference("performer", _ACTORS, "performer.actor"),
        reference("based-on", ("ServiceRequest", "CarePlan"), "basedOn"),
        _ENCOUNTER,
        compartment=("patient", "performer"),
        profiles=us_core("procedure"),
    ),
    _type(
        "MedicationRequest",
        *about("subject", "subject"),
        _IDENTIFIER,
        _STATUS,
        _CATEGORY,
        token("code", "medicationCodeableConcept"),
        token("intent"),
        token("priority"),
        date("authoredon", "authoredOn"),
        reference("requester", _PEOPLE),
        _ENCOUNTER,
        compartment=("patient",),
        profiles=us_core("medicationrequest"),
    ),
    _type(
        "Practitioner",
        _IDENTIFIER,
        token("active"),
        string("name", "name"),
        string("family", "name.family"),
        string("given", "name.given"),
        token("telecom", "telecom"),
        profiles=us_core("practitioner"),
    ),
    _type(
        "PractitionerRole",
        _IDENTIFIER,
        token("active"),
        token("role", "code"),
        token("specialty"),
        reference("practitioner", ("Practitioner",)),
        reference("organization", ("Organization",)),
        reference("location", ("Location",)),
        profiles=us_core("practitionerrole"),
    ),
    _type(
        "Organization",
        _IDENTIFIER,
        token("active"),
        token("type"),
        string("name", "name", "alias"),
        string("address", "address"),
        reference("partof", ("Organization",), "partOf"),
        profiles=us_core("organization"),
    ),
    _type(
        "Location",
        _IDENTIFIER,
        _STATUS,
        token("type"),
        string("name", "name", "alias"),
        string("address", "address"),
        string("address-city", "address.city"),
        string("address-state", "address.state"),
        string("address-postalcode", "address.postalCode"),
        reference("organization", ("Organization",), "managingOrganization"),
        reference("partof", ("Location",), "partOf"),
        profiles=us_core("location"),
    ),
    _type(
        "Task",
        *about("for", "subject"),
        _IDENTIFIER,
        _STATUS,
        _CODE,
        token("business-status", "businessStatus"),
        token("intent"),
        token("priority"),
        date("authored-on", "authoredOn"),
        date("modified", "lastModified"),
        date("period", "executionPeriod"),
        reference("owner", _ACTORS),
        reference("requester", _PEOPLE),
        reference(
            "focus", ("Flag", "ServiceRequest", "CarePlan", "Communication", "EpisodeOfCare")
        ),
        reference("based-on", ("ServiceRequest", "CarePlan", "Communication"), "basedOn"),
        _ENCOUNTER,
        compartment=("patient",),
    ),
    _type(
        "Consent",
        *about("patient"),
        _IDENTIFIER,
        _STATUS,
        _CATEGORY,
        token("scope"),
        token("action", "provision.action"),
        token("purpose", "provision.purpose"),
        date("date", "dateTime"),
        date("period", "provision.period"),
        reference("organization", ("Organization",)),
        reference("consentor", _PEOPLE, "performer"),
        reference("actor", _ACTORS, "provision.actor.reference"),
        compartment=("patient",),
    ),
    _type(
        "Communication",
        *about("subject", "subject"),
        _IDENTIFIER,
        _STATUS,
        _CATEGORY,
        token("medium"),
        date("sent"),
        date("received"),
        reference("sender", _ACTORS),
        reference("recipient", _ACTORS),
        reference("based-on", ("ServiceRequest", "CarePlan"), "basedOn"),
        _ENCOUNTER,
        compartment=("patient", "sender", "recipient"),
    ),
    _type(
        "Flag",
        *about("subject", "subject"),
        _IDENTIFIER,
        date("date", "period"),
        reference("author", _PEOPLE),
        _ENCOUNTER,
        taken=False,
        compartment=("patient",),
    ),
    _type(
        "DetectedIssue",
        *about("patient"),
        _IDENTIFIER,
        _CODE,
        date("identified", "identified[x]"),
        reference("author", _PEOPLE),
        reference("implicated", ("Observation", "QuestionnaireResponse", "Encounter", "Flag")),
        taken=False,
        compartment=("patient",),
    ),
    _type(
        "Group",
        _IDENTIFIER,
        token("actual"),
        token("type"),
        _CODE,
        reference("member", PATIENT, "member.entity"),
        reference("managing-entity", _PRACTITIONERS, "managingEntity"),
        taken=False,
        source=Source.RENDERED,
        compartment=("member",),
    ),
    _type(
        "Provenance",
        *about("target"),
        reference("target", ()),
        date("recorded"),
        taken=False,
        source=Source.RENDERED,
        compartment=("patient",),
        profiles=us_core("provenance"),
    ),
    _type(
        "Questionnaire",
        _IDENTIFIER,
        _STATUS,
        uri("url"),
        token("version"),
        token("code", "item.code"),
        string("name"),
        string("title"),
        date("date"),
        taken=False,
        source=Source.CODE,
    ),
    _type(
        "CodeSystem",
        _STATUS,
        uri("url"),
        token("version"),
        string("name"),
        string("title"),
        token("code", "concept.code"),
        date("date"),
        taken=False,
        source=Source.CODE,
    ),
    _type(
        "OperationDefinition",
        _STATUS,
        uri("url"),
        _CODE,
        token("type"),
        token("instance"),
        token("system"),
        string("name"),
        string("title"),
        date("date"),
        taken=False,
        source=Source.CODE,
    ),
)

TYPES: Mapping[str, ResourceType] = MappingProxyType({one.name: one for one in _TYPES})
"""By name, in the order in which they are told."""

TAKEN = tuple(one.name for one in _TYPES if one.taken)
"""What clients send."""
PUBLISHED = tuple(one.name for one in _TYPES if one.source is Source.VERSIONS)
"""What lies in the versions table."""
RENDERED = tuple(one.name for one in _TYPES if one.source is Source.RENDERED)
"""What is rendered when it is read."""
