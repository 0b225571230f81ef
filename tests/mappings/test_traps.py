"""Each code that senders are known to confuse, by name: what it is read as, and what is told."""

import pytest

from app.domain.assembly import PartKind
from app.domain.catalogue import INSTRUMENTS, TRAPS
from app.domain.instrument import has_check_digit
from tests.mappings.examples import (
    coded,
    make_observation,
    make_response,
    part_of,
    unkept,
    words_of,
)

NOT_KEPT = {
    "70221-7 is the PCL-C, not the PCL-5": ("70221-7", "PCL-C"),
    "70273-8 is the PHQ-15, not the GAD-2": ("70273-8", "PHQ-15"),
    "70273-5 fails its check digit, seen as a GAD-7": ("70273-5", "70274-6"),
    "58148-8 is not the PHQ-2 total": ("58148-8", "55758-7"),
    "58120-7 is the PHQ-2 panel of the CMS method": ("58120-7", "55758-7"),
    "73831-0 is a measure's code, seen as PHQ-8 and C-SSRS": ("73831-0", "no score"),
    "73832-8 is a measure's code": ("73832-8", "no score"),
    "76504-0 is the HARK total, seen as AUDIT-C and CAGE": ("76504-0", "HARK"),
    "89708-7 fails its check digit, seen as WHO-5": ("89708-7", "check digit"),
    "65625-0 fails its check digit, seen as WHO-5": ("65625-0", "check digit"),
    "72109-3 fails its check digit, seen as CIWA-Ar": ("72109-3", "72109-2"),
    "81216-4 is no safety plan": ("81216-4", "progress note"),
    "44262-4 is deprecated": ("44262-4", "44261-6"),
    "93245-9 is another C-SSRS": ("93245-9", "93373-9"),
}


@pytest.mark.parametrize(("code", "words"), NOT_KEPT.values(), ids=NOT_KEPT)
def test_never_scored_and_told_with_what_it_is(code: str, words: str) -> None:
    assert words in unkept(make_observation(code, valueInteger=3)).words


PANELS_AS_TOTALS = {
    "69737-5 is the GAD-7 panel": ("69737-5", "gad-7", "70274-6"),
    "82666-9 is the DAST-10 panel": ("82666-9", "dast-10", "82667-7"),
    "71354-5 is the EPDS panel": ("71354-5", "epds", "99046-5"),
    "44249-1 is the PHQ-9 panel": ("44249-1", "phq-9", "44261-6"),
}


@pytest.mark.parametrize(
    ("code", "instrument", "total"), PANELS_AS_TOTALS.values(), ids=PANELS_AS_TOTALS
)
def test_a_panel_sent_as_a_total_is_taken_and_told(code: str, instrument: str, total: str) -> None:
    resource = make_observation(code, valueInteger=7)
    part = part_of(resource)
    assert (part.kind, part.instrument_id, part.total) == (PartKind.TOTAL, instrument, 7)
    assert total in words_of(resource)


EACH_ITS_OWN = {
    "75626-2 is the AUDIT-C total, not the AUDIT's": ("75626-2", "audit-c"),
    "75624-7 is the AUDIT total, not the AUDIT-C's": ("75624-7", "audit"),
    "55758-7 is the PHQ-2 total, seen as its panel": ("55758-7", "phq-2"),
    "89204-2 is the teen total, sent for adults by some": ("89204-2", "phq-a"),
    "44261-6 is the PHQ-9 total": ("44261-6", "phq-9"),
}


@pytest.mark.parametrize(("code", "instrument"), EACH_ITS_OWN.values(), ids=EACH_ITS_OWN)
def test_totals_are_each_their_own(code: str, instrument: str) -> None:
    assert part_of(make_observation(code, valueInteger=5)).instrument_id == instrument


def test_68517_2_is_a_question_of_its_own_and_never_audit_c_item_1() -> None:
    resource = make_observation("68517-2", valueInteger=0)
    assert part_of(resource).item_code == "68517-2"
    assert "68518-0" in words_of(resource)
    assert INSTRUMENTS["audit-c"].item_for_code("68517-2") is None


@pytest.mark.parametrize("code", ["442163000", "443422002"])
def test_snomed_codes_that_do_not_exist_are_nothing(code: str) -> None:
    concept = {"coding": [{"system": "http://snomed.info/sct", "code": code}]}
    resource = make_observation("x", code=concept, valueInteger=1)
    assert "LOINC" in unkept(resource).words


@pytest.mark.parametrize("code", ["LA18938-3", "LA6570-1"])
def test_gad_item_68509_9_takes_both_codes_as_2(code: str) -> None:
    answers = {"69725-0": coded("LA6568-5"), "68509-9": coded(code)}
    assert part_of(make_response(answers, questionnaire=None)).answers["q2"] == 2


def test_very_difficult_la6575_0_comes_before_extremely_la6574_3() -> None:
    options = {code: o.value for o in INSTRUMENTS["phq-9"].items[-1].options for code in o.codes}
    assert options["LA6575-0"] < options["LA6574-3"]


def test_hl7s_audit_c_example_is_never_a_valid_audit_c() -> None:
    """68517-2 answered from another list, the total coded as HARK: published as 3."""
    answers = {
        "/68517-2": coded("LA15695-2"), "/68519-8": coded("LA15695-2"),
        "/68520-6": coded("LA18876-5"), "/76504-0": {"valueInteger": 3},
    }  # fmt: skip
    resource = make_response(answers, questionnaire=None)
    part = part_of(resource)
    assert (part.answers, part.total) == ({"q2": 1, "q3": 2}, None)
    assert "HARK" in words_of(resource)


def test_no_instrument_has_the_code_of_a_trap() -> None:
    owned = {
        code
        for one in INSTRUMENTS.values()
        for code in (one.loinc_panel, one.loinc_score, *(item.loinc for item in one.items))
    }
    assert not owned & set(TRAPS)


def test_the_codes_said_to_fail_their_check_digit_do() -> None:
    for code, words in TRAPS.items():
        assert has_check_digit(code) is ("check digit" not in words)
