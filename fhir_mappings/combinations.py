"""Searches by several parameters that US Core 7.0.0 asks for (SHALL and SHOULD), by type.

They are told in the CapabilityStatement as US Core tells them; every other combination works too.
"""

from collections.abc import Mapping
from types import MappingProxyType

_ASKED = {
    "Patient": "birthdate+name gender+name birthdate+family family+gender death-date+family",
    "QuestionnaireResponse": "patient+status patient+authored patient+questionnaire",
    "Observation": "patient+category patient+code patient+category+date patient+category+status "
    "patient+code+date patient+_lastUpdated patient+category+_lastUpdated",
    "Condition": "patient+category patient+code patient+clinical-status patient+onset-date "
    "patient+asserted-date patient+recorded-date patient+abatement-date patient+_lastUpdated "
    "patient+category+clinical-status patient+category+encounter",
    "Encounter": "date+patient class+patient patient+type patient+status patient+location "
    "patient+discharge-disposition patient+_lastUpdated",
    "CareTeam": "patient+status patient+role",
    "ServiceRequest": "patient+category patient+code patient+category+authored patient+status "
    "patient+code+authored",
    "CarePlan": "patient+category patient+category+status patient+category+status+date "
    "patient+category+date",
    "Procedure": "patient+date patient+status patient+code+date",
    "MedicationRequest": "patient+intent patient+intent+status patient+intent+encounter "
    "patient+intent+authoredon",
}

COMBINATIONS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {kind: tuple(tuple(one.split("+")) for one in told.split()) for kind, told in _ASKED.items()}
)
