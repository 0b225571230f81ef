"""Where each version came from: a US Core 7 Provenance under an id made of its target's."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from fhir_mappings.conformance import TYPES
from fhir_mappings.json_text import read_json
from fhir_mappings.published import coding, concept, instant_text, ours, reference
from fhir_mappings.security import security_meta

CLIENT_SYSTEM = "https://stepwell.example/fhir/NamingSystem/client"
_PARTICIPANTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_US_CORE_PARTICIPANTS = "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type"
_OPERATIONS = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"

_LETTERS: Mapping[str, str] = MappingProxyType(
    {
        "CarePlan": "a",
        "CareTeam": "b",
        "Communication": "c",
        "Condition": "d",
        "Consent": "e",
        "DetectedIssue": "f",
        "Encounter": "g",
        "EpisodeOfCare": "h",
        "Flag": "i",
        "Location": "j",
        "MedicationRequest": "k",
        "Observation": "l",
        "Organization": "m",
        "Patient": "n",
        "Practitioner": "o",
        "PractitionerRole": "p",
        "Procedure": "q",
        "QuestionnaireResponse": "r",
        "ServiceRequest": "s",
        "Task": "t",
    }
)
"""Type → the letter that its ids begin with. Never changed: ids that were told rest on it."""
_TYPES_OF = {letter: kind for kind, letter in _LETTERS.items()}
_LONGEST = 64
_HEX = re.compile(r"[0-9a-f]{64}")
_PACKED = 43
"""Characters of 32 bytes in base 64, without its padding."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of where a version came from."""

    resource_type: str
    resource_id: str
    version: int
    recorded_at: datetime
    org_id: str
    sender: tuple[str, str] | None = None
    """(id, name) of the client whose resource it is; None: it is ours."""
    by_sender: bool = False
    """The sender wrote this version; else the registry did, to label it or to link it."""
    body: bytes | None = None
    """Of what is ours."""
    part_two: bool = False


def origin_id(kind: str, name: str) -> str:
    """The id of the Provenance of a resource; the same as long as the resource is there.

    A letter for the type and the id itself. An id of all 64 characters leaves no room: one that
    is a SHA-256 in hexadecimal is packed, any other is told by its digest (see `long_name`).
    """
    letter = _LETTERS[kind]
    if len(name) < _LONGEST:
        return letter + name
    if _HEX.fullmatch(name):
        packed = base64.b64encode(bytes.fromhex(name), altchars=b"-.").decode()
        return letter.upper() + packed.rstrip("=")
    return f"-{letter}{long_name(kind, name)}"


def target_of(text: str) -> tuple[str, str] | None:
    """(type, id) of what a Provenance of this id tells of, or None: it is no id of ours."""
    kind = _TYPES_OF.get(text[:1].lower())
    if kind is None or len(text) < 2:
        return None
    if text[0].islower():
        return kind, text[1:]
    if len(text) != 1 + _PACKED:
        return None
    try:
        name = base64.b64decode(text[1:] + "=", altchars=b"-.", validate=True).hex()
    except ValueError:
        return None
    return (kind, name) if origin_id(kind, name) == text else None


def long_target_of(text: str) -> tuple[str, str] | None:
    """(type, digest) of what is told by its digest, or None."""
    kind = _TYPES_OF.get(text[1:2]) if text.startswith("-") else None
    return (kind, text[2:]) if kind else None


def long_name(kind: str, name: str) -> str | None:
    """The digest by which an id is found that leaves no room for a letter; None for any other."""
    if len(name) < _LONGEST or _HEX.fullmatch(name) or kind not in _LETTERS:
        return None
    return hashlib.sha256(f"{kind}/{name}".encode()).hexdigest()[:60]


def render_provenance(origin: Origin) -> dict[str, Any]:
    """The Provenance of one version; its own version and time are those of its target."""
    meta = {
        "versionId": str(origin.version),
        "lastUpdated": instant_text(origin.recorded_at),
        **ours(*TYPES["Provenance"].profiles),
    }
    meta |= security_meta(meta, part_two=origin.part_two)
    resource: dict[str, Any] = {
        "resourceType": "Provenance",
        "id": origin_id(origin.resource_type, origin.resource_id),
        "meta": meta,
        "target": [reference(origin.resource_type, origin.resource_id)],
        "recorded": instant_text(origin.recorded_at),
        "activity": concept(_activity(origin), text=_activity(origin)["display"]),
        "agent": _agents(origin),
    }
    if entities := _entities(origin):
        resource["entity"] = entities
    return resource


def _activity(origin: Origin) -> dict[str, str]:
    words = ("CREATE", "create") if origin.version == 1 else ("UPDATE", "revise")
    return coding(_OPERATIONS, *words)


def _agents(origin: Origin) -> list[dict[str, Any]]:
    """The organization whose record it is, the system that sent it, and the registry."""
    organization = reference("Organization", origin.org_id)
    agents = [{"type": concept(coding(_PARTICIPANTS, "author", "Author"), text="Author")}]
    agents[0]["who"] = organization
    if origin.sender:
        client_id, name = origin.sender
        identifier = {"system": CLIENT_SYSTEM, "value": client_id}
        kind = coding(_US_CORE_PARTICIPANTS, "transmitter", "Transmitter")
        who = {"type": "Device", "identifier": identifier, "display": name}
        agents.append(_agent(kind, who, organization))
    if not origin.by_sender:
        kind = coding(_PARTICIPANTS, "assembler", "Assembler")
        agents.append(_agent(kind, {"type": "Device", "display": "Stepwell"}, organization))
    return agents


def _agent(
    kind: dict[str, str], who: dict[str, Any], organization: dict[str, str]
) -> dict[str, Any]:
    """A system acts on behalf of the organization (US Core, provenance-1)."""
    return {"type": concept(kind, text=kind["display"]), "who": who, "onBehalfOf": organization}


def _entities(origin: Origin) -> list[dict[str, Any]]:
    """What ours was derived from, and the version that this one follows."""
    body = read_json(origin.body) if origin.body else {}
    sources = [*body.get("derivedFrom", ()), *body.get("implicated", ())]
    found = [{"role": "source", "what": {"reference": one["reference"]}} for one in sources]
    if origin.version > 1:
        before = f"{origin.resource_type}/{origin.resource_id}/_history/{origin.version - 1}"
        found.append({"role": "revision", "what": {"reference": before}})
    return found
