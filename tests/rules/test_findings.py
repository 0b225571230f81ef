"""What asks for a person, with evidence enough to check it by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.episode import EpisodeStatus
from app.domain.evaluate import (
    AssessmentFact,
    EpisodeFacts,
    evaluate_episode,
    evaluate_unenrolled,
    next_evaluation_on,
)
from app.domain.explain import numbers
from app.domain.flag import Finding, FlagKind
from app.domain.protocol import BAO_SOWA, GERMAN_IMPACT, ICSI, Protocol
from app.domain.rhythm import Rhythm, next_assessment_due, next_contact_due, next_review_due
from app.domain.safety import ItemNine
from app.domain.score import TotalCheck

START = date(2026, 3, 2)
ACTIVE, RELAPSE_PREVENTION = EpisodeStatus.ACTIVE, EpisodeStatus.RELAPSE_PREVENTION


def on(day: int) -> date:
    return START + timedelta(days=day)


def fact(day: int, total: int, instrument: str = "phq-9", **changes: object) -> AssessmentFact:
    values: dict[str, object] = {
        "assessment_id": f"{instrument} {day}",
        "instrument_id": instrument,
        "total": Decimal(total),
        "at": datetime.combine(on(day), datetime.min.time(), UTC),
        "on": on(day),
        "item_nine": ItemNine.NEGATIVE if instrument == "phq-9" else ItemNine.NOT_ASKED,
        "item_nine_value": 0 if instrument == "phq-9" else None,
        "check": TotalCheck.NOT_CLAIMED,
        "claimed_total": None,
    }
    return AssessmentFact(**values | changes)  # type: ignore[arg-type]


def facts(
    *assessments: AssessmentFact,
    today: int,
    status: EpisodeStatus = ACTIVE,
    protocol: Protocol = BAO_SOWA,
) -> EpisodeFacts:
    """An episode in which contact and review are always up to date."""
    day = on(today)
    return EpisodeFacts(status, START, assessments, day, day, day, protocol)


def only(found: tuple[Finding, ...], kind: FlagKind) -> Finding:
    matching = [finding for finding in found if finding.kind is kind]
    assert len(matching) == 1, found
    return matching[0]


def found(kind: FlagKind, *assessments: AssessmentFact, today: int) -> Finding:
    return only(evaluate_episode(facts(*assessments, today=today), on(today)), kind)


def test_not_responding_shows_the_sum_the_protocol_and_what_follows() -> None:
    told = found(FlagKind.NOT_RESPONDING, fact(0, 20), fact(56, 11), today=56).evidence
    assert told["sum"] == "20 − 50 % = 10; 11 is above 10 and not below 10"
    assert (told["protocol"], told["source"]) == ("bao-sowa v1", "Bao 2016; Sowa 2018")
    assert (told["baseline"], told["baseline_on"]) == ("20", "2026-03-02")
    assert (told["latest"], told["latest_on"]) == ("11", "2026-04-27")
    assert told["asked"] == "below 10 or a fall of 50 % from day 56 on"
    assert "weeks 8 to 12" in str(told["then"])


def test_without_a_score_the_protocol_is_named_all_the_same() -> None:
    told = found(FlagKind.CANNOT_JUDGE, today=56).evidence
    assert (told["protocol"], told["instrument"]) == ("bao-sowa v1", "PHQ-9")
    assert "baseline" not in told


def test_a_rise_shows_both_totals_and_the_threshold() -> None:
    told = found(FlagKind.WORSENING, fact(0, 11), fact(14, 17), today=14).evidence
    assert told["sum"] == "17 − 11 = 6; 6 is 5 or more"
    assert (told["previous_on"], told["latest_on"]) == ("2026-03-02", "2026-03-16")
    assert told["rise_at_least"] == 5


def test_relapse_risk_shows_the_response_it_fell_from() -> None:
    course = fact(0, 20), fact(28, 8), fact(42, 9), fact(56, 13)
    told = found(FlagKind.RELAPSE_RISK, *course, today=56).evidence
    assert (told["responded"], told["responded_on"]) == ("9", "2026-04-13")  # the last one
    assert told["sum"] == "9 was a response to 20; 13 is 10 or more"


def test_remission_asks_for_a_relapse_plan() -> None:
    finding = found(FlagKind.REMISSION_REACHED, fact(0, 14), fact(42, 4), today=42)
    assert "Offer a relapse prevention plan." in finding.words
    assert finding.evidence["sum"] == "4 is below 5"
    kinds = [f.kind for f in evaluate_episode(facts(fact(0, 14), fact(42, 5), today=42), on(42))]
    assert FlagKind.REMISSION_REACHED not in kinds  # 5 is no remission
    planned = facts(fact(0, 14), fact(42, 4), today=42, status=RELAPSE_PREVENTION)
    assert FlagKind.REMISSION_REACHED not in [f.kind for f in evaluate_episode(planned, on(42))]


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        (GERMAN_IMPACT, "german-impact v1: Relapse plan and calls every four weeks."),
        (ICSI, "icsi v1: The aim of the treatment is reached."),
    ],
)
def test_where_the_aim_is_reached_the_protocol_says_what_follows(
    protocol: Protocol, said: str
) -> None:
    course = facts(fact(0, 14), fact(42, 4), today=42, protocol=protocol)
    assert said in only(evaluate_episode(course, on(42)), FlagKind.REMISSION_REACHED).words


def test_a_positive_screen_in_nobodys_care() -> None:
    screens = [fact(0, 10), fact(0, 40, "who-5"), fact(0, 2, "dast-10")]
    told = {f.subject: f for f in evaluate_unenrolled(screens, "male", on(365))}
    assert set(told) == {"phq-9 0", "who-5 0"}  # 2 on the DAST-10 is no positive screen
    assert told["phq-9 0"].evidence["sum"] == "10 is 10 or more"
    assert told["who-5 0"].evidence["sum"] == "40 is 50 or less"  # a higher total is better
    assert evaluate_unenrolled(screens, "male", on(366)) == ()  # a year and a day ago


def test_a_mismatch_shows_both_totals() -> None:
    wrong = fact(0, 12, check=TotalCheck.MISMATCH, claimed_total=Decimal(21))
    told = found(FlagKind.SCORE_MISMATCH, wrong, today=0).evidence
    assert (told["claimed"], told["counted"], told["instrument"]) == ("21", "12", "PHQ-9")


def test_safety_shows_the_answer_and_its_day() -> None:
    unsafe = fact(0, 3, item_nine=ItemNine.POSITIVE, item_nine_value=1)
    told = found(FlagKind.SAFETY, unsafe, today=0).evidence
    assert told == {"instrument": "PHQ-9", "item_9": 1, "on": "2026-03-02"}


def test_overdue_after_the_days_of_grace() -> None:
    resting = EpisodeFacts(ACTIVE, START, (fact(0, 12),), on(0), on(0), on(7), BAO_SOWA)
    kinds = {day: {f.kind for f in evaluate_episode(resting, on(day))} for day in (10, 11)}
    assert FlagKind.CONTACT_OVERDUE not in kinds[10]  # three days after its day
    assert FlagKind.CONTACT_OVERDUE in kinds[11]
    told = only(evaluate_episode(resting, on(11)), FlagKind.CONTACT_OVERDUE).evidence
    assert told == {"due_on": "2026-03-09", "grace_days": 3}


@pytest.mark.parametrize(
    ("last", "status", "due"),
    [
        (None, ACTIVE, 7),  # the first within a week
        (21, ACTIVE, 28),  # weekly in the first month
        (28, ACTIVE, 42),  # then every other week
        (84, ACTIVE, 112),  # then every four weeks
        (21, RELAPSE_PREVENTION, 49),
        (21, EpisodeStatus.PAUSED, None),  # nobody is to call
    ],
)
def test_the_rhythm_of_contacts(last: int | None, status: EpisodeStatus, due: int | None) -> None:
    known = None if last is None else on(last)
    told = next_contact_due(status, START, known, Rhythm())
    assert told == (None if due is None else on(due))


@pytest.mark.parametrize(
    ("status", "assessed", "reviewed"),
    [(ACTIVE, 14, 31), (RELAPSE_PREVENTION, 28, 61), (EpisodeStatus.CLOSED, None, None)],
)
def test_the_rhythm_of_questionnaires_and_reviews(
    status: EpisodeStatus, assessed: int | None, reviewed: int | None
) -> None:
    told = next_assessment_due(status, START, START, Rhythm())
    assert told == (None if assessed is None else on(assessed))
    told = next_review_due(status, START, START, Rhythm())
    assert told == (None if reviewed is None else on(reviewed))


@pytest.mark.parametrize(
    ("protocol", "today", "expected"),
    [
        (BAO_SOWA, 50, 56),  # the day of the first stage
        (ICSI, 42, 70),  # then the day of the second
        (GERMAN_IMPACT, 50, 57),  # the decision meeting was yesterday: the next one is named
    ],
)
def test_the_next_look_follows_the_days_of_the_protocol(
    protocol: Protocol, today: int, expected: int
) -> None:
    known = EpisodeFacts(ACTIVE, START, (), on(today), on(today), on(365), protocol)
    days = next_evaluation_on(known, on(today))
    assert days is not None
    assert days <= on(expected)
    assert next_evaluation_on(known, on(expected - 1)) == on(expected)


def test_numbers_are_read_as_a_table() -> None:
    told = dict(numbers(found(FlagKind.WORSENING, fact(0, 11), fact(14, 17), today=14).evidence))
    assert told["The one before"] == "11 on 2 Mar 2026"
    assert told["Latest"] == "17 on 16 Mar 2026"
    assert told["Worsening is a rise of"] == "5"
    assert "Sum" not in told
