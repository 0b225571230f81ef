"""JSON is read strictly and written back digit for digit."""

from decimal import Decimal

import pytest

from app.errors import Malformed
from fhir_mappings.json_text import MAX_DEPTH, read_json, write_json


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1.10}',  # 1.1 would say less
        '{"a":1.0,"b":-0.0,"c":0.000001}',
        '{"a":12345678901234567890.123456789}',
        '{"a":1E3,"b":1.0e-2,"c":0.00000001,"d":-0,"e":1e100}',  # as it was written, not as a sum
        '{"z":[1,2,{"y":null}],"a":true}',  # order is the sender's
        '{"a":"ü \\\\ \\" \\n 😀 \u2028"}',
    ],
)
def test_what_is_read_is_written_again(text):
    body = write_json(read_json(text.encode()))
    assert read_json(body) == read_json(text.encode())
    assert body.decode().replace("\\u2028", "\u2028") == text


def test_a_byte_order_mark_is_dropped():
    assert read_json(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b'{"a":', "line 1, column"),
        (b'{"a":1}{', "line 1, column"),
        (b"[]", "one JSON object"),
        (b'"text"', "one JSON object"),
        (b'{"a":1,"a":2}', "'a' twice"),
        (b'{"b":{"a":1,"a":1}}', "'a' twice"),
        (b'{"a":NaN}', "not JSON"),
        (b'{"a":Infinity}', "not JSON"),
        (b'{"a":-Infinity}', "not JSON"),
        (b'{"a":"\xff"}', "position 6"),
        ('{"a":"ü"}'.encode("utf-16"), "not UTF-8"),
        (b'{"a":"\x00"}', "not JSON"),
        (b'{"a":' + b"9" * 5000 + b"}", "number"),
        (b'{"a":1e99999999999999999999}', "number"),
    ],
)
def test_what_cannot_be_read_is_refused(body, words):
    with pytest.raises(Malformed) as refusal:
        read_json(body)
    assert words in refusal.value.message


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (
            rb'{"resourceType":"Observation","note":[{"text":"a\u0000b"}]}',
            "Observation.note[0].text",
        ),
        (
            rb'{"resourceType":"Patient","name":[{"given":["x","\u0000"]}]}',
            "Patient.name[0].given[1]",
        ),
        (rb'{"a":"\ud800"}', "resource.a"),  # half of a character cannot be stored
        (rb'{"a\u0000":1}', "resource"),
    ],
)
def test_characters_that_cannot_be_stored_are_named_with_their_place(body, where):
    with pytest.raises(Malformed) as refusal:
        read_json(body)
    assert [problem.where for problem in refusal.value.problems] == [where]


def test_a_backslash_before_u0000_is_text():
    assert read_json(rb'{"a":"\\u0000"}') == {"a": "\\u0000"}


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 5_000, 200_000])
def test_depth_is_limited(levels):
    body = b'{"a":' + b"[" * levels + b"]" * levels + b"}"
    with pytest.raises(Malformed, match="nested deeper"):
        read_json(body)


@pytest.mark.parametrize(
    "number", ["1e101", "1e999999999", "1e-101", "0e999999999", "0." + "1" * 99]
)
def test_a_number_that_would_take_minutes_to_write_out_is_refused(number: str) -> None:
    with pytest.raises(Malformed, match="no computer"):
        read_json(f'{{"a": {number}}}'.encode())


@pytest.mark.parametrize("number", ["1e100", "1.10", "0." + "1" * 98, "-1E-7"])
def test_a_number_keeps_every_digit(number: str) -> None:
    assert read_json(f'{{"a": {number}}}'.encode())["a"] == Decimal(number)
