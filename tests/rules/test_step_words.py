"""What a suggestion says, word for word, by whom, and the facts that are kept beside it."""

from dataclasses import replace

import pytest

from app.domain.step import OFFERED_BY_DEFAULT, SELECTION, SPECIALTY
from app.domain.step_care import Direction, ReferralOut, StepFacts, Suggestion, suggest
from tests.rules.test_step_care import AWAY, HERE, MORE, WATCH, facts_of, on

OURS = "ours: configurable"
NICE = "NICE stepped care, read in a summary: step 1 is for people without suicidal thoughts"
PROTOCOL = "bao-sowa v1 (Bao 2016; Sowa 2018)"
NOT_RESPONDING = (
    "PHQ-9 was 18 at baseline (2 Mar 2026) and is 16 (27 Apr 2026): 11 % lower. Judged at week 8; "
    "bao-sowa v1 asks for below 10 or a fall of 50 % from day 56 on."
)
IMPROVED = (
    "PHQ-9 was 18 at baseline (2 Mar 2026) and is 9 (27 Apr 2026): 50 % lower. Judged at week 8; "
    "bao-sowa v1 asks for below 10 or a fall of 50 % from day 56 on."
)


def referred(facts: StepFacts, *, seen: bool, step: str = AWAY) -> StepFacts:
    return replace(facts, referral=ReferralOut(step, on(40), seen))


@pytest.mark.parametrize(
    ("facts", "words", "source"),
    [
        (
            facts_of((0, 12), step=None),
            "PHQ-9 12 on 2 Mar 2026 (moderate): begin with brief treatment in the practice.",
            SELECTION,
        ),
        # the total alone would say watchful waiting: both reasons are told
        (
            facts_of((0, 8), step=None, unsafe=True),
            "PHQ-9 8 on 2 Mar 2026 (mild), yet a safety flag is open: begin with brief treatment "
            "in the practice.",
            NICE,
        ),
        (
            facts_of((0, 8), (28, 8), step=WATCH, unsafe=True),
            "A safety flag is open: nobody with such thoughts is only watched.",
            NICE,
        ),
        (
            facts_of((0, 18), (56, 16), unsafe=True),
            "A safety flag is open and the treatment does not hold: PHQ-9 16 on 27 Apr 2026. Weigh "
            "specialty mental health care. This clinic does not offer it: refer, and name the care "
            "meanwhile.",
            SPECIALTY.source,
        ),
        (
            facts_of((0, 18), (56, 9), unsafe=True),
            "A safety flag is open: answer it first, then weigh the step.",
            OURS,
        ),
        (
            facts_of((0, 8), (28, 12), step=WATCH),
            "PHQ-9 12 on 30 Mar 2026 (moderate) while waiting: go up to brief treatment in the "
            "practice.",
            SELECTION,
        ),
        # the protocol's words stand first; the step's own follow
        (facts_of((0, 18), (56, 9)), f"{IMPROVED} The aim is remission.", PROTOCOL),
        (
            facts_of((0, 18), (56, 16)),
            f"{NOT_RESPONDING} Go up to intensified treatment.",
            PROTOCOL,
        ),
        (
            facts_of((0, 18), (56, 16), step=AWAY),
            f"{NOT_RESPONDING} This is the highest step: review the case.",
            PROTOCOL,
        ),
        # before the protocol judges there is nothing to add to it
        (
            facts_of((0, 18), (42, 17)),
            "bao-sowa v1 judges on 27 Apr 2026. PHQ-9 was 18 at baseline (2 Mar 2026) and is 17 "
            "(13 Apr 2026): 6 % lower.",
            PROTOCOL,
        ),
        # an open referral: care goes on; with a safety flag that is said, too
        (
            referred(facts_of((0, 18), (56, 16), step=MORE), seen=False),
            "A referral to specialty mental health care is open since 11 Apr 2026: intensified "
            "treatment goes on until the patient is seen.",
            OURS,
        ),
        (
            referred(facts_of((0, 18), (56, 16), step=MORE, unsafe=True), seen=False),
            "A referral to specialty mental health care is open since 11 Apr 2026: intensified "
            "treatment goes on until the patient is seen. Answer the open safety flag today.",
            OURS,
        ),
        (
            referred(facts_of((0, 18), (56, 16), step=MORE), seen=True),
            "The patient was seen: specialty mental health care has begun elsewhere.",
            OURS,
        ),
    ],
)
def test_what_is_read(facts: StepFacts, words: str, source: str) -> None:
    found = suggest(facts)
    assert (found.words, found.source) == (words, source)


@pytest.mark.parametrize(
    ("facts", "direction", "step"),
    [
        # well for 56 days, and the step is 56 days old to the day: long enough
        (facts_of((0, 18), (56, 4), (84, 2), (112, 3), since=56), Direction.DOWN, WATCH),
        (facts_of((0, 18), (56, 4), (84, 2), (112, 3), since=57), Direction.NONE, None),
        # 42 days without a score are no gap
        (facts_of((0, 18), (56, 4), (98, 2), (140, 3)), Direction.DOWN, WATCH),
        # a single score, and well: nothing is known of how long
        (facts_of((0, 3)), Direction.NONE, None),
        # watching: the score that it began with does not end it, one of the next day does
        (facts_of((0, 12), step=WATCH), Direction.NONE, None),
        (facts_of((-5, 8), (1, 12), step=WATCH), Direction.UP, HERE),
    ],
)
def test_the_day_on_which_a_step_may_change(
    facts: StepFacts, direction: Direction, step: str | None
) -> None:
    found = suggest(facts)
    assert (found.direction, found.step) == (direction, step), found.words


@pytest.mark.parametrize(
    ("seen", "where", "refer"),
    [
        (True, MORE, False),  # the patient is seen there already: nobody refers twice
        (False, MORE, True),  # the visit is still to come
        (True, AWAY, True),  # seen, but for another step
    ],
)
def test_whoever_is_seen_elsewhere_needs_no_second_referral(
    seen: bool, where: str, refer: bool
) -> None:
    severe = facts_of((0, 22), step=None, offered=frozenset({WATCH, HERE}))
    found = suggest(referred(severe, seen=seen, step=where))
    assert (found.step, found.needs_referral) == (MORE, refer)


def test_a_clinic_that_offers_nothing_refers_to_the_step_that_is_needed() -> None:
    found = suggest(facts_of((0, 12), step=None, offered=frozenset()))
    assert (found.step, found.needs_referral) == (HERE, True)


KEPT = {
    "instrument": "PHQ-9",
    "verdict": "not-responding",
    "step": HERE,
    "step_since": "2026-03-02",
    "safety_open": "no",
    "too_old": "no",
    "baseline": "18",
    "baseline_on": "2026-03-02",
    "latest": "16",
    "latest_on": "2026-04-27",
}
NEW = facts_of(step=None, offered=OFFERED_BY_DEFAULT)
LATE = facts_of((0, 18), (56, 16), today=85)


@pytest.mark.parametrize(
    ("facts", "kept"),
    [
        (facts_of((0, 18), (56, 16)), KEPT),
        (facts_of((0, 18), (56, 16), unsafe=True), KEPT | {"safety_open": "yes"}),
        (LATE, KEPT | {"verdict": "cannot-judge", "too_old": "yes"}),
        (referred(facts_of((0, 18), (56, 16)), seen=False), KEPT),
        (referred(facts_of((0, 18), (56, 16)), seen=True), KEPT),
        (
            NEW,  # nothing measured, no step yet: said, not left out
            {
                "instrument": "PHQ-9",
                "verdict": "not-yet",
                "step": "none",
                "step_since": "none",
                "safety_open": "no",
                "too_old": "no",
            },
        ),
    ],
)
def test_the_facts_are_kept_beside_the_suggestion(facts: StepFacts, kept: dict[str, str]) -> None:
    assert dict(suggest(facts).evidence) == kept


def test_a_decision_keeps_the_suggestion_as_it_was_shown() -> None:
    shown = Suggestion(Direction.UP, MORE, "Go up.", "ICSI", evidence={"latest": "16"}).as_shown()
    assert shown == {
        "direction": "up",
        "step": MORE,
        "words": "Go up.",
        "source": "ICSI",
        "evidence": {"latest": "16"},
    }
