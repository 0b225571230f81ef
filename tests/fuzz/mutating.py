"""Mutations of FHIR as JSON: what broken, old, hostile and unlucky senders make of a resource."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fhir_mappings.json_text import write_json

ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    10**40,
    Decimal("1E+90"),
    Decimal("-0.0"),
    Decimal("1.10"),
    "",
    " ",
    "x",
    "x" * 70,
    "y" * 3000,
    "1",
    "null",
    "{}",
    '{"text":"a"}',
    "2026",
    "2026-02-30",
    "9999-12-31T23:59:59.999999999-14:00",
    "0001-01-01T00:00:00+14:00",
    "2016-12-31T23:59:60Z",
    "Patient/p1",
    "Patient/",
    "Patient?identifier=urn:r|1",
    "Patient?identifier=",
    "urn:uuid:6f1c6b0e-0001-4000-8000-000000000001",
    "#",
    "https://registry.example/fhir/Patient/p1/_history/9",
    "entered-in-error",
    "é\u0301\u202e\u200d😀\ufffe",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "\u0660\u0661",
    [],
    {},
    [None],
    [[]],
    [{}],
    {"a": 1},
    {"reference": "Patient/p1"},
    {"resourceType": "Patient"},
    {"extension": [{"url": "a", "valueCode": "b"}]},
)
NAMES = (
    "resourceType",
    "id",
    "_id",
    "status",
    "_status",
    "subject",
    "extension",
    "contained",
    "fhir_comments",
    "valueInteger",
    "valueString",
    "valueCodeableReference",
    "__proto__",
    "x" * 100,
    "",
)

Place = tuple[Any, Any]
"""A container and the step into it."""


def copied(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: copied(child) for name, child in node.items()}
    if isinstance(node, list):
        return [copied(child) for child in node]
    return node


def places(root: Any) -> list[Place]:
    """Every container and step below the root."""
    found: list[Place] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for step, child in list(node.items() if isinstance(node, dict) else enumerate(node)):
            found.append((node, step))
            if isinstance(child, dict | list):
                waiting.append(child)
    return found


def _replace(dice: random.Random, root: Any, place: Place) -> None:
    place[0][place[1]] = copied(dice.choice(ODD))


def _drop(dice: random.Random, root: Any, place: Place) -> None:
    del place[0][place[1]]


def _repeat(dice: random.Random, root: Any, place: Place) -> None:
    node, step = place
    if isinstance(node, list):
        node.append(copied(node[step]))
    else:
        node[step] = [copied(node[step]), copied(node[step])]


def _wrap(dice: random.Random, root: Any, place: Place) -> None:
    node, step = place
    node[step] = dice.choice(([node[step]], {"value": node[step]}, {"extension": [node[step]]}))


def _unwrap(dice: random.Random, root: Any, place: Place) -> None:
    node, step = place
    child = node[step]
    if isinstance(child, dict | list) and child:
        node[step] = next(iter(child.values())) if isinstance(child, dict) else child[0]


def _swap(dice: random.Random, root: Any, place: Place) -> None:
    """With another place: an object where a text was, a reference where a code was."""
    node, step = place
    other, there = dice.choice(places(root))
    node[step], other[there] = copied(other[there]), copied(node[step])


def _rename(dice: random.Random, root: Any, place: Place) -> None:
    node, step = place
    if isinstance(node, dict):
        node[dice.choice((*NAMES, f"_{step}", step[1:], step.upper()))] = node.pop(step)


def _add(dice: random.Random, root: Any, place: Place) -> None:
    node = place[0]
    if isinstance(node, dict):
        node[dice.choice(NAMES)] = copied(dice.choice(ODD))
    else:
        node.insert(dice.randrange(len(node) + 1), copied(dice.choice(ODD)))


def _nest(dice: random.Random, root: Any, place: Place) -> None:
    deep: Any = copied(dice.choice(ODD))
    for _ in range(dice.choice((3, 48, 52, 200))):
        deep = {"extension": [deep]} if dice.random() < 0.5 else [deep]
    place[0][place[1]] = deep


def _number(dice: random.Random, root: Any, place: Place) -> None:
    place[0][place[1]] = dice.choice((dice.randint(-5, 30), Decimal(dice.randint(-99, 99)) / 10))


_MUTATIONS: tuple[Callable[[random.Random, Any, Place], None], ...] = (
    *(_replace, _replace, _replace, _replace, _drop, _drop, _repeat, _wrap, _unwrap),
    *(_swap, _rename, _add, _number, _nest),
)


def _truncate(dice: random.Random, body: bytes) -> bytes:
    return body[: dice.randrange(len(body) + 1)]


def _flip(dice: random.Random, body: bytes) -> bytes:
    at = dice.randrange(len(body))
    return body[:at] + bytes([dice.randrange(256)]) + body[at + 1 :]


def _twice(dice: random.Random, body: bytes) -> bytes:
    """A name twice in one object."""
    at = body.find(b'":', dice.randrange(len(body)))
    begin = body.rfind(b'"', 0, max(at, 0))
    name = body[begin : at + 1]
    return body[:begin] + name + b":7," + body[begin:] if at > 0 else body


def _token(dice: random.Random, body: bytes) -> bytes:
    """A value that only some readers of JSON know."""
    odd = dice.choice((b"NaN", b"1e999", b"-Infinity", b"\\u0000", b"'a'", b"01", b"\xff", b"//"))
    at = body.find(b":", dice.randrange(len(body))) + 1
    return body[:at] + odd + body[at:]


def _half(dice: random.Random, body: bytes) -> bytes:
    """Half a character, and a NUL, inside a text."""
    at = body.find(b'":"', dice.randrange(len(body)))
    odd = dice.choice((b"\\ud83d", b"\\u0000", b"\\udc00\\ud800", b"\\u202e"))
    return body[: at + 3] + odd + body[at + 3 :] if at >= 0 else body


_OF_BYTES: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    *(_truncate, _flip, _twice, _token, _half),
)


def mutated(dice: random.Random, seed: Any) -> bytes:
    """A body made of a seed: one to four mutations of the tree, sometimes one of the bytes."""
    root = copied(seed)
    for _ in range(dice.choice((0, 1, 1, 1, 2, 2, 3, 4))):
        found = places(root)
        if found:
            dice.choice(_MUTATIONS)(dice, root, dice.choice(found))
    body = write_json(root)
    return dice.choice(_OF_BYTES)(dice, body) if dice.random() < 0.15 else body
