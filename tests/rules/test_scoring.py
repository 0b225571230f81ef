"""How questionnaires are scored and read; the cases are published or worked ones."""

from decimal import Decimal

import pytest

from app.domain.catalogue import INSTRUMENTS, SHARED_LISTS, TRAPS
from app.domain.instrument import has_check_digit
from app.domain.safety import ItemNine, judge_item_nine
from app.domain.score import (
    AnswerNotAllowed,
    NotScorable,
    Score,
    TotalCheck,
    compare_totals,
    score,
)
from app.domain.severity import Screen, screen, severity


def answers(*values: int | None) -> dict[str, int]:
    return {f"q{i}": v for i, v in enumerate(values, 1) if v is not None}


@pytest.mark.parametrize(
    ("instrument", "given", "total"),
    [
        ("phq-9", (2, 2, 2, 2, 1, 1, 2, 0, 0), 12),  # HL7 US Core, HL7 behavioral health profiles
        ("phq-9", (0, 0, 1, 1, 1, 0, 0, 0, 0), 3),  # HL7 personal health record
        ("phq-9", (1, 2, 1, 2, 1, 1, 0, 0, 1), 9),  # mild, and yet item 9
        ("phq-9", (0, 1, 2, 3, 0, 1, 2, 3, 0), 12),
        ("phq-2", (0, 0), 0),
        ("phq-2", (1, 2), 3),
        ("phq-2", (3, 3), 6),
        ("gad-7", (0,) * 7, 0),
        ("gad-7", (1,) * 7, 7),
        ("gad-7", (2,) * 7, 14),
        ("gad-7", (3,) * 7, 21),
        ("gad-7", (0, 0, 1, 1, 0, 1, 0), 3),  # HL7 personal health record
        ("gad-7", (2, 1, 2, 1, 0, 1, 0), 7),
        ("gad-2", (1, 2), 3),
        ("audit-c", (1, 0, 0), 1),
        ("audit-c", (1, 2, 0), 3),
        ("audit-c", (1, 2, 4), 7),
        ("audit-c", (0, None, None), 0),  # never drinks: the rest is skipped
        ("dast-10", (1,) * 10, 9),  # all yes: item 3 counts the other way
        ("dast-10", (0,) * 10, 1),  # all no
        ("dast-10", (0, 0, 1, 0, 0, 0, 0, 0, 0, 0), 0),
    ],
)
def test_reference_cases(instrument: str, given: tuple[int | None, ...], total: int) -> None:
    assert score(INSTRUMENTS[instrument], answers(*given)) == Score(Decimal(total))


def test_one_missing_item_is_prorated_and_marked() -> None:
    found = score(INSTRUMENTS["phq-9"], answers(1, 2, 3, 0, 1, None, 2, 3, 0))
    assert found == Score(Decimal("13.5"), prorated=True, missing=("q6",))  # never a plain 12


@pytest.mark.parametrize(
    ("instrument", "given"),
    [
        ("phq-9", (1, 1, 1, 1, 1, 1, None, None, None)),  # three missing: no score
        ("phq-9", ()),
        ("phq-2", (1, None)),  # both are needed
        ("gad-7", (1, 1, 1, 1, 1, 1, None)),  # no published rule to prorate
        ("audit-c", (1, 1, None)),  # drinks, so all three are needed
        ("audit-c", (None, 0, 0)),  # the US Core example: item 1 was never asked
    ],
)
def test_not_scorable(instrument: str, given: tuple[int | None, ...]) -> None:
    assert isinstance(score(INSTRUMENTS[instrument], answers(*given)), NotScorable)


@pytest.mark.parametrize("bad", [{"q1": 4}, {"q1": -1}, {"q77": 1}])
def test_an_answer_outside_its_list_is_named(bad: dict[str, int]) -> None:
    with pytest.raises(AnswerNotAllowed) as refusal:
        score(INSTRUMENTS["phq-9"], bad)
    assert refusal.value.problems[0].where == next(iter(bad))


@pytest.mark.parametrize(
    ("total", "label"),
    [
        (0, "None/minimal"),
        (4, "None/minimal"),
        (5, "Mild"),
        (9, "Mild"),
        (10, "Moderate"),
        (14, "Moderate"),
        (15, "Moderately severe"),
        (19, "Moderately severe"),
        (20, "Severe"),
        (27, "Severe"),
        (Decimal("13.5"), "Moderate"),  # prorated: the band it has reached
    ],
)
def test_phq9_bands(total: Decimal, label: str) -> None:
    assert severity(INSTRUMENTS["phq-9"], total).label == label


@pytest.mark.parametrize(
    ("total", "sex", "found"),
    [
        (3, "male", Screen.NEGATIVE),  # 4 for men
        (4, "male", Screen.POSITIVE),
        (3, "female", Screen.POSITIVE),  # 3 for women
        (2, "female", Screen.NEGATIVE),
        (3, "unknown", Screen.POSITIVE),  # the lower one where sex is not recorded
        (3, "other", Screen.POSITIVE),
    ],
)
def test_audit_c_by_sex(total: int, sex: str, found: Screen) -> None:
    assert screen(INSTRUMENTS["audit-c"], total, sex) is found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ((0,) * 9, ItemNine.NEGATIVE),
        ((0, 0, 0, 0, 0, 0, 0, 0, 1), ItemNine.POSITIVE),  # at any total
        ((3, 3, 3, 3, 3, 3, 3, 3, None), ItemNine.UNKNOWN),  # missing is never negative
        ((None,) * 8 + (2,), ItemNine.POSITIVE),  # alone, and not scorable
        ((), ItemNine.UNKNOWN),  # a total alone
    ],
)
def test_item_nine(given: tuple[int | None, ...], found: ItemNine) -> None:
    assert judge_item_nine(INSTRUMENTS["phq-9"], answers(*given)) is found


@pytest.mark.parametrize(
    ("given", "claimed", "found"),
    [
        ((1,) * 9, 9, TotalCheck.AGREES),
        ((1,) * 9, 10, TotalCheck.MISMATCH),
        ((), 12, TotalCheck.ONLY_CLAIMED),
        ((1,) * 8, 9, TotalCheck.AGREES),  # the missing item could make it
        ((1,) * 8, 12, TotalCheck.MISMATCH),  # nothing could make it
        ((1,) * 9, None, TotalCheck.NOT_CLAIMED),
    ],
)
def test_the_senders_total(given: tuple[int, ...], claimed: int | None, found: TotalCheck) -> None:
    phq9 = INSTRUMENTS["phq-9"]
    told = None if claimed is None else Decimal(claimed)
    assert compare_totals(phq9, score(phq9, answers(*given)), told, answers(*given)) is found


def shipped_codes() -> list[str]:
    codes: set[str | None]
    codes = {code for options in SHARED_LISTS.values() for o in options for code in o.codes}
    for instrument in INSTRUMENTS.values():
        codes |= {instrument.loinc_panel, instrument.loinc_score}
        codes |= {code for band in instrument.bands for code in band.codes}
        for item in instrument.items:
            codes.add(item.loinc)
            codes |= {code for option in item.options for code in option.codes}
    return sorted(code for code in codes if code)


@pytest.mark.parametrize("code", shipped_codes())
def test_every_shipped_code_has_its_check_digit(code: str) -> None:
    assert has_check_digit(code)


@pytest.mark.parametrize("code", ["70273-5", "89708-7", "72109-3", "44261-7", "LA6568-6"])
def test_codes_that_are_none(code: str) -> None:
    assert not has_check_digit(code)


def test_no_trap_is_shipped_as_a_code() -> None:
    assert not set(TRAPS) & set(shipped_codes())
