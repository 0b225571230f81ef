"""A message as it came in, read as far as it can be without looking at what is held."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.actor import Actor
from app.errors import Malformed, NotSupported, Problem, RegistryError, WrongMediaType
from app.use_cases import arrivals
from app.use_cases.arrivals import Arrival, Outcome
from app.web.fhir.arriving import arrival_of, conditional_references
from app.web.fhir.negotiation import check_content_type, check_patch_type
from fhir_mappings.asked import Target, conditions_of_headers
from fhir_mappings.bundle import (
    Entry,
    check_fits,
    check_id,
    check_kind,
    check_taken,
    read_bundle,
    with_content,
)
from fhir_mappings.json_text import read_json
from fhir_mappings.patching import read_patch
from fhir_mappings.reading import EntriesRefused, Remark
from fhir_mappings.references import Names


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request to write, before anything is known of it."""

    method: str
    path: str
    """Below the FHIR base, without slashes around it: '', ``Patient``, ``Patient/85``."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    base: str
    """Where this registry's FHIR face is reached, without a slash at its end."""
    request_id: str | None = None
    replay_of: UUID | None = None
    query: str = ""
    """The condition of a conditional interaction."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One entry: what is asked, and how far it has come."""

    entry: Entry | None = None
    arrival: Arrival | None = None
    """What arrived, as soon as it can be read."""
    remarks: tuple[Remark, ...] = ()
    refusal: RegistryError | None = None
    """Why it cannot be read."""
    done: Outcome | None = None
    """What became of it where nothing is left to be taken."""

    @property
    def reads(self) -> bool:
        return self.entry is not None and self.entry.reads


@dataclass(frozen=True, slots=True)
class Desk:
    """Where, when and for whom a message is read."""

    zone: ZoneInfo
    now: datetime
    names: Names
    actor: Actor
    headers: Mapping[str, str]

    @property
    def base(self) -> str:
        return self.names.own_base


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was read."""

    slots: tuple[Slot, ...]
    bundle: str | None
    """``transaction`` or ``batch``; None for what came alone."""
    desk: Desk
    said: Any = None
    """The whole body, parsed."""
    identifier: str | None = None
    """By which its sender knows a transaction again."""

    @property
    def arrivals(self) -> list[Arrival]:
        """What could be read of it without looking at what is held."""
        return [slot.arrival for slot in self.slots if slot.arrival is not None]


def desk_of(actor: Actor, now: datetime, base: str, headers: Mapping[str, str]) -> Desk:
    """The desk of a sender, before anything of a message names anything."""
    return Desk(ZoneInfo(actor.time_zone), now, Names(base), actor, headers)


def read_message(incoming: Incoming, actor: Actor, now: datetime) -> Message:
    """What the message asks; raises RegistryError where it cannot be taken at all."""
    desk = desk_of(actor, now, incoming.base, incoming.headers)
    if incoming.path:
        return _read_alone(incoming, desk)
    check_content_type(incoming.headers)
    resource = read_json(incoming.body)
    if resource.get("resourceType") != "Bundle":
        problem = Problem("resourceType", "Send a Bundle here, any other resource to its type.")
        raise Malformed("The base address takes a Bundle.", [problem])
    bundle = read_bundle(resource, incoming.base)
    urls = [entry.full_url for entry in bundle.entries if isinstance(entry, Entry)]
    desk = replace(desk, names=Names(incoming.base, frozenset(url for url in urls if url)))
    slots = tuple(read_slot(entry, desk) for entry in bundle.entries)
    if bundle.is_transaction:
        _refuse_together(slots)
    kind = "transaction" if bundle.is_transaction else "batch"
    known = bundle.identifier if bundle.is_transaction else None
    return Message(slots, kind, desk, resource, known)


def _refuse_together(slots: tuple[Slot, ...]) -> None:
    """In a transaction one unreadable entry refuses all; every fault is told at once."""
    causes = [slot.refusal for slot in slots if slot.refusal is not None]
    if len(causes) == 1:
        raise causes[0]
    if causes:
        raise EntriesRefused(causes)


def _read_alone(incoming: Incoming, desk: Desk) -> Message:
    kind, _, named = incoming.path.partition("/")
    target = Target(kind, named or None, query=incoming.query)
    conditions = conditions_of_headers(incoming.headers, incoming.method)
    asked = Entry("", incoming.method, target, conditions=conditions)
    said, entry = _carried(asked, incoming)
    slot = read_slot(entry, desk)
    if slot.refusal is not None:
        raise slot.refusal
    refuse_unkept(slot)
    return Message((slot,), None, desk, said)


def _carried(asked: Entry, incoming: Incoming) -> tuple[Any, Entry]:
    """What an interaction carries that came alone, and the interaction with it."""
    if asked.method == "DELETE":
        return None, asked
    if asked.method == "PATCH":
        check_patch_type(incoming.headers)
        check_taken(asked.target.kind)
        patch = read_patch(incoming.body)
        _check_merge_is_said(patch, incoming.headers)
        return patch, with_content(asked, patch=patch)
    check_content_type(incoming.headers)
    resource = read_json(incoming.body)
    check_kind(resource, asked.target.kind)
    if asked.method == "PUT" and asked.target.resource_id:
        check_id(resource, asked.target.resource_id, asked.target.kind)
    return resource, with_content(asked, resource=resource)


def _check_merge_is_said(patch: Any, headers: Mapping[str, str]) -> None:
    """An object is a merge patch and a list is none; raises WrongMediaType."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    merge = isinstance(patch, Mapping)
    if merge and patch.get("resourceType") == "Parameters":
        raise WrongMediaType("FHIRPath Patch is not offered: send application/json-patch+json.")
    if kind.endswith("json-patch+json") == merge and kind != "application/json":
        raise WrongMediaType(
            "A list of operations is application/json-patch+json; an object is "
            "application/merge-patch+json."
        )


def refuse_unkept(slot: Slot) -> None:
    """What is not kept and came alone is refused: nothing else of the message was taken."""
    if slot.arrival is not None and isinstance(slot.arrival.content, arrivals.NotKept):
        words = slot.arrival.content.words
        raise NotSupported(words, [Problem(slot.remarks[0].where, "It is not kept.")])


def read_slot(entry: Entry | RegistryError, desk: Desk) -> Slot:
    """An entry, its resource read where it says all that is needed by itself."""
    if isinstance(entry, RegistryError):
        return Slot(refusal=entry)
    try:
        if entry.resource is None:
            return Slot(entry)
        if entry.target.resource_id:
            check_fits(entry, entry.resource)
        if conditional_references(entry.resource):
            return Slot(entry)
        arrival, remarks = arrival_of(entry, desk.names, desk.zone, desk.now)
        return Slot(entry, arrival, remarks)
    except RegistryError as error:
        return Slot(entry, refusal=error)
