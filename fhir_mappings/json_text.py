"""JSON as senders write it: read strictly, written back with every digit.

RFC 8259 leaves repeated names and very large numbers to the reader; here a
repeated name is refused, since two readers could see two different answers.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import simplejson

from app.errors import Malformed, Problem
from fhir_mappings.resource_types import R4_TYPES

MAX_DEPTH = 50
"""Levels of nesting; the deepest honest resource seen has 12."""

MAX_DIGITS = 100
"""Of a decimal, written out: FHIR asks for 18. The number 1e999999999 as an integer would take
a gigabyte, and one with a million digits minutes."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class _RepeatedName(ValueError):
    """One object holds the same name twice."""


def read_json(body: bytes) -> dict[str, Any]:
    """The one JSON object in the body; decimals keep their digits. Raises Malformed.

    A UTF-8 byte order mark is dropped, as RFC 8259 allows.
    """
    text = _decode(body.removeprefix(_BYTE_ORDER_MARK))
    value = _parse(text)
    if not isinstance(value, dict):
        raise Malformed("The body must be one JSON object: a FHIR resource.")
    _check_nodes(value)
    return value


def write_json(value: object) -> bytes:
    """UTF-8 JSON without spaces; decimals exactly as they were read."""
    text = simplejson.dumps(value, use_decimal=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8")


def indented_json(body: bytes) -> bytes:
    """JSON of ours as a person reads it: the same, with every digit, in lines."""
    value = simplejson.loads(body, use_decimal=True)
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False, indent=2).encode("utf-8")


def _decode(body: bytes) -> str:
    if not body.strip():
        raise Malformed("The body is empty; send one FHIR resource as JSON.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(
            f"The body is not UTF-8: the byte at position {error.start} cannot be read."
        ) from None


def _parse(text: str) -> Any:
    try:
        return simplejson.loads(
            text, parse_float=_decimal, parse_int=_integer, object_pairs_hook=_object
        )
    except _RepeatedName as error:
        raise Malformed(str(error)) from None
    except simplejson.JSONDecodeError as error:
        raise Malformed(
            f"The body is not JSON: line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise Malformed(f"The body is nested deeper than {MAX_DEPTH} levels.") from None
    except (ValueError, ArithmeticError):
        raise Malformed("The body holds a number that no computer can hold.") from None


class Written(Decimal):
    """A number that is written back as it stood: ``1E3``, not ``1E+3``; ``1.0e-2``, not ``0.010``.

    https://hl7.org/fhir/R4/datatypes.html#decimal: precision has a meaning, and so has its form for
    whoever signed the text. What is computed with it is a plain Decimal.
    """

    __slots__ = ("_text",)
    _text: str

    def __new__(cls, text: str) -> "Written":
        self = super().__new__(cls, text)
        self._text = text
        return self

    def __str__(self) -> str:
        return self._text


def _decimal(text: str) -> Decimal:
    """With every digit; raises ValueError for a length or magnitude that nothing measured has."""
    if len(text) <= MAX_DIGITS:
        value = Written(text)
        if abs(value.adjusted()) <= MAX_DIGITS:
            return value
    raise ValueError


def _integer(text: str) -> int | Decimal:
    """``-0`` is a decimal to FHIR, and no other zero."""
    return int(text) if text != "-0" else _decimal(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _RepeatedName(f"One object holds the name '{twice[:64]}' twice.")
    return found


def _check_nodes(root: dict[str, Any]) -> None:
    """Refuse NUL characters, half characters, and nesting beyond the limit, naming the place."""
    for path, depth, value in _walk(root):
        if depth > MAX_DEPTH:
            raise Malformed(f"The body is nested deeper than {MAX_DEPTH} levels.")
        if isinstance(value, str) and not _is_clean(value):
            where = _expression(root, path)
            raise Malformed(
                "The text holds a NUL character or half of a character.",
                [Problem(where, "Remove NUL characters (\\u0000) and unpaired surrogates.")],
            )


Path = tuple[Any, ...]
"""Nested pairs (parent path, step), so that a step costs no copying."""


def _walk(root: dict[str, Any]) -> Iterator[tuple[Path, int, Any]]:
    """Every name, text and container, with where it stands and how deep; no recursion.

    Numbers are passed over, so that a million of them take no memory here.
    """
    stack: list[tuple[Path, int, Any]] = [((), 0, root)]
    while stack:
        path, depth, value = stack.pop()
        yield path, depth, value
        names = value if isinstance(value, dict) else range(len(value))
        for name in names:
            child = value[name]
            if isinstance(name, str):
                yield path, depth, name
            if isinstance(child, str):
                yield (path, name), depth + 1, child
            elif isinstance(child, dict | list):
                stack.append(((path, name), depth + 1, child))


def _is_clean(text: str) -> bool:
    if text.isascii():
        return "\x00" not in text
    return "\x00" not in text and not any("\ud800" <= mark <= "\udfff" for mark in text)


def _expression(root: dict[str, Any], path: Path) -> str:
    """The FHIRPath of a step: ``Observation.note[0].text``."""
    words = ""
    while path:
        path, step = path
        words = f"[{step}]{words}" if isinstance(step, int) else f".{step}{words}"
    kind = root.get("resourceType")
    return f"{kind if isinstance(kind, str) and kind in R4_TYPES else 'resource'}{words}"
