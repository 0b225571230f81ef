"""Whatever a file holds: a valid instrument or mistakes with places, never a crash."""

import re
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.catalogue import SHARED_LISTS
from app.domain.definition import InstrumentNotValid, parse_instrument
from app.domain.instrument import Instrument
from app.domain.site_instrument import read_definitions

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "instruments.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0].encode()
SHIPPED = [f.read_bytes() for f in sorted((ROOT / "app/domain/instruments").glob("*.toml"))]

NAMES = """id title short_title version range recall_days readminister_days notice sources missing
    kind most cutoffs at_least at_most sex bands min max label level codes options value items key
    text loinc scored reverse role asked_if triage any_of asks_today source signs words groups count
    change worsening reliable response_reduction canonicals multiplier higher_is_worse yes_no
    loinc_panel loinc_score by_name_alone link_ids"""
KEYS = st.sampled_from(NAMES.split())
LEAVES = (
    st.booleans() | st.integers(-5, 12) | st.integers() | st.floats() | st.dates() | st.datetimes()
    | st.text(max_size=5) | KEYS | st.sampled_from(["44250-9", "LA6568-5", "q1", "nights", "gate"])
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(), inner, max_size=8)
    ),
    max_leaves=30,
)


@given(st.dictionaries(KEYS | st.text(max_size=4), TREES, max_size=14))
@settings(max_examples=150)
def test_any_data_is_an_instrument_or_has_mistakes(data: dict[str, Any]) -> None:
    try:
        assert isinstance(parse_instrument(data, SHARED_LISTS), Instrument)
    except InstrumentNotValid as refusal:
        assert refusal.problems
        assert all(p.what and p.where.isprintable() for p in refusal.problems)


@given(st.data())
@settings(max_examples=100)
def test_a_valid_file_with_one_value_of_another_kind_never_crashes(data: st.DataObject) -> None:
    lines = data.draw(st.sampled_from([EXAMPLE, *SHIPPED])).splitlines()
    index = data.draw(st.integers(0, len(lines) - 1))
    name, equals, _ = lines[index].partition(b" = ")
    if equals:
        odd = data.draw(
            st.sampled_from([b"3", b"-1", b'"x"', b"[]", b"{}", b"1.5", b"true", b"nan"])
        )
        lines[index] = name + equals + odd
    found = read_definitions({"it": b"\n".join(lines)})
    assert bool(found.instruments) is not bool(found.problems)


@given(st.data())
@settings(max_examples=100)
def test_a_file_with_bytes_torn_out_or_put_in_never_crashes(data: st.DataObject) -> None:
    content = data.draw(st.sampled_from([EXAMPLE, *SHIPPED]))
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 60)))
    torn = content[:start] + data.draw(st.binary(max_size=8)) + content[end:]
    found = read_definitions({"it": torn})
    assert bool(found.instruments) is not bool(found.problems)


@given(st.binary(max_size=200))
def test_any_bytes_never_crash(content: bytes) -> None:
    assert read_definitions({"it": content}).problems
