"""Search parameters, read into criteria."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.domain.criteria import (
    AboutPatient,
    AboutPatientWho,
    HasDate,
    HasId,
    HasText,
    HasToken,
    Included,
    IsNamedBy,
    Lacks,
    Leads,
    Period,
    SortKey,
)
from app.errors import Malformed
from app.web.fhir.parameters import DEFAULT_COUNT, MAX_COUNT, read_search

BASE = "https://registry.example/fhir"


def asked(kind, *pairs, zone=UTC, **more):
    return read_search(kind, list(pairs), BASE, zone, **more).search


def only(kind, *pairs, **more):
    (criterion,) = asked(kind, *pairs, **more).criteria
    return criterion


def test_nothing_asked_is_everything():
    found = asked("Patient")
    assert (found.resource_type, found.count, found.criteria) == ("Patient", DEFAULT_COUNT, ())
    assert not found.counted


@pytest.mark.parametrize("name", ["patient", "subject", "subject:Patient"])
@pytest.mark.parametrize("text", ["85", "Patient/85", f"{BASE}/Patient/85"])
def test_a_patient_in_every_spelling(name, text):
    assert only("Observation", (name, text)) == AboutPatient(("85",))


def test_choices_are_any_of_and_repeats_are_all_of():
    assert only("Patient", ("_id", "1,2,3")) == HasId(("1", "2", "3"))
    found = asked("Patient", ("_id", "1,2"), ("_id", "2,3")).criteria
    assert found == (HasId(("1", "2")), HasId(("2", "3")))


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
    assert only("Observation", ("code", text)) == HasToken("code", choices)
    assert only("Observation", ("code:not", text)) == HasToken("code", choices, negated=True)


def test_dates_cover_what_they_say_in_the_clinics_zone():
    zone = ZoneInfo("America/New_York")
    found = asked("Observation", ("date", "ge2026-03"), ("date", "lt2026-04"), zone=zone)
    start, middle, end = (datetime(2026, m, 1, h, tzinfo=UTC) for m, h in ((3, 5), (4, 4), (5, 4)))
    assert found.criteria == (
        HasDate("date", (Period("ge", start, middle),)),
        HasDate("date", (Period("lt", middle, end),)),
    )


def test_a_plus_that_an_address_made_a_space_is_an_offset_all_the_same():
    found = only("Observation", ("date", "ge2026-03-01T10:00:00 01:00"))
    assert found.periods[0].start == datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_names_are_folded():
    assert only("Patient", ("name", "José")) == HasText("name", ("jose",))
    assert only("Patient", ("name", "Ana,Eva")) == HasText("name", ("ana", "eva"))
    assert only("Patient", ("family:exact", "Núñez")) == HasText("family", ("Núñez",), exact=True)


def test_modifiers_chains_and_what_refers_to_it():
    assert only("Patient", ("birthdate:missing", "true")) == Lacks("birthdate", missing=True)
    assert only("Observation", ("code:text", "PHQ")) == HasText("code:text", ("phq",))
    mrn = HasToken("identifier", (("urn:mrn", "7"),))
    for name in ("patient.identifier", "subject:Patient.identifier"):
        assert only("Observation", (name, "urn:mrn|7")) == AboutPatientWho((mrn,))
    visit = Leads("encounter", "Encounter", (mrn,))
    assert only("Observation", ("encounter.identifier", "urn:mrn|7")) == visit
    code = HasToken("code", ((None, "44261-6"),))
    named = only("Patient", ("_has:Observation:patient:code", "44261-6"))
    assert named == IsNamedBy("Observation", "patient", (code,), of_patients=True)
    by_number = only("Observation", ("subject:identifier", "urn:mrn|7"))
    assert by_number == HasToken("subject:identifier", (("urn:mrn", "7"),))


def test_order_and_what_comes_along():
    found = asked("Observation", ("_sort", "-date,_id"), ("_include", "Observation:subject"))
    assert found.sort == (SortKey("date", descending=True), SortKey("_id"))
    assert found.included == (Included("Observation", "subject", of_patients=True),)
    found = asked("Patient", ("_revinclude", "Observation:patient"))
    assert found.included == (Included("Observation", "patient", backwards=True, of_patients=True),)


def test_the_count_has_a_limit_and_zero_asks_for_the_total_only():
    assert asked("Patient", ("_count", "5000")).count == MAX_COUNT
    assert asked("Patient", ("_count", "0")).count == 0
    assert asked("Patient", ("_summary", "count")).count == 0


def test_the_total_is_told_where_it_is_asked_for_or_cheap():
    assert asked("Observation", ("_total", "accurate")).counted
    assert asked("Observation", ("patient", "85")).counted
    assert not asked("Observation", ("patient", "85"), ("_total", "none")).counted
    assert not asked("Observation", ("code", "44261-6")).counted


@pytest.mark.parametrize(
    ("kind", "pair"),
    [
        ("Patient", ("eye-color", "blue")),
        ("Patient", ("patient", "85")),
        ("Observation", ("_include", "Observation:color")),
        ("Observation", ("_include", "Encounter:subject")),
        ("Observation", ("_revinclude", "Observation:subject")),
        ("Observation", ("_sort", "code")),
        ("Observation", ("code:in", "x")),
        ("Patient", ("name:contains", "x")),
        ("Observation", ("patient.name.family", "x")),
        ("Observation", ("patient.nothing", "x")),
        ("Patient", ("_has:Observation:encounter:code", "x")),
        ("Patient", ("_has:Observation:code:code", "x")),
        ("Observation", ("date", "ap2026")),
        ("Observation", ("date", "yesterday")),
        ("Observation", ("date:missing", "maybe")),
        ("Observation", ("subject", "Group/1")),
        ("Observation", ("_total", "roughly")),
        ("Patient", ("_count", "-1")),
        ("Patient", ("_count", "many")),
        ("Patient", ("name", "?!")),
        ("Patient", ("_id", ",")),
        ("Patient", ("_id", "a\x00b")),
    ],
)
def test_what_cannot_be_searched_is_named(kind, pair):
    with pytest.raises(Malformed) as refusal:
        asked(kind, pair)
    assert refusal.value.problems[0].where == pair[0]


def test_a_filter_that_is_not_offered_is_left_aside_only_where_that_is_asked_for():
    pairs = [("eye-color", "blue"), ("_id", "1")]
    found = read_search("Patient", pairs, BASE, UTC, handling="lenient")
    assert found.search.criteria == (HasId(("1",)),)
    assert (found.used, found.left_aside) == ([("_id", "1")], ("eye-color",))


def test_what_only_shapes_an_answer_is_left_aside_unless_strictness_is_asked_for():
    pairs = [("_totalMethod", "count"), ("_id", "1")]
    assert read_search("Patient", pairs, BASE, UTC).left_aside == ("_totalMethod",)
    with pytest.raises(Malformed):
        read_search("Patient", pairs, BASE, UTC, handling="strict")


def test_a_parameter_without_a_value_asks_for_nothing():
    assert asked("Patient", ("name", "")).criteria == ()
