"""What an own protocol asks for, why a number is refused, and how it is stored, word for word."""

from dataclasses import replace

import pytest

from app.domain.own_protocol import (
    Draft,
    ProtocolOutOfLimits,
    amend,
    from_data,
    numbers_of,
    to_data,
)
from app.domain.protocol import (
    AIMS,
    BAO_SOWA,
    GERMAN_IMPACT,
    ICSI,
    NY_MEDICAID,
    Protocol,
    Stage,
)
from tests.rules.test_own_protocol import draft, refused


@pytest.mark.parametrize(
    ("protocol", "asked"),
    [
        (
            ICSI,
            [
                ("baseline_at_least", "Judged from a baseline of", 10, "points"),
                ("stale_after_days", "A total judges for", 28, "days"),
                ("stage-1-after_days", "Judged after", 42, "days"),
                ("stage-1-reduction", "or a fall of", 25, "%"),  # shown in per cent
                ("stage-2-after_days", "Judged after (stage 2)", 70, "days"),
                ("stage-2-reduction", "or a fall of (stage 2)", 50, "%"),
            ],
        ),
        (
            AIMS,  # what it does not ask for, a total below some number, is not added
            [
                ("baseline_at_least", "Judged from a baseline of", 10, "points"),
                ("stale_after_days", "A total judges for", 28, "days"),
                ("stage-1-after_days", "Judged after", 70, "days"),
                ("stage-1-reduction", "or a fall of", 50, "%"),
                ("stage-1-points", "or a fall of", 5, "points"),
            ],
        ),
    ],
)
def test_the_numbers_that_may_be_changed(
    protocol: Protocol, asked: list[tuple[str, str, int, str]]
) -> None:
    assert [(n.key, n.label, n.value, n.limit.unit) for n in numbers_of(protocol)] == asked


def test_a_number_beyond_its_limit_is_refused_with_the_limit_and_its_reason() -> None:
    assert refused(ICSI, {"stage-1-after_days": 3, "stage-2-reduction": 99}) == {
        "stage-1-after_days": "give a whole number from 28 to 112 days: before week 4 few "
        "treatments can have worked, after week 16 it is late",
        "stage-2-reduction": "give a whole number from 10 to 90 %: less than a tenth lies within "
        "the error of measurement; all is no target",
    }


@pytest.mark.parametrize(
    ("base", "changes", "where", "what"),
    [
        (
            BAO_SOWA,
            {"stage-1-below": 11},  # 10 may be judged, and is below 11 already
            "stage-1-below",
            "lies above the baseline that is judged: some would be improved from the start",
        ),
        (
            ICSI,
            {"stage-1-after_days": 57},  # 13 days before the second look
            "stage-2-after_days",
            "comes less than 14 days after the stage before",
        ),
        (ICSI, {"stage-2-reduction": 24}, "stage-2-reduction", "asks for less than the stage before"),
        (BAO_SOWA, {}, "numbers", "are those of bao-sowa v1: choose that one instead"),
    ],
)  # fmt: skip
def test_numbers_that_do_not_fit_are_told_why(
    base: Protocol, changes: dict[str, int | None], where: str, what: str
) -> None:
    assert refused(base, changes) == {where: what}


@pytest.mark.parametrize(
    ("base", "changes"),
    [
        (ICSI, {"stage-1-after_days": 56}),  # 14 days apart are enough
        (ICSI, {"stage-2-reduction": 25}),  # as much as the stage before is not less
        (BAO_SOWA, {"stage-1-below": 9}),
    ],
)
def test_numbers_at_the_edge_of_what_fits_are_taken(
    base: Protocol, changes: dict[str, int | None]
) -> None:
    assert amend(base, draft(base, changes), 1).based_on == base.name


@pytest.mark.parametrize(
    ("title", "note", "problems"),
    [
        ("", " ", [("title", "is needed"), ("note", "is needed")]),
        ("x" * 81, "y" * 301, [
            ("title", "is longer than 80 characters"), ("note", "is longer than 300 characters"),
        ]),
        ("Ours\u200b", "Why", [("title", "holds characters that cannot be shown")]),
    ],
)  # fmt: skip
def test_title_and_note_are_needed_and_can_be_shown(
    title: str, note: str, problems: list[tuple[str, str]]
) -> None:
    numbers = draft(BAO_SOWA, {"stale_after_days": 21}).numbers
    with pytest.raises(ProtocolOutOfLimits) as told:
        amend(BAO_SOWA, Draft(title, note, numbers), 1)
    assert [(problem.where, problem.what) for problem in told.value.problems] == problems


def test_the_longest_title_and_note_are_taken_without_the_blanks_around_them() -> None:
    numbers = draft(BAO_SOWA, {"stale_after_days": 21}).numbers
    own = amend(BAO_SOWA, Draft("x" * 80, "y" * 300, numbers), 1)
    assert (len(own.title), len(own.note)) == (80, 300)
    own = amend(BAO_SOWA, Draft(" Ours ", " Why\n", numbers), 1)
    assert (own.title, own.note) == ("Ours", "Why")


def test_words_and_numbers_are_refused_together() -> None:
    with pytest.raises(ProtocolOutOfLimits) as told:
        amend(BAO_SOWA, Draft("", "Why", {}), 1)
    assert told.value.message == "These numbers cannot be used for a protocol; nothing was saved."
    assert [problem.where for problem in told.value.problems] == [
        "title",
        *(number.key for number in numbers_of(BAO_SOWA)),
    ]


def test_it_is_stored_whole_with_what_it_was_made_from() -> None:
    own = amend(AIMS, draft(AIMS, {"stage-1-points": 6}), 3)
    assert to_data(own) == {
        "title": "Ours",
        "note": "Our patients come every six weeks.",
        "based_on": "aims v1",
        "source": "ours, made from aims v1 (AIMS Center, 10 to 12 weeks: not confirmed)",
        "baseline_at_least": 10,
        "stale_after_days": 28,
        "stages": [{"after_days": 70, "below": None, "reduction": "0.5", "points": 6}],
        "then": "Psychiatric consultation or a change of treatment.",
        "aim_below": None,
        "aim_then": "",
        "meeting_every_days": None,
    }


@pytest.mark.parametrize(
    ("protocol", "words"),
    [
        (NY_MEDICAID, "Psychiatric consultation or a change of treatment."),
        (
            GERMAN_IMPACT,
            "Step up. Below 5: Relapse plan and calls every four weeks. Decision meeting every 8 "
            "weeks.",
        ),
    ],
)
def test_what_follows_is_told_in_one_line(protocol: Protocol, words: str) -> None:
    assert protocol.follows == words


@pytest.mark.parametrize(
    ("protocol", "asks"),
    [
        (BAO_SOWA, ["below 10 or a fall of 50 % from day 56 on"]),
        (AIMS, ["a fall of 50 % or a fall of 5 points from day 70 on"]),
        (ICSI, ["a fall of 25 % from day 42 on", "a fall of 50 % from day 70 on"]),
    ],
)
def test_what_a_stage_asks_for(protocol: Protocol, asks: list[str]) -> None:
    assert [stage.words for stage in protocol.stages] == asks


def test_a_stage_that_asks_for_a_total_alone_is_stored_without_a_share() -> None:
    bare = replace(BAO_SOWA, stages=(Stage(56, below=10),), confirmed=False)
    stored = to_data(bare)
    assert stored["stages"][0]["reduction"] is None
    assert from_data(bare.id, bare.version, stored) == bare
