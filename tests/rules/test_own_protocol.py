"""How far an organization may change a protocol, and what every refusal names."""

from collections.abc import Mapping

import pytest

from app.domain.own_protocol import (
    LIMITS,
    Draft,
    ProtocolOutOfLimits,
    amend,
    differences,
    from_data,
    numbers_of,
    to_data,
)
from app.domain.protocol import AIMS, BAO_SOWA, GERMAN_IMPACT, ICSI, PROTOCOLS, Protocol


def draft(base: Protocol, changes: Mapping[str, int | None], title: str = "Ours") -> Draft:
    """The numbers of a protocol with some of them changed."""
    kept = {number.key: number.value for number in numbers_of(base)}
    return Draft(title, "Our patients come every six weeks.", {**kept, **changes})


def refused(base: Protocol, changes: Mapping[str, int | None]) -> dict[str, str]:
    with pytest.raises(ProtocolOutOfLimits) as told:
        amend(base, draft(base, changes), 1)
    return {problem.where: problem.what for problem in told.value.problems}


@pytest.mark.parametrize(
    ("base", "key", "value", "allowed"),
    [
        (BAO_SOWA, "stage-1-after_days", 27, False),  # before week 4
        (BAO_SOWA, "stage-1-after_days", 28, True),
        (BAO_SOWA, "stage-1-after_days", 112, True),  # week 16
        (BAO_SOWA, "stage-1-after_days", 113, False),
        (ICSI, "stage-2-after_days", 168, True),  # half a year
        (ICSI, "stage-2-after_days", 169, False),
        (BAO_SOWA, "stage-1-below", 4, False),  # less than remission
        (BAO_SOWA, "stage-1-below", 5, True),
        (BAO_SOWA, "stage-1-below", 16, False),
        (BAO_SOWA, "stage-1-reduction", 9, False),  # within the error of measurement
        (BAO_SOWA, "stage-1-reduction", 10, True),
        (BAO_SOWA, "stage-1-reduction", 90, True),
        (BAO_SOWA, "stage-1-reduction", 91, False),
        (AIMS, "stage-1-points", 1, False),
        (AIMS, "stage-1-points", 2, True),
        (AIMS, "stage-1-points", 15, True),
        (AIMS, "stage-1-points", 16, False),
        (GERMAN_IMPACT, "baseline_at_least", 4, False),
        (GERMAN_IMPACT, "baseline_at_least", 5, True),
        (GERMAN_IMPACT, "baseline_at_least", 20, True),
        (GERMAN_IMPACT, "baseline_at_least", 21, False),
        (BAO_SOWA, "stale_after_days", 13, False),
        (BAO_SOWA, "stale_after_days", 14, True),
        (BAO_SOWA, "stale_after_days", 56, True),
        (BAO_SOWA, "stale_after_days", 57, False),
        (BAO_SOWA, "stage-1-reduction", None, False),  # left out, or not a number
        (BAO_SOWA, "stage-1-reduction", -50, False),
        (BAO_SOWA, "stage-1-below", 10**9, False),
    ],
)
def test_limits(base: Protocol, key: str, value: int | None, allowed: bool) -> None:
    if allowed:
        own = amend(base, draft(base, {key: value}), 1)
        assert next(n.value for n in numbers_of(own) if n.key == key) == value
    else:
        assert "give a whole number from" in refused(base, {key: value})[key]


def test_every_limit_has_a_reason() -> None:
    assert all(limit.reason and limit.least < limit.most for limit in LIMITS.values())


def test_the_published_numbers_keep_their_own_limits() -> None:
    for protocol in PROTOCOLS.values():
        for number in numbers_of(protocol):
            assert number.limit.least <= number.value <= number.limit.most, (protocol.id, number)


def test_every_mistake_is_named_at_once() -> None:
    told = refused(ICSI, {"stage-1-after_days": 3, "stage-2-reduction": 99, "stale_after_days": 0})
    assert set(told) == {"stage-1-after_days", "stage-2-reduction", "stale_after_days"}


@pytest.mark.parametrize(
    ("base", "changes", "where"),
    [
        # improved is below 12, judged from 10: who begins with 11 would be improved at once
        (BAO_SOWA, {"stage-1-below": 12}, "stage-1-below"),
        (ICSI, {"stage-1-after_days": 60}, "stage-2-after_days"),  # ten days are no second look
        (ICSI, {"stage-2-reduction": 20}, "stage-2-reduction"),  # less than the stage before
        (BAO_SOWA, {}, "numbers"),  # nothing was changed: choose the published one
    ],
)
def test_numbers_must_fit_each_other(
    base: Protocol, changes: dict[str, int | None], where: str
) -> None:
    assert set(refused(base, changes)) == {where}


@pytest.mark.parametrize("title", ["", "  ", "x" * 81, "a\x00b", "a\u202eb"])
def test_a_title_that_cannot_be_shown_is_refused(title: str) -> None:
    with pytest.raises(ProtocolOutOfLimits) as told:
        amend(BAO_SOWA, draft(BAO_SOWA, {"stale_after_days": 21}, title), 1)
    assert [problem.where for problem in told.value.problems] == ["title"]


def test_an_own_protocol_says_from_which_it_differs_and_how() -> None:
    own = amend(BAO_SOWA, draft(BAO_SOWA, {"stage-1-after_days": 42, "stage-1-reduction": 40}), 3)
    assert own.name == "own-bao-sowa v3"
    assert own.based_on == "bao-sowa v1"
    assert differences(own) == (
        "Judged after: 42, not 56 days",
        "or a fall of: 40, not 50 %",
    )
    assert not own.confirmed
    assert own.then == BAO_SOWA.then
    assert PROTOCOLS["bao-sowa"] is BAO_SOWA
    assert BAO_SOWA.stages[0].after_days == 56


def test_a_copy_of_a_copy_is_still_measured_by_the_published_one() -> None:
    first = amend(ICSI, draft(ICSI, {"stage-1-after_days": 35}), 1)
    second = amend(first, draft(first, {"stage-1-after_days": 30}), 2)
    assert (second.id, second.based_on) == ("own-icsi", "icsi v1")
    assert differences(second) == ("Judged after: 30, not 42 days",)


@pytest.mark.parametrize("base", PROTOCOLS.values(), ids=lambda p: p.id)
def test_what_was_saved_is_read_as_it_was(base: Protocol) -> None:
    own = amend(base, draft(base, {"stale_after_days": 30}), 1)
    assert from_data(own.id, own.version, to_data(own)) == own
