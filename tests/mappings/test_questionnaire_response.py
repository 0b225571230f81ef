"""QuestionnaireResponses: which instrument, which answers, and every fault by name."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.domain.assembly import PartKind, PartStatus
from fhir_mappings.reading import CannotBeRead, InvalidResource
from tests.mappings.examples import (
    FREQUENCY,
    PHQ9_CODES,
    coded,
    make_phq9,
    make_response,
    part_of,
    read,
    shared_resource,
    unkept,
    words_of,
)


def refused(resource):
    """(where, what) of everything that is wrong."""
    with pytest.raises(CannotBeRead) as refusal:
        read(resource)
    return {problem.where: problem.what for problem in refusal.value.problems}


# which instrument


@pytest.mark.parametrize(
    "canonical",
    [
        "http://loinc.org/q/44249-1",
        "http://hl7.org/fhir/us/core/Questionnaire/phq-9-example",
        "http://hl7.org/fhir/us/core/Questionnaire/phq-9-example|7.0.0",
        "https://stepwell.example/fhir/Questionnaire/phq-9",
    ],
)
def test_the_instrument_is_known_by_its_canonical(canonical):
    part = part_of(make_phq9(1, 2, questionnaire=canonical))
    assert (part.kind, part.instrument_id) == (PartKind.FORM, "phq-9")
    assert dict(part.answers) == {"q1": 1, "q2": 2}


@pytest.mark.parametrize("prefix", ["", "/", "44249-1/", "/44249-1/"])
def test_else_by_the_codes_in_its_link_ids(prefix):
    answers = {f"{prefix}{code}": coded("LA6569-3") for code in PHQ9_CODES}
    part = part_of(make_response(answers, questionnaire="https://ehr.example/intake"))
    assert part.instrument_id == "phq-9"
    assert len(part.answers) == 9


@pytest.mark.parametrize(
    ("codes", "instrument"),
    [
        (PHQ9_CODES[:2], "phq-2"),  # the smallest that has them all
        (PHQ9_CODES[:3], "phq-9"),
        (["44260-8"], "phq-9"),
        (["69725-0", "68509-9"], "gad-2"),
        ([*PHQ9_CODES[:2], "44261-6"], "phq-9"),  # its total says so
    ],
)
def test_items_alone_name_the_smallest_instrument_that_has_them(codes, instrument):
    items = {
        code: {"valueInteger": 1} if code == "44261-6" else coded("LA6569-3") for code in codes
    }
    assert part_of(make_response(items, questionnaire=None)).instrument_id == instrument


def test_items_of_two_instruments_in_one_form_are_refused_with_their_names():
    mixed = {
        "44250-9": coded("LA6568-5"),
        "44260-8": coded("LA6568-5"),
        "69725-0": coded("LA6568-5"),
    }
    found = refused(make_response(mixed, questionnaire=None))
    assert "PHQ-9" in found["QuestionnaireResponse.item"]
    assert "GAD" in found["QuestionnaireResponse.item"]


def test_an_unknown_instrument_is_not_kept_and_said_so():
    content = unkept(make_response({"/1": {"valueString": "x"}}, questionnaire="https://x/prapare"))
    assert content.where == "QuestionnaireResponse.questionnaire"
    assert "does not know" in content.words


def test_a_phq_8_is_never_read_as_a_phq_9():
    eight = {code: coded("LA6569-3") for code in PHQ9_CODES[:8]}
    assert "PHQ-8" in unkept(make_response(eight, questionnaire="https://ehr.example/phq-8")).words
    # with item 9 asked but left open it is a PHQ-9 with an unknown item 9
    asked = make_response(eight, questionnaire="https://ehr.example/mood")
    asked["item"].append({"linkId": "44260-8"})
    assert part_of(asked).instrument_id == "phq-9"


# which answers


@pytest.mark.parametrize(
    "answer",
    [
        coded("LA6570-1"),
        {"valueInteger": 2},
        {"valueDecimal": Decimal("2.0")},
        {"valueString": "2"},
        {"valueString": "more than half  the days"},
        {"valueQuantity": {"value": 2, "code": "{score}", "system": "http://unitsofmeasure.org"}},
        {"valueCoding": {"system": "https://ehr.example", "display": "More than half the days"}},
        {"valueCoding": {"code": "LA6570-1"}},
        {"valueCoding": {"system": "https://loinc.org/", "code": "LA6570-1"}},
    ],
)
def test_spellings_of_one_answer(answer):
    assert part_of(make_response({"/44260-8": answer})).answers == {"q9": 2}


@pytest.mark.parametrize(
    "answer",
    [
        coded("LA6572-7"),  # of another list
        {"valueCoding": {"system": "http://loinc.org", "code": "LA0-0", "display": "Several days"}},
        {"valueInteger": 4},
        {"valueInteger": -1},
        {"valueDecimal": 1.5},
        {"valueString": "sometimes"},
        {"valueBoolean": True},
        {"valueQuantity": {"value": 2, "unit": "/a", "code": "/a"}},
        {"valueQuantity": {"value": 2, "comparator": "<"}},
        {"valueDate": "2026-01-01"},
    ],
)
def test_an_answer_outside_its_list_is_named_with_the_list(answer):
    found = refused(make_response({"/44250-9": answer}))
    words = found["QuestionnaireResponse.item[0].answer[0].value"]
    assert "3 (Nearly every day)" in words


@pytest.mark.parametrize("code", ["LA18938-3", "LA6570-1"])
def test_both_codes_of_the_gad_worrying_item_are_two(code):
    answers = {"69725-0": coded("LA6568-5"), "68509-9": coded(code)}
    assert 2 in part_of(make_response(answers, questionnaire=None)).answers.values()


def test_very_difficult_comes_before_extremely_difficult():
    for code, value in (("LA6575-0", 2), ("LA6574-3", 3)):
        part = part_of(make_response({"/69722-7": coded(code)}))
        assert part.answers == {"difficulty": value}


def test_declined_and_absent_answers_are_no_answers():
    declined = {
        "valueCoding": {
            "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
            "code": "asked-declined",
        }
    }
    part = part_of(make_response({"/44250-9": declined, "/44255-8": coded("LA6569-3")}))
    assert part.answers == {"q2": 1}


def test_a_display_that_contradicts_its_code_is_told_and_the_code_counts():
    answer = {
        "valueCoding": {
            "system": "http://loinc.org",
            "code": FREQUENCY[3],
            "display": "Not at all",
        }
    }
    resource = make_response({"/44260-8": answer})
    assert part_of(resource).answers == {"q9": 3}
    assert "'Nearly every day', its display 'Not at all'" in words_of(resource)


def test_groups_and_items_below_answers_are_followed():
    resource = make_response({})
    inner = {"linkId": "/44255-8", "answer": [coded("LA6569-3")]}
    outer = {"linkId": "/44250-9", "answer": [{**coded("LA6570-1"), "item": [inner]}]}
    resource["item"] = [{"linkId": "g", "item": [{"linkId": "h", "item": [outer]}]}]
    assert part_of(resource).answers == {"q1": 2, "q2": 1}


# the total


@pytest.mark.parametrize(
    "total",
    [
        {"valueDecimal": 12},
        {"valueInteger": 12},
        {"valueString": "12"},
        {"valueQuantity": {"value": 12, "unit": "score", "code": "1"}},
    ],
)
def test_spellings_of_one_total(total):
    assert part_of(make_response({"/44261-6": total})).total == 12


@pytest.mark.parametrize(
    "total",
    [{"valueInteger": 28}, {"valueInteger": -1}, {"valueString": "twelve"}, coded("LA33-6")],
)
def test_a_total_that_cannot_be_one_is_named(total):
    assert "QuestionnaireResponse.item[0].answer[0].value" in refused(
        make_response({"/44261-6": total})
    )


def test_a_panels_code_with_a_value_is_its_total_and_told():
    resource = make_response({"/44249-1": {"valueInteger": 12}})
    assert part_of(resource).total == 12
    assert "panel's code" in words_of(resource)


# faults by name


def test_an_extra_item_is_refused_where_the_questionnaire_is_known():
    found = refused(make_response({"/44250-9": coded("LA6569-3"), "/x": {"valueString": "y"}}))
    assert found == {"QuestionnaireResponse.item[1]": "PHQ-9 has no such item."}


def test_an_extra_item_of_an_intake_form_is_left_aside_and_told():
    answers = {code: coded("LA6569-3") for code in PHQ9_CODES} | {"smokes": {"valueBoolean": True}}
    resource = make_response(answers, questionnaire="https://ehr.example/intake")
    assert len(part_of(resource).answers) == 9
    assert "QuestionnaireResponse.item[9]" in words_of(resource)


def test_the_same_item_twice_is_refused_even_where_the_answers_agree():
    resource = make_phq9(1)
    resource["item"] *= 2
    assert "answered twice" in refused(resource)["QuestionnaireResponse.item[1]"]


def test_two_answers_to_one_item_are_refused():
    resource = make_phq9(1)
    resource["item"][0]["answer"] *= 2
    assert "one answer" in refused(resource)["QuestionnaireResponse.item[0].answer"]


def test_every_fault_is_told_at_once():
    resource = make_response(
        {"/44250-9": {"valueInteger": 7}, "/x": {"valueString": "y"}},
        authored=None,
        subject=None,
    )
    assert set(refused(resource)) == {
        "QuestionnaireResponse.item[0].answer[0].value",
        "QuestionnaireResponse.item[1]",
        "QuestionnaireResponse.authored",
        "QuestionnaireResponse.subject",
    }


@pytest.mark.parametrize("subject", [{"reference": "Group/1"}, {"reference": "Device/1"}])
def test_the_subject_is_a_patient(subject):
    assert "QuestionnaireResponse.subject.reference" in refused(make_phq9(1, subject=subject))


def test_a_year_is_too_vague_to_place_an_assessment():
    assert "too vague" in refused(make_phq9(1, authored="2026"))["QuestionnaireResponse.authored"]


def test_a_malformed_resource_is_refused_with_the_element():
    with pytest.raises(InvalidResource) as refusal:
        read(make_phq9(1, authored="yesterday", mood="low"))
    assert {problem.where for problem in refusal.value.problems} == {
        "QuestionnaireResponse.authored",
        "QuestionnaireResponse.mood",
    }


# status, subject, identifier


@pytest.mark.parametrize(
    ("status", "part_status"),
    [
        ("completed", PartStatus.FINAL),
        ("in-progress", PartStatus.PRELIMINARY),
        ("amended", PartStatus.AMENDED),
        ("entered-in-error", PartStatus.IN_ERROR),
        ("stopped", PartStatus.FINAL),  # nothing more will come
    ],
)
def test_statuses(status, part_status):
    assert part_of(make_phq9(1, status=status)).status is part_status


def test_subject_by_identifier_and_the_business_identifier():
    part = part_of(
        make_phq9(
            1,
            subject={"identifier": {"system": "urn:mrn", "value": "7"}},
            identifier={"system": "urn:forms", "value": "f-1"},
        )
    )
    assert (part.reference, part.identifier) == (None, ("urn:mrn", "7"))
    assert part.source_identifier == "urn:forms|f-1"


def test_a_conditional_reference_is_an_identifier():
    part = part_of(make_phq9(1, subject={"reference": "Patient?identifier=urn:mrn|7"}))
    assert part.identifier == ("urn:mrn", "7")
    found = refused(make_phq9(1, subject={"reference": "Patient?name=Rivera"}))
    assert "QuestionnaireResponse.subject.reference" in found


def test_what_is_taken_back_need_not_be_right():
    resource = make_response({"/44250-9": {"valueInteger": 9}}, status="entered-in-error")
    assert part_of(resource).status is PartStatus.IN_ERROR
    assert "Left aside" in words_of(resource)


# the traps


def test_the_real_phq9_example_scores_from_its_answers():
    part = part_of(shared_resource("us-core-examples/QuestionnaireResponse-phq-9-example.json"))
    assert part.instrument_id == "phq-9"
    assert [part.answers[f"q{n}"] for n in range(1, 10)] == [2, 2, 2, 2, 1, 1, 2, 0, 0]
    assert part.answers["difficulty"] == 1
    assert part.total == 12
    assert part.effective_at == datetime(2022, 11, 29, 20, 50, 32, 718000, UTC)


def test_the_real_audit_c_example_never_takes_68517_2_for_item_1():
    resource = shared_resource("us-core-examples/QuestionnaireResponse-AUDIT-C.json")
    part = part_of(resource)
    assert (part.instrument_id, dict(part.answers)) == ("audit-c", {"q2": 0, "q3": 0})
    assert "68518-0" in words_of(resource)


def test_the_real_taps_and_prapare_are_not_kept():
    for name in ("TAPS", "PRAPARE-example", "hunger-vital-sign-example"):
        unkept(shared_resource(f"us-core-examples/QuestionnaireResponse-{name}.json"))
