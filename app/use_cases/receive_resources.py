"""Receive resources: keep what was said, find what it means, record what it amounts to.

A message is settled in four steps: whose records the patients are, which resources
the pieces are (new, or the same again), the bodies with every reference in place,
and the assessments that the pieces make up.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.access import Permission
from app.domain.assembly import Part
from app.domain.scopes import Interaction
from app.errors import Kind, RegistryError
from app.store import audit, patients
from app.store.disclosure import whole_record
from app.store.publishing import RelinkedPatient
from app.store.resources import SavedResource
from app.store.transaction import Store, savepoint
from app.use_cases.arrivals import (
    AlreadyHeld,
    Arrival,
    Notice,
    NotKept,
    Outcome,
    PartDetails,
    Result,
)
from app.use_cases.assemble_assessments import Assembled, assemble_assessments
from app.use_cases.file_records import settle_parts, settle_patients
from app.use_cases.keep_bodies import part_of, place_visits, save_bodies
from app.use_cases.settling import Record, Settling, place

Taken = TypeVar("Taken")
"""What a face makes of an entry that was taken."""


async def receive_transaction(
    store: Store, arrivals: Sequence[Arrival], places: Mapping[str, str] = MappingProxyType({})
) -> list[Outcome]:
    """Take a whole message or none of it; the first refusal is raised and says where.

    `places` are references that the face has settled already: conditional ones.
    """
    for arrival in arrivals:
        _require_scopes(store, arrival)
    settling = Settling(arrivals, dict(places))
    _name_what_is_held(settling)
    async with whole_record(store):
        await settle_patients(store, settling)
        await _make_known(store, settling)
        await settle_parts(store, settling)
        await _make_known(store, settling)
        await place_visits(store, settling)
        await save_bodies(store, settling)
        assembled = await _assemble(store, settling)
    return [_outcome(settling, index, assembled) for index in range(len(arrivals))]


async def _make_known(store: Store, settling: Settling) -> None:
    """Whom only a Part 2 program told of so far is known to everybody once others tell of them."""
    told = [one.patient for one in settling.patients.values()]
    every = [*told, *settling.named.values(), *settling.subjects.values()]
    for patient in {one.patient_id: one for one in every}.values():
        hidden = patient.program_id is not None and patient.program_id != store.source
        if hidden and await patients.make_known(store, patient.patient_id):
            store.saved.append(RelinkedPatient(patient.fhir_id, unlabelled=True))


def _name_what_is_held(settling: Settling) -> None:
    """What a condition found is there already: the rest of the message may refer to it."""
    for arrival in settling.arrivals:
        if isinstance(arrival.content, AlreadyHeld):
            place(settling, arrival, f"{arrival.resource_type}/{arrival.content.resource_id}")


async def receive_batch(
    store: Store, entries: Sequence[tuple[str, Callable[[], Awaitable[Taken]]]]
) -> list[Taken | RegistryError]:
    """Take each entry by itself: a refused one leaves nothing behind and sinks no other.

    An entry is (type, what takes it by `receive_transaction`).
    """
    outcomes: list[Taken | RegistryError] = []
    for resource_type, take in entries:
        try:
            async with savepoint(store):
                outcomes.append(await take())
        except RegistryError as refusal:
            outcomes.append(refusal)
            if refusal.kind is Kind.FORBIDDEN:
                await _audit_refusal(store, resource_type, refusal)
    return outcomes


def _require_scopes(store: Store, arrival: Arrival) -> None:
    """What an entry asks for, and what it would find by a condition, are the sender's to do."""
    details, where = arrival.content, arrival.where
    if isinstance(details, NotKept):
        return
    wanted = Interaction.UPDATE if arrival.resource_id else Interaction.CREATE
    if arrival.withdrawn:
        wanted = Interaction.DELETE
    store.actor.require_scope(arrival.resource_type, wanted, where)
    store.actor.require(Permission.RECEIVE_RESOURCES)
    if arrival.if_none_exist:
        store.actor.require_scope(arrival.resource_type, Interaction.SEARCH, where)
    subject = details.subject if isinstance(details, Record) else None
    if subject and "?" in (subject.reference or ""):
        store.actor.require_scope("Patient", Interaction.SEARCH, f"{where}.subject")


async def _audit_refusal(store: Store, resource_type: str, refusal: RegistryError) -> None:
    """Of an entry that was forbidden: the others of its batch go on."""
    detail = {"code": refusal.code, "needs": refusal.needs}
    await audit.record(
        store, "access.refuse", subject=resource_type, outcome="refused", detail=detail
    )


async def _assemble(store: Store, settling: Settling) -> dict[str, Assembled]:
    """Per part key, what it now belongs to; each patient is looked at once per message."""
    today = _today(store)
    by_patient: dict[UUID, list[Part]] = {}
    for index, patient in settling.subjects.items():
        details = settling.arrivals[index].content
        if isinstance(details, PartDetails) and settling.saved[index].changed:
            by_patient.setdefault(patient.patient_id, []).append(part_of(settling, index, details))
    assembled: dict[str, Assembled] = {}
    for patient_id in sorted(by_patient):
        assembled |= await assemble_assessments(store, patient_id, by_patient[patient_id], today)
    return assembled


def _today(store: Store) -> date:
    return store.now.astimezone(ZoneInfo(store.actor.time_zone)).date()


def _outcome(settling: Settling, index: int, assembled: dict[str, Assembled]) -> Outcome:
    arrival = settling.arrivals[index]
    if isinstance(arrival.content, NotKept):
        notice = Notice("warning", arrival.content.code, arrival.where, arrival.content.words)
        return Outcome(arrival.where, Result.NOT_KEPT, arrival.resource_type, notices=(notice,))
    if isinstance(arrival.content, AlreadyHeld):
        kind, held = arrival.resource_type, arrival.content
        return Outcome(
            arrival.where, Result.UNCHANGED, kind, held.resource_id, held.version, held.last_updated
        )
    saved = settling.saved[index]
    key = (
        f"Patient/{settling.patients[index].patient.fhir_id}"
        if index in settling.patients
        else settling.keys[index]
    )
    outcome = Outcome(
        where=arrival.where,
        result=Result.DELETED if arrival.withdrawn else _result(saved),
        resource_type=arrival.resource_type,
        resource_id=key.partition("/")[2],
        version=saved.version,
        last_updated=saved.last_updated,
    )
    found = assembled.get(key)
    notices = (*settling.notices.get(index, ()), *(found.notices if found else ()))
    return replace(
        outcome,
        assessment_id=found.assessment_id if found else None,
        notices=_placed(notices, arrival),
    )


def _placed(notices: Sequence[Notice], arrival: Arrival) -> tuple[Notice, ...]:
    return tuple(replace(n, where=f"{arrival.where}{n.where}") for n in notices)


def _result(saved: SavedResource) -> Result:
    if saved.created:
        return Result.CREATED
    return Result.UPDATED if saved.changed else Result.UNCHANGED
