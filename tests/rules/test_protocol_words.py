"""What a judgement says word for word, and by which numbers it can be checked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.protocol import BAO_SOWA, GERMAN_IMPACT, ICSI, Protocol, Verdict, judge
from tests.rules.test_protocols import PHQ9, START, course

Scores = list[tuple[int, int]]


@pytest.mark.parametrize(
    ("scores", "day", "verdict", "words"),
    [
        ([], 55, Verdict.NOT_YET, "No PHQ-9 yet."),  # nothing to judge and not yet the time
        ([], 56, Verdict.CANNOT_JUDGE, "No PHQ-9 to judge the treatment by: reassess."),
        (
            [(-60, 20)],  # a score, but of long before enrolment: nothing to measure a change from
            56,
            Verdict.CANNOT_JUDGE,
            "No PHQ-9 to judge the treatment by: reassess.",
        ),
        (
            [(0, 9)],
            56,
            Verdict.NOT_APPLICABLE,
            "PHQ-9 was 9 at baseline: bao-sowa v1 judges from 10 on.",
        ),
        (
            [(0, 20), (14, 18)],
            14,
            Verdict.NOT_YET,
            "bao-sowa v1 judges on 2 Mar 2026. PHQ-9 was 20 at baseline (5 Jan 2026) and is 18 "
            "(19 Jan 2026): 10 % lower.",
        ),
        (
            [(0, 20), (28, 4)],  # however good: 29 days old on the day of the judgement
            57,
            Verdict.CANNOT_JUDGE,
            "The latest PHQ-9 is of 2 Feb 2026, more than 28 days ago: reassess before judging.",
        ),
        (
            [(0, 20), (28, 4)],  # 28 days still judge
            56,
            Verdict.IMPROVED,
            "PHQ-9 was 20 at baseline (5 Jan 2026) and is 4 (2 Feb 2026): 80 % lower. Judged at "
            "week 4; bao-sowa v1 asks for below 10 or a fall of 50 % from day 56 on.",
        ),
        (
            [(0, 20), (62, 16)],  # weeks are completed ones: day 62 lies in week 8
            62,
            Verdict.NOT_RESPONDING,
            "PHQ-9 was 20 at baseline (5 Jan 2026) and is 16 (8 Mar 2026): 20 % lower. Judged at "
            "week 8; bao-sowa v1 asks for below 10 or a fall of 50 % from day 56 on.",
        ),
    ],
)
def test_the_judgement_in_words(scores: Scores, day: int, verdict: Verdict, words: str) -> None:
    told = judge(BAO_SOWA, PHQ9, course(*scores), START, START + timedelta(days=day))
    assert (told.verdict, told.words) == (verdict, words)


def test_a_score_of_before_enrolment_is_judged_as_of_week_0() -> None:
    early = replace(BAO_SOWA, stale_after_days=90)
    told = judge(early, PHQ9, course((-14, 20), (-9, 20)), START, START + timedelta(days=56))
    assert "Judged at week 0;" in told.words


@pytest.mark.parametrize(
    ("latest", "reached"),
    [(4, True), (5, False)],  # below 5 is the aim, 5 is not
)
@pytest.mark.parametrize("protocol", [ICSI, GERMAN_IMPACT])
def test_the_aim_is_reached_below_it(protocol: Protocol, latest: int, reached: bool) -> None:
    told = judge(protocol, PHQ9, course((0, 20), (42, latest)), START, START + timedelta(days=42))
    assert ("Below 5:" in told.words) is reached


KEPT = {
    "protocol": "icsi v1",
    "source": "ICSI: 6 weeks on medication, 8 to 10 weeks of therapy",
    "instrument": "PHQ-9",
    "enrolled_on": "2026-01-05",
    "judged_on": "2026-02-16",
    "baseline_at_least": 10,
    "stale_after_days": 28,
    "then": "Adjust the treatment; the aim is a total below 5.",
}
SCORES = {"baseline_on": "2026-01-05", "latest_on": "2026-02-16"}


@pytest.mark.parametrize(
    ("scores", "kept"),
    [
        ([], KEPT),
        ([(-60, 20)], KEPT),
        (
            [(0, 20), (42, 16)],
            KEPT
            | SCORES
            | {
                "baseline": "20",
                "latest": "16",
                "asked": "a fall of 25 % from day 42 on",
                "sum": "20 − 25 % = 15; 16 is above 15",
            },
        ),
        # not judged: what was asked of nobody is not told
        ([(0, 8), (42, 8)], KEPT | SCORES | {"baseline": "8", "latest": "8"}),
    ],
)
def test_the_numbers_that_are_kept(scores: Scores, kept: dict[str, object]) -> None:
    told = judge(ICSI, PHQ9, course(*scores), START, START + timedelta(days=42))
    assert dict(told.evidence) == kept
