"""How each kind of flag is handled where nobody chose otherwise, and how a refusal reads."""

from dataclasses import replace

import pytest

from app.domain.flag import FlagKind
from app.domain.handling import (
    DEFAULTS,
    Handling,
    Rung,
    Unfit,
    changed_kind,
    check_handling,
    default_handling,
)

K, HOUR, DAY = FlagKind, 60, 24 * 60
OWN, CONSULTANT, DIRECTOR = Rung.OWNER, Rung.CONSULTANT, Rung.DIRECTOR


@pytest.mark.parametrize(
    ("kind", "due", "first", "further", "at_once", "any_hour", "last"),
    [
        # told at once and at any hour, half an hour a person, the safety contact at the end
        (K.SAFETY, 0, 30, 30, True, True, Rung.SAFETY_CONTACT),
        # told at once, in opening hours
        (K.ITEM_9_UNKNOWN, 1, 4 * HOUR, 4 * HOUR, True, False, DIRECTOR),
        # clinical ones end with the psychiatric consultant
        (K.WORSENING, 3, DAY, DAY, False, False, CONSULTANT),
        (K.RELAPSE_RISK, 3, DAY, DAY, False, False, CONSULTANT),
        (K.NOT_RESPONDING, 7, 7 * DAY, 2 * DAY, False, False, CONSULTANT),
        # all others with the director; who has no times of its own has until it is due
        (K.SCORE_MISMATCH, 3, 3 * DAY, DAY, False, False, DIRECTOR),
        (K.NEW_POSITIVE_SCREEN, 7, 2 * DAY, DAY, False, False, DIRECTOR),
        (K.CANNOT_JUDGE, 7, 7 * DAY, 2 * DAY, False, False, DIRECTOR),
        (K.REMISSION_REACHED, 14, 14 * DAY, 2 * DAY, False, False, DIRECTOR),
        (K.CONTACT_OVERDUE, 0, DAY, 2 * DAY, False, False, DIRECTOR),  # a day at least
    ],
)
def test_as_it_is_shipped(
    kind: FlagKind, due: int, first: int, further: int, at_once: bool, any_hour: bool, last: Rung
) -> None:
    expected = Handling(due, first, further, at_once, any_hour, last)
    assert default_handling(kind) == expected
    assert DEFAULTS[kind] == expected


SAFE = DEFAULTS[K.SAFETY]


@pytest.mark.parametrize(
    ("kind", "change", "told"),
    [
        (K.WORSENING, {"due_in_days": 61}, [("Worsening: due", "0 to 60 days")]),
        (
            K.WORSENING,
            {"acknowledge_minutes": 14, "step_minutes": 30 * DAY + 1},
            [
                ("Worsening: acknowledge within", "15 min to 30 d"),
                ("Worsening: each next person", "15 min to 30 d"),
            ],
        ),
        (K.SAFETY, {"due_in_days": 1}, [("Safety: due", "the same day")]),
        (K.SAFETY, {"step_minutes": 61}, [("Safety: each next person", "5 min to 1 h")]),
        (
            K.SAFETY,
            {"at_any_hour": False},
            [("Safety", "is told at once, at any hour, to the safety contact last")],
        ),
    ],
)
def test_a_handling_beyond_its_limits_is_told_with_them(
    kind: FlagKind, change: dict[str, object], told: list[tuple[str, str]]
) -> None:
    with pytest.raises(Unfit) as refusal:
        check_handling(kind, replace(DEFAULTS[kind], **change))  # type: ignore[arg-type]
    assert refusal.value.message == "Nothing was changed: some times are outside their limits."
    assert [(problem.where, problem.what) for problem in refusal.value.problems] == told


@pytest.mark.parametrize(
    "weaker", [{"told_at_once": False}, {"at_any_hour": False}, {"ends_with": OWN}]
)
def test_nothing_that_makes_safety_safe_can_be_taken_away(weaker: dict[str, object]) -> None:
    wanted = replace(SAFE, **weaker)  # type: ignore[arg-type]
    assert changed_kind(DEFAULTS, K.SAFETY, wanted)[K.SAFETY] == SAFE
    with pytest.raises(Unfit):
        check_handling(K.SAFETY, wanted)
