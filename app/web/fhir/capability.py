"""What this face can do, as a CapabilityStatement; it claims nothing more."""

from typing import Any

from app.domain.scopes import AUDIT
from app.web.fhir.audit_events import PARAMETERS as OF_THE_AUDIT
from app.web.fhir.shipped import LISTERS
from fhir_mappings.conformance import PUBLISHED, TYPES
from fhir_mappings.operations import listed
from fhir_mappings.parameter import Kind

CHANGED_ON = "2026-11-25"
"""The day on which this statement last changed."""


def capability_statement(
    base: str, token_endpoint: str, revocation_endpoint: str
) -> dict[str, Any]:
    """The CapabilityStatement of this instance."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": CHANGED_ON,
        "kind": "instance",
        "software": {"name": "Stepwell"},
        "implementation": {"description": "Behavioral-health registry", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": _DOCUMENTATION,
                "security": _security(token_endpoint, revocation_endpoint),
                "resource": [
                    *(_resource(name) for name in PUBLISHED),
                    *(_shipped(name) for name in LISTERS),
                    _audit(),
                ],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
                **({"operation": listed("")} if listed("") else {}),
            }
        ],
    }


_DOCUMENTATION = (
    "Screenings arrive as QuestionnaireResponse, as Observations, or both; what belongs together "
    "becomes one assessment. Encounters are the denominators of screening. Resources of other "
    "types in a Bundle are answered one by one as not kept and sink nothing. Nothing is deleted: "
    "send the status entered-in-error."
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

INTERACTIONS = ("create", "read", "vread", "search-type", "update")


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
        "type": name,
        "supportedProfile": list(offered.profiles),
        "interaction": [{"code": code} for code in (INTERACTIONS if offered.taken else READING)],
        "versioning": "versioned-update" if offered.taken else "versioned",
        "readHistory": True,
        "updateCreate": offered.taken,
        "conditionalCreate": name == "Patient",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchInclude": _includes(name),
        "searchRevInclude": _reverse_includes(name),
        "searchParam": _parameters(name),
        "operation": listed(name),
    }
    return {element: value for element, value in resource.items() if value != []}


def _shipped(name: str) -> dict[str, Any]:
    """Definitions: read and searched, never written, one version each."""
    told = {
        "type": name,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": _parameters(name),
        "operation": listed(name),
    }
    return {element: value for element, value in told.items() if value != []}


def _parameters(name: str) -> list[dict[str, str]]:
    return [
        {"name": one.name, "type": one.kind.value}
        for one in TYPES[name].parameters.values()
        if one.paths or one.name in BESIDE_THE_BODY
    ]


BESIDE_THE_BODY = ("_id", "_lastUpdated")
READING = ("read", "vread", "search-type")


def _includes(name: str) -> list[str]:
    return [
        f"{name}:{one.name}"
        for one in TYPES[name].parameters.values()
        if one.kind is Kind.REFERENCE and one.paths
    ]


def _reverse_includes(name: str) -> list[str]:
    return [
        f"{other.name}:{one.name}"
        for other in TYPES.values()
        for one in other.parameters.values()
        if one.kind is Kind.REFERENCE and one.paths and name in one.targets
    ]
