"""Reading a Patient."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from app.domain.patient import Identifier, PatientDetails
from fhir_mappings.codings import codings_of
from fhir_mappings.instants import TimeNotUsable, read_day, read_instant, read_span
from fhir_mappings.reading import Notes, Reading, Setting

_SEXES = ("female", "male", "other", "unknown")
_IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_NAME_USES = ("official", "usual", "", "nickname", "temp", "anonymous", "maiden", "old")
_PHONE_USES = ("mobile", "home", "", "work", "temp", "old")


def read_patient(resource: Mapping[str, Any], setting: Setting) -> Reading:
    """What the registry keeps of a Patient; raises CannotBeRead."""
    notes = Notes(setting)
    details = _details(resource, notes)
    notes.refuse_if_any("This Patient cannot be read.")
    return Reading(
        resource_type="Patient",
        content=details,
        remarks=tuple(notes.remarks),
    )


def _details(resource: Mapping[str, Any], notes: Notes) -> PatientDetails:
    name = _best(resource.get("name"), _NAME_USES)
    given = " ".join(str(one) for one in name.get("given") or () if one)
    return PatientDetails(
        family_name=name.get("family"),
        given_names=given or None,
        display_name=_display_name(name, given),
        birth_on=_birth_on(resource, notes),
        sex=_sex(resource, notes),
        language=_language(resource),
        phone=_phone(resource),
        deceased_at=_deceased_at(resource, notes),
        active=resource.get("active") is not False,
        identifiers=_identifiers(resource, notes),
        replaced_by=_replaced_by(resource, notes.setting),
    )


def _best(elements: list[Mapping[str, Any]] | None, uses: tuple[str, ...]) -> Mapping[str, Any]:
    """The element whose use stands first in the list; among equals the first sent."""
    ranked = sorted(elements or (), key=lambda one: _rank(str(one.get("use", "")), uses))
    return ranked[0] if ranked else {}


def _rank(use: str, uses: tuple[str, ...]) -> int:
    return uses.index(use) if use in uses else len(uses)


def _display_name(name: Mapping[str, Any], given: str) -> str:
    parts = [given, name.get("family")]
    return " ".join(part for part in parts if part) or name.get("text") or "Name not given"


def _birth_on(resource: Mapping[str, Any], notes: Notes) -> date | None:
    text = resource.get("birthDate")
    if text is None:
        return None
    try:
        birth_on = read_day(text if isinstance(text, str) else "")
    except TimeNotUsable as error:
        notes.problem("birthDate", str(error))
        return None
    if birth_on is None:
        notes.warn("incomplete", "birthDate", "Only a whole date of birth is kept as one.")
    elif birth_on > notes.setting.received_on:
        notes.problem("birthDate", "The date of birth is in the future.")
    return birth_on


def _sex(resource: Mapping[str, Any], notes: Notes) -> str:
    sex = str(resource.get("gender", "unknown"))
    if sex not in _SEXES:
        notes.problem("gender", f"The gender is one of {', '.join(_SEXES)}.")
    return sex


def _language(resource: Mapping[str, Any]) -> str | None:
    """The language to speak with the patient: the preferred one, else the first."""
    spoken = list(resource.get("communication") or ())
    spoken.sort(key=lambda one: one.get("preferred") is not True)
    for one in spoken:
        for coding in codings_of(one.get("language")):
            if coding.get("code"):
                return str(coding["code"])
    return None


def _phone(resource: Mapping[str, Any]) -> str | None:
    phones = [one for one in resource.get("telecom") or () if one.get("system") == "phone"]
    value = _best(phones, _PHONE_USES).get("value")
    return str(value) if value else None


def _deceased_at(resource: Mapping[str, Any], notes: Notes) -> datetime | None:
    """When the patient died; a vague date counts from its beginning.

    A bare "yes" counts from the day it arrived, so that nobody calls the dead.
    """
    text = resource.get("deceasedDateTime")
    if isinstance(text, str):
        try:
            return _beginning(text, notes)
        except TimeNotUsable as error:
            notes.problem("deceased", str(error))
    if resource.get("deceasedBoolean") is True:
        notes.warn("incomplete", "deceased", "The date of death is unknown; today stands for it.")
        return datetime.combine(notes.setting.received_on, time(), UTC)
    return None


def _beginning(text: str, notes: Notes) -> datetime:
    if "T" in text:
        return read_instant(text, notes.setting.zone)
    return read_span(text, notes.setting.zone)[0]


def _identifiers(resource: Mapping[str, Any], notes: Notes) -> tuple[Identifier, ...]:
    """Each identifier once; a value whose system is unsaid identifies nobody."""
    found: dict[tuple[str, str], Identifier] = {}
    for index, one in enumerate(resource.get("identifier") or ()):
        system, value = one.get("system"), one.get("value")
        if system and value:
            found.setdefault((system, value), Identifier(system, value, _kind(one)))
        elif value:
            notes.warn(
                "incomplete",
                f"identifier[{index}].system",
                "An identifier without a system is not used to find the patient.",
            )
    return tuple(found.values())


def _kind(identifier: Mapping[str, Any]) -> str | None:
    for coding in codings_of(identifier.get("type")):
        if coding.get("system") == _IDENTIFIER_TYPES and coding.get("code"):
            return str(coding["code"])
    return None


def _replaced_by(resource: Mapping[str, Any], setting: Setting) -> str | None:
    for link in resource.get("link") or ():
        reference = (link.get("other") or {}).get("reference")
        if link.get("type") == "replaced-by" and isinstance(reference, str):
            return setting.resolve(reference)
    return None
