"""Reading any resource that the registry may keep."""

from collections.abc import Callable, Mapping
from typing import Any

from app.errors import Problem
from fhir_mappings.conformance import TAKEN
from fhir_mappings.encounter import read_encounter
from fhir_mappings.observation import read_observation
from fhir_mappings.patient import read_patient
from fhir_mappings.questionnaire_response import read_questionnaire_response
from fhir_mappings.reading import InvalidResource, Reading, Setting, Unkept
from fhir_mappings.record import SHAPES, read_record
from fhir_mappings.resource_types import R4_TYPES
from fhir_mappings.validation import check_shape

Reader = Callable[[Mapping[str, Any], Setting], Reading]

_READERS: Mapping[str, Reader] = {
    "Patient": read_patient,
    "QuestionnaireResponse": read_questionnaire_response,
    "Observation": read_observation,
    "Encounter": read_encounter,
    **dict.fromkeys(SHAPES, read_record),
}


def read_resource(resource: Mapping[str, Any], setting: Setting) -> Reading:
    """What the resource tells the registry.

    Raises InvalidResource where it is not FHIR R4, CannotBeRead where its content
    cannot be taken. A type that is not kept is answered as such and not examined.
    """
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or kind not in R4_TYPES:
        raise InvalidResource(
            "FHIR R4 knows no such resource type.",
            [Problem(setting.at("resourceType"), "Name a resource type of FHIR R4.")],
        )
    if kind not in _READERS:
        words = f"This registry keeps {', '.join(TAKEN)}; {kind} is not kept."
        return Reading(kind, Unkept(setting.where, words))
    check_shape(resource, setting.where)
    return _READERS[kind](resource, setting)
