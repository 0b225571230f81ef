"""What an EHR sends: patients and PHQ-9 forms, as plain FHIR R4 JSON."""

from typing import Any

NUMBERS = "urn:oid:2.16.840.1.113883.19.5"
LOINC = "http://loinc.org"
PHQ9_ITEMS = (
    "44250-9",
    "44255-8",
    "44259-0",
    "44254-1",
    "44251-7",
    "44258-2",
    "44252-5",
    "44253-3",
    "44260-8",
)
ANSWERS = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")


def patient(number: str, family: str = "Alvarez", given: str = "Rosa") -> dict[str, Any]:
    """A Patient under a record number."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": NUMBERS, "value": number}],
        "name": [{"use": "official", "family": family, "given": [given]}],
        "gender": "female",
        "birthDate": "1979-05-04",
    }


def form(patient_id: str, answers: list[int], authored: str) -> dict[str, Any]:
    """A completed PHQ-9."""
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": "http://loinc.org/q/44249-1",
        "status": "completed",
        "subject": {"reference": f"Patient/{patient_id}"},
        "authored": authored,
        "item": [
            {
                "linkId": f"/{code}",
                "answer": [{"valueCoding": {"system": LOINC, "code": ANSWERS[value]}}],
            }
            for code, value in zip(PHQ9_ITEMS, answers, strict=True)
        ],
    }


def total(patient_id: str, score: int, effective: str, form_id: str = "") -> dict[str, Any]:
    """The total of a PHQ-9 as an Observation, derived from its form where there is one."""
    observation: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "survey",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": LOINC, "code": "44261-6"}]},
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": effective,
        "valueInteger": score,
    }
    if form_id:
        observation["derivedFrom"] = [{"reference": f"QuestionnaireResponse/{form_id}"}]
    return observation
