"""What goes out: the sender's own resource with our id and version, or a resource of ours."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.domain.instrument import CANONICAL_BASE, Instrument
from app.domain.score import Answers
from fhir_mappings.form_logic import link_id, total_link_id
from fhir_mappings.json_text import read_json, write_json
from fhir_mappings.local_codes import level_coding, score_coding
from fhir_mappings.published import coding, instant_text, ours
from fhir_mappings.published_answers import answer_of, components_of
from fhir_mappings.security import security_meta

__all__ = [
    "PublishedAssessment",
    "instant_text",
    "render_completed_form",
    "render_known_patient",
    "render_received",
    "render_score",
]

ASSESSMENT_SYSTEM = "https://stepwell.example/fhir/NamingSystem/assessment"
SCREENING_PROFILE = (
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-screening-assessment"
)
RESPONSE_PROFILE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-questionnaireresponse"
PATIENT_PROFILE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
_CATEGORY_SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"
_ABSENT_SYSTEM = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_RESPONSE_STATUS = {"final": "completed"}


@dataclass(frozen=True, slots=True)
class PublishedAssessment:
    """An assessment as the registry tells others of it."""

    assessment_id: str
    instrument: Instrument
    patient_fhir_id: str
    answers: Answers
    total: Decimal | None
    prorated: bool
    severity: str | None
    status: str
    """``final``, ``amended`` or ``entered-in-error``."""
    effective_at: datetime
    derived_from: tuple[str, ...] = ()
    """References to what the total was computed from."""
    by: str | None = None
    """Who entered it, by name."""


def render_received(
    body: bytes,
    resource_type: str,
    resource_id: str,
    version: int,
    last_updated: datetime,
    *,
    part_two: bool = False,
) -> bytes:
    """The sender's resource with our id, versionId and lastUpdated; nothing else is changed.

    Order, decimals, extensions and the other elements of meta stay as sent; a record of a
    Part 2 program is labelled so beside whatever labels it came with.
    """
    sent = read_json(body)
    meta = dict(sent.get("meta") or {})
    meta["versionId"] = str(version)
    meta["lastUpdated"] = instant_text(last_updated)
    meta |= security_meta(meta, part_two=part_two)
    ours: dict[str, Any] = {"resourceType": resource_type, "id": resource_id, "meta": meta}
    if all(name in sent for name in ours):
        return write_json({name: ours.get(name, value) for name, value in sent.items()})
    rest = {name: value for name, value in sent.items() if name not in ours}
    return write_json(ours | rest)


def render_score(assessment: PublishedAssessment) -> dict[str, Any]:
    """The total as an Observation of ours: US Core 7 Screening Assessment, without id.

    A total that cannot be known has a dataAbsentReason (us-core-2). The answers that it was made
    of are its components, as in HL7's Apgar score: decision 0029 says why they are no members.
    """
    observation: dict[str, Any] = {
        "resourceType": "Observation",
        "meta": ours(SCREENING_PROFILE),
        "identifier": [_identifier(assessment, "score")],
        "status": assessment.status,
        "category": [{"coding": [coding(_CATEGORY_SYSTEM, "survey", "Survey")]}],
        "code": _score_code(assessment.instrument),
        "subject": {"reference": f"Patient/{assessment.patient_fhir_id}"},
        "effectiveDateTime": instant_text(assessment.effective_at),
    }
    observation |= _score_value(assessment)
    components = components_of(assessment.instrument, assessment.answers)
    if components:
        observation["component"] = components
    if assessment.derived_from:
        references = [{"reference": reference} for reference in assessment.derived_from]
        observation["derivedFrom"] = references
    return observation


def _score_value(assessment: PublishedAssessment) -> dict[str, Any]:
    if assessment.total is None:
        absent = coding(_ABSENT_SYSTEM, "unknown", "Unknown")
        return {"dataAbsentReason": {"coding": [absent], "text": "Too few answers to score"}}
    if assessment.instrument.ordinal:
        level = _level(assessment.instrument, assessment.total)
        return {"valueCodeableConcept": {"coding": [level], "text": level["display"]}}
    quantity = {"value": assessment.total, "unit": "{score}"}
    quantity |= {"system": "http://unitsofmeasure.org", "code": "{score}"}
    value: dict[str, Any] = {"valueQuantity": quantity}
    if assessment.severity:
        value["interpretation"] = [{"text": assessment.severity}]
    if assessment.prorated:
        words = "Prorated: the mean of the answered items stands for those missing."
        value["note"] = [{"text": words}]
    return value


def _level(instrument: Instrument, total: Decimal) -> dict[str, str]:
    """A risk level as a coding."""
    band = next(one for one in instrument.bands if one.minimum == total)
    return coding(*level_coding(instrument, band))


def _identifier(assessment: PublishedAssessment, what: str) -> dict[str, str]:
    return {"system": ASSESSMENT_SYSTEM, "value": f"{assessment.assessment_id}/{what}"}


def _score_code(instrument: Instrument) -> dict[str, Any]:
    system, code, title = score_coding(instrument)
    return {"coding": [coding(system, code, title)], "text": title}


def render_completed_form(assessment: PublishedAssessment) -> dict[str, Any]:
    """A form that staff entered, as a QuestionnaireResponse (US Core 7), without id."""
    response: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "meta": ours(RESPONSE_PROFILE),
        "identifier": _identifier(assessment, "form"),
        "questionnaire": own_canonical(assessment.instrument),
        "status": _RESPONSE_STATUS.get(assessment.status, assessment.status),
        "subject": {"reference": f"Patient/{assessment.patient_fhir_id}"},
        "authored": instant_text(assessment.effective_at),
    }
    if assessment.by:
        response["author"] = {"display": assessment.by}
    items = _answered_items(assessment.instrument, assessment.answers)
    if assessment.total is not None and not assessment.instrument.is_single_question:
        items.append(_total_item(assessment.instrument, assessment.total))
    if items:
        response["item"] = items
    return response


def own_canonical(instrument: Instrument) -> str:
    """The canonical of our Questionnaire for this instrument."""
    return f"{CANONICAL_BASE}{instrument.id}"


def _answered_items(instrument: Instrument, answers: Answers) -> list[dict[str, Any]]:
    return [
        {
            "linkId": link_id(item),
            "text": item.text,
            "answer": [answer_of(instrument, item, answers[item.key])],
        }
        for item in instrument.items
        if item.key in answers
    ]


def _total_item(instrument: Instrument, total: Decimal) -> dict[str, Any]:
    return {
        "linkId": total_link_id(instrument),
        "text": score_coding(instrument)[2],
        "answer": [
            {"valueCoding": _level(instrument, total)}
            if instrument.ordinal
            else {"valueDecimal": total}
        ],
    }


def render_known_patient(
    *,
    family: str | None,
    given: str | None,
    name: str,
    birth_on: str | None,
    sex: str,
    identifiers: Iterable[tuple[str, str]],
) -> dict[str, Any]:
    """A patient whom the registry made by itself, as a US Core 7 Patient, without id."""
    human_name: dict[str, Any] = {"text": name}
    if family:
        human_name["family"] = family
    if given:
        human_name["given"] = given.split()
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "meta": ours(PATIENT_PROFILE),
        "identifier": [{"system": system, "value": value} for system, value in identifiers],
        "name": [human_name],
        "gender": sex,
        "birthDate": birth_on,
    }
    return {element: value for element, value in patient.items() if value}
