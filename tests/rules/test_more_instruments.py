"""EPDS, PCL-5, PC-PTSD-5, WHO-5 and GDS-15: totals, bands, cut-offs and their traps."""

from decimal import Decimal

import pytest

from app.domain.catalogue import INSTRUMENTS, TRAPS, instrument_for_panel
from app.domain.definition import InstrumentNotValid, parse_instrument
from app.domain.instrument import has_check_digit
from app.domain.safety import ItemNine, item_nine_words, judge_item_nine
from app.domain.score import AnswerNotAllowed, NotScorable, Score, TotalCheck, compare_totals, score
from app.domain.severity import Screen, screen, severity


def answers(values: list[int]) -> dict[str, int]:
    return {f"q{number}": value for number, value in enumerate(values, 1)}


def total(instrument_id: str, values: list[int]) -> Decimal | None:
    scored = score(INSTRUMENTS[instrument_id], answers(values))
    return scored.total if isinstance(scored, Score) else None


@pytest.mark.parametrize(
    ("instrument_id", "values", "expected"),
    [
        ("epds", [0] * 10, 0),
        ("epds", [3] * 10, 30),
        ("epds", [1, 2, 0, 3, 1, 2, 0, 1, 2, 1], 13),
        ("pcl-5", [4] * 20, 80),
        ("pcl-5", [1, 2] * 10, 30),
        ("gds-15", [1] * 15, 10),  # yes to all: the five reversed items count nothing
        ("gds-15", [0] * 15, 5),  # no to all: the five reversed items alone count
        ("gds-15", [0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1], 15),
        ("who-5", [5] * 5, 100),  # raw 25, times 4
        ("who-5", [0] * 5, 0),
        ("who-5", [3, 2, 3, 2, 2], 48),  # raw 12
        ("audit", [2, 1, 1, 1, 1, 0, 1, 1, 0, 0], 8),
        ("audit", [3, 2, 2, 2, 2, 1, 1, 1, 0, 2], 16),
        ("audit", [4] * 10, 40),
        ("phq-a", [1] * 9 + [2, 1, 0, 0], 9),  # the four further items add nothing
        ("phq-a", [3] * 9, 27),
        ("pc-ptsd-5", [1, 1, 1, 1, 1, 1], 5),  # the gate adds nothing
        ("pc-ptsd-5", [1, 0, 0, 0, 0, 0], 0),
        ("pc-ptsd-5", [0], 0),  # never exposed: done, with 0
    ],
)
def test_totals(instrument_id: str, values: list[int], expected: int) -> None:
    assert total(instrument_id, values) == expected


@pytest.mark.parametrize(
    ("instrument_id", "values"),
    [
        ("epds", [1] * 9),  # no published rule for a missing item: no total
        ("pcl-5", [1] * 19),
        ("who-5", [3] * 4),
        ("gds-15", [1] * 14),
        ("pc-ptsd-5", [1, 1, 1]),
    ],
)
def test_a_missing_item_makes_no_total(instrument_id: str, values: list[int]) -> None:
    assert isinstance(score(INSTRUMENTS[instrument_id], answers(values)), NotScorable)


def test_without_its_gate_the_pc_ptsd_5_has_no_total() -> None:
    rest = {f"q{number}": 0 for number in range(2, 7)}
    assert isinstance(score(INSTRUMENTS["pc-ptsd-5"], rest), NotScorable)


@pytest.mark.parametrize(
    ("instrument_id", "at", "label"),
    [
        ("epds", 9, "Likely well"),
        ("epds", 10, "Possible depression"),
        ("epds", 13, "Probable depression"),
        ("pcl-5", 30, "Below the cut-point range"),
        ("pcl-5", 33, "Probable PTSD"),
        ("audit", 7, "Low risk (zone I)"),
        ("audit", 8, "Hazardous (zone II)"),
        ("audit", 19, "Harmful (zone III)"),
        ("audit", 20, "Possible dependence (zone IV)"),
        ("gds-15", 8, "Mild"),  # LOINC's text has 8 in two bands
        ("gds-15", 9, "Moderate"),
        ("who-5", 100, "No immediate risk"),
        ("who-5", 36, "Possible risk"),
        ("who-5", 32, "High risk of depression/stress"),
    ],
)
def test_bands(instrument_id: str, at: int, label: str) -> None:
    assert severity(INSTRUMENTS[instrument_id], at).label == label


@pytest.mark.parametrize(
    ("instrument_id", "at", "expected"),
    [
        ("epds", 9, Screen.NEGATIVE),
        ("epds", 10, Screen.POSITIVE),
        ("pcl-5", 32, Screen.NEGATIVE),
        ("pcl-5", 33, Screen.POSITIVE),
        ("pc-ptsd-5", 3, Screen.NEGATIVE),
        ("pc-ptsd-5", 4, Screen.POSITIVE),
        ("gds-15", 5, Screen.POSITIVE),
        ("who-5", 52, Screen.NEGATIVE),  # higher is better
        ("who-5", 48, Screen.POSITIVE),
    ],
)
def test_screens(instrument_id: str, at: int, expected: Screen) -> None:
    assert screen(INSTRUMENTS[instrument_id], at, "female") is expected


def test_the_tenth_item_of_the_epds_asks_at_any_total() -> None:
    epds = INSTRUMENTS["epds"]
    assert judge_item_nine(epds, answers([0] * 9 + [1])) is ItemNine.POSITIVE
    assert judge_item_nine(epds, answers([3] * 9)) is ItemNine.UNKNOWN
    assert item_nine_words(epds, 1).startswith("Item 10 of the EPDS answered 1")


def test_a_raw_who_5_sum_sent_as_its_total_is_a_mismatch() -> None:
    who = INSTRUMENTS["who-5"]
    given = answers([3, 2, 3, 2, 2])
    scored = score(who, given)
    assert compare_totals(who, scored, Decimal(12), given) is TotalCheck.MISMATCH
    assert compare_totals(who, scored, Decimal(48), given) is TotalCheck.AGREES


def test_every_code_shipped_passes_its_check_digit() -> None:
    for instrument in INSTRUMENTS.values():
        codes = [instrument.loinc_panel, instrument.loinc_score]
        codes += [item.loinc for item in instrument.items]
        codes += [code for i in instrument.items for o in i.options for code in o.codes]
        for code in codes:
            assert code is None or has_check_digit(code), (instrument.id, code)


def test_panels_are_known_and_the_pcl_c_is_not_the_pcl_5() -> None:
    found = instrument_for_panel("71354-5")
    assert found is not None and found.id == "epds"
    assert "PCL-C" in TRAPS["70221-7"]


def test_an_instrument_says_what_is_wrong_with_its_data() -> None:
    data = {
        "id": "x1", "title": "X", "short_title": "X", "version": "1", "recall_days": 7,
        "range": [0, 1], "missing": {"kind": "gate"}, "higher_is_worse": False,
        "options": {"yn": [{"value": 0, "label": "No"}, {"value": 1, "label": "Yes"}]},
        "items": [{"key": "q1", "text": "A", "options": "yn"}],
        "bands": [{"min": 0, "max": 1, "label": "any", "level": 0}],
        "cutoffs": [{"at_least": 1}],
    }  # fmt: skip
    with pytest.raises(InstrumentNotValid) as raised:
        parse_instrument(data)
    told = {problem.where for problem in raised.value.problems}
    assert told == {"cutoffs[0].at_most", "cutoffs[0].at_least", "items"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"q1": 0, "q9": 4, "q10": 0}, 4),  # never drinks, an injury last year
        ({"q1": 1, "q2": 0, "q3": 0, "q9": 0, "q10": 2}, 3),  # drinks little: 4 to 8 are skipped
        ({"q1": 0, "q9": 4}, None),  # item 10 is always needed
        ({"q1": 3, "q2": 1, "q3": 1, "q9": 0, "q10": 0}, None),  # 4 to 8 were to be asked
    ],
)
def test_what_the_audit_lets_one_skip(given: dict[str, int], expected: int | None) -> None:
    scored = score(INSTRUMENTS["audit"], given)
    assert (scored.total if isinstance(scored, Score) else None) == expected


def test_item_nine_of_the_audit_is_never_answered_one() -> None:
    with pytest.raises(AnswerNotAllowed):
        score(INSTRUMENTS["audit"], answers([0] * 8 + [1, 0]))


def test_an_attempt_ever_is_a_safety_answer_of_the_teen_form() -> None:
    teen = INSTRUMENTS["phq-a"]
    given = answers([0] * 9 + [0, 0, 0, 1])
    assert judge_item_nine(teen, given) is ItemNine.POSITIVE
    assert "PHQ-A" in item_nine_words(teen, 1)
