"""Reading what is kept as it was said: of whom it is, and when; the rest is the sender's body.

Conditions, encounters of care, teams, referrals, people, places. A record is no screening: what it
says is served again and never scored. Which of them mean something to the registry beside that
(a treatment, a task that was answered) is decided by the use case that receives them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from fhir_mappings.codings import first_identifier
from fhir_mappings.instants import TimeNotUsable, read_instant
from fhir_mappings.parts import read_who
from fhir_mappings.reading import Notes, Reading, RecordReading, Setting, Unkept
from fhir_mappings.references import subject_of


@dataclass(frozen=True, slots=True)
class Shape:
    """Where a type says of whom it is and when it was."""

    subject: str = ""
    """The element that names the patient; empty for people and places, which are of nobody."""
    times: tuple[str, ...] = ()
    """Elements that tell the moment, the most telling first."""
    required: bool = True
    """Whether FHIR R4 asks for the subject."""


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "Condition": Shape("subject", ("onsetDateTime", "onsetPeriod", "recordedDate")),
        "EpisodeOfCare": Shape("patient", ("period",)),
        "CareTeam": Shape("subject", ("period",), required=False),
        "ServiceRequest": Shape(
            "subject", ("occurrenceDateTime", "occurrencePeriod", "authoredOn")
        ),
        "Procedure": Shape("subject", ("performedDateTime", "performedPeriod")),
        "MedicationRequest": Shape("subject", ("authoredOn",)),
        "Task": Shape("for", ("authoredOn", "lastModified"), required=False),
        "Consent": Shape("patient", ("dateTime",), required=False),
        "Communication": Shape("subject", ("sent", "received"), required=False),
        "Practitioner": Shape(),
        "PractitionerRole": Shape(),
        "Organization": Shape(),
        "Location": Shape(),
    }
)


def read_record(resource: Mapping[str, Any], setting: Setting) -> Reading:
    """What the registry keeps beside the body; raises CannotBeRead naming each fault."""
    notes = Notes(setting)
    kind = str(resource["resourceType"])
    return Reading(
        resource_type=kind,
        content=_content(resource, SHAPES[kind], notes),
        remarks=tuple(notes.remarks),
    )


def _content(resource: Mapping[str, Any], shape: Shape, notes: Notes) -> RecordReading | Unkept:
    who = resource.get(shape.subject) if shape.subject else None
    reference = subject_of(resource, notes.setting.resolve, shape.subject)
    if (reference or "").partition("/")[0] in _NO_PATIENT:
        words = "A record of something else than one patient is not kept."
        return Unkept(notes.setting.at(shape.subject), words)
    named: tuple[str | None, tuple[str, str] | None] = (None, None)
    if shape.subject and (who or shape.required):
        named = read_who(resource, notes, shape.subject, "A record")
    notes.refuse_if_any("This record cannot be read.")
    reference, identifier = named
    return RecordReading(
        effective_at=next(_moments(resource, shape, notes.setting), None),
        reference=reference,
        identifier=identifier,
        element=shape.subject,
        source_identifier=first_identifier(_identifiers(resource)),
    )


_NO_PATIENT = frozenset({"Group", "Device", "Location"})
"""What FHIR R4 also lets a record be about."""


def _identifiers(resource: Mapping[str, Any]) -> list[Any]:
    found = resource.get("identifier") or []
    return found if isinstance(found, list) else [found]


def _moments(resource: Mapping[str, Any], shape: Shape, setting: Setting) -> Iterator[datetime]:
    """What is told precisely enough to be placed in time; a year alone is legal and is not."""
    for name in shape.times:
        told = resource.get(name)
        text = told.get("start") if isinstance(told, Mapping) else told
        try:
            yield read_instant(text if isinstance(text, str) else "", setting.zone)
        except TimeNotUsable:
            continue
