"""AuditEvent: a row of the audit in FHIR R4, with the codes of IHE's BALP where it has some.

BALP is Basic Audit Log Patterns; its codes are from memory, and no profile of it is claimed. A
row is rendered when it is read: it is not published, and has one version, since it never changes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhir_mappings.publish import instant_text

ACTS = "https://stepwell.example/fhir/CodeSystem/audit-acts"
ROWS = "https://stepwell.example/fhir/NamingSystem/audit-row"
ACTORS = "https://stepwell.example/fhir/NamingSystem/actor"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_REST = "http://hl7.org/fhir/restful-interaction"
_ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_SOURCE = "http://terminology.hl7.org/CodeSystem/security-source-type"
_BALP_ENTITY = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"

_INTERACTIONS = {
    "resource.read": ("read", "R"),
    "resource.search": ("search-type", "E"),
    "resource.create": ("create", "C"),
    "resource.update": ("update", "U"),
    "resource.delete": ("delete", "D"),
    "resource.history": ("history", "R"),
}
"""Our act → the RESTful interaction and AuditEvent.action (BALP: a search is executed)."""
_TYPE_OF = {
    "sign-in": ("110114", "User Authentication", "E"),
    "export": ("110106", "Export", "R"),
    "rights": ("110136", "Security Roles Changed", "U"),
    "list": ("110112", "Query", "E"),
    "look": ("110110", "Patient Record", "R"),
    "change": ("110110", "Patient Record", "U"),
    "refusal": ("110113", "Security Alert", "E"),
    "registry": ("110100", "Application Activity", "E"),
}
"""Sort of act → DICOM code, display and AuditEvent.action."""
_SIGN_IN = {"session.begin": ("110122", "Login"), "session.end": ("110123", "Logout")}
DONE, REFUSED = "0", "4"
"""AuditEvent.outcome: success, minor failure (the act was refused)."""


@dataclass(frozen=True, slots=True)
class AuditFacts:
    """What an AuditEvent is made from, in words of no protocol."""

    id: str
    audit_id: str
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    action: str
    words: str
    sort: str
    refused: bool
    reason: str
    """Why it was refused: a code."""
    patients: tuple[str, ...]
    """FHIR ids."""
    subject: str
    request_id: str


def make_audit_event(facts: AuditFacts) -> dict[str, Any]:
    """The resource, as it is served."""
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": facts.id,
        "meta": {"versionId": "1", "lastUpdated": instant_text(facts.at)},
        **_type(facts),
        "recorded": instant_text(facts.at),
        "outcome": REFUSED if facts.refused else DONE,
    }
    if facts.reason:
        event["outcomeDesc"] = facts.reason
    event["agent"] = _agents(facts)
    event["source"] = {
        "observer": {"display": "Stepwell"},
        "type": [_coding(_SOURCE, "4", "Application Server")],
    }
    entities = [*_patients(facts), *_subject(facts), *_request(facts), _row(facts)]
    event["entity"] = entities
    return event


def _type(facts: AuditFacts) -> dict[str, Any]:
    subtypes = [_coding(ACTS, facts.action, facts.words)]
    if facts.action in _INTERACTIONS and not facts.refused:
        interaction, action = _INTERACTIONS[facts.action]
        rest = _coding(_TYPES, "rest", "RESTful Operation")
        subtypes.insert(0, _coding(_REST, interaction, interaction))
        return {"type": rest, "subtype": subtypes, "action": action}
    if facts.action in _SIGN_IN:
        subtypes.insert(0, _coding(_DCM, *_SIGN_IN[facts.action]))
    code, display, action = _TYPE_OF["sign-in" if facts.action in _SIGN_IN else facts.sort]
    if facts.action.endswith(".create"):
        action = "C"
    return {"type": _coding(_DCM, code, display), "subtype": subtypes, "action": action}


def _agents(facts: AuditFacts) -> list[dict[str, Any]]:
    """Who asked; of a request by FHIR also who answered, as BALP has it."""
    who: dict[str, Any] = {"display": facts.actor_name}
    if facts.actor_id:
        who = {"identifier": {"system": ACTORS, "value": facts.actor_id}} | who
    kinds = {
        "client": _coding(_DCM, "110153", "Source Role ID"),
        "system": _coding(_DCM, "110150", "Application"),
    }
    human = "http://terminology.hl7.org/CodeSystem/extra-security-role-type"
    kind = kinds.get(facts.actor_kind, _coding(human, "humanuser", "human user"))
    agent = {"type": {"coding": [kind]}, "who": who, "name": facts.actor_name, "requestor": True}
    if facts.actor_kind != "client":
        return [agent]
    server = {
        "type": {"coding": [_coding(_DCM, "110152", "Destination Role ID")]},
        "who": {"display": "Stepwell"},
        "requestor": False,
    }
    return [agent, server]


def _patients(facts: AuditFacts) -> list[dict[str, Any]]:
    return [
        {
            "what": {"reference": f"Patient/{one}"},
            "type": _coding(_ENTITY_TYPE, "1", "Person"),
            "role": _coding(_ENTITY_ROLE, "1", "Patient"),
        }
        for one in facts.patients
    ]


def _subject(facts: AuditFacts) -> list[dict[str, Any]]:
    """What else it is about: a resource by its reference, anything else by its name."""
    if not facts.subject:
        return []
    if facts.action == "resource.search":
        query = _coding(_ENTITY_ROLE, "24", "Query")
        kind = _coding(_ENTITY_TYPE, "2", "System Object")
        return [{"type": kind, "role": query, "description": facts.subject}]
    what: dict[str, Any] = {"identifier": {"system": ROWS, "value": facts.subject}}
    if facts.action in _INTERACTIONS:
        what = {"reference": facts.subject}
    if what.get("reference", "").startswith("Patient/"):
        return []  # it is told as the patient
    return [
        {
            "what": what,
            "type": _coding(_ENTITY_TYPE, "2", "System Object"),
            "role": _coding(_ENTITY_ROLE, "4", "Domain Resource"),
        }
    ]


def _request(facts: AuditFacts) -> list[dict[str, Any]]:
    if not facts.request_id:
        return []
    return [
        {
            "what": {"identifier": {"value": facts.request_id}},
            "type": _coding(_BALP_ENTITY, "XrequestId", "X-Request-Id"),
        }
    ]


def _row(facts: AuditFacts) -> dict[str, Any]:
    """The row itself, by which a seal can be asked."""
    return {
        "what": {"identifier": {"system": ROWS, "value": facts.audit_id}},
        "type": _coding(_ENTITY_TYPE, "2", "System Object"),
        "role": _coding(_ENTITY_ROLE, "13", "Security Resource"),
    }


def _coding(system: str, code: str, display: str) -> dict[str, str]:
    return {"system": system, "code": code, "display": display}
