"""A made-up resource of each type that is kept as it was said."""

from copy import deepcopy
from typing import Any

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
_PATIENT = {"reference": "Patient/85"}
_DEPRESSION = {
    "coding": [{"system": SNOMED, "code": "370143000", "display": "Major depressive disorder"}]
}

RECORDS: dict[str, dict[str, Any]] = {
    "Condition": {
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                    "code": "active",
                }
            ]
        },
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/condition-category",
                        "code": "problem-list-item",
                    }
                ]
            }
        ],
        "code": _DEPRESSION,
        "subject": _PATIENT,
        "onsetDateTime": "2025-11",
        "recordedDate": "2026-01-04T09:30:00-05:00",
    },
    "EpisodeOfCare": {
        "status": "active",
        "patient": _PATIENT,
        "period": {"start": "2026-01-04T09:30:00-05:00"},
    },
    "CareTeam": {
        "status": "active",
        "subject": _PATIENT,
        "participant": [
            {"role": [{"text": "Care manager"}], "member": {"display": "Maya Okafor"}},
        ],
    },
    "ServiceRequest": {
        "status": "active",
        "intent": "order",
        "code": {"text": "Referral to psychotherapy"},
        "subject": _PATIENT,
        "authoredOn": "2026-01-04",
    },
    "Procedure": {
        "status": "completed",
        "code": {"text": "Psychotherapy, 45 minutes"},
        "subject": _PATIENT,
        "performedDateTime": "2026-01-11T10:00:00-05:00",
    },
    "MedicationRequest": {
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "Sertraline 50 mg tablet"},
        "subject": _PATIENT,
        "authoredOn": "2026-01-04",
        "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 1.50}}]}],
    },
    "Task": {
        "status": "requested",
        "intent": "order",
        "for": _PATIENT,
        "authoredOn": "2026-01-04T09:30:00-05:00",
    },
    "Consent": {
        "status": "active",
        "scope": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                    "code": "patient-privacy",
                }
            ]
        },
        "category": [{"coding": [{"system": LOINC, "code": "59284-0"}]}],
        "patient": _PATIENT,
        "dateTime": "2026-01-04",
        "policyRule": {"text": "42 CFR Part 2"},
    },
    "Communication": {
        "status": "completed",
        "subject": _PATIENT,
        "sent": "2026-01-04T09:30:00-05:00",
        "payload": [{"contentString": "Called; left no message."}],
    },
    "Practitioner": {
        "active": True,
        "name": [{"family": "Okafor", "given": ["Maya"]}],
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}],
    },
    "PractitionerRole": {
        "active": True,
        "code": [
            {"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "1041C0700X"}]}
        ],
    },
    "Organization": {"active": True, "name": "Lakeside Family Medicine"},
    "Location": {"status": "active", "name": "Lakeside, second floor"},
}


def make_record(kind: str, **changes: Any) -> dict[str, Any]:
    """One of them, with changes; what is None is left out."""
    resource = {"resourceType": kind} | deepcopy(RECORDS[kind]) | changes
    return {name: value for name, value in resource.items() if value is not None}
