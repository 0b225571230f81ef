"""An instrument's items: how they are found, what an answer counts, and codes that are none."""

import pytest

from app.domain.catalogue import INSTRUMENTS
from app.domain.instrument import Item, Option, has_check_digit

PHQ9, DAST, CSSRS = (INSTRUMENTS[i] for i in ("phq-9", "dast-10", "c-ssrs-screener"))
RATED = Item(
    key="q1",
    text="How much?",
    options=(Option(1, "Not at all"), Option(2, "Some"), Option(5, "Very")),
    reverse=True,
)


@pytest.mark.parametrize(
    "code",
    [
        "44260-8",  # LOINC
        " 44260-8 ",
        "/44260-8",  # a linkId as some forms write it
        " /44260-8 ",
        "//44260-8",
        "q9",
    ],
)
def test_an_item_is_found_by_its_code_or_key(code: str) -> None:
    assert PHQ9.item_for_code(code) is PHQ9.item("q9")


@pytest.mark.parametrize("code", ["44261-6", "q10", "", "44260"])
def test_a_code_of_no_item_finds_none(code: str) -> None:
    """44261-6 is the total of the PHQ-9, no item of it."""
    assert PHQ9.item_for_code(code) is None


def test_every_link_id_of_the_catalogue_finds_its_item() -> None:
    for instrument in INSTRUMENTS.values():
        for item in instrument.items:
            for link_id in item.link_ids:
                assert instrument.item_for_code(link_id) is item, (instrument.id, link_id)


def test_a_key_of_no_item_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        PHQ9.item("q10")


def test_the_lowest_option_of_a_reversed_item_counts_most() -> None:
    assert RATED.values == (1, 2, 5)
    assert [RATED.counts_for(value) for value in RATED.values] == [5, 4, 1]
    assert DAST.item("q3").counts_for(0) == 1  # no to "able to stop"
    assert DAST.item("q1").counts_for(0) == 0


def test_an_answer_in_words() -> None:
    assert PHQ9.item("q9").label_of(3) == "Nearly every day"
    assert PHQ9.item("q9").label_of(7) == ""  # no option of this form
    assert INSTRUMENTS["sasq"].item("q1").label_of(12) == "12"  # a number is its own word


def test_a_number_is_taken_from_0_to_its_most() -> None:
    values = INSTRUMENTS["sasq"].item("q1").values
    assert (values[0], values[-1], len(values)) == (0, 366, 367)


@pytest.mark.parametrize(
    ("instrument", "level", "ordinal"),
    [("c-ssrs-screener", 2, True), ("phq-9", None, False)],  # moderate risk asks today
)
def test_from_which_level_on_a_person_is_asked_for_today(
    instrument: str, level: int | None, ordinal: bool
) -> None:
    assert INSTRUMENTS[instrument].safety_level == level
    assert INSTRUMENTS[instrument].ordinal is ordinal


@pytest.mark.parametrize(
    "code",
    ["44261-6", "44260-8", "69737-5", "LA6568-5", "LA6571-9", "LA33-6"],  # as loinc.org has them
)
def test_codes_with_their_check_digit(code: str) -> None:
    assert has_check_digit(code)


@pytest.mark.parametrize(
    "code",
    ["", "-", "44261", "44261-", "-6", "44261-7", "4426A-6", "44261-x", "LA6568-6", "٤٤٢٦١-6"],
)
def test_codes_without_it(code: str) -> None:
    assert not has_check_digit(code)
