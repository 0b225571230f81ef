"""The primitive types of FHIR R4 as JSON: what a value of each may look like.

https://hl7.org/fhir/R4/datatypes.html#primitive: the expressions are those of the specification
unless a comment says why not. What is refused is told in words that hold no value.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

MAX_STRING = 1_048_576
"""Characters: "strings SHALL NOT exceed 1,048,576 (1024*1024) characters in size"."""

_BIGGEST = 2**31 - 1

_YEAR = r"(?!0000)[0-9]{4}"
_DATE = rf"{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"
_DAY = rf"{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"

_TEXTS: Mapping[str, tuple[re.Pattern[str], str]] = MappingProxyType(
    {
        "code": (
            re.compile(r"[^\s]+(\s[^\s]+)*"),
            "A code has no spaces at its ends and none but single ones inside.",
        ),
        "id": (
            re.compile(r"[A-Za-z0-9\-.]{1,64}"),
            "An id is 1 to 64 letters, digits, '-' or '.'.",
        ),
        "uri": (re.compile(r"\S*"), "A URI has no spaces."),
        "oid": (
            re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"),
            "Write an OID as urn:oid:1.2.3.",
        ),
        # RFC 4122: upper case is understood when read, though R4's expression has none
        "uuid": (
            re.compile(r"urn:uuid:[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
            "Write a UUID as urn:uuid:c757873d-ec9a-4326-a141-556f43239520.",
        ),
        "date": (re.compile(_DATE), "Write a date as 2026, 2026-11 or 2026-11-23."),
        "dateTime": (
            re.compile(rf"{_DATE}|{_DAY}T{_TIME}{_ZONE}"),
            "Write a date, or a time with seconds and an offset: 2026-11-23T20:15:00+01:00.",
        ),
        "instant": (
            re.compile(rf"{_DAY}T{_TIME}{_ZONE}"),
            "Write an instant with seconds and an offset: 2026-11-23T20:15:00Z.",
        ),
        "time": (re.compile(_TIME), "Write a time of day as 20:15:00, without an offset."),
    }
)
_DATED = frozenset({"date", "dateTime", "instant"})
_SAME = MappingProxyType({"url": "uri", "canonical": "uri"})

_WHOLE: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "integer": (-_BIGGEST - 1, "Send a whole number of 32 bits, without quotes."),
        "unsignedInt": (0, "Send a whole number from 0 to 2147483647, without quotes."),
        "positiveInt": (1, "Send a whole number from 1 to 2147483647, without quotes."),
    }
)


def fault_of(kind: str, value: Any) -> str | None:
    """What is wrong with this value of a primitive type; None where nothing is."""
    check = _OTHERS.get(kind)
    if check is not None:
        return check(value)
    if kind in _WHOLE:
        return _whole(value, *_WHOLE[kind])
    return _text(_SAME.get(kind, kind), value)


def _text(kind: str, value: Any) -> str | None:
    if not isinstance(value, str):
        return "Send a text, in quotes."
    if len(value) > MAX_STRING:
        return f"A text has at most {MAX_STRING} characters."
    if kind not in _TEXTS:
        return None
    pattern, words = _TEXTS[kind]
    if pattern.fullmatch(value) is None:
        return words
    if kind in _DATED and not _is_on_calendar(value):
        return "There is no such day."
    return None


def _is_on_calendar(text: str) -> bool:
    if len(text) < 10:
        return True
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _whole(value: Any, least: int, words: str) -> str | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return None if is_whole and least <= value <= _BIGGEST else words


def _boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "Send true or false, without quotes."


def _decimal(value: Any) -> str | None:
    """``float`` is what others than our own reader of JSON hand over."""
    is_number = isinstance(value, int | Decimal | float) and not isinstance(value, bool)
    return None if is_number else "Send a number, without quotes."


def _base64(value: Any) -> str | None:
    """Spaces between the characters are allowed, and no limit of length."""
    if isinstance(value, str):
        packed = "".join(value.split())
        if packed and len(packed) % 4 == 0 and _BASE64.fullmatch(packed):
            return None
    return "Send base64 (RFC 4648), in quotes."


_BASE64 = re.compile(r"[0-9A-Za-z+/]*={0,2}")

_OTHERS: Mapping[str, Callable[[Any], str | None]] = MappingProxyType(
    {"boolean": _boolean, "decimal": _decimal, "base64Binary": _base64}
)
