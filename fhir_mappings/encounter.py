"""Reading an Encounter: a visit, for the denominators of screening."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from app.domain.encounter import STATUSES
from fhir_mappings.codings import first_identifier
from fhir_mappings.parts import read_time, read_who
from fhir_mappings.reading import EncounterReading, Notes, Reading, Setting, Unkept
from fhir_mappings.references import subject_of


def read_encounter(resource: Mapping[str, Any], setting: Setting) -> Reading:
    """What the registry keeps of an Encounter; raises CannotBeRead naming each fault."""
    notes = Notes(setting)
    content = _content(resource, notes)
    return Reading(
        resource_type="Encounter",
        content=content,
        remarks=tuple(notes.remarks),
    )


def _content(resource: Mapping[str, Any], notes: Notes) -> EncounterReading | Unkept:
    subject = resource.get("subject") or {}
    reference = subject_of(resource, notes.setting.resolve)
    if not subject or (reference or "").startswith("Group/"):
        words = "An Encounter of no single patient is not kept."
        return Unkept(notes.setting.at("subject"), words)
    status = str(resource.get("status"))
    if status not in STATUSES:
        notes.problem("status", f"The status is one of {', '.join(STATUSES)}.")
    reference, identifier = read_who(resource, notes)
    notes.refuse_if_any("This Encounter cannot be read.")
    return EncounterReading(
        status=status,
        class_code=_code((resource.get("class") or {}).get("code")),
        started_at=_started_at(resource, notes),
        reference=reference,
        identifier=identifier,
        places=tuple(dict.fromkeys(_places(resource))),
        source_identifier=first_identifier(resource.get("identifier") or ()),
    )


def _code(code: object) -> str | None:
    return str(code) if code else None


def _started_at(resource: Mapping[str, Any], notes: Notes) -> datetime | None:
    """The period's start; one too vague to name a day is told and left aside."""
    start = (resource.get("period") or {}).get("start")
    if start is None:
        return None
    found = len(notes.problems)
    started_at = read_time(start, "period.start", notes)
    notes.forgive(found)
    return started_at


def _places(resource: Mapping[str, Any]) -> Iterator[str]:
    """What the sender calls the place: the service provider's names first, then locations'."""
    references = [resource.get("serviceProvider")]
    references += [one.get("location") for one in resource.get("location") or ()]
    for reference in references:
        told = reference or {}
        for name in ((told.get("identifier") or {}).get("value"), told.get("display")):
            if name:
                yield str(name)
