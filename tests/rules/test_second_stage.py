"""Two-stage screening: which screen asks for what, from when, until when, and of whom."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.catalogue import INSTRUMENTS
from app.domain.episode import EpisodeStatus
from app.domain.evaluate import (
    AssessmentFact,
    EpisodeFacts,
    evaluate_episode,
    evaluate_unenrolled,
    next_evaluation_on,
)
from app.domain.flag import FlagKind
from app.domain.protocol import BAO_SOWA
from app.domain.safety import ItemNine
from app.domain.score import TotalCheck
from app.domain.second_stage import FIRST_STAGES, owed_second_stages

DAY = date(2026, 3, 2)
Scores = list[tuple[str, int, int | None]]
"""(instrument, day, total) …; None is a form that could not be scored."""


def fact(instrument_id: str, day: int, total: int | None, number: int = 0) -> AssessmentFact:
    on = DAY + timedelta(days=day)
    return AssessmentFact(
        assessment_id=f"{instrument_id} {day} {number}",
        instrument_id=instrument_id,
        total=None if total is None else Decimal(total),
        at=datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
        on=on,
        item_nine=ItemNine.NOT_ASKED,
        item_nine_value=None,
        check=TotalCheck.NOT_CLAIMED,
        claimed_total=None,
    )


def facts(scores: Scores) -> tuple[AssessmentFact, ...]:
    return tuple(fact(*score, number) for number, score in enumerate(scores))


def owed(scores: Scores, day: int = 0, sex: str = "female") -> list[str]:
    """What is owed on a day."""
    today = DAY + timedelta(days=day)
    return [one.stage.asks_for for one in owed_second_stages(facts(scores), sex, today)]


@pytest.mark.parametrize(
    ("scores", "asked"),
    [
        ([("phq-2", 0, 3)], ["phq-9"]),  # the cut-off itself is positive
        ([("phq-2", 0, 2)], []),  # one point below is not
        ([("gad-2", 0, 3)], ["gad-7"]),
        ([("audit-c", 0, 12)], ["audit"]),
        ([("phq-2", 0, 6), ("gad-2", 0, 6)], ["gad-7", "phq-9"]),  # two screens, two forms
        ([("phq-2", 0, 4), ("gad-7", 0, 15)], ["phq-9"]),  # another form answers nothing
        ([("phq-2", 0, 4), ("phq-a", 0, 11)], []),  # the form for teens answers it
        ([("phq-9", 0, 20)], []),  # a long form asks for no other
        ([("pc-ptsd-5", 0, 5)], []),  # no source read asks for the PCL-5: a new positive screen
    ],
)
def test_which_screen_asks_for_what(scores: Scores, asked: list[str]) -> None:
    assert owed(scores) == asked


@pytest.mark.parametrize("first", sorted(set(FIRST_STAGES) & set(INSTRUMENTS)))
def test_every_first_stage_of_the_catalogue_asks_at_its_highest_total(first: str) -> None:
    highest = INSTRUMENTS[first].maximum
    assert owed([(first, 0, highest)]) == [FIRST_STAGES[first].asks_for]


@pytest.mark.parametrize(
    ("scores", "day", "asked"),
    [
        ([("phq-2", 0, 3), ("phq-9", 0, 2)], 0, []),  # the same day counts, before or after noon
        ([("phq-2", 0, 3), ("phq-9", 90, 2)], 90, []),  # late is done
        ([("phq-2", 0, 3), ("phq-9", -14, 2)], 0, []),  # two weeks before: it asks of those weeks
        ([("phq-2", 0, 3), ("phq-9", -15, 2)], 0, ["phq-9"]),  # a day too old
        ([("audit-c", 0, 5), ("audit", -30, 9)], 0, []),  # drinking is asked of the past year
        ([("phq-2", 0, 3), ("phq-9", 1, None)], 2, ["phq-9"]),  # unscored is not done
        ([("phq-2", 0, 3), ("phq-2", 30, 0)], 30, ["phq-9"]),  # a later negative takes nothing back
        ([("phq-2", 0, 3), ("phq-9", 5, 2), ("phq-2", 60, 3)], 60, ["phq-9"]),  # asked anew
        ([("phq-2", 0, 3)], 365, ["phq-9"]),  # the last day
        ([("phq-2", 0, 3)], 366, []),  # a new screen is due instead
        ([("phq-2", 0, None)], 0, []),  # nobody knows whether it was positive
    ],
)
def test_from_when_to_when_it_is_owed(scores: Scores, day: int, asked: list[str]) -> None:
    assert owed(scores, day) == asked


@pytest.mark.parametrize(
    ("total", "sex", "asked", "words"),
    [
        (3, "female", ["audit"], "cut-off 3 for women"),
        (3, "male", [], ""),  # one below the cut-off for men
        (4, "male", ["audit"], "cut-off 4 for men"),
        (
            3,
            "unknown",
            ["audit"],
            "cut-off 3, the lower one: sex is not recorded; for a man it would be 4",
        ),
        (3, "other", ["audit"], "cut-off 3, the lower one: sex is other; for a man it would be 4"),
        (2, "unknown", [], ""),
    ],
)
def test_sex_specific_cut_offs_are_said_openly(
    total: int, sex: str, asked: list[str], words: str
) -> None:
    found = owed_second_stages(facts([("audit-c", 0, total)]), sex, DAY)
    assert [one.stage.asks_for for one in found] == asked
    assert all(words in one.words for one in found)


def test_what_is_owed_says_since_when_and_when_it_is_due() -> None:
    scores: Scores = [("phq-2", 0, 3), ("phq-2", 20, 5)]
    (found,) = owed_second_stages(facts(scores), "female", DAY + timedelta(days=20))
    assert found.words == (
        "PHQ-2 5 on 22 Mar 2026 is positive (cut-off 3): the PHQ-9 is owed since 2 Mar 2026 "
        "and due by 9 Mar 2026."
    )
    assert found.screened.assessment_id == "phq-2 20 1"  # a newer screen asks a person anew


def episode(scores: Scores, screens: Scores, status: str = "active") -> EpisodeFacts:
    return EpisodeFacts(
        status=EpisodeStatus(status),
        enrolled_on=DAY,
        assessments=facts(scores),
        last_contact_on=DAY,
        last_review_on=DAY,
        next_contact_on=DAY + timedelta(days=7),
        protocol=BAO_SOWA,
        sex="female",
        screens=facts(screens),
    )


def kinds(found: object) -> list[FlagKind]:
    return [one.kind for one in found]  # type: ignore[attr-defined]


def test_in_an_episode_a_screen_of_before_is_owed_too() -> None:
    known = episode([("phq-9", 0, 16)], [("audit-c", -60, 8), ("phq-9", 0, 16)])
    assert kinds(evaluate_episode(known, DAY)) == [FlagKind.SECOND_STAGE_OWED]
    paused = episode([], [("audit-c", -60, 8)], "paused")
    assert kinds(evaluate_episode(paused, DAY)) == [FlagKind.SECOND_STAGE_OWED]


def test_the_day_it_lapses_is_looked_at_again() -> None:
    lapses_on = DAY + timedelta(days=1)
    quiet = episode([], [("audit-c", -365, 2)])
    asked = episode([], [("audit-c", -365, 8)])
    assert next_evaluation_on(asked, DAY) == lapses_on
    assert next_evaluation_on(quiet, DAY) != lapses_on
    assert kinds(evaluate_episode(asked, DAY)) == [FlagKind.SECOND_STAGE_OWED]
    assert evaluate_episode(asked, lapses_on) == ()


@pytest.mark.parametrize(
    ("scores", "found"),
    [
        ([("phq-2", 0, 4)], [FlagKind.SECOND_STAGE_OWED]),  # told once, not as a new screen too
        ([("phq-2", 0, 4), ("phq-9", 0, 16)], [FlagKind.NEW_POSITIVE_SCREEN]),  # the PHQ-9's
        ([("phq-2", 0, 4), ("phq-9", 0, 4)], []),  # the second stage said no
        ([("pc-ptsd-5", 0, 5)], [FlagKind.NEW_POSITIVE_SCREEN]),  # has no second stage
    ],
)
def test_one_screen_is_told_once(scores: Scores, found: list[FlagKind]) -> None:
    assert kinds(evaluate_unenrolled(facts(scores), "female", DAY)) == found


arrivals = st.lists(
    st.tuples(
        st.sampled_from(["phq-2", "phq-9", "phq-a", "gad-2", "gad-7", "audit-c", "audit"]),
        st.integers(-400, 0),
        st.one_of(st.none(), st.integers(0, 6)),
    ),
    max_size=10,
)
sexes = st.sampled_from(["female", "male", "other", "unknown"])


@given(arrivals, sexes, st.randoms())
def test_order_of_arrival_never_matters(scores: Scores, sex: str, dice: object) -> None:
    known = list(facts(scores))
    shuffled = list(known)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert owed_second_stages(shuffled, sex, DAY) == owed_second_stages(known, sex, DAY)


@given(arrivals, sexes)
def test_each_form_is_owed_once_and_filling_it_in_answers_it(scores: Scores, sex: str) -> None:
    found = owed_second_stages(facts(scores), sex, DAY)
    forms = [one.stage.asks_for for one in found]
    assert len(forms) == len(set(forms))
    filled = [*scores, *((form, 0, 0) for form in forms)]
    assert owed_second_stages(facts(filled), sex, DAY) == ()


@given(arrivals, st.integers(1, 6))
def test_withdrawing_the_second_stage_restores_what_was_owed(scores: Scores, total: int) -> None:
    before = owed_second_stages(facts(scores), "female", DAY)
    wrong: Scores = [*scores, ("phq-9", 0, total)]
    assert all(one.stage.asks_for != "phq-9" for one in owed_second_stages(facts(wrong), "f", DAY))
    assert owed_second_stages(facts(wrong[:-1]), "female", DAY) == before
