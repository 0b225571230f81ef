"""Search parameters, read."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.errors import Malformed
from app.web.fhir.parameters import DEFAULT_COUNT, MAX_COUNT, read_search

BASE = "https://registry.example/fhir"


def asked(kind, *pairs, **more):
    return read_search(kind, list(pairs), BASE, UTC, **more)[0]


def test_nothing_asked_is_everything():
    found = asked("Patient")
    assert (found.resource_type, found.count, found.ids) == ("Patient", DEFAULT_COUNT, ())


@pytest.mark.parametrize("name", ["patient", "subject"])
@pytest.mark.parametrize("text", ["85", "Patient/85", f"{BASE}/Patient/85"])
def test_a_patient_in_every_spelling(name, text):
    assert asked("Observation", (name, text)).patients == ("85",)


def test_choices_are_any_of_and_repeats_are_all_of():
    assert asked("Patient", ("_id", "1,2,3"), ("_id", "2,3,4")).ids == ("2", "3")
    assert asked("Patient", ("_id", "1"), ("_id", "2")).ids == ("",)  # nothing is both


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("44261-6", ((None, "44261-6"),)),
        ("http://loinc.org|44261-6", (("http://loinc.org", "44261-6"),)),
        ("|x", (("", "x"),)),  # said without a system
        ("http://loinc.org|", (("http://loinc.org", None),)),
        ("a|b,c", (("a", "b"), (None, "c"))),
        (r"a|b\,c", (("a", "b,c"),)),
        (r"a\|b|c", (("a|b", "c"),)),
    ],
)
def test_tokens(text, choices):
    assert asked("Observation", ("code", text)).tokens == (("code", choices),)


def test_dates_cover_what_they_say_in_the_clinics_zone():
    zone = ZoneInfo("America/New_York")
    found, _ = read_search(
        "Observation", [("date", "ge2026-03"), ("date", "lt2026-04")], BASE, zone
    )
    assert found.dates == (
        ("ge", datetime(2026, 3, 1, 5, tzinfo=UTC), datetime(2026, 4, 1, 4, tzinfo=UTC)),
        ("lt", datetime(2026, 4, 1, 4, tzinfo=UTC), datetime(2026, 5, 1, 4, tzinfo=UTC)),
    )


def test_a_birth_date_is_a_day_everywhere():
    zone = ZoneInfo("America/New_York")
    found, _ = read_search("Patient", [("birthdate", "1940-03-29")], BASE, zone)
    assert found.birth_dates == (
        ("eq", datetime(1940, 3, 29, tzinfo=UTC), datetime(1940, 3, 30, tzinfo=UTC)),
    )


def test_names_are_folded():
    assert asked("Patient", ("name", "José")).names == ("jose",)


def test_the_count_has_a_limit_and_zero_asks_for_the_total_only():
    assert asked("Patient", ("_count", "5000")).count == MAX_COUNT
    assert asked("Patient", ("_count", "0")).count == 0


@pytest.mark.parametrize(
    ("kind", "pair"),
    [
        ("Patient", ("gender", "female")),
        ("Patient", ("patient", "85")),
        ("Observation", ("_include", "Observation:subject")),
        ("Observation", ("_sort", "date")),
        ("Observation", ("code:in", "x")),
        ("Observation", ("date", "ap2026")),
        ("Observation", ("date", "yesterday")),
        ("Observation", ("date", "")),
        ("Observation", ("subject", "Group/1")),
        ("Patient", ("_count", "-1")),
        ("Patient", ("_count", "many")),
        ("Patient", ("name", "Ana,Eva")),
        ("Patient", ("_id", "a\x00b")),
    ],
)
def test_what_cannot_be_searched_is_named(kind, pair):
    with pytest.raises(Malformed) as refusal:
        asked(kind, pair)
    assert refusal.value.problems[0].where == pair[0]


def test_unknown_parameters_are_left_aside_only_where_that_is_asked_for():
    found, used = read_search(
        "Patient", [("gender", "female"), ("_id", "1")], BASE, UTC, lenient=True
    )
    assert found.ids == ("1",)
    assert used == [("_id", "1")]
