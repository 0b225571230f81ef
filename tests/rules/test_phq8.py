"""The PHQ-8: known by its own name alone, never read as a PHQ-9, and item 9 is not asked."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.assembly import AssembledForm, Part, PartKind, PartStatus, assemble
from app.domain.catalogue import INSTRUMENTS, instrument_for_panel, instrument_for_score
from app.domain.safety import ItemNine, judge_item_nine, safety_value
from app.domain.score import NotScorable, Score, score

PHQ8, PHQ9 = INSTRUMENTS["phq-8"], INSTRUMENTS["phq-9"]
EIGHT = {f"q{n}": 2 for n in range(1, 9)}
AT = datetime(2026, 3, 2, 15, tzinfo=UTC)


def piece(key: str, kind: PartKind, minutes: int = 0, **more: object) -> Part:
    fields: dict[str, object] = {
        "instrument_id": None, "item_code": None, "answers": {}, "value": None, "total": None,
        "links": frozenset(), "status": PartStatus.FINAL,
    } | more  # fmt: skip
    return Part(key=key, kind=kind, effective_at=AT + timedelta(minutes=minutes), **fields)  # type: ignore[arg-type]


def items(count: int, links: frozenset[str] = frozenset()) -> list[Part]:
    """So many PHQ items as Observations of their own, each answered 2."""
    return [
        piece(f"O/{n}", PartKind.ITEM, item_code=item.loinc, value=2, links=links)
        for n, item in enumerate(PHQ9.scored_items[:count], 1)
    ]


def by_instrument(parts: list[Part]) -> dict[str, AssembledForm]:
    return {form.instrument_id: form for form in assemble(parts).forms}


def test_it_has_a_total_of_its_own() -> None:
    assert score(PHQ8, EIGHT) == Score(Decimal(16))
    assert (PHQ8.minimum, PHQ8.maximum) == (0, 24)
    assert isinstance(score(PHQ8, dict(list(EIGHT.items())[:7])), NotScorable)  # none is imputed


@pytest.mark.parametrize("given", [EIGHT, {}, {"q1": 3}])
def test_item_nine_is_not_asked(given: dict[str, int]) -> None:
    assert judge_item_nine(PHQ8, given) is ItemNine.NOT_ASKED  # neither unknown nor negative
    assert safety_value(PHQ8, given) is None
    assert judge_item_nine(PHQ9, given) is ItemNine.UNKNOWN  # a PHQ-9 that left it out


def test_its_codes_are_local_and_its_own() -> None:
    assert PHQ8.loinc_panel is None
    assert PHQ8.loinc_score is None
    assert instrument_for_panel("phq-8-panel") is PHQ8
    assert instrument_for_score("phq-8-score") is PHQ8
    assert {i.loinc for i in PHQ8.items} < {i.loinc for i in PHQ9.items}


def test_eight_loose_items_wait_and_are_no_phq_8() -> None:
    found = assemble(items(8))  # item 9 may still come
    assert found.forms == ()
    assert len(found.waiting) == 8


def test_eight_items_with_a_phq_9_total_are_a_phq_9_with_item_9_unknown() -> None:
    total = piece("O/t", PartKind.TOTAL, instrument_id="phq-9", total=Decimal(18))
    form = by_instrument([*items(8), total])["phq-9"]
    assert judge_item_nine(PHQ9, form.answers) is ItemNine.UNKNOWN


@pytest.mark.parametrize("kind", [PartKind.PANEL, PartKind.TOTAL])
def test_eight_items_under_its_own_name_are_a_phq_8(kind: PartKind) -> None:
    total = Decimal(16) if kind is PartKind.TOTAL else None
    head = piece("O/h", kind, instrument_id="phq-8", total=total)
    linked = piece(
        "O/h", kind, minutes=60, instrument_id="phq-8", total=total,
        links=frozenset(f"O/{n}" for n in range(1, 9)),
    )  # fmt: skip
    for one in (head, linked):
        forms = by_instrument([*items(8), one])
        assert forms.keys() == {"phq-8"}
        assert dict(forms["phq-8"].answers) == EIGHT


def test_an_item_9_beside_a_phq_8_is_judged_and_never_lost() -> None:
    links = frozenset(f"O/{n}" for n in range(1, 10))
    panel = piece("O/p", PartKind.PANEL, instrument_id="phq-8", links=links)
    forms = by_instrument([*items(9), panel])
    assert dict(forms["phq-8"].answers) == EIGHT
    assert dict(forms["phq-9"].answers) == {"q9": 2}  # by itself: positive, not scorable
    assert judge_item_nine(PHQ9, forms["phq-9"].answers) is ItemNine.POSITIVE


def test_a_total_of_another_instrument_is_no_claim_on_a_linked_form() -> None:
    form = piece("Q/1", PartKind.FORM, instrument_id="phq-9", answers=EIGHT | {"q9": 0})
    short = piece(
        "O/2", PartKind.TOTAL, instrument_id="phq-2", total=Decimal(4), links=frozenset({"Q/1"})
    )
    found = by_instrument([form, short])
    assert found["phq-9"].claimed_total is None
    assert found["phq-2"].claimed_total == 4
