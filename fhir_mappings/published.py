"""What resources of ours have in common: how they are marked, how they name each other."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

ORIGIN_SYSTEM = "https://stepwell.example/fhir/CodeSystem/origin"
ROLE_SYSTEM = "https://stepwell.example/fhir/CodeSystem/role"
RECORD_SYSTEM = "https://stepwell.example/fhir/NamingSystem/record"
"""Identifies a record of the registry beside its FHIR id: ``episode/…``."""
SNOMED = "http://snomed.info/sct"


def coding(system: str, code: str, display: str) -> dict[str, str]:
    """A Coding."""
    return {"system": system, "code": code, "display": display}


def concept(*codings: Mapping[str, str], text: str) -> dict[str, Any]:
    """A CodeableConcept; its text says the same in plain words."""
    return {"coding": [dict(one) for one in codings], "text": text} if codings else {"text": text}


def ours(*profiles: str) -> dict[str, Any]:
    """The meta of a resource that the registry made."""
    meta: dict[str, Any] = {"profile": list(profiles)} if profiles else {}
    return meta | {"tag": [coding(ORIGIN_SYSTEM, "registry", "Made here")]}


def record_identifier(noun: str, record_id: object) -> dict[str, str]:
    """The registry's own number of what is published."""
    return {"system": RECORD_SYSTEM, "value": f"{noun}/{record_id}"}


def reference(kind: str, name: object) -> dict[str, str]:
    """A reference to a resource of this server.

    Without a display: what is renamed would have to be published anew wherever it is named.
    """
    return {"reference": f"{kind}/{name}"}


def without_empty(resource: Mapping[str, Any]) -> dict[str, Any]:
    """What is absent is left out: FHIR JSON has no empty elements."""
    return {name: value for name, value in resource.items() if value not in (None, "", [], {})}


def days(start: date | None, end: date | None) -> dict[str, str]:
    """A Period of days, open where nothing is said."""
    period = {"start": start, "end": end}
    return {name: day.isoformat() for name, day in period.items() if day}


def instant_text(moment: datetime) -> str:
    """A FHIR instant in UTC, to the microsecond as the database has it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
