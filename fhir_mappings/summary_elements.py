"""Which elements are a resource's summary, which are mandatory, and which change its meaning.

From the StructureDefinitions of FHIR R4 (isSummary, min 1 or more, isModifier), without what stands
before every resource: resourceType, id, implicitRules and meta are always there.
"""

from collections.abc import Mapping
from types import MappingProxyType

_SUMMARY = {
    "Patient": "active address birthDate deceased[x] gender identifier link.other link.type "
    "managingOrganization name telecom",
    "QuestionnaireResponse": "author authored basedOn encounter identifier partOf questionnaire "
    "source status subject",
    "Observation": "basedOn code component.code component.value[x] derivedFrom effective[x] "
    "encounter focus hasMember identifier issued partOf performer status subject value[x]",
    "Condition": "asserter bodySite clinicalStatus code encounter identifier onset[x] "
    "recordedDate recorder subject verificationStatus",
    "Encounter": "appointment class diagnosis.condition episodeOfCare identifier "
    "participant.individual participant.type reasonCode reasonReference serviceType status "
    "subject type",
    "EpisodeOfCare": "diagnosis.condition diagnosis.rank diagnosis.role managingOrganization "
    "patient period status type",
    "CareTeam": "category encounter identifier managingOrganization name period status subject",
    "ServiceRequest": "asNeeded[x] authoredOn basedOn bodySite category code doNotPerform "
    "encounter identifier instantiatesCanonical instantiatesUri intent locationCode "
    "locationReference occurrence[x] orderDetail patientInstruction performer performerType "
    "priority quantity[x] reasonCode reasonReference replaces requester requisition specimen "
    "status subject",
    "CarePlan": "addresses author basedOn category created description encounter identifier "
    "instantiatesCanonical instantiatesUri intent partOf period replaces status subject title",
    "Procedure": "asserter basedOn bodySite category code encounter identifier "
    "instantiatesCanonical instantiatesUri location outcome partOf performed[x] performer.actor "
    "performer.function reasonCode reasonReference recorder status statusReason subject",
    "MedicationRequest": "authoredOn basedOn doNotPerform groupIdentifier instantiatesCanonical "
    "instantiatesUri intent medication[x] performerType priority reported[x] requester status "
    "subject",
    "Practitioner": "active address birthDate gender identifier name telecom",
    "PractitionerRole": "active code identifier location organization period practitioner "
    "specialty telecom",
    "Organization": "active identifier name partOf type",
    "Location": "description identifier managingOrganization mode name operationalStatus "
    "physicalType status type",
    "Task": "basedOn businessStatus code description encounter executionPeriod focus for "
    "groupIdentifier instantiatesCanonical instantiatesUri intent lastModified location owner "
    "partOf requester status statusReason",
    "Consent": "category dateTime identifier organization patient performer policyRule "
    "provision.action provision.class provision.code provision.data provision.dataPeriod "
    "provision.period provision.purpose provision.securityLabel provision.type scope source[x] "
    "status verification.verified",
    "Communication": "basedOn encounter identifier instantiatesCanonical instantiatesUri partOf "
    "priority reasonCode reasonReference status statusReason subject",
    "Flag": "author category code encounter identifier period status subject",
    "DetectedIssue": "author code identified[x] identifier implicated patient severity status",
    "Group": "active actual code identifier managingEntity name quantity type",
    "Provenance": "recorded target",
    "Questionnaire": "code contact date effectivePeriod experimental identifier jurisdiction name "
    "publisher status subjectType title url useContext version",
    "AuditEvent": "action outcome outcomeDesc purposeOfEvent recorded subtype type",
    "CodeSystem": "caseSensitive compositional contact content count date experimental filter.code "
    "filter.description filter.operator filter.value hierarchyMeaning identifier "
    "jurisdiction name property.code property.description property.type property.uri "
    "publisher status supplements title url useContext valueSet version versionNeeded",
    "OperationDefinition": "affectsState base code contact date experimental instance "
    "jurisdiction kind name publisher resource status system title type url useContext version",
}

_MANDATORY = {
    "QuestionnaireResponse": "status",
    "Observation": "code status",
    "Condition": "subject",
    "Encounter": "class status",
    "EpisodeOfCare": "patient status",
    "ServiceRequest": "intent status subject",
    "CarePlan": "intent status subject",
    "Procedure": "status subject",
    "MedicationRequest": "intent medication[x] status subject",
    "Task": "intent status",
    "Consent": "category scope status",
    "Communication": "status",
    "Flag": "code status subject",
    "DetectedIssue": "status",
    "Group": "actual type",
    "Provenance": "agent recorded target",
    "Questionnaire": "status",
    "AuditEvent": "agent recorded source type",
    "CodeSystem": "content status",
    "OperationDefinition": "code instance kind name status system type",
}

_MODIFYING = {
    "Patient": "active deceased[x] link",
    "Condition": "clinicalStatus verificationStatus",
    "CareTeam": "status",
    "ServiceRequest": "doNotPerform",
    "MedicationRequest": "doNotPerform",
    "Organization": "active",
    "Location": "status",
}
"""Beside the mandatory ones: without them a resource would be read to say something else."""


def _split(table: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({kind: tuple(names.split()) for kind, names in table.items()})


SUMMARY = _split(_SUMMARY)
"""By type, as paths below the resource."""
MANDATORY = _split(_MANDATORY)
"""By type; what is not listed has none."""
MODIFYING = _split(_MODIFYING)
