"""A Patient as a description of somebody: what of it tells who it is."""

from collections.abc import Mapping
from datetime import UTC, date
from typing import Any

from app.domain.duplicate import Grade
from app.domain.match import SCORES
from app.domain.patient import PatientDetails
from fhir_mappings.json_text import read_json
from fhir_mappings.patient import read_patient
from fhir_mappings.reading import Setting
from fhir_mappings.validation import check_shape

MATCH_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
_CODES = {Grade.CERTAIN: "certain", Grade.PROBABLE: "probable", Grade.POSSIBLE: "possible"}
"""http://terminology.hl7.org/CodeSystem/match-grade; what is certainly not is not told."""


def read_description(resource: Mapping[str, Any], where: str, today: date) -> PatientDetails:
    """Somebody as a client describes them; raises InvalidResource or CannotBeRead."""
    check_shape(resource, where)
    details = read_patient(resource, Setting(where, UTC, today)).content
    assert isinstance(details, PatientDetails)
    return details


def read_served(body: bytes) -> PatientDetails:
    """The same of a Patient as it is served here: it was examined when it came in."""
    setting = Setting("Patient", UTC, date.max)
    details = read_patient(read_json(body), setting).content
    assert isinstance(details, PatientDetails)
    return details


def search_of(grade: Grade) -> dict[str, Any]:
    """How a match came to be in the Bundle: its grade, and the score of the grade."""
    graded = {"url": MATCH_GRADE, "valueCode": _CODES[grade]}
    return {"extension": [graded], "mode": "match", "score": SCORES[grade]}
