"""What this face can do, as a CapabilityStatement; it claims nothing more."""

from typing import Any

from app.domain.scopes import AUDIT
from app.web.fhir.audit_events import PARAMETERS as OF_THE_AUDIT
from app.web.fhir.results import included_backwards, included_forwards
from app.web.fhir.shipped import LISTERS
from fhir_mappings.combinations import COMBINATIONS
from fhir_mappings.conformance import PUBLISHED, RENDERED, TYPES
from fhir_mappings.operations import listed
from fhir_mappings.parameter import Kind, Parameter

CHANGED_ON = "2026-11-25"
"""The day on which this statement last changed."""
US_CORE_SERVER = "http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server"
OF_THE_WHOLE = ("transaction", "batch", "history-system")
PATIENT_COMPARTMENT = "http://hl7.org/fhir/CompartmentDefinition/patient"


def capability_statement(
    base: str, token_endpoint: str, revocation_endpoint: str
) -> dict[str, Any]:
    """The CapabilityStatement of this instance."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": CHANGED_ON,
        "kind": "instance",
        "instantiates": [US_CORE_SERVER],
        "software": {"name": "Stepwell"},
        "implementation": {"description": "Behavioral-health registry", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json", "application/merge-patch+json"],
        "rest": [_rest(_security(token_endpoint, revocation_endpoint))],
    }


def _rest(security: dict[str, Any]) -> dict[str, Any]:
    return _without_empty(
        {
            "mode": "server",
            "documentation": _DOCUMENTATION,
            "security": security,
            "resource": [
                *(_resource(name) for name in PUBLISHED),
                *(_shipped(name) for name in RENDERED),
                *(_shipped(name) for name in LISTERS),
                _audit(),
            ],
            "interaction": [{"code": code} for code in OF_THE_WHOLE],
            "operation": listed(""),
            "compartment": [PATIENT_COMPARTMENT],
        }
    )


def _without_empty(element: dict[str, Any]) -> dict[str, Any]:
    """FHIR JSON has no empty arrays."""
    return {name: value for name, value in element.items() if value != []}


_DOCUMENTATION = (
    "Screenings arrive as QuestionnaireResponse, as Observations, or both; what belongs together "
    "becomes one assessment. Encounters are the denominators of screening. Resources of other "
    "types in a Bundle are answered one by one as not kept and sink nothing. A resource "
    "that its sender deletes counts as entered in error and stays in the history."
)


def _security(token_endpoint: str, revocation_endpoint: str) -> dict[str, Any]:
    """Where a token is had; the same as /fhir/.well-known/smart-configuration tells."""
    places = [("token", token_endpoint), ("revoke", revocation_endpoint)]
    return {
        "service": [{"coding": [{"system": _SECURITY_SERVICES, "code": "SMART-on-FHIR"}]}],
        "description": "A bearer token (RFC 6750) of a registered integration client, by SMART "
        "Backend Services; only this statement and /.well-known/smart-configuration are public.",
        "extension": [
            {
                "url": _OAUTH_URIS,
                "extension": [{"url": name, "valueUri": place} for name, place in places],
            }
        ],
    }


_SECURITY_SERVICES = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def _audit() -> dict[str, Any]:
    """Who did what: read and searched under a scope of its own, never written."""
    return {
        "type": AUDIT,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": [{"name": name, "type": kind} for name, kind in OF_THE_AUDIT.items()],
    }


def _resource(name: str) -> dict[str, Any]:
    offered = TYPES[name]
    resource: dict[str, Any] = {
        "extension": [_combination(one) for one in COMBINATIONS.get(name, ())],
        "type": name,
        "supportedProfile": list(offered.profiles),
        "interaction": [{"code": code} for code in offered.interactions],
        "versioning": "versioned-update" if offered.taken else "versioned",
        "readHistory": True,
        "updateCreate": offered.taken,
        "conditionalCreate": offered.taken,
        "conditionalRead": "full-support",
        "conditionalUpdate": offered.taken,
        "conditionalDelete": "single" if offered.taken else "not-supported",
        "searchInclude": ["*", *included_forwards(name)] if included_forwards(name) else [],
        "searchRevInclude": list(included_backwards(name)),
        "searchParam": [_parameter(one) for one in offered.parameters.values() if one.is_offered],
        "operation": listed(name),
    }
    return _without_empty(resource)


def _shipped(name: str) -> dict[str, Any]:
    """Definitions, and what is rendered when it is read: never written, with no versions."""
    offered = TYPES[name].parameters.values()
    told = {
        "type": name,
        "supportedProfile": list(TYPES[name].profiles),
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": [_parameter(one) for one in offered if one.is_offered],
        "operation": listed(name),
    }
    return _without_empty(told)


def _parameter(one: Parameter) -> dict[str, str]:
    return {"name": one.name, "type": one.kind.value, "documentation": _MODIFIERS[one.kind]}


_MODIFIERS = {
    Kind.TOKEN: "Modifiers :not, :text, :missing.",
    Kind.REFERENCE: "Modifiers :identifier, :missing and the name of a type; chains of one step.",
    Kind.DATE: "Prefixes eq, ne, gt, ge, lt, le, sa, eb, ap; modifier :missing.",
    Kind.STRING: "The start of a word, without case and accents; modifiers :exact, :missing.",
    Kind.URI: "Modifier :missing.",
}


def _combination(names: tuple[str, ...]) -> dict[str, Any]:
    """Parameters that US Core asks for together."""
    return {
        "url": _COMBINATION,
        "extension": [{"url": "required", "valueString": name} for name in names],
    }


_COMBINATION = (
    "http://hl7.org/fhir/StructureDefinition/capabilitystatement-search-parameter-combination"
)
