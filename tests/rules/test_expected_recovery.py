"""Expected recovery: what is counted, what is called, and what the model may never do."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.catalogue import INSTRUMENTS
from app.domain.expected_recovery import (
    DEFAULT_CHANCES,
    DEFAULT_SHARE_LEFT,
    FEWEST_COURSES,
    GROUPS,
    SPANS,
    Chance,
    RecoveryModel,
    Stratum,
    can_expect,
    default_model,
    group_of,
    strata,
)
from app.domain.recovery_accuracy import Accuracy, Calibrated, Share, measure
from app.domain.recovery_fitting import PastCourse, Tally, fit, is_held_back, last_scores, responded
from app.domain.recovery_record import as_data, from_data
from app.domain.recovery_standing import Standing, Verdict, basis_words, model_words, standing
from app.domain.trajectory import Measurement, trajectory

PHQ9, GAD7 = INSTRUMENTS["phq-9"], INSTRUMENTS["gad-7"]
START, FITTED = date(2026, 3, 2), date(2026, 11, 24)
DOMAIN = Path(__file__).resolve().parents[2] / "app" / "domain"
HELD = [str(n) for n in range(3000) if is_held_back(str(n))]
FITTING = [str(n) for n in range(3000) if not is_held_back(str(n))]


def past(name: str, baseline: float, *points: tuple[int, float]) -> PastCourse:
    return PastCourse(name, baseline, 0, ((0, baseline), *points))


def counted(*courses: PastCourse) -> RecoveryModel:
    tally = Tally(PHQ9)
    for course in courses:
        tally.add(course)
    return fit(tally, 3, FITTED)


def history(names: list[str]) -> list[PastCourse]:
    """Of 100: 20 who rise fail; 40 who lose 15 % fail but for ten; 40 who lose 40 % respond."""
    kinds = [(18, 18)] * 20 + [(14, 12)] * 30 + [(14, 6)] * 10 + [(10, 6)] * 40
    return [
        past(name, 16 + n % 4, (28, kinds[n % 100][0] + n % 4), (84, kinds[n % 100][1]))
        for n, name in enumerate(names)
    ]


def called(model: RecoveryModel, *scores: tuple[int, float], today: int) -> Standing:
    """(day since enrolment, total) …, judged on a day since enrolment."""
    points = [
        Measurement(
            f"a{day}",
            Decimal(str(total)),
            START + timedelta(days=day),
            datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(days=day),
            total != int(total),
        )
        for day, total in scores
    ]
    return standing(model, PHQ9, trajectory(points, START), START, START + timedelta(days=today))


@pytest.mark.parametrize(
    ("scores", "today", "verdict"),
    [
        ([(0, 16)], 0, Verdict.TOO_EARLY),
        ([(0, 16), (14, 15)], 24, Verdict.TOO_EARLY),  # a day before the days of week 4
        ([(0, 16), (25, 15)], 25, Verdict.OFF_TRACK),  # 6 % gone: the default tells 20 %
        ([(0, 16), (28, 8)], 28, Verdict.ON_TRACK),  # half gone: 82 %
        ([(0, 16), (28, 11)], 28, Verdict.ON_TRACK),  # 31 % gone: 62 %
        ([(0, 16), (28, 12)], 28, Verdict.OFF_TRACK),  # a quarter gone: 45 %
        ([(0, 27), (28, 27), (56, 27)], 56, Verdict.OFF_TRACK),  # nothing moves, for ever
        ([(0, 16), (28, 20)], 28, Verdict.OFF_TRACK),  # a rise
        ([(0, 16), (14, 9)], 35, Verdict.CANNOT_TELL),  # the score of week 4 is missing
        ([(0, 16), (25, 9)], 54, Verdict.CANNOT_TELL),  # 29 days old
        ([(0, 16), (25, 9)], 53, Verdict.ON_TRACK),  # 28 days old still tells
        ([(0, 16), (66, 9)], 66, Verdict.ON_TRACK),  # the last day of week 8
        ([(0, 16), (66, 9)], 67, Verdict.PAST),  # then the protocol alone has the word
        ([(0, 9), (28, 3)], 28, Verdict.CANNOT_TELL),  # began below caseness
        ([(0, 0), (28, 0), (56, 0)], 56, Verdict.CANNOT_TELL),  # zero is nothing to recover from
        ([], 28, Verdict.CANNOT_TELL),
        ([(-40, 20), (-20, 20)], 28, Verdict.CANNOT_TELL),  # scores before enrolment alone
        ([(-10, 16), (28, 8)], 28, Verdict.ON_TRACK),  # a baseline ten days before
        ([(25, 16), (42, 8)], 42, Verdict.CANNOT_TELL),  # first score in week 4: no course yet
        ([(0, 16), (28, 10.5)], 28, Verdict.ON_TRACK),  # a prorated total is called, and marked
    ],
)
def test_standing(scores: list[tuple[int, float]], today: int, verdict: Verdict) -> None:
    assert called(default_model(PHQ9), *scores, today=today).verdict is verdict


def test_a_call_says_why_and_what_it_rests_on() -> None:
    model = counted(*history(FITTING[:700]), *history(HELD[:300]))
    told = called(model, (0, 16), (42, 11), today=42)
    assert told.words.startswith(
        "On track at week 6: PHQ-9 11; half of the patients who began between 15 and 19 are at "
    )
    assert "respond by week 12." in told.words
    assert told.basis.endswith("no such call could be measured on courses held back.")
    told = called(model, (0, 16), (28, 9), today=28)
    assert told.basis.endswith(
        "held-back courses that it calls on track at week 4, 100 % responded."
    )
    told = called(model, (0, 16), (28, 15), today=28)
    assert told.verdict is Verdict.OFF_TRACK
    assert told.basis.startswith("Model 3 of 24 Nov 2026, from 1000 past courses; of ")
    assert told.basis.endswith("it calls not on track at week 4, 83 % did not respond.")
    assert "(prorated)" in called(model, (0, 16), (28, 10.5), today=28).words


def test_three_courses_are_too_few() -> None:
    model = counted(*history(FITTING[:3]))
    assert model.is_default
    assert model.courses == model.known == 3
    assert model.curves == default_model(PHQ9).curves
    told = called(model, (0, 16), (28, 8), today=28)
    assert told.verdict is Verdict.ON_TRACK
    assert "a stated default expects" in told.words
    assert told.basis.startswith("A stated default, not confirmed: 3 past courses")
    assert not counted(*history(FITTING[:FEWEST_COURSES])).is_default


def test_an_empty_registry_has_a_default() -> None:
    model = counted()
    assert model.is_default
    assert [one.n for one in model.accuracy] == [0, 0, 0]
    own = counted(*history(FITTING[:FEWEST_COURSES]))
    assert "no such call could be measured" in basis_words(own, 4, off=True)
    assert "not known: there were none" in model_words(model)


@pytest.mark.parametrize(
    ("points", "outcome"),
    [
        ([(84, 8)], True),  # exactly half
        ([(84, 9)], False),
        ([(70, 8), (97, 9)], False),  # the last one of the days, though an earlier one was half
        ([(69, 8)], None),  # a day early
        ([(98, 8)], None),  # a day late
        ([(84, 0)], True),  # zero is a score
        ([], None),
    ],
)
def test_the_outcome_is_the_last_score_of_its_days(
    points: list[tuple[int, float]], outcome: bool | None
) -> None:
    assert responded(PHQ9, past("a", 16, *points)) is outcome


@pytest.mark.parametrize(
    ("baseline", "total", "words"),
    [
        (20, 21, "a rise"),
        (20, 20, "less than 10 % gone"),
        (20, 18, "10 to 19 % gone"),  # exactly a tenth
        (20, 16, "20 to 29 % gone"),
        (20, 14, "30 to 49 % gone"),
        (20, 10, "half or more gone"),
        (20, 0, "half or more gone"),
        (10, 27, "a rise"),
    ],
)
def test_groups(baseline: float, total: float, words: str) -> None:
    assert GROUPS[group_of(baseline, total)].words == words


def test_strata_are_the_bands_from_caseness_on() -> None:
    assert strata(PHQ9) == (Stratum(10, 14), Stratum(15, 19), Stratum(20, 27))
    assert strata(GAD7) == (Stratum(10, 14), Stratum(15, 21))
    assert 14.5 in Stratum(10, 14)  # a prorated total belongs to the band it has reached
    assert 15.0 not in Stratum(10, 14)


def test_only_what_judges_treatments_has_a_recovery() -> None:
    assert can_expect(PHQ9)
    assert can_expect(GAD7)
    assert not can_expect(INSTRUMENTS["audit-c"])
    assert not can_expect(INSTRUMENTS["who-5"])


def test_nothing_of_the_future_leaks() -> None:
    """A held-back course is judged by its own week; what comes later changes its outcome alone."""
    tally, known_later = Tally(PHQ9), Tally(PHQ9)
    name = HELD[0]
    tally.add(past(name, 16, (28, 14), (84, 6)))
    known_later.add(past(name, 16, (28, 14), (42, 0), (56, 27), (84, 6), (150, 20)))
    at_week_4 = {key for key in tally.held_back if key[0] == 4}
    assert at_week_4 == {key for key in known_later.held_back if key[0] == 4}
    assert at_week_4 == {(4, 16, 14, True)}
    assert not tally.totals  # and nothing is fitted to it
    assert not tally.outcomes
    assert tally.known == 0


def test_who_is_held_back_never_changes() -> None:
    assert is_held_back("0190d3a0-0000-7000-8000-000000000001") is False
    assert is_held_back("0190d3a0-0000-7000-8000-000000000009") is True
    share = len(HELD) / 3000
    assert 0.27 < share < 0.34


@pytest.mark.parametrize(
    "course",
    [
        past("1", 9, (28, 4), (84, 2)),  # below caseness
        past("1", 0, (28, 0), (84, 0)),
        PastCourse("1", 16, 25, ((25, 16), (28, 8), (84, 4))),  # first scored in week 4
    ],
)
def test_courses_that_are_not_counted(course: PastCourse) -> None:
    tally = Tally(PHQ9)
    tally.add(course)
    assert tally == Tally(PHQ9)


def test_a_score_before_the_baseline_is_no_course() -> None:
    early = PastCourse("1", 16, 10, ((7, 20), (10, 16), (14, 12)))
    assert last_scores(early) == {2: 12}


def test_five_hundred_scores_count_as_one_course() -> None:
    tally = Tally(PHQ9)
    tally.add(past(FITTING[0], 20, *((day, 15) for day in range(1, 501))))
    assert tally.courses.total() == 1
    assert {week: totals.total() for (_, week), totals in tally.totals.items()} == {
        span.week: 1 for span in SPANS
    }


def test_percentiles_are_counted_and_drawn_to_the_default() -> None:
    """100 courses at 1 … 20: half are at 10; 20 imagined ones stand at the default's 12.8."""
    courses = [past(name, 17, (28, 1 + n % 20), (84, 5)) for n, name in enumerate(FITTING[:100])]
    curve = counted(*courses).curve_for(17)
    assert curve is not None
    assert curve.n == 100
    week4, week6 = (band for band in curve.weeks if band.week in (4, 6))
    assert week4.n == 100
    assert week4.median == round((100 * 10 + 20 * 12.8) / 120, 1)
    assert week6.n == 0
    assert week6.values[2] == pytest.approx(17 * 0.67, abs=0.06)


def test_more_gone_never_means_less_hope() -> None:
    """Where the counts say otherwise, neighbours share one chance."""
    courses = [past(n, 20, (28, 17), (84, 5)) for n in FITTING[:50]]  # 15 % gone: all responded
    courses += [past(n, 20, (28, 15), (84, 15)) for n in FITTING[50:100]]  # 25 %: none did
    row = [chance.probability for chance in counted(*courses).chances[4]]
    assert row == sorted(row)
    assert row[2] == row[3]
    assert 0.4 < row[2] < 0.6


def test_no_chance_is_ever_certain() -> None:
    courses = [past(n, 20, (28, 5), (84, 2)) for n in FITTING[:1900]]
    assert counted(*courses).chances[4][5].probability == 0.99


def test_the_default_is_whole() -> None:
    """Every percentile and chance of every week is there, and none runs against its order."""
    assert set(DEFAULT_SHARE_LEFT) == {span.week for span in SPANS}
    for row in DEFAULT_SHARE_LEFT.values():
        assert list(row) == sorted(row)
    middles = [DEFAULT_SHARE_LEFT[span.week][2] for span in SPANS]
    assert middles == sorted(middles, reverse=True)
    for chances in DEFAULT_CHANCES.values():
        assert list(chances) == sorted(chances)
        assert len(chances) == 6


def test_accuracy_is_the_share_of_right_calls() -> None:
    told = {(0.2, False): 30, (0.2, True): 10, (0.7, False): 5, (0.7, True): 55}
    found = measure(4, told, 0.5)
    assert (found.off_right, found.off_wrong, found.on_wrong, found.on_right) == (30, 10, 5, 55)
    assert found.sensitivity == Share(35, 30)
    assert found.specificity == Share(65, 55)
    assert found.positive_value.value == 0.75
    assert found.negative_value == Share(60, 55)
    assert found.calibration == (Calibrated(0.2, 40, 10), Calibrated(0.7, 60, 55))
    assert found.brier == pytest.approx((30 * 0.04 + 10 * 0.64 + 5 * 0.49 + 55 * 0.09) / 100)
    assert found.n == 100


def test_a_share_tells_how_sure_it_is() -> None:
    assert Share(58, 41).words == "71 % of 58 (58 to 81)"  # Wilson
    assert Share(0, 0).value is None
    assert Share(4, 4).words == "100 % of 4 (51 to 100)"  # never certain from four
    assert Accuracy(4, 0, 0, 0, 0, ()).brier is None


def test_a_probability_at_the_limit_is_on_track() -> None:
    assert measure(4, {(0.5, True): 1}, 0.5).on_right == 1


def test_held_back_courses_measure_what_the_page_would_have_called() -> None:
    model = counted(*history(FITTING[:700]), *history(HELD[:300]))
    week4 = model.accuracy[0]
    assert week4.n == 300
    # all who lost 15 % or rose are called off track: 150 fail, 30 respond; 120 respond on track
    assert (week4.off_right, week4.off_wrong) == (150, 30)
    assert (week4.on_wrong, week4.on_right) == (0, 120)


def test_a_model_is_kept_and_read_back_whole() -> None:
    for model in (counted(*history(FITTING[:200]), *history(HELD[:90])), default_model(PHQ9)):
        assert from_data(json.loads(json.dumps(as_data(model)))) == model
    assert isinstance(from_data(as_data(default_model(PHQ9))).chances[4][0], Chance)


@pytest.mark.parametrize("module", ["evaluate", "protocol", "flag", "response", "caseload"])
def test_no_rule_that_flags_knows_the_model(module: str) -> None:
    """The published rule cannot be hidden by what it never sees."""
    text = (DOMAIN / f"{module}.py").read_text(encoding="utf-8")
    assert "recovery" not in text.replace("recovery from", "")
