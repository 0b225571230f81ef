"""What QuestionnaireResponses and Observations share when read as parts of an assessment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.domain.assembly import PartStatus
from app.errors import RegistryError
from fhir_mappings.asked import read_condition
from fhir_mappings.instants import TimeNotUsable, read_instant
from fhir_mappings.reading import Notes
from fhir_mappings.references import identifier_of, subject_of

Who = tuple[str | None, tuple[str, str] | None]


def read_status(
    resource: Mapping[str, Any], statuses: Mapping[str, PartStatus], notes: Notes
) -> PartStatus:
    """The status of the part; one that FHIR does not know becomes a problem."""
    status = statuses.get(str(resource.get("status")))
    if status is None:
        notes.problem("status", f"The status is one of {', '.join(statuses)}.")
        return PartStatus.PRELIMINARY
    return status


def read_who(
    resource: Mapping[str, Any], notes: Notes, path: str = "subject", what: str = "An assessment"
) -> Who:
    """The subject, by reference or identifier; an assessment of nobody becomes a problem."""
    reference = subject_of(resource, notes.setting.resolve, path)
    identifier = identifier_of(resource.get(path))
    if reference is not None and reference.startswith("Patient?"):
        return reference, _by_condition(reference, path, notes)
    if reference is None and identifier is None:
        notes.problem(path, f"{what} needs its patient: a reference or an identifier.")
    elif reference is not None and not _may_be_patient(reference):
        notes.problem(f"{path}.reference", f"{what} is about a Patient: name one here.")
    return reference, identifier


def _by_condition(reference: str, path: str, notes: Notes) -> tuple[str, str] | None:
    """``Patient?identifier=system|value``: a conditional reference (transaction rules of R4)."""
    try:
        return read_condition(reference, notes.setting.at(f"{path}.reference"))
    except RegistryError as error:
        notes.problems.extend(error.problems)
        return None


def _may_be_patient(reference: str) -> bool:
    """A placeholder or another server's address may be; a relative reference says its type."""
    return ":" in reference or reference.startswith("Patient/")


def read_time(text: object, path: str, notes: Notes) -> datetime | None:
    """The instant an element tells; what cannot be used becomes a problem."""
    try:
        return read_instant(text if isinstance(text, str) else "", notes.setting.zone)
    except TimeNotUsable as error:
        notes.problem(path, str(error))
        return None


def read_links(
    resource: Mapping[str, Any], names: tuple[str, ...], notes: Notes
) -> tuple[str, ...]:
    """The references that hold an assessment together, each once, in order."""
    found: dict[str, None] = {}
    for name in names:
        for index, one in enumerate(resource.get(name) or ()):
            reference = one.get("reference")
            if isinstance(reference, str) and not reference.startswith("#"):
                _check_defined(reference, f"{name}[{index}].reference", notes)
                found[notes.setting.resolve(reference)] = None
    return tuple(found)


def _check_defined(reference: str, path: str, notes: Notes) -> None:
    """A urn that no entry of the message defines can never be found later either."""
    if reference.startswith("urn:") and not notes.setting.is_defined(reference):
        notes.problem(path, "No entry of this message has this fullUrl.")
