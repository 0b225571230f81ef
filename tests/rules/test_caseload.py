"""In which order a caseload is worked, and the reason that is read beside each name."""

from datetime import date, timedelta

import pytest

from app.domain.caseload import OpenMatter, Place, place
from app.domain.flag import FlagKind

TODAY = date(2026, 3, 2)
ITEM_9 = "Item 9 answered 2 on 1 Mar 2026: speak with the patient today."


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def matter(
    kind: FlagKind, words: str = ITEM_9, opened: int = 0, due: int = 0, *, taken: bool = False
) -> OpenMatter:
    return OpenMatter(kind, words, day(opened), day(due), taken)


@pytest.mark.parametrize(
    ("matters", "contact", "expected"),
    [
        # an answer that asks for help comes before all, and says that nobody has answered it
        ([matter(FlagKind.SAFETY)], None, Place(0, f"Safety: {ITEM_9} Nobody has answered yet.")),
        (
            [matter(FlagKind.SAFETY, due=-1)],
            None,
            Place(0, f"Safety: {ITEM_9} Nobody has answered for 1 day."),
        ),
        (
            [matter(FlagKind.SAFETY, due=-3)],
            None,
            Place(0, f"Safety: {ITEM_9} Nobody has answered for 3 days."),
        ),
        # taken on: right after those that nobody has, and before every other finding
        (
            [matter(FlagKind.SAFETY, due=-3, taken=True), matter(FlagKind.WORSENING, "Rose.")],
            None,
            Place(1, f"Safety: {ITEM_9} Somebody has it."),
        ),
        # any other flag: its title and its words, however late and whoever has it
        (
            [matter(FlagKind.WORSENING, "PHQ-9 rose from 11 to 17.", due=-3, taken=True)],
            None,
            Place(2, "Worsening: PHQ-9 rose from 11 to 17."),
        ),
        # a flag goes before a contact that is due
        ([matter(FlagKind.CANNOT_JUDGE, "Old.")], day(0), Place(4, "Reassess: Old.")),
        # nothing open: the next contact, due from its own day on
        ([], day(0), Place(20, "A contact is due (2 Mar 2026).")),
        ([], day(-1), Place(20, "A contact is due (1 Mar 2026).")),
        ([], day(1), Place(30, "Next contact on 3 Mar 2026.")),
        ([], None, Place(30, "Nothing is due.")),
    ],
)
def test_the_place_and_its_reason(
    matters: list[OpenMatter], contact: date | None, expected: Place
) -> None:
    assert place(matters, contact, TODAY) == expected


def test_of_two_matters_of_one_rank_the_older_is_told() -> None:
    older = matter(FlagKind.WORSENING, "Rose in January.", opened=-40)
    newer = matter(FlagKind.WORSENING, "A rise of today.")
    for order in ([older, newer], [newer, older]):
        assert place(order, None, TODAY).reason == "Worsening: Rose in January."


def test_of_two_matters_of_one_day_always_the_same_is_told() -> None:
    one, two = matter(FlagKind.WORSENING, "GAD-7 rose."), matter(FlagKind.WORSENING, "PHQ-9 rose.")
    assert place([one, two], None, TODAY) == place([two, one], None, TODAY)


def test_of_two_safety_flags_the_one_that_nobody_has_is_told() -> None:
    taken = matter(FlagKind.SAFETY, "Item 9 answered 3.", opened=-9, taken=True)
    assert place([taken, matter(FlagKind.SAFETY)], None, TODAY).rank == 0
