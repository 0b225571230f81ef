"""What a resource refers to on this server."""

import re
from collections.abc import Iterator
from typing import Any

from fhir_mappings.json_text import read_json

_RELATIVE = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9.-]{1,64})(?:/_history/.*)?", re.ASCII)


def names_in(body: bytes) -> Iterator[tuple[str, str]]:
    """(type, id) of each relative reference of a resource, in the order in which they stand."""
    for reference in references_in(read_json(body)):
        found = _RELATIVE.fullmatch(reference)
        if found is not None:
            yield found[1], found[2]


def references_in(node: Any) -> Iterator[str]:
    """Every literal reference, however deep it stands."""
    if isinstance(node, list):
        for one in node:
            yield from references_in(one)
    elif isinstance(node, dict):
        told = node.get("reference")
        if isinstance(told, str):
            yield told
        for one in node.values():
            yield from references_in(one)
