"""Our Questionnaires: whole, valid, and of one meaning with what is published and what is read."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.questionnaire import Questionnaire

from app.domain.catalogue import INSTRUMENTS, SHIPPED
from app.domain.instrument import Instrument, has_check_digit
from app.domain.score import Score, score
from fhir_mappings.answers import read_answer
from fhir_mappings.code_system import list_code_systems
from fhir_mappings.codings import LOCAL_SYSTEM, LOINC
from fhir_mappings.form_logic import ORDINAL, enabled_by
from fhir_mappings.publish import PublishedAssessment, render_completed_form
from fhir_mappings.questionnaire import list_questionnaires, render_questionnaire

EVERY = pytest.mark.parametrize("name", sorted(SHIPPED))


def items_of(name: str) -> dict[str, dict[str, Any]]:
    return {item["linkId"]: item for item in render_questionnaire(SHIPPED[name])["item"]}


def published(instrument: Instrument, answers: dict[str, int]) -> dict[str, Any]:
    scored = score(instrument, answers)
    assert isinstance(scored, Score)
    return render_completed_form(
        PublishedAssessment(
            assessment_id="a",
            instrument=instrument,
            patient_fhir_id="p",
            answers=answers,
            total=scored.total,
            prorated=False,
            severity=None,
            status="final",
            effective_at=datetime(2026, 11, 1, tzinfo=UTC),
        )
    )


@EVERY
def test_it_is_valid_and_has_what_sdc_tools_ask_for(name: str) -> None:
    told = render_questionnaire(SHIPPED[name])
    Questionnaire.model_validate(told)
    assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", told["name"])  # que-0
    assert re.fullmatch(r"[^\s|]+", told["version"])
    assert SHIPPED[name].notice in told["copyright"]
    names = [item["linkId"] for item in told["item"]]
    assert len(names) == len(set(names))  # que-2
    for item in told["item"]:
        conditions = item.get("enableWhen", [])
        assert {one["question"] for one in conditions} <= set(names[: names.index(item["linkId"])])


@EVERY
def test_every_code_of_loinc_has_its_check_digit(name: str) -> None:
    told = render_questionnaire(SHIPPED[name])
    codes = [*told["code"], *(code for item in told["item"] for code in item["code"])]
    codes += [o["valueCoding"] for item in told["item"] for o in item.get("answerOption", [])]
    for coding in codes:
        assert coding["system"] in (LOINC, LOCAL_SYSTEM)
        assert coding["system"] == LOCAL_SYSTEM or has_check_digit(coding["code"]), coding


@EVERY
def test_the_values_of_the_answers_reach_from_the_lowest_total_to_the_highest(name: str) -> None:
    instrument = SHIPPED[name]
    if instrument.ordinal or instrument.is_single_question:
        assert not [i for i in items_of(name).values() if i["type"] == "decimal"]
        return
    values = [
        [
            e["valueDecimal"]
            for o in item["answerOption"]
            for e in o["extension"]
            if e["url"] == ORDINAL
        ]
        for item in items_of(name).values()
        if "answerOption" in item and "extension" in item["answerOption"][0]
    ]
    assert sum(map(min, values)) * instrument.multiplier == instrument.minimum
    assert sum(map(max, values)) * instrument.multiplier == instrument.maximum


@EVERY
def test_a_form_of_ours_answers_the_questionnaire_that_it_names(name: str) -> None:
    instrument, items = SHIPPED[name], items_of(name)
    told = published(instrument, {i.key: list(i.values)[-1] for i in instrument.items})
    assert told["questionnaire"] == render_questionnaire(instrument)["url"]
    assert [one["linkId"] for one in told["item"]] == list(items)
    for one in told["item"]:
        options = items[one["linkId"]].get("answerOption")
        (answer,) = one["answer"]
        if options is None:
            assert set(answer) in ({"valueInteger"}, {"valueDecimal"})
            continue
        chosen = {(o["valueCoding"]["system"], o["valueCoding"]["code"]) for o in options}
        assert (answer["valueCoding"]["system"], answer["valueCoding"]["code"]) in chosen


@EVERY
def test_every_answer_that_can_be_chosen_is_read_as_what_it_is(name: str) -> None:
    items = list(items_of(name).values())
    for item, asked in zip(SHIPPED[name].items, items, strict=False):
        for option, offered in zip(item.options, asked.get("answerOption", []), strict=True):
            found = read_answer(item, {"valueCoding": offered["valueCoding"]})
            assert (found.value, found.problem, found.remark) == (option.value, None, None)


@pytest.mark.parametrize(
    ("name", "key", "asked_after"),
    [
        ("audit-c", "q1", ()),
        ("audit-c", "q3", ("q1",)),
        ("audit", "q3", ("q1",)),
        ("audit", "q4", ("q2", "q3")),
        ("audit", "q8", ("q2", "q3")),
        ("audit", "q9", ()),
        ("pc-ptsd-5", "q1", ()),
        ("pc-ptsd-5", "q6", ("q1",)),
        ("c-ssrs-screener", "q4", ("q2",)),
        ("c-ssrs-screener", "q6", ()),
        ("c-ssrs-screener", "q6_recent", ("q6",)),
        ("phq-9", "q9", ()),
    ],
)
def test_what_is_asked_after_what(name: str, key: str, asked_after: tuple[str, ...]) -> None:
    instrument = SHIPPED[name]
    assert tuple(one.key for one in enabled_by(instrument, instrument.item(key))) == asked_after


def test_what_the_mean_may_stand_for_is_not_required() -> None:
    assert not any(item["required"] for item in items_of("phq-9").values())
    assert [k for k, i in items_of("pc-ptsd-5").items() if not i["required"]] == ["/102017-1"]


def test_an_answer_of_ours_to_another_item_is_refused() -> None:
    item = SHIPPED["pcl-5"].item("q2")
    coding = {"system": LOCAL_SYSTEM, "code": "pcl-5.q1.3", "display": "Quite a bit"}
    assert read_answer(item, {"valueCoding": coding}).problem


def test_the_codes_of_ours_are_unlike_each_other_and_defined() -> None:
    (system,) = list_code_systems()
    CodeSystem.model_validate(system)
    codes = [one["code"] for one in system["concept"]]
    assert len(codes) == len(set(codes)) == system["count"]
    used = set()
    for told in list_questionnaires():
        for coding in [*told["code"], *(c for i in told["item"] for c in i["code"])]:
            used |= {coding["code"]} if coding["system"] == LOCAL_SYSTEM else set()
    assert used <= set(codes)
    assert {"phq-8-score", "c-ssrs-screener-level-0", "who-5.q5.5"} <= set(codes)


def test_another_content_is_another_version_of_the_resource() -> None:
    told = {one["id"]: one["meta"] for one in list_questionnaires()}
    assert len({one["versionId"] for one in told.values()}) == len(INSTRUMENTS)


def test_a_total_of_ours_keeps_its_digits() -> None:
    told = published(SHIPPED["who-5"], {f"q{n}": 3 for n in range(1, 6)})
    assert told["item"][-1]["answer"] == [{"valueDecimal": Decimal(60)}]
