"""Screening reach: what a visit is, whose it is, who is due and who was reached."""

import pytest

from app.domain.encounter import STATUSES, is_planned_visit, is_visit, match_clinic


@pytest.mark.parametrize(
    ("status", "class_code", "counts"),
    [
        ("finished", "AMB", True),  # an office visit
        ("finished", "VR", True),  # by video or phone
        ("finished", "HH", True),  # at home
        ("arrived", "AMB", True),  # somebody sits in the waiting room now
        ("in-progress", None, True),  # the class was not told
        ("unknown", "AMB", True),  # a visit was told of, though not how it stands
        ("finished", "OFFICE", True),  # a word of the sender's own
        ("planned", "AMB", False),  # nobody came yet
        ("cancelled", "AMB", False),
        ("entered-in-error", "AMB", False),
        ("finished", "IMP", False),  # a hospital stay
        ("finished", "EMER", False),  # an emergency
    ],
)
def test_what_is_a_visit(status: str, class_code: str | None, counts: bool) -> None:
    assert is_visit(status, class_code) is counts
    assert status in STATUSES


def test_who_is_expected() -> None:
    assert is_planned_visit("planned", "AMB")
    assert not is_planned_visit("planned", "IMP")
    assert not is_planned_visit("finished", "AMB")


@pytest.mark.parametrize(
    ("told", "clinic"),
    [
        (["Riverside"], 1),
        (["  river\tSIDE "], None),  # not a word of it
        (["RIVERSIDE "], 1),  # case and spaces do not matter
        (["Big Health System", "Northgate"], 2),  # the first that is known
        (["Northgate", "Riverside"], 2),  # the service provider before the location
        (["Elsewhere"], None),
        ([], None),
    ],
)
def test_whose_visit_it_is(told: list[str], clinic: int | None) -> None:
    assert match_clinic(told, {"Riverside": 1, "Northgate": 2}) == clinic
