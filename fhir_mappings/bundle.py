"""Reading a Bundle of type transaction or batch, entry by entry."""

import base64
import binascii
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import NotSupported, Problem, RegistryError
from fhir_mappings.asked import (
    METHODS,
    READING,
    Conditions,
    InvalidBundle,
    Target,
    check_writable,
    is_id,
    read_conditions,
    read_target,
)
from fhir_mappings.conformance import TAKEN
from fhir_mappings.patching import Patch, read_patch
from fhir_mappings.reading import InvalidResource

MAX_ENTRIES = 5_000
JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a message asks for."""

    where: str
    """``Bundle.entry[3]``; '' for what came alone."""
    method: str
    target: Target
    resource: Mapping[str, Any] | None = None
    patch: Patch | None = None
    full_url: str | None = None
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def resource_type(self) -> str:
        return self.target.kind

    @property
    def resource_id(self) -> str | None:
        return self.target.resource_id

    @property
    def resource_where(self) -> str:
        return f"{self.where}.resource" if self.where else self.resource_type

    @property
    def url_where(self) -> str:
        return f"{self.where}.request.url" if self.where else self.resource_type

    @property
    def reads(self) -> bool:
        return self.method in READING


@dataclass(frozen=True, slots=True)
class Bundle:
    """A message of several entries; one that cannot be understood stands as its refusal."""

    is_transaction: bool
    entries: tuple[Entry | RegistryError, ...]
    identifier: str | None = None
    """``system|value`` by which its sender knows it again."""


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
    _check_unique(read, kind == "transaction")
    return Bundle(kind == "transaction", read, _identifier(resource.get("identifier")))


def _identifier(told: object) -> str | None:
    if not isinstance(told, Mapping) or not isinstance(told.get("value"), str):
        return None
    return f"{told.get('system') or ''}|{told['value']}"


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
    if method not in METHODS:
        problem = Problem(f"{where}.request.method", f"Use one of {', '.join(METHODS)}.")
        raise NotSupported("An entry's method is not offered inside a Bundle.", [problem])
    target = read_target(request.get("url"), own_base, f"{where}.request.url")
    full_url = entry.get("fullUrl")
    asked = Entry(
        where=where,
        method=method,
        target=target,
        full_url=full_url if isinstance(full_url, str) else None,
        conditions=read_conditions(request, method, where),
    )
    return asked if method in READING else _written(asked, entry.get("resource"))


def _written(asked: Entry, resource: object) -> Entry:
    """With what it carries: a resource for POST and PUT, a Binary for PATCH."""
    check_writable(asked.target, asked.method, asked.url_where)
    if asked.method == "DELETE":
        return asked
    if not isinstance(resource, dict):
        problem = Problem(f"{asked.where}.resource", f"{asked.method} needs a resource.")
        raise InvalidBundle("An entry has no resource.", [problem])
    if asked.method == "PATCH":
        return with_content(asked, patch=_patch_of(resource, f"{asked.where}.resource"))
    check_fits(asked, resource)
    return with_content(asked, resource=resource)


def with_content(
    asked: Entry, resource: Mapping[str, Any] | None = None, patch: Patch | None = None
) -> Entry:
    """The same with what it carries."""
    return Entry(
        asked.where, asked.method, asked.target, resource, patch, asked.full_url, asked.conditions
    )


def _patch_of(binary: Mapping[str, Any], where: str) -> Patch:
    """The JSON Patch in a Binary (https://hl7.org/fhir/R4/http.html#patch)."""
    kind = binary.get("contentType")
    if binary.get("resourceType") != "Binary" or kind != JSON_PATCH:
        words = f"Send a Binary of contentType {JSON_PATCH}."
        raise NotSupported("Only JSON Patch is offered inside a Bundle.", [Problem(where, words)])
    try:
        data = base64.b64decode(str(binary.get("data", "")), validate=True)
    except (binascii.Error, ValueError):
        words = "Write the patch in base64."
        raise InvalidBundle(
            "The patch cannot be read.", [Problem(f"{where}.data", words)]
        ) from None
    return read_patch(data)


def check_fits(asked: Entry, resource: Mapping[str, Any]) -> None:
    """The url names the type of the resource, and the id where it names one."""
    target, method = asked.target, asked.method
    if resource.get("resourceType") != target.kind:
        name = target.kind
        problem = Problem(
            asked.url_where, f"Write {name}." if method == "POST" else f"Write {name}/id."
        )
        raise InvalidBundle("An entry's url and its resource do not fit.", [problem])
    if target.resource_id:
        check_id(resource, target.resource_id, asked.resource_where)


def check_id(resource: Mapping[str, Any], resource_id: str, where: str) -> None:
    """An update names an id that FHIR allows, and the resource carries the same."""
    if not is_id(resource_id):
        words = "An id is 1 to 64 letters, digits, '-' or '.'."
        raise InvalidBundle(words, [Problem(where, words)])
    if resource.get("id") != resource_id:
        words = "An update's resource carries the id that its url names."
        raise InvalidBundle(words, [Problem(f"{where}.id", words)])


def _check_unique(entries: tuple[Entry | RegistryError, ...], together: bool) -> None:
    """Two entries with one fullUrl contradict each other (bdl-7); two for one target, together."""
    asked = [entry for entry in entries if isinstance(entry, Entry) and not entry.reads]
    urls = Counter(entry.full_url for entry in asked if entry.full_url)
    targets = Counter(_identity(entry) for entry in asked if _identity(entry))
    problems = [
        Problem(f"{entry.where}.fullUrl", "Another entry has the same fullUrl.")
        for entry in asked
        if entry.full_url and urls[entry.full_url] > 1
    ]
    problems += [
        Problem(entry.url_where, "Another entry changes the same resource.")
        for entry in asked
        if together and _identity(entry) and targets[_identity(entry)] > 1
    ]
    if problems:
        raise InvalidBundle("Entries of this Bundle contradict each other.", problems)


def _identity(entry: Entry) -> tuple[str, str] | None:
    """Which resource it changes: by its id, or by the words of a condition."""
    if entry.method == "POST":
        return None
    return entry.target.kind, entry.target.resource_id or f"?{entry.target.query}"


def check_kind(resource: Mapping[str, Any], kind: str) -> None:
    """What came alone to ``/{kind}`` is of that type, and of one that is taken."""
    if resource.get("resourceType") != kind:
        problem = Problem("resourceType", f"This address takes a {kind}.")
        raise InvalidResource("The resource's type and the address do not fit.", [problem])
    check_taken(kind)


def check_taken(kind: str) -> None:
    """Raises NotSupported for a type that only goes out."""
    if kind not in TAKEN:
        raise NotSupported(
            f"This registry takes {', '.join(TAKEN)}; {kind} is not kept.",
            [Problem("resourceType", "Send a type that is taken.")],
        )
