"""What a second stage is owed for, why a screening rule is refused, and what judges instead."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from app.domain.condition import Condition, judged_by
from app.domain.flag import Finding, FlagKind
from app.domain.screening_rule import DEFAULTS, ScreeningRule, Topic, check_rule, rule_for
from app.domain.second_stage import owed_second_stages, second_stage_findings
from app.errors import Unprocessable
from tests.rules.test_second_stage import DAY, Scores, facts

ALCOHOL = DEFAULTS[Topic.ALCOHOL]
HERE, THERE = UUID(int=1), UUID(int=2)


def test_what_is_owed_is_a_finding_about_the_newest_screen() -> None:
    scores: Scores = [("audit-c", 0, 5), ("audit-c", 20, 4)]
    assert second_stage_findings(facts(scores), "male", DAY + timedelta(days=20)) == [
        Finding(
            FlagKind.SECOND_STAGE_OWED,
            "AUDIT-C 4 on 22 Mar 2026 is positive (cut-off 4 for men): the AUDIT is owed since "
            "2 Mar 2026 and due by 9 Mar 2026.",
            {
                "screen": "audit-c",
                "total": "4",
                "cut_off": 4,
                "on": "2026-03-22",
                "owed": "audit",
                "since": "2026-03-02",
                "due_on": "2026-03-09",
            },
            "audit-c 20 1",
        )
    ]


@pytest.mark.parametrize(
    ("sex", "cut_off"),
    [
        ("female", "cut-off 3 for women"),
        ("male", "cut-off 4 for men"),
        ("other", "cut-off 3, the lower one: sex is other; for a man it would be 4"),
        ("unknown", "cut-off 3, the lower one: sex is not recorded; for a man it would be 4"),
    ],
)
def test_the_cut_off_is_told_with_for_whom_it_is(sex: str, cut_off: str) -> None:
    (owed,) = owed_second_stages(facts([("audit-c", 0, 9)]), sex, DAY)
    assert f"is positive ({cut_off}):" in owed.words


def test_one_cut_off_for_all_is_told_without_a_sex() -> None:
    (owed,) = owed_second_stages(facts([("phq-2", 0, 4)]), "male", DAY)
    assert "is positive (cut-off 3):" in owed.words


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"instruments": ()}, "instruments", "choose one or more of audit-c, audit, sasq"),
        (
            {"instruments": ("audit-c", "phq-9")},  # asks of something else
            "instruments",
            "choose one or more of audit-c, audit, sasq",
        ),
        ({"from_age": -1}, "from age", "is 0 to 120 years"),
        ({"from_age": 121}, "from age", "is 0 to 120 years"),
        ({"to_age": 17}, "to age", "is from age or more, 120 at most, or empty"),
        ({"to_age": 121}, "to age", "is from age or more, 120 at most, or empty"),
        ({"every_days": 0}, "every days", "is 1 to 3650 days"),
        ({"every_days": 3651}, "every days", "is 1 to 3650 days"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_words(
    change: dict[str, object], where: str, what: str
) -> None:
    with pytest.raises(Unprocessable) as refusal:
        check_rule(replace(ALCOHOL, **change))  # type: ignore[arg-type]
    assert refusal.value.message == "This screening rule cannot be kept."
    assert [(problem.where, problem.what) for problem in refusal.value.problems] == [(where, what)]


@pytest.mark.parametrize(
    "change",
    [
        {"from_age": 0},
        {"from_age": 120},
        {"to_age": 18},  # one year of age
        {"to_age": 120},
        {"every_days": 1},
        {"every_days": 3650},  # ten years
    ],
)
def test_a_rule_at_its_limits_is_taken(change: dict[str, object]) -> None:
    check_rule(replace(ALCOHOL, **change))  # type: ignore[arg-type]


def test_every_mistake_in_a_rule_is_named_at_once() -> None:
    wrong = replace(ALCOHOL, instruments=(), from_age=130, to_age=1, every_days=0)
    with pytest.raises(Unprocessable) as refusal:
        check_rule(wrong)
    told = [problem.where for problem in refusal.value.problems]
    assert told == ["instruments", "from age", "to age", "every days"]


@pytest.mark.parametrize(
    ("born", "on", "of_age"),
    [
        (date(2008, 3, 2), date(2026, 3, 1), False),  # 18 tomorrow
        (date(2008, 3, 2), date(2026, 3, 2), True),
        (date(2008, 3, 2), date(2027, 3, 1), True),  # the last day of being 18
        (date(2008, 3, 2), date(2027, 3, 2), False),  # 19: the last year was 18
        (date(2008, 2, 29), date(2026, 2, 28), False),  # of a leap day: from 1 March on
        (date(2008, 2, 29), date(2026, 3, 1), True),
    ],
)
def test_ages_count_in_completed_years(born: date, on: date, of_age: bool) -> None:
    assert replace(ALCOHOL, from_age=18, to_age=18).is_of_age(born, on) is of_age


def test_a_screening_covers_the_days_before_its_next() -> None:
    assert ALCOHOL.covers(DAY, DAY + timedelta(days=364))
    assert not ALCOHOL.covers(DAY, DAY + timedelta(days=365))
    assert ALCOHOL.covers(DAY, DAY - timedelta(days=30))  # done after the visit: done


def test_the_clinics_own_rule_goes_before_the_organizations_and_that_before_the_shipped() -> None:
    here = replace(ALCOHOL, clinic_id=HERE, every_days=90)
    everywhere = replace(ALCOHOL, every_days=180)
    other_topic = replace(DEFAULTS[Topic.DRUGS], clinic_id=HERE)

    def found(*rules: ScreeningRule, clinic: UUID | None) -> int:
        return rule_for(rules, Topic.ALCOHOL, clinic).every_days

    assert found(everywhere, here, clinic=HERE) == 90
    assert found(everywhere, here, clinic=THERE) == 180
    assert found(here, other_topic, clinic=THERE) == 365
    assert found(other_topic, clinic=HERE) == 365
    assert found(everywhere, here, clinic=None) == 180


@pytest.mark.parametrize(
    ("condition", "baselines", "words"),
    [
        (
            Condition.DEPRESSION,
            {"phq-9": Decimal(7), "gad-7": Decimal(15)},
            "The target is depression, yet the PHQ-9 reaches no 10 at baseline: judged by the "
            "GAD-7 (convention).",
        ),
        (
            Condition.ANXIETY,
            {"phq-9": Decimal(16)},
            "The target is anxiety, yet the GAD-7 was not answered: judged by the PHQ-9 "
            "(convention).",
        ),
    ],
)
def test_what_judges_instead_is_told_in_words(
    condition: Condition, baselines: dict[str, Decimal | None], words: str
) -> None:
    assert judged_by(condition, baselines, 10)[1] == words
