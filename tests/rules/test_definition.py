"""Every mistake that a definition can have is told, with its place, and all of them at once."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.domain.catalogue import INSTRUMENTS, SHIPPED, adopt, find_instrument
from app.domain.instrument import Instrument
from app.domain.safety import ItemNine, judge_item_nine, safety_item_name
from app.domain.severity import Screen, screen, severity
from app.domain.site_instrument import fingerprint, read_definitions

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "instruments.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]


def mistakes(text: str | bytes, *others: str) -> dict[str, str]:
    """Place → what is wrong with it."""
    content = text if isinstance(text, bytes) else text.encode()
    files = {f"{n}.toml": other.encode() for n, other in enumerate(others)}
    found = read_definitions(files | {"it.toml": content})
    assert ("it.toml" in found.instruments) is (not found.problems)
    told: dict[str, str] = {}
    for problem in found.problems:
        where = problem.where.removeprefix("it.toml").removeprefix(": ")
        told[where] = f"{told.get(where, '')}{problem.what}; "
    return told


def changed(old: str, new: str) -> str:
    assert old in EXAMPLE, old
    return EXAMPLE.replace(old, new, 1)


def test_the_worked_example_of_the_page_is_valid() -> None:
    found = read_definitions({"sleep-check.toml": EXAMPLE.encode()})
    assert found.problems == []
    one = found.instruments["sleep-check.toml"]
    assert (one.id, one.minimum, one.maximum) == ("sleep-check", 0, 9)
    assert severity(one, 5).label == "Poor sleep"
    assert screen(one, 5, "unknown") is Screen.POSITIVE
    assert judge_item_nine(one, {"unsafe": 1}) is ItemNine.POSITIVE
    assert one.local_score_code in PAGE
    assert one.canonicals[0] in PAGE


MISTAKES = [
    # (what is written wrongly, what instead, place, words)
    ('id = "sleep-check"', 'id = "Sleep Check"', "id", "lower-case"),
    ('id = "sleep-check"', "id = 7", "id", "whole number"),
    ('id = "sleep-check"', 'id = ""', "id", "empty"),
    ('id = "sleep-check"', "", "id", "needed"),
    ('short_title = "Sleep check"', 'short_title = "a\\tb"', "short_title", "control"),
    ('short_title = "Sleep check"', 'short_title = "a\\u0000b"', "short_title", "control"),
    ('short_title = "Sleep check"', f'short_title = "{"x" * 41}"', "short_title", "40 at most"),
    ('version = "2026-11"', "version = 2026-11-03", "version", "date"),
    ("range = [0, 9]", "range = [0, 12]", "range", "0 to 9"),
    ("range = [0, 9]", "range = [1, 9]", "range", "0 to 9"),
    ("range = [0, 9]", "range = [9, 0]", "range", "begins below"),
    ("range = [0, 9]", "range = [0]", "range", "2 whole numbers"),
    ("range = [0, 9]", "range = [0, 9.0]", "range[1]", "decimal"),
    ("range = [0, 9]", "range = [0, true]", "range[1]", "true or false"),
    ("range = [0, 9]", "range = [0, 10000]", "range[1]", "outside"),
    ("recall_days = 14", 'recall_days = "14"', "recall_days", "a text"),
    ("recall_days = 14", "recall_days = -1", "recall_days", "outside"),
    ("readminister_days = 28", "readminister_days = 0", "readminister_days", "outside"),
    ("sources = [", 'source = "x"\nsources = [', "source", "did you mean sources"),
    ("sources = [", "sources = [3, ", "sources[0]", "whole number"),
    ("notice = ", "notice = 1 #", "notice", "whole number"),
    ('kind = "all-required"', 'kind = "guess"', "missing.kind", "is none of"),
    ('kind = "all-required"', 'kind = "prorate"', "missing.most", "needed"),
    ('kind = "all-required"', 'kind = "prorate"\nmost = 3', "missing.most", "at least one item"),
    ('kind = "all-required"', 'kind = "all-required"\nmost = 1', "missing.most", "prorate alone"),
    ('kind = "all-required"', 'kind = "gate"', "items", "gate"),
    ('kind = "all-required"', 'kind = "audit-skip"', "missing.kind", "9 scored items"),
    ("at_least = 5", "at_most = 5", "cutoffs[0].at_least", "needed"),
    ("at_least = 5", "at_least = 10", "cutoffs[0]", "outside the range"),
    ("at_least = 5", 'at_least = 5\nsex = "f"', "cutoffs[0].sex", "is none of"),
    ("at_least = 5", 'at_least = 5\nsex = "male"', "cutoffs", "are three"),
    ("min = 5", "min = 6", "bands[1]", "begins at 5"),
    ("max = 9", "max = 8", "bands", "end at 9"),
    ("level = 2", "level = 5", "bands[1].level", "outside 0 to 4"),
    ('label = "Poor sleep"', 'lable = "Poor sleep"', "bands[1].lable", "did you mean label"),
    ("value = 3", "value = 2", "options.nights", "same value"),
    ("value = 3", "value = -1", "options.nights[3].value", "outside"),
    ('label = "Every night"', 'label = "no night"', "options.nights", "same label"),
    ('label = "Every night"', 'label = "x"\ncodes = ["LA1-1"]', "options.nights[3].codes[0]", "check"),
    ('label = "Every night"', 'label = "x"\ncodes = ["x"]', "options.nights[3].codes[0]", "LA"),
    ("[[options.nights]]", "[[options.yes_no]]\nvalue = 0\nlabel = \"a\"\n[[options.nights]]",
     "options.yes_no", "shared list"),
    ('key = "wakes"', 'key = "falls_asleep"', "items[1].key", "twice"),
    ('key = "wakes"', 'key = "Wakes up"', "items[1].key", "lower-case"),
    ('options = "nights"', 'options = "night"', "items[0].options", "no list"),
    ('options = "nights"', 'options = "nights"\nmost = 3', "items[0].most", "a choice or a number"),
    ('options = "nights"', "most = 0", "items[0].most", "outside"),
    ('options = "nights"', "most = 3\nreverse = true", "items[0].reverse", "number"),
    ('options = "nights"', 'options = "nights"\nasked_if = "tired"', "items[0].asked_if", "before"),
    ('options = "nights"', 'options = "nights"\nscored = "no"', "items[0].scored", "true or false"),
    ('options = "nights"', 'options = "nights"\nrole = "safe"', "items[0].role", "is none of"),
    ('options = "nights"', 'options = "nights"\nrevers = true', "items[0].revers", "reverse"),
    ('options = "nights"', 'options = "nights"\nloinc = "44250-8"', "items[0].loinc", "check digit"),
    ('options = "nights"', 'options = "nights"\nloinc = "LA6568-5"', "items[0].loinc", "no LOINC"),
    ("recall_days = 14", 'recall_days = 14\nmultiplier = 0', "multiplier", "outside"),
    ("recall_days = 14", 'recall_days = 14\nhigher_is_worse = 1', "higher_is_worse", "true or"),
    ("recall_days = 14", 'recall_days = 14\ncanonicals = ["x|1"]', "canonicals[0]", "address"),
    ("recall_days = 14", 'recall_days = 14\nitem = 3', "item", "did you mean items"),
    ("[missing]", "[change]\nworsening = 0\n[missing]", "change.worsening", "outside"),
    ("[missing]", "[change]\nresponse_reduction = 2\n[missing]", "change.response_reduction", "0.5"),
    ("[missing]", "[change]\nresponse_reduction = nan\n[missing]", "change.response_reduction", "0.5"),
    ("[missing]", "[change]\nbetter = 1\n[missing]", "change.better", "not a key"),
    ("[[cutoffs]]", '[[signs]]\nwords = "x"\nsource = "y"\n[[cutoffs]]', "signs[0].groups", "needed"),
    ("[[cutoffs]]", '[[triage]]\nlevel = 1\nsource = "y"\n[[cutoffs]]', "triage[0].any_of", "keys"),
    ("[[cutoffs]]",
     '[[triage]]\nlevel = 1\nsource = "y"\nany_of = ["nobody"]\n[[cutoffs]]',
     "triage[0].any_of[0]", "no item"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where", "words"), MISTAKES)
def test_each_mistake_is_told_with_its_place(old: str, new: str, where: str, words: str) -> None:
    found = mistakes(changed(old, new))
    assert words in found[where], found


TAKEN = [
    # (key and value, place, whose it is)
    ('id = "phq-9"', "id", "the PHQ-9 that ships"),
    ('id = "phq-8-score"', "id", "the PHQ-8 that ships"),  # a local code of another
    ('short_title = "gad-7"', "short_title", "the GAD-7 that ships"),
    ('loinc_score = "44261-6"', "loinc_score", "the PHQ-9 that ships"),
    ('loinc_panel = "93373-9"', "loinc_panel", "the C-SSRS that ships"),
    ('loinc_panel = "44250-9"', "loinc_panel", "the PHQ-9 that ships"),  # an item's code
    ('loinc_score = "70221-7"', "loinc_score", "PCL-C"),  # a trap
    ('canonicals = ["http://loinc.org/q/44249-1"]', "canonicals[0]", "the PHQ-9 that ships"),
    (
        'canonicals = ["https://stepwell.example/fhir/Questionnaire/who-5"]',
        "canonicals[0]",
        "the WHO-5 that ships",
    ),
]


@pytest.mark.parametrize(("line", "where", "whose"), TAKEN)
def test_what_belongs_to_another_is_refused(line: str, where: str, whose: str) -> None:
    key = line.partition(" = ")[0]
    text = re.sub(rf"(?m)^{key} = .*\n", "", EXAMPLE)
    assert whose in mistakes(f"{line}\n{text}")[where]


def test_an_items_code_of_a_shipped_instrument_is_refused() -> None:
    text = changed('options = "nights"', 'options = "nights"\nloinc = "44250-9"')
    assert "the PHQ-9 that ships" in mistakes(text)["items[0].loinc"]


def test_two_files_never_share_a_name_or_a_code() -> None:
    assert mistakes(EXAMPLE, EXAMPLE).keys() == {"id", "short_title"}
    other = EXAMPLE.replace("sleep-check", "rest").replace('"Sleep check"', '"Rest"')
    other = 'canonicals = ["https://riverside.example/q/1"]\n' + other
    mine = 'canonicals = ["https://riverside.example/q/1"]\n' + EXAMPLE
    assert "0.toml" in mistakes(mine, other)["canonicals[0]"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "needed"),
        (b"id = ", "not TOML"),
        (b"id = 'a'\nid = 'b'\n", "line 2"),
        (b"\xff\xfe", "UTF-8"),
        (b"a = " + b"[" * 5000, "deep"),
        (b"a = " + b"9" * 5000, "not TOML"),
        (b"a = '" + b"x" * 300_000 + b"'", "at most"),
        (b"items = 3\noptions = []\nmissing = 'x'\nbands = {}\n", "table"),
        (b"[[items]]\n[[items]]\n[options]\nx = 3\n", "list"),
    ],
)
def test_what_is_no_definition_at_all_is_told_and_never_a_crash(content: bytes, words: str) -> None:
    assert any(words in what for what in mistakes(content).values())


def test_all_mistakes_are_told_at_once() -> None:
    text = changed("recall_days = 14", "recall_days = 'x'").replace("max = 9", "max = 8")
    text = text.replace('key = "wakes"', 'key = "falls_asleep"').replace("value = 3", "value = 2")
    assert {"recall_days", "bands", "items[1].key", "options.nights"} <= mistakes(text).keys()


def test_names_out_of_a_file_are_printed_without_control_marks() -> None:
    found = mistakes('"\\u001b[31mx" = 1\n' + EXAMPLE)
    assert any("?[31mx" in where for where in found)
    assert not any("\x1b" in text for pair in found.items() for text in pair)


def version_of(text: str) -> str:
    return read_definitions({"a": text.encode()}).instruments["a"].version


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("at_least = 5", "at_least = 4"),
        ('label = "Every night"', 'label = "Each night"'),
        ("min = 5", "min = 5 # x\n"),  # a comment alone
        ('role = "safety"', ""),
        ("Did you feel unsafe", "Do you feel unsafe"),
    ],
)
def test_a_change_of_what_is_scored_or_read_is_another_version(old: str, new: str) -> None:
    same = "#" in new
    assert (version_of(changed(old, new)) == version_of(EXAMPLE)) is same


def test_a_notice_and_the_order_of_keys_are_no_other_version() -> None:
    text = re.sub(r"(?m)^notice = .*$", 'notice = "Ask us."', EXAMPLE)
    assert version_of(text) == version_of(EXAMPLE)
    data: dict[str, Any] = tomllib.loads(EXAMPLE)
    assert fingerprint(dict(reversed(data.items()))) == fingerprint(data)


@pytest.fixture
def site_instrument() -> Any:
    found = read_definitions({"a": EXAMPLE.encode()}).instruments
    adopt(found.values())
    yield found["a"]
    adopt(())


def test_what_a_site_adopts_is_known_until_the_next_start(site_instrument: Instrument) -> None:
    assert find_instrument("sleep-check") is site_instrument
    assert set(INSTRUMENTS) == {*SHIPPED, "sleep-check"}
    adopt(())
    assert find_instrument("sleep-check") is None
    gone = INSTRUMENTS["sleep-check"]  # its assessments are still told of
    assert severity(gone, 7).label == "no longer installed"
    assert safety_item_name(gone) == "A question on death or self-harm of the sleep-check"
    assert judge_item_nine(gone, {}) is ItemNine.NOT_ASKED


def test_a_site_never_replaces_what_ships() -> None:
    adopt([INSTRUMENTS["phq-2"]])
    assert dict(INSTRUMENTS) == dict(SHIPPED)


def test_every_shipped_definition_would_pass_as_a_sites_own() -> None:
    for name in SHIPPED:
        file = ROOT / "app" / "domain" / "instruments" / f"{name}.toml"
        found = read_definitions({"it": file.read_bytes()})
        told = {p.where.removeprefix("it: ") for p in found.problems}
        assert not [p for p in found.problems if "already" not in p.what], (name, found.problems)
        assert "id" in told
