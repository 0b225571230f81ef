"""Screening reach: what a visit is, whose it is, who is due and who was reached."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.encounter import STATUSES, is_planned_visit, is_visit, match_clinic
from app.domain.screening_reach import Reach, Visitor, is_due, reach
from app.domain.screening_rule import (
    CHOICES,
    DEFAULTS,
    Topic,
    check_rule,
    choices_for,
    rule_for,
)
from app.domain.small_cells import Shown, hide_small, hide_small_of, show_all
from app.errors import Unprocessable
from app.store.ids import new_id
from tests.rules.test_second_stage import DAY, Scores, facts

DEPRESSION = DEFAULTS[Topic.DEPRESSION]
GROWN = date(1980, 1, 1)


@pytest.mark.parametrize(
    ("status", "class_code", "counts"),
    [
        ("finished", "AMB", True),  # an office visit
        ("finished", "VR", True),  # by video or phone
        ("finished", "HH", True),  # at home
        ("arrived", "AMB", True),  # somebody sits in the waiting room now
        ("in-progress", None, True),  # the class was not told
        ("unknown", "AMB", True),  # a visit was told of, though not how it stands
        ("finished", "OFFICE", True),  # a word of the sender's own
        ("planned", "AMB", False),  # nobody came yet
        ("cancelled", "AMB", False),
        ("entered-in-error", "AMB", False),
        ("finished", "IMP", False),  # a hospital stay
        ("finished", "EMER", False),  # an emergency
    ],
)
def test_what_is_a_visit(status: str, class_code: str | None, counts: bool) -> None:
    assert is_visit(status, class_code) is counts
    assert status in STATUSES


def test_who_is_expected() -> None:
    assert is_planned_visit("planned", "AMB")
    assert not is_planned_visit("planned", "IMP")
    assert not is_planned_visit("finished", "AMB")


@pytest.mark.parametrize(
    ("told", "clinic"),
    [
        (["Riverside"], 1),
        (["  river\tSIDE "], None),  # not a word of it
        (["RIVERSIDE "], 1),  # case and spaces do not matter
        (["Big Health System", "Northgate"], 2),  # the first that is known
        (["Northgate", "Riverside"], 2),  # the service provider before the location
        (["Elsewhere"], None),
        ([], None),
    ],
)
def test_whose_visit_it_is(told: list[str], clinic: int | None) -> None:
    assert match_clinic(told, {"Riverside": 1, "Northgate": 2}) == clinic


@pytest.mark.parametrize(
    ("birth_on", "on", "asked"),
    [
        (date(2014, 3, 3), date(2026, 3, 2), False),  # a day before the twelfth birthday
        (date(2014, 3, 2), date(2026, 3, 2), True),  # on it
        (date(2014, 3, 2), date(2026, 3, 3), True),
        (date(1930, 1, 1), date(2026, 3, 2), True),  # no upper bound
        (date(2012, 2, 29), date(2024, 2, 28), False),  # born on a leap day
        (date(2012, 2, 29), date(2024, 2, 29), True),
    ],
)
def test_who_is_of_age(birth_on: date, on: date, asked: bool) -> None:
    assert DEPRESSION.is_of_age(birth_on, on) is asked


def test_the_upper_bound_is_a_whole_year_of_age() -> None:
    teens = replace(DEPRESSION, to_age=17)
    assert teens.is_of_age(date(2008, 3, 3), date(2026, 3, 2))
    assert not teens.is_of_age(date(2008, 3, 2), date(2026, 3, 2))


def visitor(scores: Scores, birth_on: date | None = GROWN, sex: str = "female") -> Visitor:
    """Somebody whose last visit was on day 0."""
    return Visitor(birth_on, sex, DAY, facts(scores))


@pytest.mark.parametrize(
    ("scores", "counts"),
    [
        ([], (1, 0, 0, 0, 0)),  # visited, not screened
        ([("phq-2", 0, 1)], (1, 1, 0, 0, 0)),  # at the visit
        ([("phq-9", -364, 3)], (1, 1, 0, 0, 0)),  # within the year before; either form counts
        ([("phq-9", -365, 3)], (1, 0, 0, 0, 0)),  # due again on that day
        ([("phq-9", 20, 3)], (1, 1, 0, 0, 0)),  # by telephone, three weeks after
        ([("phq-9", 31, 3)], (1, 0, 0, 0, 0)),  # after the period
        ([("phq-2", 0, None)], (1, 0, 0, 0, 0)),  # begun and not scored
        ([("gad-7", 0, 3)], (1, 0, 0, 0, 0)),  # something else
        ([("phq-9", 0, 16)], (1, 1, 1, 0, 0)),  # positive; a long form asks for no other
        ([("phq-2", 0, 3)], (1, 1, 1, 1, 0)),  # the second stage is owed
        ([("phq-2", 0, 3), ("phq-9", 0, 4)], (1, 1, 1, 1, 1)),  # and done
        ([("phq-2", 0, 3), ("phq-2", 1, 3), ("phq-9", -14, 9)], (1, 1, 1, 1, 0)),  # of one alone
    ],
)
def test_who_was_reached(scores: Scores, counts: tuple[int, ...]) -> None:
    found = reach(DEPRESSION, [visitor(scores)], DAY + timedelta(days=30))
    shown = (found.patients, found.screened, found.positive, found.asked, found.answered)
    assert shown == counts


def test_whom_nobody_knows_the_age_of_is_counted_apart() -> None:
    found = reach(DEPRESSION, [visitor([("phq-2", 0, 1)], birth_on=None)], DAY)
    assert found == Reach(age_unknown=1)
    child = visitor([("phq-2", 0, 1)], birth_on=date(2020, 1, 1))
    assert reach(DEPRESSION, [child], DAY) == Reach()


def test_people_add_up_and_whose_age_is_unknown_is_never_due() -> None:
    screened, not_screened = visitor([("phq-2", 0, 1)]), visitor([])
    unknown = visitor([], birth_on=None)
    found = reach(DEPRESSION, [screened, not_screened, unknown, screened], DAY)
    assert found == Reach(patients=3, screened=2, age_unknown=1)
    assert found.percent == 67
    assert not is_due(DEPRESSION, unknown, DAY)


def test_cut_offs_go_by_sex() -> None:
    alcohol = DEFAULTS[Topic.ALCOHOL]
    three: Scores = [("audit-c", 0, 3)]
    people = [visitor(three, sex=sex) for sex in ("female", "male", "unknown")]
    assert [reach(alcohol, [one], DAY).positive for one in people] == [1, 0, 1]


@pytest.mark.parametrize(
    ("scores", "day", "due"),
    [
        ([], 0, True),
        ([("phq-2", 0, 1)], 0, False),
        ([("phq-2", 0, 1)], 364, False),
        ([("phq-2", 0, 1)], 365, True),  # at a visit a year later
        ([("phq-2", 0, None)], 1, True),
    ],
)
def test_who_is_due_at_a_visit(scores: Scores, day: int, due: bool) -> None:
    on = DAY + timedelta(days=day)
    assert is_due(DEPRESSION, visitor(scores), on) is due
    assert not is_due(replace(DEPRESSION, active=False), visitor(scores), on)


def test_a_clinics_own_rule_comes_first() -> None:
    clinic, other = new_id(), new_id()
    ours = replace(DEPRESSION, every_days=180)
    theirs = replace(DEPRESSION, every_days=90, clinic_id=clinic)
    assert rule_for([], Topic.DEPRESSION, clinic) is DEPRESSION
    assert rule_for([ours, theirs], Topic.DEPRESSION, clinic) is theirs
    assert rule_for([ours, theirs], Topic.DEPRESSION, other) is ours
    assert rule_for([ours, theirs], Topic.DEPRESSION, None) is ours
    assert rule_for([ours, theirs], Topic.ANXIETY, clinic) is DEFAULTS[Topic.ANXIETY]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"instruments": ()}, "instruments"),
        ({"instruments": ("gad-7",)}, "instruments"),  # screens for something else
        ({"from_age": -1}, "from age"),
        ({"from_age": 121}, "from age"),
        ({"from_age": 20, "to_age": 19}, "to age"),
        ({"every_days": 0}, "every days"),
        ({"every_days": 3651}, "every days"),
    ],
)
def test_what_no_rule_can_be(change: dict[str, object], where: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        check_rule(replace(DEPRESSION, **{"instruments": ("phq-2",)} | change))  # type: ignore[arg-type]
    assert [problem.where for problem in refused.value.problems] == [where]


@pytest.mark.parametrize("topic", list(Topic))
def test_what_is_shipped_can_be_chosen(topic: Topic) -> None:
    rule = DEFAULTS[topic]
    assert set(rule.instruments) <= set(CHOICES[topic])
    known = tuple(name for name in rule.instruments if name in choices_for(topic))
    check_rule(replace(rule, instruments=known))


def shown(*counts: int | None, percent: int | None = None) -> Shown:
    return Shown(*counts, age_unknown=0, percent=percent)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("counts", "seen"),
    [
        ((100, 60, 30, 15, 0), shown(100, 60, 30, 15, 0, percent=60)),  # all large, or none
        ((10, 10, 10, 10, 10), shown(None, None, None, None, None)),  # few people in all
        ((11, 0, 0, 0, 0), shown(11, 0, 0, 0, 0, percent=0)),
        ((100, 60, 10, 0, 0), shown(100, 60, None, None, None, percent=60)),  # ten positive
        ((100, 95, 30, 15, 0), shown(100, None, None, None, None)),  # five were not screened
        ((100, 100, 30, 15, 15), shown(100, 100, 30, 15, 15, percent=100)),  # nobody left over
    ],
)
def test_small_counts_are_hidden(counts: tuple[int, ...], seen: Shown) -> None:
    assert hide_small(Reach(*counts)) == seen
    assert show_all(Reach(*counts)).patients == counts[0]


def test_a_count_hidden_alone_takes_the_smallest_other_with_it() -> None:
    rows = hide_small_of([Reach(5), Reach(90), Reach(40), Reach(0)])
    assert [row.patients for row in rows] == [None, 90, None, 0]
    two = hide_small_of([Reach(5), Reach(6), Reach(40)])
    assert [row.patients for row in two] == [None, None, 40]


counts = st.lists(st.integers(0, 40), min_size=5, max_size=5).map(
    lambda found: Reach(*sorted(found, reverse=True))
)


@given(counts)
def test_no_small_count_is_ever_shown_nor_left_over(one: Reach) -> None:
    seen = hide_small(one)
    numbers = (seen.patients, seen.screened, seen.positive, seen.asked, seen.answered)
    known = [number for number in numbers if number is not None]
    assert not any(0 < number < 11 for number in known)
    assert not any(0 < a - b < 11 for a, b in pairwise(known))
    assert all(number is None for number in numbers[len(known) :])


@given(st.lists(counts, max_size=6))
def test_nothing_hidden_follows_from_a_sum(rows: list[Reach]) -> None:
    seen = hide_small_of(rows)
    for name in ("patients", "screened", "positive", "asked", "answered"):
        hidden = [i for i, one in enumerate(seen) if getattr(one, name) is None]
        others = [i for i, one in enumerate(seen) if getattr(one, name)]
        assert len(hidden) != 1 or not others
