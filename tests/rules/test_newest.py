"""The newest of each kind: which observations are of one kind."""

import pytest

from app.domain.newest import Observed, newest_of_each

LOINC, OURS = "http://loinc.org", "urn:ours"


def seen(name: str, *codes: str) -> Observed:
    return Observed(name, frozenset((LOINC if one.isdecimal() else OURS, one) for one in codes))


@pytest.mark.parametrize(
    ("observed", "most", "found"),
    [
        ([seen("a3", "1"), seen("a2", "1"), seen("a1", "1")], 1, ["a3"]),
        ([seen("a3", "1"), seen("a2", "1"), seen("a1", "1")], 2, ["a3", "a2"]),
        ([seen("a2", "1"), seen("b2", "2"), seen("a1", "1"), seen("b1", "2")], 1, ["a2", "b2"]),
        # translations: the second has the code of the first, and another one
        ([seen("new", "1"), seen("both", "1", "x"), seen("old", "x")], 1, ["new"]),
        # which the third alone joins, however late it comes
        ([seen("a", "1"), seen("b", "x"), seen("both", "1", "x")], 1, ["a"]),
        # the same letters of another system are another code
        (
            [Observed("a", frozenset({(LOINC, "1")})), Observed("b", frozenset({(OURS, "1")}))],
            1,
            ["a", "b"],
        ),
        # words alone are each a group
        ([seen("words"), seen("more words")], 1, ["words", "more words"]),
        ([], 3, []),
    ],
)
def test_groups(observed: list[Observed], most: int, found: list[str]) -> None:
    assert newest_of_each(observed, most) == found
