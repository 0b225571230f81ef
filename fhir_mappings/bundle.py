"""Reading a Bundle of type transaction or batch, entry by entry."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from app.errors import Kind, NotSupported, Problem, RegistryError
from fhir_mappings.conformance import TAKEN
from fhir_mappings.reading import InvalidResource
from fhir_mappings.resource_types import R4_TYPES

MAX_ENTRIES = 5_000

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_VERSION = re.compile(r'(?:W/)?"(\d{1,9})"', re.ASCII)


class InvalidBundle(RegistryError):
    """The Bundle cannot be taken as it is."""

    code = "invalid-bundle"
    kind = Kind.INVALID


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a message asks for: create or update this resource."""

    where: str
    """``Bundle.entry[3]``; '' for a resource that came alone."""
    resource: Mapping[str, Any]
    resource_id: str | None = None
    full_url: str | None = None
    if_match: int | None = None
    if_none_exist: tuple[str, str] | None = None

    @property
    def resource_type(self) -> str:
        return str(self.resource.get("resourceType"))

    @property
    def resource_where(self) -> str:
        return f"{self.where}.resource" if self.where else self.resource_type


@dataclass(frozen=True, slots=True)
class Bundle:
    """A message of several entries; one that cannot be understood stands as its refusal."""

    is_transaction: bool
    entries: tuple[Entry | RegistryError, ...]


def read_bundle(resource: Mapping[str, Any], own_base: str) -> Bundle:
    """The entries asked for; raises InvalidBundle where the Bundle as a whole is wrong."""
    kind = resource.get("type")
    if kind not in ("transaction", "batch"):
        problem = Problem("Bundle.type", "Send a Bundle of type transaction or batch.")
        raise InvalidBundle("This type of Bundle is not taken here.", [problem])
    entries = resource.get("entry") or []
    if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
        problem = Problem("Bundle.entry", f"Send a list of at most {MAX_ENTRIES} entries.")
        raise InvalidBundle("The entries of this Bundle cannot be read.", [problem])
    read = tuple(_entry_or_refusal(entry, index, own_base) for index, entry in enumerate(entries))
    _check_unique(read)
    return Bundle(kind == "transaction", read)


def _entry_or_refusal(entry: Any, index: int, own_base: str) -> Entry | RegistryError:
    try:
        return _entry(entry, f"Bundle.entry[{index}]", own_base)
    except RegistryError as error:
        return error


def _entry(entry: Any, where: str, own_base: str) -> Entry:
    if not isinstance(entry, dict) or not isinstance(entry.get("request"), dict):
        problem = Problem(f"{where}.request", "Say what is asked: method and url.")
        raise InvalidBundle("An entry asks for nothing.", [problem])
    request = entry["request"]
    method = request.get("method")
    if method not in ("POST", "PUT"):
        problem = Problem(f"{where}.request.method", "Use POST (create) or PUT (update).")
        raise NotSupported("An entry's method is not offered inside a Bundle.", [problem])
    resource = entry.get("resource")
    if not isinstance(resource, dict):
        problem = Problem(f"{where}.resource", "POST and PUT need a resource.")
        raise InvalidBundle("An entry has no resource.", [problem])
    full_url = entry.get("fullUrl")
    return Entry(
        where=where,
        resource=resource,
        resource_id=_target(method, request.get("url"), resource, where, own_base),
        full_url=full_url if isinstance(full_url, str) else None,
        if_match=_if_match(request, where),
        if_none_exist=read_condition(request.get("ifNoneExist"), f"{where}.request.ifNoneExist"),
    )


def _target(
    method: str, url: Any, resource: Mapping[str, Any], where: str, own_base: str
) -> str | None:
    """The id that a PUT names; None for a POST. The url must fit the resource."""
    path = str(url).removeprefix(f"{own_base}/").strip("/") if isinstance(url, str) else ""
    kind, _, resource_id = path.partition("/")
    problem = Problem(f"{where}.request.url", _url_words(method, resource))
    if "?" in path:
        raise NotSupported("Conditional updates are not offered; name the id.", [problem])
    if kind not in R4_TYPES or kind != resource.get("resourceType"):
        raise InvalidBundle("An entry's url and its resource do not fit.", [problem])
    if method == "POST":
        if resource_id:
            raise InvalidBundle("A POST names the type only.", [problem])
        return None
    check_id(resource, resource_id, f"{where}.resource", problem)
    return resource_id


def _url_words(method: str, resource: Mapping[str, Any]) -> str:
    kind = resource.get("resourceType")
    name = kind if isinstance(kind, str) and kind in R4_TYPES else "Type"
    return f"Write {name}." if method == "POST" else f"Write {name}/id."


def check_id(
    resource: Mapping[str, Any], resource_id: str, where: str, problem: Problem | None = None
) -> None:
    """An update names an id that FHIR allows, and the resource carries the same."""
    if not _ID.fullmatch(resource_id):
        words = "An id is 1 to 64 letters, digits, '-' or '.'."
        raise InvalidBundle(words, [problem or Problem(where, words)])
    if resource.get("id") != resource_id:
        words = "An update's resource carries the id that its url names."
        raise InvalidBundle(words, [Problem(f"{where}.id", words)])


def _if_match(request: Mapping[str, Any], where: str) -> int | None:
    if request.get("ifNoneMatch") is not None:
        problem = Problem(f"{where}.request.ifNoneMatch", "Use ifNoneExist or ifMatch.")
        raise NotSupported("ifNoneMatch is not offered for writing.", [problem])
    return read_version(request.get("ifMatch"), f"{where}.request.ifMatch")


def read_version(tag: object, where: str) -> int | None:
    """The version that an entity tag such as ``W/"3"`` names; None where there is no tag."""
    if tag is None:
        return None
    found = _VERSION.fullmatch(tag.strip()) if isinstance(tag, str) else None
    if found is None:
        words = 'Name one version, such as W/"3".'
        raise InvalidBundle("The entity tag cannot be read.", [Problem(where, words)])
    return int(found[1])


def read_condition(condition: object, where: str) -> tuple[str, str] | None:
    """(system, value) of ``identifier=system|value``; other conditions are refused clearly."""
    if condition is None:
        return None
    text = str(condition).rpartition("?")[2]
    name, _, token = text.partition("=")
    system, bar, value = unquote(token).partition("|")
    if name != "identifier" or not (bar and system and value) or "&" in text:
        problem = Problem(where, "Write identifier=system|value.")
        raise NotSupported("Only a condition on one identifier is offered.", [problem])
    return system, value


def _check_unique(entries: tuple[Entry | RegistryError, ...]) -> None:
    """Two entries with one fullUrl, or for one target, contradict each other (bdl-7)."""
    asked = [entry for entry in entries if isinstance(entry, Entry)]
    urls = Counter(entry.full_url for entry in asked if entry.full_url)
    targets = Counter(
        (entry.resource_type, entry.resource_id) for entry in asked if entry.resource_id
    )
    problems = [
        Problem(f"{entry.where}.fullUrl", "Another entry has the same fullUrl.")
        for entry in asked
        if entry.full_url and urls[entry.full_url] > 1
    ]
    problems += [
        Problem(f"{entry.where}.request.url", "Another entry updates the same resource.")
        for entry in asked
        if entry.resource_id and targets[entry.resource_type, entry.resource_id] > 1
    ]
    if problems:
        raise InvalidBundle("Entries of this Bundle contradict each other.", problems)


def read_single(resource: Mapping[str, Any], kind: str, resource_id: str | None) -> Entry:
    """A resource that came alone, to ``/{kind}`` or ``/{kind}/{resource_id}``."""
    if resource.get("resourceType") != kind:
        problem = Problem("resourceType", f"This address takes a {kind}.")
        raise InvalidResource("The resource's type and the address do not fit.", [problem])
    if kind not in TAKEN:
        raise NotSupported(f"This registry keeps {', '.join(TAKEN)}; {kind} is not kept.")
    if resource_id is not None:
        check_id(resource, resource_id, kind)
    return Entry("", resource, resource_id)
