"""Published and worked cases, one by one, each by name and with its source.

Where a case contradicts our rule, the comment beside it says which source wins and why.
"""

from decimal import Decimal

import pytest

from app.domain.catalogue import INSTRUMENTS
from app.domain.safety import ItemNine, judge_item_nine
from app.domain.score import (
    AnswerNotAllowed,
    Answers,
    NotScorable,
    NotScorableReason,
    Score,
    contradictions,
    score,
)
from app.domain.severity import Screen, cutoff_for, screen, severity
from app.domain.sign import signs

_ = None  # not answered
Y, N = 1, 0


def answers(values: list[int | None]) -> dict[str, int]:
    return {f"q{number}": value for number, value in enumerate(values, 1) if value is not None}


def total(instrument_id: str, given: Answers) -> Decimal | None:
    scored = score(INSTRUMENTS[instrument_id], given)
    return scored.total if isinstance(scored, Score) else None


TOTALS = {
    # PHQ-9
    "phq-9 US Core worked response": ("phq-9", [2, 2, 2, 2, 1, 1, 2, 0, 0], 12, "Moderate"),
    "phq-9 HL7 behavioral health profiles": ("phq-9", [2, 2, 2, 2, 1, 1, 2, 0, 0], 12, "Moderate"),
    "phq-9 HL7 personal health record": ("phq-9", [0, 0, 1, 1, 1, 0, 0, 0, 0], 3, "None/minimal"),
    "phq-9 ktc, item 9 at a mild total": ("phq-9", [1, 2, 1, 2, 1, 1, 0, 0, 1], 9, "Mild"),
    "phq-9 pattern of phq9_de": ("phq-9", [0, 1, 2, 3, 0, 1, 2, 3, 0], 12, "Moderate"),
    # CAMCOPS and NHS Data Dictionary: the mean of the answered stands for the one missing; the
    # sum of 12 that the asbi case expects is never stored as a plain total
    "phq-9 asbi, item 6 mislabelled": ("phq-9", [1, 2, 3, 0, 1, _, 2, 3, 0], "13.5", "Moderate"),
    # PHQ-2
    "phq-2 nothing (LOINC 55757-9)": ("phq-2", [0, 0], 0, "Negative"),
    "phq-2 two (Arroll 2010)": ("phq-2", [1, 1], 2, "Negative"),
    "phq-2 three (Synthea)": ("phq-2", [1, 2], 3, "Positive"),
    "phq-2 all (LOINC 55757-9)": ("phq-2", [3, 3], 6, "Positive"),
    # GAD-7
    "gad-7 asbi all 0": ("gad-7", [0] * 7, 0, "Minimal/none"),
    "gad-7 asbi all 1, titled as 2": ("gad-7", [1] * 7, 7, "Mild"),
    "gad-7 asbi all 2": ("gad-7", [2] * 7, 14, "Moderate"),
    "gad-7 asbi all 3": ("gad-7", [3] * 7, 21, "Severe"),
    "gad-7 HL7 personal health record": ("gad-7", [0, 0, 1, 1, 0, 1, 0], 3, "Minimal/none"),
    "gad-7 ktc": ("gad-7", [2, 1, 2, 1, 0, 1, 0], 7, "Mild"),
    # GAD-2
    "gad-2 three (cabana)": ("gad-2", [1, 2], 3, "Positive"),
    "gad-2 two (cabana)": ("gad-2", [1, 1], 2, "Negative"),
    # AUDIT-C
    "audit-c ktc": ("audit-c", [1, 0, 0], 1, "Negative (either sex)"),
    "audit-c cobalt 3": ("audit-c", [1, 2, 0], 3, "Positive for women, negative for men"),
    "audit-c cobalt 7": ("audit-c", [1, 2, 4], 7, "Positive (either sex)"),
    "audit-c cobalt, never drinks": ("audit-c", [0, _, _], 0, "Negative (either sex)"),
    # published as 0; item 1 was never asked (68517-2 stands in its place): the LOINC panel and
    # the rule for missing items win, so that there is no total
    "audit-c US Core response without item 1": ("audit-c", [_, 0, 0], _, ""),
    # AUDIT; the fixture's own labels of the second and third case are swapped, WHO's zones win
    "audit quickq abstainer": ("audit", [0] * 10, 0, "Low risk (zone I)"),
    "audit quickq 8": ("audit", [2, 1, 1, 1, 1, 0, 1, 1, 0, 0], 8, "Hazardous (zone II)"),
    "audit quickq 16": ("audit", [3, 2, 2, 2, 2, 1, 1, 1, 0, 2], 16, "Harmful (zone III)"),
    "audit quickq 40": ("audit", [4] * 10, 40, "Possible dependence (zone IV)"),
    "audit top of zone I": ("audit", [4, 2, 1, 0, 0, 0, 0, 0, 0, 0], 7, "Low risk (zone I)"),
    "audit top of zone III": ("audit", [4, 3, 2, 2, 2, 2, 2, 2, 0, 0], 19, "Harmful (zone III)"),
    "audit bottom of zone IV": (
        "audit", [4, 3, 2, 2, 2, 2, 2, 1, 0, 2], 20, "Possible dependence (zone IV)",
    ),
    "audit CamCOPS never drinks, injury this year": (
        "audit", [0, _, _, _, _, _, _, _, 4, 0], 4, "Low risk (zone I)",
    ),
    # DAST-10
    "dast-10 all yes: item 3 is reversed": ("dast-10", [Y] * 10, 9, "Severe level"),
    "dast-10 all no": ("dast-10", [N] * 10, 1, "Low level"),
    "dast-10 no problem": ("dast-10", [N, N, Y, *[N] * 7], 0, "No problems reported"),
    "dast-10 every problem": ("dast-10", [Y, Y, N, *[Y] * 7], 10, "Severe level"),
    # EPDS
    "epds KL Gateway Kirsten": (
        "epds", [0, 2, 1, 1, 2, 1, 3, 0, 0, 0], 10, "Possible depression",
    ),
    "epds calculator 17": ("epds", [3, 2, 1, 0, 3, 2, 1, 0, 3, 2], 17, "Probable depression"),
    "epds calculator 5, item 10 answered": ("epds", [0, 1] * 5, 5, "Likely well"),
    "epds 9": ("epds", [1] * 9 + [0], 9, "Likely well"),
    "epds 10": ("epds", [1] * 10, 10, "Possible depression"),
    "epds 12": ("epds", [2, 2, 1, 1, 1, 1, 1, 1, 2, 0], 12, "Possible depression"),
    "epds 13": ("epds", [2, 2, 2, 1, 1, 1, 1, 1, 2, 0], 13, "Probable depression"),
    "epds CamCOPS 30": ("epds", [3] * 10, 30, "Probable depression"),
    # PCL-5 (CamCOPS)
    "pcl-5 all 2": ("pcl-5", [2] * 20, 40, "Probable PTSD"),
    "pcl-5 all 4": ("pcl-5", [4] * 20, 80, "Probable PTSD"),
    "pcl-5 all 1": ("pcl-5", [1] * 20, 20, "Below the cut-point range"),
    "pcl-5 few symptoms": (
        "pcl-5", [2, 0, 0, 0, 0, 2, 0, 2, 2, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0], 12,
        "Below the cut-point range",
    ),
    "pcl-5 without clusters C and E": (
        "pcl-5", [4, 4, 4, 4, 4, 0, 0, 4, 4, 4, *[0] * 10], 32, "In the cut-point range",
    ),
    # PC-PTSD-5
    "pc-ptsd-5 never exposed": ("pc-ptsd-5", [N], 0, "Negative"),
    "pc-ptsd-5 all yes": ("pc-ptsd-5", [Y] * 6, 5, "Positive (efficient cut)"),
    # WHO-5 (raw times 4; higher is better)
    "who-5 worst": ("who-5", [0] * 5, 0, "High risk of depression/stress"),
    "who-5 best": ("who-5", [5] * 5, 100, "No immediate risk"),
    "who-5 raw 12": ("who-5", [3, 3, 2, 2, 2], 48, "Possible risk"),
    "who-5 raw 13": ("who-5", [3, 3, 3, 2, 2], 52, "No immediate risk"),
    "who-5 items at 0 and 1": ("who-5", [5, 5, 5, 1, 0], 64, "No immediate risk"),
    # GDS-15 (asbi; the files' titles are swapped, the answers count)
    "gds-15 yes to all": ("gds-15", [Y] * 15, 10, "Moderate"),
    "gds-15 no to all": ("gds-15", [N] * 15, 5, "Mild"),
}  # fmt: skip


@pytest.mark.parametrize(("instrument", "given", "expected", "band"), TOTALS.values(), ids=TOTALS)
def test_totals(
    instrument: str, given: list[int | None], expected: int | str | None, band: str
) -> None:
    found = total(instrument, answers(given))
    assert found == (None if expected is None else Decimal(expected))
    if found is not None:
        assert severity(INSTRUMENTS[instrument], found).label == band


DAST_LEVELS = [
    "No problems reported", "Low level", "Low level", "Moderate level", "Moderate level",
    "Moderate level", "Substantial level", "Substantial level", "Substantial level",
    "Severe level", "Severe level",
]  # fmt: skip


@pytest.mark.parametrize(("at", "level"), list(enumerate(DAST_LEVELS)))
def test_dast_10_levels_of_nida_cde_3254089(at: int, level: str) -> None:
    assert severity(INSTRUMENTS["dast-10"], at).label == level


REFUSED = {
    "audit CamCOPS item 9 = 1": ("audit", [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]),
    # 68519-8 answered with a code of another list becomes no value at all (see test_traps.py)
    "pcl-5 answered 5": ("pcl-5", [5, *[0] * 19]),
}


@pytest.mark.parametrize(("instrument", "given"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_on_the_list_is_refused(instrument: str, given: list[int | None]) -> None:
    with pytest.raises(AnswerNotAllowed):
        score(INSTRUMENTS[instrument], answers(given))


ALL_NO = {"q1": N, "q2": N, "q6": N}
ASKED_ON = {"q1": N, "q2": Y, "q3": N, "q4": N, "q5": N, "q6": N}

LEVELS = {
    # the cases name the yes answers alone; the rest is no, or skipped by the form
    "c-ssrs item 4": (ASKED_ON | {"q4": Y}, 3, "High risk"),
    "c-ssrs item 5": (ASKED_ON | {"q5": Y}, 3, "High risk"),
    "c-ssrs behaviour in the past 3 months": (ALL_NO | {"q6": Y, "q6_recent": Y}, 3, "High risk"),
    "c-ssrs item 3": (ASKED_ON | {"q3": Y}, 2, "Moderate risk"),
    "c-ssrs item 1": (ALL_NO | {"q1": Y}, 1, "Low risk"),
    # HL7 publishes Low, having no code for none: the answers win, and its Low agrees with them
    "c-ssrs HL7 example, all no": (
        ALL_NO | {"q3": N, "q4": N, "q5": N, "q6_recent": N}, 0, "No risk reported",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "level", "name"), LEVELS.values(), ids=LEVELS)
def test_risk_levels(given: Answers, level: int, name: str) -> None:
    assert total("c-ssrs-screener", given) == level
    assert severity(INSTRUMENTS["c-ssrs-screener"], level).label == name


def test_c_ssrs_item_3_answered_while_item_2_is_no_is_told() -> None:
    """LOINC 93245-9: the form does not ask it; the yes counts all the same."""
    given = ALL_NO | {"q3": Y}
    assert len(contradictions(INSTRUMENTS["c-ssrs-screener"], given)) == 1
    assert total("c-ssrs-screener", given) == 2


SAFETY = {
    "phq-9 ktc": ("phq-9", [1, 2, 1, 2, 1, 1, 0, 0, 1], ItemNine.POSITIVE),
    "phq-9 US Core": ("phq-9", [2, 2, 2, 2, 1, 1, 2, 0, 0], ItemNine.NEGATIVE),
    "epds Kirsten": ("epds", [0, 2, 1, 1, 2, 1, 3, 0, 0, 0], ItemNine.NEGATIVE),
    "epds calculator 17": ("epds", [3, 2, 1, 0, 3, 2, 1, 0, 3, 2], ItemNine.POSITIVE),
    "epds calculator 5": ("epds", [0, 1] * 5, ItemNine.POSITIVE),  # "Likely well", and yet
    "epds 10": ("epds", [1] * 10, ItemNine.POSITIVE),
    "epds 30": ("epds", [3] * 10, ItemNine.POSITIVE),
}


@pytest.mark.parametrize(("instrument", "given", "found"), SAFETY.values(), ids=SAFETY)
def test_critical_items(instrument: str, given: list[int | None], found: ItemNine) -> None:
    assert judge_item_nine(INSTRUMENTS[instrument], answers(given)) is found


SIGNS = {
    "pcl-5 all 2: provisional PTSD": ("pcl-5", [2] * 20, True),
    "pcl-5 all 4": ("pcl-5", [4] * 20, True),
    "pcl-5 all 1": ("pcl-5", [1] * 20, False),
    "pcl-5 symptoms below the cut-point": (
        "pcl-5", [2, 0, 0, 0, 0, 2, 0, 2, 2, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0], True,
    ),
    "pcl-5 one symptom of D too few": (
        "pcl-5", [2, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0], False,
    ),
    "pcl-5 high sum without clusters C and E": (
        "pcl-5", [4, 4, 4, 4, 4, 0, 0, 4, 4, 4, *[0] * 10], False,
    ),
    "who-5 item rule at 64": ("who-5", [5, 5, 5, 1, 0], True),
    "who-5 no item below 2": ("who-5", [2] * 5, False),
    "audit-c all points from item 1": ("audit-c", [4, 0, 0], True),
    "audit-c points from item 2 too": ("audit-c", [1, 2, 0], False),
    "audit-c never drinks": ("audit-c", [0, _, _], False),
    "audit 2 on item 4": ("audit", [3, 2, 2, 2, 0, 1, 1, 1, 0, 2], True),
    "audit 1 on items 4 to 6": ("audit", [3, 2, 2, 1, 1, 1, 2, 2, 0, 2], False),
    "audit 4 on item 9": ("audit", [0, _, _, _, _, _, _, _, 4, 0], True),
}  # fmt: skip


@pytest.mark.parametrize(("instrument", "given", "told"), SIGNS.values(), ids=SIGNS)
def test_signs(instrument: str, given: list[int | None], told: bool) -> None:
    assert bool(signs(INSTRUMENTS[instrument], answers(given))) is told


POSITIVE = {
    # the cut-off that each statistic is published for, and the total below it
    "phq-9 >= 10, 88/88 (Kroenke 2001)": ("phq-9", 10, 9),
    "phq-9 >= 10, 0.88/0.85 (Levis 2019)": ("phq-9", 10, 9),
    "phq-9 >= 10, 0.85/0.85 (Negeri 2021)": ("phq-9", 10, 9),
    "phq-9 >= 10, 74/91 (Arroll 2010)": ("phq-9", 10, 9),
    "phq-2 >= 3, 61/92 (Arroll 2010)": ("phq-2", 3, 2),
    "gad-7 >= 10, 89/82 (CamCOPS)": ("gad-7", 10, 9),
    "gad-2 >= 3, 86/83 (cabana)": ("gad-2", 3, 2),
    "gad-2 >= 3, 0.76/0.81 (Plummer 2016)": ("gad-2", 3, 2),
    # 33 of the published range 31 to 33; 34 in German and UK veterans' samples
    "pcl-5 cut 31 to 33 (qxmd)": ("pcl-5", 33, 32),
    "pc-ptsd-5 cut 4 (Bovin)": ("pc-ptsd-5", 4, 3),
    # 11 is the IPDMA's optimum, 10 the published screening cut
    "epds >= 10, .85/.84 (Levis 2020)": ("epds", 10, 9),
    # Richardson's optimum of 11 is for the adult wording; LOINC and the CMS measures have 10
    "phq-a >= 10 (LOINC, CMS159)": ("phq-a", 10, 9),
    "audit >= 8, 76/92 (Gordon 2001)": ("audit", 8, 7),
    # Saitz's DAST >= 4 and SISQ >= 3 and SASQ >= 8 are for dependence, not for a screen
    "dast-10 >= 3 (LOINC 82667-7)": ("dast-10", 3, 2),
    "who-5 <= 50 (Topp, review of 213 studies)": ("who-5", 50, 51),
    "gds-15 >= 5": ("gds-15", 5, 4),
    "sasq >= 1 (US Core)": ("sasq", 1, 0),
    "sisq >= 1, 100/73.5 (Smith 2010)": ("sisq", 1, 0),
    "cage-aid >= 1, .79/.77": ("cage-aid", 1, 0),
    "phq-8 >= 10 (not confirmed)": ("phq-8", 10, 9),
    "c-ssrs any yes": ("c-ssrs-screener", 1, 0),
}


@pytest.mark.parametrize(("instrument", "at", "not_yet"), POSITIVE.values(), ids=POSITIVE)
def test_published_cut_offs(instrument: str, at: int, not_yet: int) -> None:
    assert cutoff_for(INSTRUMENTS[instrument], "female") == at
    assert screen(INSTRUMENTS[instrument], at, "female") is Screen.POSITIVE
    assert screen(INSTRUMENTS[instrument], not_yet, "female") is Screen.NEGATIVE


BY_SEX = {
    "audit-c cobalt 3, man": ("male", 3, Screen.NEGATIVE),
    "audit-c cobalt 3, woman": ("female", 3, Screen.POSITIVE),
    "audit-c cobalt 7, man": ("male", 7, Screen.POSITIVE),
    "audit-c cobalt 7, woman": ("female", 7, Screen.POSITIVE),
    "audit-c men >= 4, 86/72 (emh)": ("male", 4, Screen.POSITIVE),
    "audit-c women >= 3, 0.81/0.86 (Bradley 2003)": ("female", 3, Screen.POSITIVE),
    "audit-c women below 3": ("female", 2, Screen.NEGATIVE),
    "audit-c sex not recorded (conservative, ours)": ("unknown", 3, Screen.POSITIVE),
}


@pytest.mark.parametrize(("sex", "at", "found"), BY_SEX.values(), ids=BY_SEX)
def test_audit_c_by_sex(sex: str, at: int, found: Screen) -> None:
    assert screen(INSTRUMENTS["audit-c"], at, sex) is found


def test_a_form_without_its_decisive_items_says_why() -> None:
    found = score(INSTRUMENTS["c-ssrs-screener"], {"q1": N, "q2": N})
    assert found == NotScorable(NotScorableReason.LEVEL_NOT_DECIDED, ("q6", "q6_recent"))


def test_at_least_sixty_cases_are_named() -> None:
    tables = (TOTALS, DAST_LEVELS, REFUSED, LEVELS, SAFETY, SIGNS, POSITIVE, BY_SEX)
    assert sum(map(len, tables)) >= 60
    assert len(TOTALS) + len(LEVELS) >= 60
