"""Which flags open and which close themselves when a patient is looked at anew."""

import pytest

from app.domain.flag import FLAG_POLICY, Changes, Finding, FlagKind, OpenFlag, reconcile

SAFETY = Finding(FlagKind.SAFETY, "Item 9 answered 2.", subject="a1")
RISE = Finding(FlagKind.WORSENING, "PHQ-9 rose.", subject="a1")
OPEN_SAFETY, OPEN_RISE = OpenFlag("f1", SAFETY.kind, "a1"), OpenFlag("f2", RISE.kind, "a1")
NOTHING = frozenset[tuple[FlagKind, str]]()


@pytest.mark.parametrize(
    ("held", "found", "settled", "changes"),
    [
        # found and not open: it opens
        ((), (SAFETY, RISE), NOTHING, Changes((SAFETY, RISE), ())),
        # found and open: nothing happens, twice is once
        ((OPEN_SAFETY, OPEN_RISE), (SAFETY, RISE), NOTHING, Changes((), ())),
        # found of another assessment: a second flag, and the first stays
        (
            (OPEN_SAFETY,),
            (SAFETY, Finding(FlagKind.SAFETY, "Item 9 answered 1.", subject="a2")),
            NOTHING,
            Changes((Finding(FlagKind.SAFETY, "Item 9 answered 1.", subject="a2"),), ()),
        ),
        # a person has settled this for the same content: it is not asked again
        ((), (SAFETY, RISE), frozenset({(SAFETY.kind, "a1")}), Changes((RISE,), ())),
        # found no more: a rise closes itself, safety waits for a person
        ((OPEN_SAFETY, OPEN_RISE), (), NOTHING, Changes((), (OPEN_RISE,))),
    ],
)
def test_what_opens_and_what_closes(
    held: tuple[OpenFlag, ...],
    found: tuple[Finding, ...],
    settled: frozenset[tuple[FlagKind, str]],
    changes: Changes,
) -> None:
    assert reconcile(held, found, settled) == changes


def test_only_safety_waits_for_a_person_and_it_comes_first() -> None:
    assert {kind for kind, policy in FLAG_POLICY.items() if not policy.closes_itself} == {
        FlagKind.SAFETY
    }
    assert min(FLAG_POLICY, key=lambda kind: FLAG_POLICY[kind].rank) is FlagKind.SAFETY
    assert set(FLAG_POLICY) == set(FlagKind)  # no kind without a policy
