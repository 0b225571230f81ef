"""PHQ-8, C-SSRS and the single questions as they come in by FHIR."""

from decimal import Decimal

import pytest

from app.domain.assembly import PartKind
from app.domain.catalogue import INSTRUMENTS
from fhir_mappings.codings import LOCAL_SYSTEM
from fhir_mappings.reading import CannotBeRead
from tests.mappings.examples import (
    PHQ9_CODES,
    coded,
    loinc,
    make_observation,
    make_response,
    part_of,
    read,
    unkept,
    words_of,
)

OWN = "https://stepwell.example/fhir/Questionnaire/"
EIGHT = {f"/{code}": coded("LA6569-3") for code in PHQ9_CODES[:8]}
ITEM_9 = {"/44260-8": coded("LA6570-1")}
LEVELS = [("LA9194-7", 1), ("LA6751-7", 2), ("LA9193-9", 3)]


def local(code, **more):
    concept = {"coding": [{"system": LOCAL_SYSTEM, "code": code}]}
    return make_observation("x", **{"code": concept, **more})


def refused(resource):
    with pytest.raises(CannotBeRead) as refusal:
        read(resource)
    return {problem.where: problem.what for problem in refusal.value.problems}


# PHQ-8


def test_a_phq_8_is_known_by_its_canonical():
    part = part_of(make_response(EIGHT, questionnaire=f"{OWN}phq-8|2"))
    assert (part.instrument_id, len(part.answers)) == ("phq-8", 8)


def test_a_phq_8_is_known_by_its_own_total_in_a_form_without_canonical():
    answers = {**EIGHT, "/phq-8-score": {"valueInteger": 8}}
    part = part_of(make_response(answers, questionnaire=None))
    assert (part.instrument_id, part.total) == ("phq-8", 8)


@pytest.mark.parametrize(("code", "kind"), [("phq-8-score", "total"), ("phq-8-panel", "total")])
def test_a_phq_8_total_by_its_local_code(code, kind):
    part = part_of(local(code, valueInteger=24))
    assert (part.kind.value, part.instrument_id, part.total) == (kind, "phq-8", 24)


def test_more_than_24_is_no_phq_8():
    assert "0 to 24" in refused(local("phq-8-score", valueInteger=25))["Observation.value"]


def test_a_phq_9_that_leaves_out_item_9_stays_a_phq_9():
    for name in ("http://loinc.org/q/44249-1", f"{OWN}phq-9"):
        part = part_of(make_response(EIGHT, questionnaire=name))
        assert part.instrument_id == "phq-9"
        assert "q9" not in part.answers
    total = {**EIGHT, "/44261-6": {"valueInteger": 9}}
    assert part_of(make_response(total, questionnaire=None)).instrument_id == "phq-9"


def test_eight_items_under_no_name_are_neither_and_the_words_say_what_to_send():
    words = unkept(make_response(EIGHT, questionnaire=None)).words
    assert f"{OWN}phq-8" in words
    assert "never read as PHQ-9" in words


def test_fewer_items_are_a_phq_9_or_phq_2_and_never_a_phq_8():
    for count in range(1, 8):
        items = dict(list(EIGHT.items())[:count])
        found = part_of(make_response(items, questionnaire=None)).instrument_id
        assert found == ("phq-2" if count < 3 else "phq-9")


def test_item_9_in_a_form_named_phq_8_is_refused_and_never_dropped():
    form = make_response({**EIGHT, **ITEM_9}, questionnaire=f"{OWN}phq-8")
    assert "no such item" in refused(form)["QuestionnaireResponse.item[8]"]
    under_its_total = {**EIGHT, **ITEM_9, "/phq-8-score": {"valueInteger": 8}}
    part = part_of(make_response(under_its_total, questionnaire=None))
    assert (part.instrument_id, part.answers["q9"]) == ("phq-9", 2)


# C-SSRS


@pytest.mark.parametrize(("code", "level"), LEVELS)
def test_a_risk_level_by_its_code(code, level):
    value = {"valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": code}]}}
    part = part_of(make_observation("93374-7", **value))
    assert (part.kind, part.instrument_id, part.total) == (
        PartKind.TOTAL, "c-ssrs-screener", level,
    )  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        {"valueString": "High"},
        {"valueString": "high  risk"},
        {"valueCodeableConcept": {"text": "High"}},
        {"valueCodeableConcept": {"coding": [{"system": "https://ehr.example", "display": "High"}]}},
        {"valueCodeableConcept": {"coding": [{"system": "https://x", "code": "h"}, {"system": "http://loinc.org", "code": "LA9193-9"}]}},
    ],
)  # fmt: skip
def test_spellings_of_high(value):
    assert part_of(make_observation("93374-7", **value)).total == 3


@pytest.mark.parametrize(
    "value",
    [
        {"valueInteger": 3},  # an ordinal answer is no number: of which scale would it be?
        {"valueQuantity": {"value": 3}},
        {"valueString": "3"},
        {"valueString": "severe"},
        {"valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "LA0-0", "display": "High"}]}},
        {"valueBoolean": True},
    ],
)  # fmt: skip
def test_what_is_no_level_is_refused_with_the_levels(value):
    words = refused(make_observation("93374-7", **value))["Observation.value"]
    assert "High risk (LA9193-9)" in words
    assert "no number" in words


def test_a_level_under_the_panels_code_is_not_lost():
    value = {
        "valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "LA9193-9"}]}
    }
    resource = make_observation("93373-9", **value)
    assert part_of(resource).total == 3
    assert "panel's code" in words_of(resource)


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        (coded("LA33-6"), coded("LA32-8")),
        ({"valueBoolean": True}, {"valueBoolean": False}),
        (
            {"valueCoding": {"system": "http://snomed.info/sct", "code": "373066001"}},
            {"valueCoding": {"system": "http://snomed.info/sct", "code": "373067005"}},
        ),
        ({"valueString": "Yes"}, {"valueString": "no"}),
    ],
)
def test_a_screener_in_the_spellings_of_yes_and_no(yes, no):
    answers = {
        "/93246-7": yes, "/93247-5": no, "/93267-3": yes, "/93269-9": no,
        "/93374-7": coded("LA6751-7"),
    }  # fmt: skip
    for name in ("http://loinc.org/q/93373-9", None):
        part = part_of(make_response(answers, questionnaire=name))
        assert part.instrument_id == "c-ssrs-screener"
        assert part.answers == {"q1": 1, "q2": 0, "q6": 1, "q6_recent": 0}
        assert part.total == 2


def test_a_snomed_code_that_is_neither_yes_nor_no_is_refused():
    odd = {"valueCoding": {"system": "http://snomed.info/sct", "code": "6471006"}}
    assert refused(make_response({"/93246-7": odd}, questionnaire=f"{OWN}c-ssrs-screener"))


def test_a_whole_screener_as_components():
    components = [
        {"code": loinc("93246-7"), "valueBoolean": True},
        {"code": loinc("93247-5"), "valueBoolean": False},
        {"code": loinc("93267-3"), "valueBoolean": False},
        {"code": loinc("93374-7"), "valueCodeableConcept": {"text": "Low"}},
    ]
    part = part_of(make_observation("93373-9", component=components))
    assert (part.kind, part.total) == (PartKind.FORM, 1)
    assert part.answers == {"q1": 1, "q2": 0, "q6": 0}


# single questions


@pytest.mark.parametrize(
    "value",
    [
        {"valueInteger": 5},
        {"valueString": "5"},
        {"valueQuantity": {"value": 5}},
        {"valueQuantity": {"value": 5, "unit": "# per year", "code": "/a"}},  # as US Core sends it
        {"valueQuantity": {"value": 5.0, "unit": "{#}/a"}},
    ],
)
@pytest.mark.parametrize("instrument", ["sasq", "sisq"])
def test_how_many_times_in_every_spelling(instrument, value):
    code = INSTRUMENTS[instrument].loinc_score
    part = part_of(make_observation(code, **value))
    assert (part.kind, part.item_code, part.value) == (PartKind.ITEM, code, 5)


@pytest.mark.parametrize(
    "value",
    [
        {"valueInteger": -1},
        {"valueInteger": 367},
        {"valueDecimal": Decimal("1.5")},
        {"valueQuantity": {"value": 5, "code": "mL"}},
        {"valueQuantity": {"value": 5, "comparator": ">", "code": "/a"}},
        {"valueString": "often"},
        {"valueBoolean": True},
    ],
)
def test_what_is_no_number_of_times_is_refused(value):
    key = next(iter(value))
    answers = make_response({"/68517-2": {key: value[key]}}, questionnaire=f"{OWN}sasq")
    words = refused(answers)["QuestionnaireResponse.item[0].answer[0].value"]
    assert "from 0 to 366" in words


def test_68517_2_among_audit_c_items_is_left_aside_and_told():
    answers = {
        "/68517-2": {"valueDecimal": 3},
        "/68519-8": coded("LA15694-5"),
        "/68520-6": coded("LA6270-8"),
    }
    for name in (None, "http://loinc.org/q/72109-2"):
        resource = make_response(answers, questionnaire=name)
        part = part_of(resource)
        assert (part.instrument_id, part.answers) == ("audit-c", {"q2": 0, "q3": 0})
        assert "68518-0" in words_of(resource)


def test_a_single_question_beside_another_questionnaire_is_two_forms():
    mixed = {"/68517-2": {"valueInteger": 2}, "/69725-0": coded("LA6568-5")}
    found = refused(make_response(mixed, questionnaire=None))
    assert "SASQ" in found["QuestionnaireResponse.item"]
