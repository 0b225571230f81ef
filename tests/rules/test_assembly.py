"""What a sender's pieces amount to, in whatever order they come."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from app.domain.assembly import AssembledForm, Part, PartKind, PartStatus, assemble
from app.domain.catalogue import INSTRUMENTS

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
PHQ9 = INSTRUMENTS["phq-9"]
ANSWERS = dict(zip([f"q{i}" for i in range(1, 10)], (2, 2, 2, 2, 1, 1, 2, 0, 0), strict=True))


def part(
    key: str,
    kind: PartKind,
    *,
    instrument: str | None = None,
    code: str | None = None,
    value: int | None = None,
    answers: dict[str, int] | None = None,
    total: int | None = None,
    links: tuple[str, ...] = (),
    minutes: float = 0,
    status: PartStatus = PartStatus.FINAL,
) -> Part:
    return Part(
        key=key,
        kind=kind,
        instrument_id=instrument,
        item_code=code,
        answers=answers or {},
        value=value,
        total=None if total is None else Decimal(total),
        effective_at=AT + timedelta(minutes=minutes),
        links=frozenset(links),
        status=status,
    )


FORM = part("Q/1", PartKind.FORM, instrument="phq-9", answers=ANSWERS)
PANEL = part("O/p", PartKind.PANEL, instrument="phq-9", links=tuple(f"O/{i}" for i in range(1, 10)))
ITEMS = [
    part(f"O/{i}", PartKind.ITEM, code=item.loinc, value=ANSWERS[item.key])
    for i, item in enumerate(PHQ9.scored_items, 1)
]
TOTAL = part("O/t", PartKind.TOTAL, instrument="phq-9", total=12, links=("Q/1",))
NINE = part("O/n", PartKind.ITEM, code="44260-8", value=2)


def only(parts: list[Part]) -> AssembledForm:
    found = assemble(parts)
    assert len(found.forms) == 1
    return found.forms[0]


@pytest.mark.parametrize("order", list(permutations((FORM, TOTAL, ITEMS[0]))))
def test_a_form_with_its_total_and_an_item_is_one(order: tuple[Part, ...]) -> None:
    assert only(list(order)).part_keys == ("O/1", "O/t", "Q/1")


def test_a_panel_with_its_members_is_one_form() -> None:
    found = only([*reversed(ITEMS), PANEL])
    assert dict(found.answers) == ANSWERS


def test_a_total_alone_is_a_form_without_answers() -> None:
    found = only([TOTAL])
    assert (found.claimed_total, dict(found.answers)) == (12, {})


def test_item_nine_alone_is_judged() -> None:
    found = only([NINE])
    assert (found.instrument_id, dict(found.answers)) == ("phq-9", {"q9": 2})


def test_two_phq_items_alone_wait() -> None:
    found = assemble(ITEMS[:2])  # a PHQ-2, or the beginning of a PHQ-9
    assert found.forms == ()
    assert found.waiting == ("O/1", "O/2")


def test_nine_loose_items_are_a_phq9() -> None:
    assert only(ITEMS).instrument_id == "phq-9"


def test_a_panel_waits_for_its_members() -> None:
    assert assemble([PANEL]).waiting == ("O/p",)


def test_a_total_linked_to_an_item_of_other_years_is_not_joined() -> None:
    years_ago = part(
        "O/old",
        PartKind.TOTAL,
        instrument="phq-2",
        total=2,
        links=("O/1",),
        minutes=-4 * 365 * 24 * 60,
    )
    found = assemble([years_ago, ITEMS[0]])
    assert [form.part_keys for form in found.forms] == [("O/old",)]
    assert found.waiting == ("O/1",)


def test_unlinked_pieces_join_within_ten_minutes_and_not_after() -> None:
    near = part("O/t", PartKind.TOTAL, instrument="phq-9", total=12, minutes=9)
    far = part("O/t", PartKind.TOTAL, instrument="phq-9", total=12, minutes=11)
    assert len(assemble([FORM, near]).forms) == 1
    assert len(assemble([FORM, far]).forms) == 2


def test_two_forms_never_join() -> None:
    again = part("Q/2", PartKind.FORM, instrument="phq-9", answers=ANSWERS)
    assert len(assemble([FORM, again]).forms) == 2


def test_a_contradicting_item_nine_counts_at_its_highest() -> None:
    worse = part("O/n", PartKind.ITEM, code="44260-8", value=3, links=("Q/1",))
    found = only([FORM, worse])
    assert found.answers["q9"] == 3  # safety is judged by the higher one
    assert found.conflicts  # and a person is told


def test_a_form_in_error_takes_what_is_linked_with_it() -> None:
    wrong = part(
        "Q/1", PartKind.FORM, instrument="phq-9", answers=ANSWERS, status=PartStatus.IN_ERROR
    )
    assert only([wrong, TOTAL]).in_error


def test_an_item_in_error_drops_out_alone() -> None:
    wrong = part(
        "O/n", PartKind.ITEM, code="44260-8", value=3, links=("Q/1",), status=PartStatus.IN_ERROR
    )
    found = only([FORM, wrong])
    assert (found.answers["q9"], found.in_error) == (0, False)


def test_preliminary_pieces_wait() -> None:
    early = part(
        "Q/1", PartKind.FORM, instrument="phq-9", answers=ANSWERS, status=PartStatus.PRELIMINARY
    )
    assert assemble([early]).waiting == ("Q/1",)


def test_items_of_another_form_do_not_mix_in() -> None:
    gad = part("Q/g", PartKind.FORM, instrument="gad-7", answers={"q1": 1})
    found = {form.instrument_id: dict(form.answers) for form in assemble([FORM, gad]).forms}
    assert found == {"phq-9": ANSWERS, "gad-7": {"q1": 1}}
