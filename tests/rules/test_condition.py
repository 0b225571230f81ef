"""Which questionnaire judges an episode."""

from decimal import Decimal

import pytest

from app.domain.condition import Condition, judged_by

DEPRESSION, ANXIETY = Condition.DEPRESSION, Condition.ANXIETY


@pytest.mark.parametrize(
    ("condition", "phq9", "gad7", "judge", "said"),
    [
        (DEPRESSION, 16, 15, "phq-9", ""),  # the target's own
        (ANXIETY, 16, 15, "gad-7", ""),
        (DEPRESSION, "none", 15, "gad-7", "PHQ-9 was not answered"),  # GAD-7 alone (convention)
        (DEPRESSION, "none", 6, "gad-7", "PHQ-9 was not answered"),  # though it judges nobody
        (DEPRESSION, 7, 15, "gad-7", "PHQ-9 reaches no 10"),  # mostly anxious
        (DEPRESSION, 7, 6, "phq-9", ""),  # neither can be judged: the target's own says so
        (DEPRESSION, 10, 21, "phq-9", ""),  # 10 is enough
        (ANXIETY, 16, "none", "phq-9", "GAD-7 was not answered"),
        (ANXIETY, 16, 9, "phq-9", "GAD-7 reaches no 10"),
        (ANXIETY, "none", "none", "gad-7", ""),  # nothing yet: the target's own is waited for
        (DEPRESSION, None, 12, "gad-7", "PHQ-9 reaches no 10"),  # answered, yet no baseline
    ],
)
def test_which_instrument_judges(
    condition: Condition, phq9: int | str | None, gad7: int | str | None, judge: str, said: str
) -> None:
    given = {"phq-9": phq9, "gad-7": gad7}
    baselines = {
        name: None if total is None else Decimal(total)
        for name, total in given.items()
        if total != "none"
    }
    found, words = judged_by(condition, baselines, 10)
    assert found == judge
    assert said in words
    assert bool(said) == bool(words)
    assert not words or "convention" in words
