"""Every kind of flag can be explained, and its absence too."""

import pytest

from app.domain.episode import EpisodeStatus
from app.domain.explain import READINGS, rules_for
from app.domain.flag import FlagKind
from app.domain.protocol import BAO_SOWA, ICSI, Protocol
from app.domain.why_not import why_not
from tests.rules.test_findings import AssessmentFact, fact, facts, on


@pytest.mark.parametrize("kind", FlagKind, ids=lambda kind: kind.value)
def test_every_kind_of_flag_can_be_explained(kind: FlagKind) -> None:
    assert kind in READINGS, "add the new kind to READINGS in app/domain/explain.py"
    rules = rules_for(kind)  # each is in the rulebook, else this is a KeyError
    assert rules, "name the rules that find it"
    assert all(rule.says and rule.source for rule in rules)
    assert READINGS[kind].closes.endswith("."), "say what would close it"


@pytest.mark.parametrize(
    ("kind", "assessments", "today", "protocol", "said"),
    [
        # week 8 has not come
        (FlagKind.NOT_RESPONDING, [fact(0, 20)], 14, BAO_SOWA, "judges on 27 Apr 2026"),
        # 9 is below 10: nobody is judged from there
        (FlagKind.NOT_RESPONDING, [fact(0, 9)], 60, BAO_SOWA, "was 9 at baseline"),
        # half is a response, and the sum is shown
        (
            FlagKind.NOT_RESPONDING,
            [fact(0, 20), fact(56, 10)],
            56,
            BAO_SOWA,
            "20 − 50 % = 10; 10 is 10 or less and not below 10.",
        ),
        # improved by week 6; more is asked by week 10
        (
            FlagKind.NOT_RESPONDING,
            [fact(0, 20), fact(42, 15)],
            42,
            ICSI,
            "From 11 May 2026 on it asks for a fall of 50 %.",
        ),
        # judged by the GAD-7, and said so
        (FlagKind.NOT_RESPONDING, [fact(0, 15, "gad-7")], 14, BAO_SOWA, "judged by the GAD-7"),
        (FlagKind.WORSENING, [fact(0, 12)], 14, BAO_SOWA, "needs two PHQ-9; there are 1"),
        (FlagKind.WORSENING, [fact(0, 12), fact(14, 16)], 14, BAO_SOWA, "4 is less than 5"),
        (FlagKind.RELAPSE_RISK, [fact(0, 12)], 14, BAO_SOWA, "takes 10 or more after a response"),
        (FlagKind.REMISSION_REACHED, [fact(0, 12)], 14, BAO_SOWA, "remission is below 5"),
        (FlagKind.SAFETY, [fact(0, 12)], 14, BAO_SOWA, "answered 0 on 2 Mar 2026"),
        (FlagKind.SAFETY, [], 14, BAO_SOWA, "nothing is known"),  # never "negative"
        (FlagKind.ASSESSMENT_OVERDUE, [fact(0, 12)], 14, BAO_SOWA, "overdue from 20 Mar 2026"),
    ],
)
def test_why_not(
    kind: FlagKind, assessments: list[AssessmentFact], today: int, protocol: Protocol, said: str
) -> None:
    told = why_not(facts(*assessments, today=today, protocol=protocol), (), on(today))
    assert said in next(one.words for one in told if one.kind is kind)


def test_what_is_found_is_not_told_of_as_missing() -> None:
    known = facts(fact(0, 20), today=14)
    assert FlagKind.WORSENING not in {
        one.kind for one in why_not(known, {FlagKind.WORSENING}, on(14))
    }


def test_a_paused_episode_is_not_looked_at_and_says_so() -> None:
    known = facts(fact(0, 20), today=60, status=EpisodeStatus.PAUSED)
    told = {one.kind: one.words for one in why_not(known, (), on(60))}
    assert told[FlagKind.NOT_RESPONDING] == "Not looked at while the episode is paused."
    assert "answered 0" in told[FlagKind.SAFETY]
