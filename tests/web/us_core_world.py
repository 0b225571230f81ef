"""A patient's resources as a US Core EHR sends them, and the searches by which each is found."""

from typing import Any

from tests.clients.screenings import form, total
from tests.mappings.examples import make_patient
from tests.mappings.record_examples import make_record

WHEN = "2026-03-02T10:00:00-05:00"
BEFORE, AFTER = "2026-03-01T00:00:00Z", "2026-03-09T00:00:00Z"
PERIOD = {"start": WHEN, "end": "2026-03-02T11:00:00-05:00"}
SYSTEM = "https://ehr.example/codes"


def coded(code: str) -> dict[str, Any]:
    return {"coding": [{"system": SYSTEM, "code": code}]}


def about(**told: Any) -> dict[str, Any]:
    return {"subject": {"reference": "Patient/85"}, **told}


ADDRESS = {"line": ["1 Main St"], "city": "Springfield", "state": "IL", "postalCode": "62701"}
SENT: dict[str, dict[str, Any]] = {
    "Practitioner": make_record(
        "Practitioner",
        id="lind",
        name=[{"family": "Lind", "given": ["Astrid"]}],
        identifier=[{"system": SYSTEM, "value": "np-1"}],
    ),
    "Organization": make_record("Organization", id="org", name="Harbor Clinic", address=[ADDRESS]),
    "Location": make_record("Location", id="room", name="Riverside Room", address=ADDRESS),
    "PractitionerRole": make_record(
        "PractitionerRole",
        id="role",
        practitioner={"reference": "Practitioner/lind"},
        organization={"reference": "Organization/org"},
        specialty=[coded("psychiatry")],
    ),
    "Patient": make_patient(
        id="85",
        identifier=[{"system": "urn:mrn", "value": "85"}],
        name=[{"family": "Alvarez", "given": ["Rosa"]}],
        birthDate="1979-05-04",
        gender="female",
    ),
    "Encounter": {
        "resourceType": "Encounter",
        "id": "visit",
        "identifier": [{"system": SYSTEM, "value": "v-1"}],
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [coded("follow-up")],
        "period": PERIOD,
        "location": [{"location": {"reference": "Location/room"}}],
        "hospitalization": {"dischargeDisposition": coded("home")},
        **about(),
    },
    "Condition": make_record(
        "Condition",
        id="mdd",
        onsetDateTime=WHEN,
        recordedDate=WHEN,
        encounter={"reference": "Encounter/visit"},
        code=coded("mdd"),
        **about(),
    ),
    "QuestionnaireResponse": form("85", [1] * 9, WHEN) | {"id": "phq"},
    "Observation": total("85", 9, WHEN) | {"id": "score"},
    "CareTeam": make_record(
        "CareTeam",
        id="team",
        status="active",
        participant=[{"role": [coded("manager")], "member": {"reference": "Practitioner/lind"}}],
        **about(),
    ),
    "ServiceRequest": make_record(
        "ServiceRequest",
        id="referral",
        status="active",
        category=[coded("referral")],
        code=coded("therapy"),
        authoredOn=WHEN,
        **about(),
    ),
    "Procedure": make_record(
        "Procedure",
        id="session",
        status="completed",
        code=coded("session"),
        performedDateTime=WHEN,
        performedPeriod=None,
        **about(),
    ),
    "MedicationRequest": make_record(
        "MedicationRequest",
        id="ssri",
        status="active",
        intent="order",
        authoredOn=WHEN,
        encounter={"reference": "Encounter/visit"},
        **about(),
    ),
}
SURVEY = "http://terminology.hl7.org/CodeSystem/observation-category|survey"
PROBLEM = "http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item"
LOINC_TOTAL = "http://loinc.org|44261-6"

SEARCHES: tuple[tuple[str, dict[str, str]], ...] = (
    ("Patient", {"_id": "85"}),
    ("Patient", {"identifier": "urn:mrn|85"}),
    ("Patient", {"name": "Alvarez"}),
    ("Patient", {"birthdate": "1979-05-04", "name": "Alvarez"}),
    ("Patient", {"gender": "female", "name": "Alvarez"}),
    ("Patient", {"birthdate": "1979-05-04", "family": "Alvarez"}),
    ("Patient", {"family": "Alvarez", "gender": "female"}),
    ("Condition", {"patient": "85"}),
    ("Condition", {"patient": "85", "category": PROBLEM}),
    ("Condition", {"patient": "85", "clinical-status": "active"}),
    ("Condition", {"patient": "85", "code": f"{SYSTEM}|mdd"}),
    ("Condition", {"patient": "85", "onset-date": WHEN}),
    ("Condition", {"patient": "85", "recorded-date": WHEN}),
    ("Condition", {"patient": "85", "_lastUpdated": "ge2020-01-01"}),
    ("Condition", {"patient": "85", "category": PROBLEM, "clinical-status": "active"}),
    ("Condition", {"patient": "85", "category": PROBLEM, "encounter": "Encounter/visit"}),
    ("Encounter", {"_id": "visit"}),
    ("Encounter", {"patient": "85"}),
    ("Encounter", {"patient": "85", "date": f"gt{BEFORE}"}),  # a period: none equals an instant
    ("Encounter", {"patient": "85", "class": "AMB"}),
    ("Encounter", {"patient": "85", "type": f"{SYSTEM}|follow-up"}),
    ("Encounter", {"patient": "85", "location": "Location/room"}),
    ("Encounter", {"patient": "85", "status": "finished"}),
    ("Encounter", {"patient": "85", "discharge-disposition": f"{SYSTEM}|home"}),
    ("Encounter", {"identifier": f"{SYSTEM}|v-1"}),
    ("Encounter", {"patient": "85", "_lastUpdated": "ge2020-01-01"}),
    ("Observation", {"patient": "85", "category": SURVEY}),
    ("Observation", {"patient": "85", "category": "survey"}),
    ("Observation", {"patient": "85", "code": LOINC_TOTAL}),
    ("Observation", {"patient": "85", "code": f"{LOINC_TOTAL},http://loinc.org|70274-6"}),
    ("Observation", {"patient": "85", "category": SURVEY, "date": WHEN}),
    ("Observation", {"patient": "85", "category": SURVEY, "status": "final"}),
    ("Observation", {"patient": "85", "code": LOINC_TOTAL, "date": WHEN}),
    ("Observation", {"patient": "85", "category": SURVEY, "_lastUpdated": "ge2020-01-01"}),
    ("QuestionnaireResponse", {"_id": "phq"}),
    ("QuestionnaireResponse", {"patient": "85"}),
    ("QuestionnaireResponse", {"patient": "85", "status": "completed"}),
    ("QuestionnaireResponse", {"patient": "85", "authored": WHEN}),
    ("QuestionnaireResponse", {"patient": "85", "questionnaire": "http://loinc.org/q/44249-1"}),
    ("CareTeam", {"patient": "85", "status": "active"}),
    ("CareTeam", {"patient": "85", "role": f"{SYSTEM}|manager"}),
    ("ServiceRequest", {"_id": "referral"}),
    ("ServiceRequest", {"patient": "85"}),
    ("ServiceRequest", {"patient": "85", "category": f"{SYSTEM}|referral"}),
    ("ServiceRequest", {"patient": "85", "code": f"{SYSTEM}|therapy"}),
    ("ServiceRequest", {"patient": "85", "category": f"{SYSTEM}|referral", "authored": WHEN}),
    ("ServiceRequest", {"patient": "85", "status": "active"}),
    ("ServiceRequest", {"patient": "85", "code": f"{SYSTEM}|therapy", "authored": WHEN}),
    ("Procedure", {"patient": "85"}),
    ("Procedure", {"patient": "85", "date": WHEN}),
    ("Procedure", {"patient": "85", "status": "completed"}),
    ("Procedure", {"patient": "85", "code": f"{SYSTEM}|session", "date": WHEN}),
    ("MedicationRequest", {"patient": "85", "intent": "order"}),
    ("MedicationRequest", {"patient": "85", "intent": "order,plan"}),
    ("MedicationRequest", {"patient": "85", "intent": "order", "status": "active"}),
    ("MedicationRequest", {"patient": "85", "intent": "order", "encounter": "Encounter/visit"}),
    ("MedicationRequest", {"patient": "85", "intent": "order", "authoredon": WHEN}),
    ("Practitioner", {"_id": "lind"}),
    ("Practitioner", {"name": "Lind"}),
    ("Practitioner", {"identifier": f"{SYSTEM}|np-1"}),
    ("PractitionerRole", {"practitioner": "Practitioner/lind"}),
    ("PractitionerRole", {"specialty": f"{SYSTEM}|psychiatry"}),
    ("Organization", {"name": "Harbor"}),
    ("Organization", {"address": "Springfield"}),
    ("Location", {"name": "Riverside"}),
    ("Location", {"address": "Springfield"}),
    ("Location", {"address-city": "Springfield"}),
    ("Location", {"address-state": "IL"}),
    ("Location", {"address-postalcode": "62701"}),
)
"""hl7.org/fhir/us/core/STU7: the searches of its CapabilityStatement, for what is kept here."""
DATES = ("date", "onset-date", "recorded-date", "authored", "authoredon", "_lastUpdated")
