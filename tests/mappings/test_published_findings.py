"""Findings, referrals, recommendations and conditions of ours: FHIR R4, US Core 7 where it has one."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from fhir.resources.R4B import get_fhir_model_class

from app.domain.flag import FlagKind
from app.domain.outcome import outcomes_of
from app.domain.referral import MOVES, ReferralState
from app.use_cases.answer_recommendation import NEXT
from fhir_mappings.published_condition import TreatedCondition, render_condition
from fhir_mappings.published_finding import PLACES, PublishedFinding, render_finding
from fhir_mappings.published_recommendation import (
    ANSWERS,
    TASK_STATUSES,
    PublishedRecommendation,
    render_recommendation,
)
from fhir_mappings.published_referral import STANDINGS, PublishedReferral, render_referral

OPENED = datetime(2026, 3, 2, 15, 4, tzinfo=UTC)
CLOSED = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
SAFETY = PublishedFinding(
    finding_id="f1",
    patient_fhir_id="85",
    kind=FlagKind.SAFETY,
    state="open",
    words="Item 9 (thoughts of death or self-harm) was 2 on 2 Mar 2026: speak with the patient.",
    opened_at=OPENED,
    closed_at=None,
    org_id="o1",
    implicated="QuestionnaireResponse/q1",
)
MISMATCH = replace(
    SAFETY,
    kind=FlagKind.SCORE_MISMATCH,
    words="The sender's PHQ-9 total of 2 Mar 2026 is 12; its answers make 14.",
)
REFERRAL = PublishedReferral(
    referral_id="r1",
    patient_fhir_id="85",
    episode_id="e1",
    step="specialty",
    reason="no response to two medications",
    to_whom="Lakeside Psychiatry",
    state=ReferralState.SCHEDULED,
    closed_from=ReferralState.SENT,
    opened_at=OPENED,
    moved_at=CLOSED,
    due_on=date(2026, 4, 3),
    appointment_on=date(2026, 3, 31),
    requester_id="s1",
    owner_id="s1",
)
RECOMMENDATION = PublishedRecommendation(
    review_id="v1",
    patient_fhir_id="85",
    episode_id="e1",
    words="Raise sertraline to 100 mg, PHQ-9 again in four weeks.",
    status="open",
    reviewed_at=OPENED,
    consultant_id="s2",
)
TREATED = TreatedCondition("e1", "85", "depression", "active", date(2026, 1, 5))


@pytest.mark.parametrize("kind", FlagKind)
@pytest.mark.parametrize("state", ["open", "acknowledged", "closed"])
def test_every_finding_is_fhir(kind, state):
    closed = CLOSED if state == "closed" else None
    code = outcomes_of(kind)[0].code
    found = render_finding(
        replace(
            SAFETY, kind=kind, state=state, closed_at=closed, closed_by_id="s1", outcome_code=code
        )
    )
    get_fhir_model_class(found["resourceType"]).model_validate(found)


@pytest.mark.parametrize(
    "resource",
    [*render_referral(REFERRAL), render_recommendation(RECOMMENDATION), render_condition(TREATED)],
    ids=["ServiceRequest", "Task", "Task of a recommendation", "Condition"],
)
def test_each_request_is_fhir(resource):
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_every_kind_every_state_and_every_answer_has_its_place():
    assert set(PLACES) == set(FlagKind)
    assert set(STANDINGS) | {ReferralState.CLOSED} == set(MOVES)
    assert set(TASK_STATUSES) == set(NEXT) | {s for told in NEXT.values() for s in told}
    assert set(ANSWERS.values()) == {status for told in NEXT.values() for status in told}
    assert PLACES[FlagKind.SAFETY].resource_type == "Flag"


def test_a_safety_flag():
    assert render_finding(SAFETY) == {
        "resourceType": "Flag",
        "id": "f1",
        "meta": {
            "tag": [
                {
                    "system": "https://stepwell.example/fhir/CodeSystem/origin",
                    "code": "registry",
                    "display": "Made here",
                }
            ]
        },
        "identifier": [
            {"system": "https://stepwell.example/fhir/NamingSystem/record", "value": "flag/f1"}
        ],
        "status": "active",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/flag-category",
                        "code": "safety",
                        "display": "Safety",
                    }
                ],
                "text": "Safety",
            }
        ],
        "code": {
            "coding": [
                {
                    "system": "https://stepwell.example/fhir/CodeSystem/finding",
                    "code": "safety",
                    "display": "Safety",
                }
            ],
            "text": SAFETY.words,
        },
        "subject": {"reference": "Patient/85"},
        "period": {"start": "2026-03-02T15:04:00Z"},
        "author": {"reference": "Organization/o1"},
    }


@pytest.mark.parametrize(
    ("state", "withdrawn", "flag", "issue"),
    [
        ("open", False, "active", "preliminary"),
        ("acknowledged", False, "active", "preliminary"),
        ("closed", False, "inactive", "final"),
        ("open", True, "active", "preliminary"),  # nobody closed it: it asks on
        ("closed", True, "entered-in-error", "entered-in-error"),
    ],
)
def test_where_a_finding_stands(state, withdrawn, flag, issue):
    found = [
        render_finding(replace(one, state=state, withdrawn=withdrawn)) for one in (SAFETY, MISMATCH)
    ]
    assert [one["status"] for one in found] == [flag, issue]


def test_an_issue_names_what_it_is_about_and_what_was_done():
    handled = replace(
        MISMATCH, state="closed", closed_at=CLOSED, closed_by_id="s1", outcome_code="ours-right"
    )
    issue = render_finding(handled)
    assert issue["implicated"] == [{"reference": "QuestionnaireResponse/q1"}]
    (done,) = issue["mitigation"]
    assert done["action"]["text"] == "The answers here are right"
    assert done["author"] == {"reference": "Practitioner/s1"}
    assert "mitigation" not in render_finding(MISMATCH)


def test_nobodys_own_words_go_out_with_an_outcome():
    handled = replace(
        MISMATCH, state="closed", closed_at=CLOSED, closed_by_id="s1", outcome_code="other"
    )
    assert render_finding(handled)["mitigation"][0]["action"]["text"] == "Something else"


def test_a_referral():
    request, task = render_referral(REFERRAL)
    assert (request["status"], request["intent"]) == ("active", "order")
    assert request["occurrenceDateTime"] == "2026-03-31"
    assert request["performer"] == [{"display": "Lakeside Psychiatry"}]
    assert request["reasonReference"] == [{"reference": "Condition/e1"}]
    assert request["code"]["text"] == "Referral to Specialty mental health care"
    assert (task["status"], task["businessStatus"]["text"]) == ("in-progress", "Appointment set")
    assert task["focus"] == {"reference": "ServiceRequest/r1"}
    assert task["restriction"] == {"period": {"end": "2026-04-03"}}


@pytest.mark.parametrize(
    ("closed_from", "request_status", "task_status"),
    [
        (ReferralState.REPORT_RECEIVED, "completed", "completed"),
        (ReferralState.SEEN, "completed", "completed"),
        (ReferralState.PATIENT_DECLINED, "revoked", "cancelled"),
        (ReferralState.NEEDED, "revoked", "cancelled"),
    ],
)
def test_a_closed_referral_says_whether_the_patient_was_seen(
    closed_from, request_status, task_status
):
    closed = replace(REFERRAL, state=ReferralState.CLOSED, closed_from=closed_from, due_on=None)
    assert [one["status"] for one in render_referral(closed)] == [request_status, task_status]


def test_a_recommendation_waits_for_the_team_until_somebody_answers():
    task = render_recommendation(RECOMMENDATION)
    assert (task["status"], task["intent"]) == ("requested", "proposal")
    assert task["description"] == RECOMMENDATION.words
    assert task["requester"] == {"reference": "Practitioner/s2"}
    assert task["owner"] == {"reference": "CareTeam/e1"}
    declined = replace(
        RECOMMENDATION, status="declined", answer="QT", answered_at=CLOSED, owner_id="s3"
    )
    task = render_recommendation(declined)
    assert (task["status"], task["statusReason"]) == ("rejected", {"text": "QT"})
    assert task["owner"] == {"reference": "Practitioner/s3"}
    assert task["lastModified"] == "2026-03-02T16:30:00Z"


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, "active"),
        ({"status": "enrolled"}, "active"),
        ({"status": "relapse-prevention"}, "remission"),
        ({"status": "closed", "outcome": "goals-met"}, "remission"),
        ({"status": "closed", "outcome": "lost"}, "active"),  # nobody knows otherwise
    ],
)
def test_a_condition_says_what_people_recorded(values, status):
    condition = render_condition(replace(TREATED, **values))
    assert condition["clinicalStatus"]["coding"][0]["code"] == status
    assert condition["verificationStatus"]["coding"][0]["code"] == "provisional"
    assert condition["code"]["coding"][0]["code"] == "35489007"
