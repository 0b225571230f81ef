"""Observations: panels, totals, items, and those that are none of these."""

from datetime import UTC, datetime

import pytest

from app.domain.assembly import PartKind, PartStatus
from fhir_mappings.reading import CannotBeRead, InvalidResource
from tests.mappings.examples import (
    loinc,
    make_observation,
    part_of,
    read,
    shared_resource,
    unkept,
    words_of,
)

MEMBERS = [{"reference": "Observation/a"}, {"reference": "Observation/b"}]


def concept(code, display=None):
    coding = {"system": "http://loinc.org", "code": code}
    return {"coding": [coding | ({"display": display} if display else {})]}


def refused(resource, **more):
    with pytest.raises(CannotBeRead) as refusal:
        read(resource, **more)
    return {problem.where: problem.what for problem in refusal.value.problems}


# totals


@pytest.mark.parametrize(
    "value",
    [
        {"valueString": "12"},  # the US Core example
        {"valueInteger": 12},
        {"valueQuantity": {"value": 12}},
        {"valueQuantity": {"value": 12, "unit": "{score}", "code": "{score}"}},
        {"valueQuantity": {"value": 12.0, "unit": "score", "code": "1"}},
    ],
)
def test_a_total_in_every_spelling(value):
    part = part_of(make_observation("44261-6", **value))
    assert (part.kind, part.instrument_id, part.total) == (PartKind.TOTAL, "phq-9", 12)


@pytest.mark.parametrize(
    "value",
    [
        {"valueInteger": 28},
        {"valueInteger": -1},
        {"valueString": "12/27"},
        {"valueString": "1e9999999"},
        {"valueQuantity": {"value": 12, "unit": "mmol/L", "code": "mmol/L"}},
        {"valueQuantity": {"value": 12, "comparator": ">"}},
        {"valueCodeableConcept": concept("LA6570-1")},
        {"valueBoolean": True},
    ],
)
def test_a_total_that_cannot_be_one_is_named(value):
    assert "Observation.value" in refused(make_observation("44261-6", **value))


@pytest.mark.parametrize(
    "absent",
    [
        {},
        {"dataAbsentReason": {"coding": [{"code": "unknown"}]}},
        {
            "valueCodeableConcept": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
                        "code": "unknown",
                    }
                ]
            }
        },
    ],
)
def test_a_total_without_a_value_adds_nothing(absent):
    part = part_of(make_observation("75626-2", **absent))
    assert (part.kind, part.total) == (PartKind.TOTAL, None)


# panels, and panels taken for totals


def test_a_panel_names_its_members():
    part = part_of(
        make_observation(
            "44249-1",
            hasMember=MEMBERS,
            derivedFrom=[{"reference": "QuestionnaireResponse/q"}],
        )
    )
    assert (part.kind, part.instrument_id) == (PartKind.PANEL, "phq-9")
    assert part.links == ("Observation/a", "Observation/b", "QuestionnaireResponse/q")


@pytest.mark.parametrize("code", ["69737-5", "82666-9", "44249-1", "72109-2"])
def test_a_panels_code_with_a_number_is_read_as_the_total_and_told(code):
    resource = make_observation(code, valueInteger=7)
    part = part_of(resource)
    assert (part.kind, part.total) == (PartKind.TOTAL, 7)
    assert "panel's code" in words_of(resource)


def test_a_totals_code_with_members_and_no_value_is_the_panel():
    part = part_of(make_observation("44261-6", hasMember=MEMBERS))
    assert (part.kind, part.total, len(part.links)) == (PartKind.PANEL, None, 2)


def test_words_as_a_panels_value_are_left_aside_and_told():
    resource = make_observation("44249-1", valueString="Moderate", hasMember=MEMBERS)
    assert part_of(resource).kind is PartKind.PANEL
    assert "not read" in words_of(resource)


def test_a_whole_form_in_components():
    components = [
        {"code": loinc("44250-9"), "valueCodeableConcept": concept("LA6570-1")},
        {"code": loinc("44260-8"), "valueInteger": 1},
        {"code": loinc("44261-6"), "valueInteger": 3},
        {"code": loinc("8302-2"), "valueInteger": 3},
    ]
    part = part_of(make_observation("44249-1", component=components))
    assert (part.kind, part.total) == (PartKind.FORM, 3)
    assert part.answers == {"q1": 2, "q9": 1}


def test_a_wrong_answer_in_a_component_is_named():
    components = [{"code": loinc("44250-9"), "valueInteger": 9}]
    found = refused(make_observation("44249-1", component=components))
    assert "Observation.component[0].value" in found


# items


@pytest.mark.parametrize(
    "value",
    [
        {"valueCodeableConcept": concept("LA6570-1")},
        {"valueCodeableConcept": {"text": "More than half the days"}},
        {"valueString": "More than half the days"},
        {"valueString": "2"},
        {"valueInteger": 2},
        {"valueQuantity": {"value": 2, "unit": "{score}"}},
    ],
)
def test_an_item_in_every_spelling(value):
    part = part_of(make_observation("44260-8", **value))
    assert (part.kind, part.item_code, part.value) == (PartKind.ITEM, "44260-8", 2)


def test_yes_on_an_item_that_asks_how_often_is_refused():
    # LOINC gives 44250-9 an example list of yes and no; the panel's own list counts
    resource = make_observation("44250-9", valueCodeableConcept=concept("LA33-6"))
    assert "0 (Not at all)" in refused(resource)["Observation.value"]


def test_an_item_without_a_value_counts_as_not_answered():
    part = part_of(make_observation("44260-8"))
    assert (part.kind, part.value) == (PartKind.ITEM, None)


# codes


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("70273-8", "PHQ-15"),
        ("70221-7", "PCL-C"),
    ],
)
def test_trap_codes_are_never_scored_and_told_with_what_they_are(code, names):
    assert names in unkept(make_observation(code, valueInteger=0)).words


def test_a_code_with_a_wrong_check_digit_is_called_one():
    assert "check digit" in unkept(make_observation("70999-5")).words


def test_an_unknown_code_is_named():
    assert "LOINC 8302-2" in unkept(make_observation("8302-2", valueInteger=1)).words


def test_a_code_without_loinc_is_said_to_have_none():
    resource = make_observation("x", code={"coding": [{"system": "urn:x", "code": "44261-6"}]})
    assert "by LOINC code" in unkept(resource).words


@pytest.mark.parametrize("system", ["https://loinc.org", "urn:oid:2.16.840.1.113883.6.1"])
def test_loinc_spelled_otherwise_is_loinc(system):
    code = {"coding": [{"system": system, "code": "44261-6"}]}
    assert part_of(make_observation("x", code=code, valueInteger=1)).total == 1


def test_a_local_code_beside_loinc_is_passed_over():
    code = {"coding": [{"system": "urn:x", "code": "PHQ"}, loinc("44261-6")["coding"][0]]}
    assert part_of(make_observation("x", code=code, valueInteger=1)).total == 1


def test_codings_that_contradict_each_other_are_refused():
    code = {"coding": [*loinc("44261-6")["coding"], *loinc("70274-6")["coding"]]}
    found = refused(make_observation("x", code=code, valueInteger=1))
    assert "PHQ-9" in found["Observation.code"]


# time, status, subject, links


@pytest.mark.parametrize(
    ("elements", "instant"),
    [
        ({"effectiveDateTime": "2026-11-20"}, datetime(2026, 11, 20)),
        ({"effectiveInstant": "2026-11-20T09:00:00Z"}, datetime(2026, 11, 20, 9)),
        (
            {"effectivePeriod": {"start": "2026-11-19", "end": "2026-11-20T08:00:00Z"}},
            datetime(2026, 11, 20, 8),
        ),
        ({"effectivePeriod": {"start": "2026-11-19"}}, datetime(2026, 11, 19)),
        ({"issued": "2026-11-20T07:00:00Z"}, datetime(2026, 11, 20, 7)),
    ],
)
def test_when_it_was_answered(elements, instant):
    elements = {"effectiveDateTime": None, **elements}
    part = part_of(make_observation("44261-6", valueInteger=1, **elements))
    assert part.effective_at == instant.replace(tzinfo=UTC)


def test_the_time_of_issue_stands_in_only_with_a_word():
    resource = make_observation("44261-6", effectiveDateTime=None, issued="2026-11-20T07:00:00Z")
    assert "time of issue" in words_of(resource)


def test_without_any_time_it_is_refused():
    found = refused(make_observation("44261-6", effectiveDateTime=None, valueInteger=1))
    assert "time when it was answered" in found["Observation.effective"]


@pytest.mark.parametrize(
    ("status", "part_status"),
    [
        ("final", PartStatus.FINAL),
        ("registered", PartStatus.PRELIMINARY),
        ("preliminary", PartStatus.PRELIMINARY),
        ("amended", PartStatus.AMENDED),
        ("corrected", PartStatus.AMENDED),
        ("cancelled", PartStatus.IN_ERROR),
        ("entered-in-error", PartStatus.IN_ERROR),
        ("unknown", PartStatus.FINAL),
    ],
)
def test_statuses(status, part_status):
    assert part_of(make_observation("44261-6", status=status)).status is part_status


def test_a_status_that_fhir_does_not_know_is_named():
    with pytest.raises(InvalidResource) as refusal:
        read(make_observation("44261-6", status="done"))
    (problem,) = refusal.value.problems
    assert problem.where == "Observation.status"
    assert "entered-in-error" in problem.what


def test_an_observation_of_nobody_is_refused():
    assert "Observation.subject" in refused(make_observation("44261-6", subject=None))


def test_a_link_to_a_placeholder_that_nothing_defines_is_named():
    members = [{"reference": "urn:uuid:a"}, {"reference": "urn:uuid:b"}]
    resource = make_observation("44249-1", hasMember=members)
    found = refused(resource, is_defined={"urn:uuid:a"}.__contains__)
    assert list(found) == ["Observation.hasMember[1].reference"]


# the real ones


def test_the_real_phq9_observations():
    name = "us-core-examples/Observation-PHQ9-item-example-{}.json"
    total = part_of(shared_resource(name.format("44261-6")))
    assert (total.kind, total.total) == (PartKind.TOTAL, 12)
    assert total.links == ("QuestionnaireResponse/phq-9-example",)
    item = part_of(shared_resource(name.format("44260-8")))
    assert (item.kind, item.item_code, item.value) == (PartKind.ITEM, "44260-8", 0)
    panel = part_of(shared_resource("us-core-examples/Observation-PHQ9-panel-example-44249-1.json"))
    assert (panel.kind, len(panel.links)) == (PartKind.PANEL, 12)


def test_the_real_audit_c_observation_of_68517_2_is_not_item_1():
    resource = shared_resource("us-core-examples/Observation-AUDIT-C-item-example-68517-2.json")
    part = part_of(resource)
    assert (part.kind, part.item_code, part.value) == (PartKind.ITEM, "68517-2", 0)
    assert "68518-0" in words_of(resource)


@pytest.mark.parametrize(
    ("code", "instrument_id"),
    [("75624-7", "audit"), ("75626-2", "audit-c"), ("89204-2", "phq-a"), ("44261-6", "phq-9")],
)
def test_totals_that_are_often_mistaken_for_one_another_are_each_their_own(
    code: str, instrument_id: str
) -> None:
    assert part_of(make_observation(code, valueInteger=7)).instrument_id == instrument_id
