"""What is asked of one resource or address: a method, a place, conditions; in a Bundle or alone.

https://hl7.org/fhir/R4/http.html and https://hl7.org/fhir/R4/bundle.html#transaction
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from app.errors import Kind, NotSupported, Problem, RegistryError
from fhir_mappings.resource_types import R4_TYPES

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
READING = frozenset({"GET", "HEAD"})
LONGEST_QUERY = 4_000

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_VERSION = re.compile(r'(?:W/)?"(\d{1,9})"|(\d{1,9})', re.ASCII)

Pairs = tuple[tuple[str, str], ...]


class InvalidBundle(RegistryError):
    """The Bundle cannot be taken as it is."""

    code = "invalid-bundle"
    kind = Kind.INVALID


@dataclass(frozen=True, slots=True)
class Target:
    """An address below the FHIR base: ``Patient/85``, ``Observation?code=…``."""

    kind: str = ""
    resource_id: str | None = None
    rest: tuple[str, ...] = ()
    """What follows: ``_history``, ``3``."""
    query: str = ""

    @property
    def pairs(self) -> Pairs:
        """The query's parameters, decoded, in their order."""
        return tuple(parse_qsl(self.query, keep_blank_values=True, errors="replace"))


@dataclass(frozen=True, slots=True)
class Conditions:
    """On what an interaction depends."""

    if_match: int | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_none_exist: str | None = None
    """A search, as written; a create is done only where it finds nothing."""


def is_id(text: str) -> bool:
    """Whether FHIR R4 allows it: 1 to 64 letters, digits, '-' or '.'."""
    return _ID.fullmatch(text) is not None


def read_target(url: object, own_base: str, where: str) -> Target:
    """The address that an entry names; a slash that is written ``%2F`` parts nothing."""
    text = url.removeprefix(f"{own_base}/") if isinstance(url, str) else ""
    path, _, query = text.partition("?")
    kind, *rest = [unquote(step) for step in path.strip("/").split("/")]
    problem = Problem(where, "Name an address below this base, such as Patient/85.")
    if not isinstance(url, str) or len(text) > LONGEST_QUERY or "://" in path:
        raise InvalidBundle("An entry names no address of this registry.", [problem])
    if rest and not rest[0].startswith(("_", "$")) and is_id(rest[0]):
        return Target(kind, rest[0], tuple(rest[1:]), query)
    if rest and not rest[0].startswith(("_", "$")):
        words = "An id is 1 to 64 letters, digits, '-' or '.'."
        raise InvalidBundle(words, [Problem(where, words)])
    return Target(kind, None, tuple(rest), query)


def check_writable(target: Target, method: str, where: str) -> None:
    """A POST names a type, the others a resource or what finds one; raises InvalidBundle."""
    problem = Problem(where, _words(method, target.kind))
    if target.kind not in R4_TYPES or target.rest:
        raise InvalidBundle("An entry's url does not fit what it asks.", [problem])
    if method == "POST" and target.resource_id:
        raise InvalidBundle("A POST names the type only.", [problem])
    if method != "POST" and not (target.resource_id or target.query):
        raise InvalidBundle("An entry's url does not fit what it asks.", [problem])
    if target.resource_id and target.query:
        raise InvalidBundle("Name the id or a condition, not both.", [problem])


def _words(method: str, kind: str) -> str:
    name = kind if kind in R4_TYPES else "Type"
    return f"Write {name}." if method == "POST" else f"Write {name}/id or {name}?condition."


def read_version(tag: object, where: str) -> int | None:
    """The version that an entity tag such as ``W/"3"`` names; None where there is no tag."""
    if tag is None:
        return None
    found = _VERSION.fullmatch(tag.strip()) if isinstance(tag, str) else None
    if found is None:
        words = 'Name one version, such as W/"3".'
        raise InvalidBundle("The entity tag cannot be read.", [Problem(where, words)])
    return int(found[1] or found[2])


def read_conditions(told: Mapping[str, Any], method: str, where: str = "") -> Conditions:
    """The conditions of an entry's ``request``, or of headers that are named alike."""

    def place(name: str) -> str:
        return f"{where}.request.{name}" if where else _HEADERS[name]

    if method in ("POST", "PUT", "PATCH", "DELETE") and told.get("ifNoneMatch") is not None:
        problem = Problem(place("ifNoneMatch"), "Use ifNoneExist or ifMatch.")
        raise NotSupported("ifNoneMatch is not offered for writing.", [problem])
    return Conditions(
        if_match=read_version(told.get("ifMatch"), place("ifMatch")),
        if_none_match=_text(told.get("ifNoneMatch")),
        if_modified_since=_text(told.get("ifModifiedSince")),
        if_none_exist=_search(told.get("ifNoneExist"), method, place("ifNoneExist")),
    )


_HEADERS = {
    "ifMatch": "If-Match",
    "ifNoneMatch": "If-None-Match",
    "ifModifiedSince": "If-Modified-Since",
    "ifNoneExist": "If-None-Exist",
}


def conditions_of_headers(headers: Mapping[str, str], method: str) -> Conditions:
    """The same from a request's headers (their names in lower case)."""
    told = {name: headers.get(header.lower()) for name, header in _HEADERS.items()}
    return read_conditions(told, method)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _search(condition: object, method: str, where: str) -> str | None:
    if condition is None:
        return None
    text = str(condition).rpartition("?")[2] if isinstance(condition, str) else ""
    if method != "POST" or not text.strip() or len(text) > LONGEST_QUERY:
        problem = Problem(where, "Write a search such as identifier=system|value, with a create.")
        raise InvalidBundle("The condition cannot be read.", [problem])
    return text


def read_condition(condition: object, where: str) -> tuple[str, str] | None:
    """(system, value) of ``identifier=system|value``; raises NotSupported for other searches."""
    if condition is None:
        return None
    found = identifier_in(str(condition).rpartition("?")[2])
    if found is None:
        problem = Problem(where, "Write identifier=system|value.")
        raise NotSupported("Only a condition on one identifier is offered.", [problem])
    return found


def identifier_in(condition: str) -> tuple[str, str] | None:
    """(system, value) where a condition is ``identifier=system|value`` and nothing more."""
    name, _, token = condition.partition("=")
    system, bar, value = unquote(token).partition("|")
    alone = name == "identifier" and "&" not in condition and "," not in condition
    return (system, value) if alone and bar and system and value else None
