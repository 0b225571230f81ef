"""Pieces at the edges: how far apart they join, what a conflict says, and what is in error."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.assembly import Part, PartKind, PartStatus, assemble
from app.domain.catalogue import INSTRUMENTS
from tests.rules.test_assembly import (
    ANSWERS,
    AT,
    FORM,
    ITEMS,
    NINE,
    PANEL,
    TOTAL,
    only,
    part,
)

WEEK = 7 * 24 * 60


def total(value: int, key: str = "O/t", minutes: float = 0, links: tuple[str, ...] = ()) -> Part:
    return part(key, PartKind.TOTAL, instrument="phq-9", total=value, minutes=minutes, links=links)


@pytest.mark.parametrize(("minutes", "forms"), [(10, 1), (10.1, 2), (-10, 1), (-10.1, 2)])
def test_unlinked_pieces_join_up_to_ten_minutes_apart(minutes: float, forms: int) -> None:
    assert len(assemble([FORM, total(12, minutes=minutes)]).forms) == forms


@pytest.mark.parametrize(("minutes", "forms"), [(WEEK, 1), (WEEK + 1, 2), (-WEEK, 1)])
def test_linked_pieces_join_up_to_a_week_apart(minutes: float, forms: int) -> None:
    linked = total(12, minutes=minutes, links=("Q/1",))
    assert len(assemble([FORM, linked]).forms) == forms
    named_by_the_other = replace(FORM, links=frozenset({"O/t"}))
    assert len(assemble([named_by_the_other, total(12, minutes=minutes)]).forms) == forms


def test_pieces_that_name_the_same_other_are_one_form() -> None:
    """A panel and a total, both derived from a response that never came."""
    links = ("Q/lost",)
    panel = part("O/p", PartKind.PANEL, instrument="phq-9", links=links, minutes=60)
    found = only([panel, total(12, links=links)])
    assert found.part_keys == ("O/p", "O/t")


def test_a_form_is_dated_by_the_form_whenever_the_rest_was_written() -> None:
    early = total(12, minutes=-5)
    assert only([FORM, early]).effective_at == AT
    panel = part("O/p", PartKind.PANEL, instrument="phq-9", minutes=3)
    assert only([panel, early]).effective_at == AT + timedelta(minutes=3)


def test_the_senders_identifier_is_that_of_the_form() -> None:
    numbered = replace(FORM, source_identifier="F-17")
    other = replace(total(12, minutes=-5), source_identifier="T-3")
    assert only([other, numbered]).source_identifier == "F-17"


def test_a_second_total_is_told_and_the_forms_own_counts() -> None:
    own = replace(FORM, total=Decimal(12))
    found = only([own, total(14, links=("Q/1",))])
    assert found.claimed_total == 12
    assert found.conflicts == ("O/t tells a total of 14, elsewhere it is 12.",)
    assert only([own, total(12, links=("Q/1",))]).conflicts == ()


def test_an_answer_that_differs_is_told_and_the_forms_counts() -> None:
    other = part("O/1", PartKind.ITEM, code="44250-9", value=3, links=("Q/1",))
    found = only([FORM, other])
    assert dict(found.answers) == ANSWERS
    assert found.conflicts == ("O/1 answers 44250-9 with 3, elsewhere it is 2.",)


def test_a_lower_answer_to_item_9_takes_nothing_back() -> None:
    said = replace(FORM, answers=ANSWERS | {"q9": 2})
    lower = part("O/n", PartKind.ITEM, code="44260-8", value=0, links=("Q/1",))
    assert only([said, lower]).answers["q9"] == 2


@pytest.mark.parametrize(
    "other",
    [
        total(13, minutes=5),  # another total: 12 and 13 cannot both be of this form
        part("O/1", PartKind.ITEM, code="44260-8", value=3, minutes=5),  # item 9, answered 0 there
    ],
)
def test_unlinked_pieces_that_conflict_are_two_forms(other: Part) -> None:
    known = replace(FORM, total=Decimal(12))
    assert len(assemble([known, other]).forms) == 2


def test_an_unlinked_piece_that_agrees_is_the_same_form() -> None:
    same = part("O/n", PartKind.ITEM, code="44260-8", value=0, minutes=5)
    assert only([FORM, same]).part_keys == ("O/n", "Q/1")


def test_of_two_forms_the_nearer_one_takes_the_linked_total() -> None:
    later = part("Q/2", PartKind.FORM, instrument="phq-9", answers=ANSWERS, minutes=100)
    linked = total(12, minutes=90, links=("Q/1", "Q/2"))
    claimed = {f.part_keys: f.claimed_total for f in assemble([FORM, later, linked]).forms}
    assert claimed == {("Q/1",): None, ("O/t", "Q/2"): Decimal(12)}


@pytest.mark.parametrize("status", list(PartStatus))
def test_a_piece_of_each_status(status: PartStatus) -> None:
    found = assemble([replace(FORM, status=status)])
    if status is PartStatus.PRELIMINARY:
        assert (found.forms, found.waiting) == ((), ("Q/1",))
        return
    (form,) = found.forms
    assert form.in_error is (status is PartStatus.IN_ERROR)
    assert form.amended is (status is PartStatus.AMENDED)
    assert dict(form.answers) == ANSWERS  # what was in error is kept to be seen


def test_an_amended_item_amends_its_form() -> None:
    item = part("O/1", PartKind.ITEM, code="44250-9", value=2, status=PartStatus.AMENDED)
    assert only([FORM, item]).amended


def test_a_panel_in_error_takes_its_items_and_a_total_in_error_goes_alone() -> None:
    wrong = replace(PANEL, status=PartStatus.IN_ERROR)
    assert only([wrong, *ITEMS]).in_error
    linked = replace(total(12, links=("Q/1",)), status=PartStatus.IN_ERROR)
    found = only([FORM, linked])
    assert (found.in_error, found.claimed_total) == (False, None)


@pytest.mark.parametrize("right", [12, 21])
def test_what_is_in_error_does_not_draw_in_what_is_right(right: int) -> None:
    """Sent wrongly, taken back, sent again within minutes: the second form stands."""
    wrong = replace(total(21), status=PartStatus.IN_ERROR)
    found = assemble([wrong, total(right, key="O/u", minutes=2)])
    told = [(form.claimed_total, form.in_error) for form in found.forms]
    assert told == [(21, True), (right, False)]


def test_waiting_pieces_are_told_in_the_order_of_their_names() -> None:
    early = replace(TOTAL, status=PartStatus.PRELIMINARY)
    found = assemble([early, *reversed(ITEMS[:3])])
    assert found.forms == ()
    assert found.waiting == ("O/1", "O/2", "O/3", "O/t")


def test_a_panel_that_knows_nothing_yet_waits_with_its_unanswered_item() -> None:
    unanswered = part("O/1", PartKind.ITEM, code="44250-9", links=("O/p",))
    found = assemble([part("O/p", PartKind.PANEL, instrument="phq-9"), unanswered])
    assert (found.forms, found.waiting) == ((), ("O/1", "O/p"))


def test_an_item_of_another_form_within_the_linked_ones_waits_for_its_own() -> None:
    gad = part("O/g", PartKind.ITEM, code="69725-0", value=1, links=("Q/1",))
    found = assemble([FORM, gad])
    assert [form.part_keys for form in found.forms] == [("Q/1",)]
    assert found.waiting == ("O/g",)


GAD = [
    part(f"O/g{n}", PartKind.ITEM, code=item.loinc, value=1)
    for n, item in enumerate(INSTRUMENTS["gad-7"].scored_items)
]


def test_seven_loose_items_are_a_gad_7_and_six_wait() -> None:
    assert only(GAD).instrument_id == "gad-7"
    assert assemble(GAD[:6]).forms == ()


def test_an_item_9_among_the_items_of_another_form_is_judged_by_itself() -> None:
    found = assemble([NINE, *GAD, ITEMS[0]])
    forms = {form.instrument_id: form for form in found.forms}
    assert forms["gad-7"].part_keys == tuple(item.key for item in GAD)
    assert forms["phq-9"].answers["q9"] == 2  # whatever else was sent with it
    assert found.waiting == ()


def test_an_ordinary_item_among_those_of_another_form_waits_for_its_own() -> None:
    found = assemble([ITEMS[0], *GAD, ITEMS[1]])
    assert [form.instrument_id for form in found.forms] == ["gad-7"]
    assert found.waiting == ("O/1", "O/2")


def test_a_form_that_names_another_form_stays_its_own() -> None:
    again = part("Q/2", PartKind.FORM, instrument="phq-9", answers=ANSWERS, links=("Q/1",))
    assert [form.part_keys for form in assemble([FORM, again]).forms] == [("Q/1",), ("Q/2",)]


def test_pieces_that_name_different_others_are_not_linked() -> None:
    one, two = total(12, links=("Q/x",)), total(13, key="O/u", links=("Q/y",), minutes=60)
    assert [form.claimed_total for form in assemble([one, two]).forms] == [12, 13]


def test_an_unanswered_item_contradicts_nobody() -> None:
    unanswered = part("O/n", PartKind.ITEM, code="44260-8", minutes=5)
    assert only([FORM, unanswered]).answers["q9"] == 0
