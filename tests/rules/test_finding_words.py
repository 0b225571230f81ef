"""What each finding says word for word, by which numbers, and about which assessment."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.domain.catalogue import INSTRUMENTS
from app.domain.episode import EpisodeStatus
from app.domain.evaluate import (
    AssessmentFact,
    EpisodeFacts,
    course_of,
    due_days,
    evaluate_episode,
    evaluate_unenrolled,
    next_evaluation_on,
)
from app.domain.flag import Finding, FlagKind
from app.domain.protocol import BAO_SOWA, ICSI
from app.domain.safety import ItemNine
from app.domain.score import TotalCheck
from tests.rules.test_findings import ACTIVE, RELAPSE_PREVENTION, START, fact, facts, on, only

NOT_KNOWN: dict[str, object] = {"item_nine": ItemNine.UNKNOWN, "item_nine_value": None}
HELP: dict[str, object] = {"item_nine": ItemNine.POSITIVE}
WRONG = fact(0, 4, check=TotalCheck.MISMATCH, claimed_total=Decimal(21))


def screens(*found: AssessmentFact, sex: str = "unknown", today: int = 0) -> tuple[Finding, ...]:
    return evaluate_unenrolled(found, sex, on(today))


@pytest.mark.parametrize(
    ("known", "sex", "words"),
    [
        (
            fact(0, 12),
            "unknown",
            "PHQ-9 12 on 2 Mar 2026 (moderate): a positive screen, and nobody cares for this "
            "patient yet.",
        ),
        # abbreviations and numerals stay as they are written
        (
            fact(0, 40, "pcl-5"),
            "male",
            "PCL-5 40 on 2 Mar 2026 (probable PTSD): a positive screen, and nobody cares for this "
            "patient yet.",
        ),
        (
            fact(0, 9, "audit"),
            "male",
            "AUDIT 9 on 2 Mar 2026 (hazardous (zone II)): a positive screen, and nobody cares for "
            "this patient yet.",
        ),
        # a level has its name already and no band beside it
        (
            fact(0, 1, "c-ssrs-screener"),
            "female",
            "C-SSRS low risk on 2 Mar 2026: a positive screen, and nobody cares for this patient "
            "yet.",
        ),
    ],
)
def test_a_positive_screen(known: AssessmentFact, sex: str, words: str) -> None:
    (found,) = screens(known, sex=sex)
    assert (found.kind, found.words) == (FlagKind.NEW_POSITIVE_SCREEN, words)
    assert found.subject == known.assessment_id


@pytest.mark.parametrize(
    ("known", "words", "value"),
    [
        (
            fact(0, 3, item_nine_value=1, **HELP),
            "Item 9 answered 1 (several days) on 2 Mar 2026: speak with the patient today.",
            1,
        ),
        (
            fact(0, 3, "c-ssrs-screener", item_nine_value=3, answers={"q4": 1}, **HELP),
            "C-SSRS: high risk (yes to “{q4}”) on 2 Mar 2026: speak with the patient today.",
            3,
        ),
    ],
)
def test_an_answer_that_asks_for_help(known: AssessmentFact, words: str, value: int) -> None:
    instrument = INSTRUMENTS[known.instrument_id]
    found = only(screens(known), FlagKind.SAFETY)
    assert found == Finding(
        FlagKind.SAFETY,
        words.format(**{item.key: item.text for item in instrument.items}),
        {"instrument": instrument.short_title, "item_9": value, "on": "2026-03-02"},
        known.assessment_id,
    )


@pytest.mark.parametrize(
    ("instrument", "name"),
    [
        ("phq-9", "Item 9 of the PHQ-9"),  # by a number alone nobody knows of which form
        ("epds", "Item 10 of the EPDS"),
        ("c-ssrs-screener", "The risk level of the C-SSRS"),
    ],
)
def test_an_item_that_was_not_answered(instrument: str, name: str) -> None:
    found = screens(fact(0, 0, instrument, **NOT_KNOWN))
    assert found == (
        Finding(
            FlagKind.ITEM_9_UNKNOWN,
            f"{name} of 2 Mar 2026 is not known: ask the patient.",
            {"instrument": INSTRUMENTS[instrument].short_title, "on": "2026-03-02"},
            f"{instrument} 0",
        ),
    )


def test_an_item_is_asked_about_for_the_newest_form_alone() -> None:
    left_out, older = fact(20, 3, **NOT_KNOWN), fact(0, 3, **NOT_KNOWN)
    assert [f.subject for f in screens(left_out, older, today=20)] == ["phq-9 20"]
    assert screens(older, fact(20, 3), today=20) == ()  # answered since
    other = fact(30, 0, "gad-7")  # asks no such item: it answers nothing
    assert [f.subject for f in screens(older, other, today=30)] == ["phq-9 0"]


@pytest.mark.parametrize(
    ("wrong", "counted", "made"),
    [
        (WRONG, "4", "make 4"),
        (replace(WRONG, total=None), "—", "cannot make that"),  # they make no total at all
    ],
)
def test_a_senders_total_that_is_wrong(wrong: AssessmentFact, counted: str, made: str) -> None:
    assert screens(wrong) == (
        Finding(
            FlagKind.SCORE_MISMATCH,
            f"The sender's PHQ-9 total of 2 Mar 2026 is 21; its answers {made}. Check which is "
            "right.",
            {"instrument": "PHQ-9", "on": "2026-03-02", "claimed": "21", "counted": counted},
            "phq-9 0",
        ),
    )


@pytest.mark.parametrize(
    ("known", "today", "kind", "words"),
    [
        (
            (fact(0, 11), fact(14, 17)),
            14,
            FlagKind.WORSENING,
            "PHQ-9 rose from 11 (2 Mar 2026) to 17 (16 Mar 2026).",
        ),
        (
            (fact(0, 20), fact(28, 8), fact(56, 13)),
            56,
            FlagKind.RELAPSE_RISK,
            "PHQ-9 is back to 13 (27 Apr 2026) after a response.",
        ),
        (
            (fact(0, 14), fact(42, 4)),
            42,
            FlagKind.REMISSION_REACHED,
            "PHQ-9 4 on 13 Apr 2026: remission. Offer a relapse prevention plan.",
        ),
    ],
)
def test_findings_of_a_course_are_about_its_latest_form(
    known: tuple[AssessmentFact, ...], today: int, kind: FlagKind, words: str
) -> None:
    found = only(evaluate_episode(facts(*known, today=today), on(today)), kind)
    assert (found.words, found.subject) == (words, f"phq-9 {today}")


def test_the_protocols_aim_follows_the_words_on_remission() -> None:
    def remission(total: int, below: int) -> str:
        aiming = replace(ICSI, aim_below=below)
        course = facts(fact(0, 14), fact(42, total), today=42, protocol=aiming)
        return only(evaluate_episode(course, on(42)), FlagKind.REMISSION_REACHED).words

    said = "PHQ-9 4 on 13 Apr 2026: remission. Offer a relapse prevention plan."
    assert remission(4, below=5) == f"{said} icsi v1: The aim of the treatment is reached."
    assert remission(4, below=4) == said  # 4 is remission, yet not below 4


def test_another_instrument_that_judges_instead_is_told_after_the_reason() -> None:
    anxious = facts(fact(0, 14, "gad-7"), fact(56, 14, "gad-7"), today=56)
    found = only(evaluate_episode(anxious, on(56)), FlagKind.NOT_RESPONDING)
    assert found.words.endswith(
        " from day 56 on. The target is depression, yet the PHQ-9 was not answered: judged by the "
        "GAD-7 (convention)."
    )


def test_a_form_of_long_before_enrolment_is_no_baseline() -> None:
    old = facts(fact(-60, 16), fact(0, 12, "gad-7"), fact(56, 12, "gad-7"), today=56)
    found = only(evaluate_episode(old, on(56)), FlagKind.NOT_RESPONDING)
    assert "the PHQ-9 reaches no 10 at baseline" in found.words


@pytest.mark.parametrize(("sex", "owed"), [("male", False), ("female", True), ("unknown", True)])
def test_sex_decides_what_a_screen_asks_for(sex: str, owed: bool) -> None:
    """AUDIT-C 3 is positive for women, and where sex is not recorded."""
    screen = fact(0, 3, "audit-c")
    in_care = replace(facts(fact(0, 12), today=0), sex=sex, screens=(screen,))
    kinds = {f.kind for f in evaluate_episode(in_care, on(0))}
    assert (FlagKind.SECOND_STAGE_OWED in kinds) is owed
    assert (FlagKind.SECOND_STAGE_OWED in {f.kind for f in screens(screen, sex=sex)}) is owed
    looks = next_evaluation_on(replace(in_care, assessments=(), next_contact_on=on(900)), on(364))
    assert (looks == on(366)) is owed  # the first day on which it is asked for no more


def test_a_course_keeps_whose_form_it_is_what_is_prorated_and_which_way_is_better() -> None:
    who5 = facts(fact(0, 20, "who-5"), fact(14, 60, "who-5", prorated=True), today=14)
    course = course_of(who5, INSTRUMENTS["who-5"])
    assert course.best is not None
    assert (course.best.assessment_id, course.best.prorated) == ("who-5 14", True)
    assert [m.prorated for m in course.points] == [False, True]


RESTING = EpisodeFacts(ACTIVE, START, (fact(0, 12),), on(0), on(0), None, BAO_SOWA)


def test_what_is_overdue_is_told_with_its_day() -> None:
    found = [f for f in evaluate_episode(RESTING, on(40)) if "was due" in f.words]
    assert [(f.kind, f.words) for f in found] == [
        (FlagKind.CONTACT_OVERDUE, "A contact was due on 9 Mar 2026."),
        (FlagKind.ASSESSMENT_OVERDUE, "A questionnaire was due on 16 Mar 2026."),
        (FlagKind.REVIEW_OVERDUE, "A case review was due on 2 Apr 2026."),
    ]


@pytest.mark.parametrize(
    ("known", "contact", "form", "review"),
    [
        (RESTING, 7, 14, 31),
        (replace(RESTING, next_contact_on=on(3)), 3, 14, 31),  # what was agreed on goes before
        (replace(RESTING, last_contact_on=on(30)), 44, 14, 31),  # every other week from then on
        (replace(RESTING, assessments=()), 7, 0, 31),  # the first questionnaire: at enrolment
        (replace(RESTING, last_review_on=on(10)), 7, 14, 41),
        (replace(RESTING, status=RELAPSE_PREVENTION), 28, 28, 61),
    ],
)
def test_what_is_due_next(known: EpisodeFacts, contact: int, form: int, review: int) -> None:
    assert [day for _, day, _ in due_days(known)] == [on(contact), on(form), on(review)]


@pytest.mark.parametrize(
    ("known", "today", "looks"),
    [
        (RESTING, 0, 11),  # a contact due on day 7 is overdue on day 11, after 3 days of grace
        (RESTING, 11, 18),  # the questionnaire of day 14
        (RESTING, 18, 29),  # the score of day 0 is too old to judge by
        (RESTING, 29, 35),  # the review of day 31
        (RESTING, 35, 56),  # the protocol judges
        (RESTING, 56, None),  # nothing more comes by time alone
        (replace(RESTING, status=EpisodeStatus.PAUSED), 0, None),
    ],
)
def test_the_next_day_on_which_time_alone_changes_something(
    known: EpisodeFacts, today: int, looks: int | None
) -> None:
    expected: date | None = None if looks is None else on(looks)
    assert next_evaluation_on(known, on(today)) == expected
