"""The plan against relapse: what it must hold, and how often the patient is called."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.domain.episode import EpisodeStatus
from app.domain.relapse_prevention import LONGEST, RelapsePlan, check_plan
from app.domain.rhythm import Rhythm, next_contact_due
from app.errors import Unprocessable

TODAY = date(2026, 6, 1)
PLAN = RelapsePlan(
    "Sleeping past noon.",
    "Walking, sertraline.",
    "Sertraline 100 mg",
    "Maya, 555-0100",
    "I know it.",
)


def asked(**changed: object) -> list[str]:
    try:
        check_plan(replace(PLAN, **changed), TODAY)  # type: ignore[arg-type]
    except Unprocessable as refusal:
        return [problem.where for problem in refusal.problems]
    return []


@pytest.mark.parametrize(
    ("changed", "lacks"),
    [
        ({}, []),
        # the three that make it a plan
        ({"warning_signs": " "}, ["warning_signs"]),
        ({"what_helped": ""}, ["what_helped"]),
        ({"whom_to_call": "\n"}, ["whom_to_call"]),
        # no medication, and nothing in own words, is a plan all the same
        ({"medication": "", "own_words": ""}, []),
        # long is fine, in any script; endless is not
        ({"own_words": "أشعر بتحسن " * 364}, []),
        ({"own_words": "x" * (LONGEST + 1)}, ["own_words"]),
        # days that make sense
        ({"continue_until": TODAY - timedelta(1)}, ["continue_until"]),
        ({"continue_until": TODAY + timedelta(180)}, []),
        ({"next_check_on": TODAY - timedelta(1)}, ["next_check_on"]),
        ({"agreed_on": TODAY + timedelta(1)}, ["agreed_on"]),
        ({"agreed_on": TODAY}, []),
        # calls: weekly to half-yearly
        ({"call_weeks": 0}, ["call_weeks"]),
        ({"call_weeks": 26}, []),
        ({"call_weeks": 27}, ["call_weeks"]),
        # everything is told at once
        ({"warning_signs": "", "call_weeks": 99}, ["warning_signs", "call_weeks"]),
    ],
)  # fmt: skip
def test_what_a_plan_must_hold(changed: dict[str, object], lacks: list[str]) -> None:
    assert asked(**changed) == lacks


@pytest.mark.parametrize(
    ("status", "rhythm", "days"),
    [
        (EpisodeStatus.RELAPSE_PREVENTION, Rhythm(), 28),  # every four weeks
        (EpisodeStatus.RELAPSE_PREVENTION, PLAN.rhythm, 28),  # the plan says the same
        (EpisodeStatus.RELAPSE_PREVENTION, replace(PLAN, call_weeks=8).rhythm, 56),  # or otherwise
        (EpisodeStatus.ACTIVE, replace(PLAN, call_weeks=8).rhythm, 7),  # in treatment it does not
    ],
)
def test_calls_in_relapse_prevention(status: EpisodeStatus, rhythm: Rhythm, days: int) -> None:
    called = TODAY + timedelta(10)
    assert next_contact_due(status, TODAY, called, rhythm) == called + timedelta(days)


def test_blanks_at_the_ends_are_not_kept() -> None:
    assert replace(PLAN, own_words="  I know it.\n").cleaned() == PLAN


@pytest.mark.parametrize(
    ("changed", "where", "what"),
    [
        ({"warning_signs": ""}, "warning_signs", "say by what the patient would notice it"),
        ({"what_helped": ""}, "what_helped", "say what helped this time"),
        ({"whom_to_call": ""}, "whom_to_call", "say whom the patient calls, with the number"),
        ({"own_words": "x" * 5001}, "own_words", "is longer than 5000 characters"),
        ({"continue_until": TODAY - timedelta(1)}, "continue_until", "lies in the past"),
        ({"next_check_on": TODAY - timedelta(1)}, "next_check_on", "lies in the past"),
        ({"agreed_on": TODAY + timedelta(1)}, "agreed_on", "lies in the future"),
        ({"call_weeks": 0}, "call_weeks", "give weeks from 1 to 26"),
    ],
)
def test_what_a_plan_lacks_is_told_in_words(
    changed: dict[str, object], where: str, what: str
) -> None:
    with pytest.raises(Unprocessable) as refusal:
        check_plan(replace(PLAN, **changed), TODAY)  # type: ignore[arg-type]
    assert refusal.value.message == "The plan was not saved."
    assert [(problem.where, problem.what) for problem in refusal.value.problems] == [(where, what)]


@pytest.mark.parametrize(
    "changed",
    [
        {"call_weeks": 1},  # every week
        {"own_words": "x" * 5000},
        {"continue_until": TODAY},  # the last tablet is taken today
        {"next_check_on": TODAY},
    ],
)
def test_a_plan_at_its_limits_is_taken(changed: dict[str, object]) -> None:
    assert asked(**changed) == []
