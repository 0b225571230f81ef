"""Carrying out what a message asks, within one open transaction.

https://hl7.org/fhir/R4/http.html#trules: a transaction deletes first, then creates, then updates
and patches, and reads last; a read sees what was written. The entries of a batch stand each by
itself.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from app.domain.scopes import Interaction
from app.errors import Problem, RegistryError, TooLarge
from app.use_cases.arrivals import NotKept, Outcome, Result
from app.use_cases.read_resources import read_written
from app.use_cases.receive_resources import receive_batch, receive_transaction
from app.web.fhir.answers import Answer, Told
from app.web.fhir.messages import Message, Slot
from app.web.fhir.negotiation import preferred_return
from app.web.fhir.reading_out import read_out
from app.web.fhir.settling import settled
from fhir_mappings.asked import InvalidBundle
from fhir_mappings.reading import Remark

MOST_READS = 500
"""In one Bundle: each is a query or two and a row of the audit."""
MOST_BYTES = 64 * 1024 * 1024
"""That the reads of one Bundle are answered with."""
_ORDER = ("DELETE", "POST", "PUT", "PATCH")


async def carry_out(store: Any, message: Message) -> list[Told]:
    """What became of each entry, in their order; raises the refusal of a transaction."""
    writes = [n for n, slot in enumerate(message.slots) if not slot.reads]
    reads = [n for n, slot in enumerate(message.slots) if slot.reads]
    if message.bundle == "batch":
        told = await _each_by_itself(store, message, writes)
    else:
        told = await _all_together(store, message, writes)
    await store.publish()
    told |= await _read_all(store, message, reads)
    told = await _with_bodies(store, message, told)
    return [told[n] for n in range(len(message.slots))]


async def _all_together(store: Any, message: Message, writes: Sequence[int]) -> dict[int, Told]:
    deletes = [n for n in writes if _method(message.slots[n]) == "DELETE"]
    rest = sorted(set(writes) - set(deletes), key=lambda n: _ORDER.index(_method(message.slots[n])))
    told: dict[int, Told] = {}
    ready: dict[int, Slot] = {}
    for group in (deletes, rest):
        slots = {n: await settled(store, message.slots[n], message.desk) for n in group}
        ready |= slots
        _refuse_overlap(ready.values())
        told |= await _taken(store, slots)
    return told


def _method(slot: Slot) -> str:
    return slot.entry.method if slot.entry else "POST"


def _refuse_overlap(slots: Iterable[Slot]) -> None:
    """No two entries of a transaction change one resource, however each names it."""
    named = [(slot, _identity(slot)) for slot in slots]
    times = Counter(identity for _, identity in named if identity)
    problems = [
        Problem(slot.entry.url_where, "Another entry changes the same resource.")
        for slot, identity in named
        if slot.entry and identity and times[identity] > 1
    ]
    if problems:
        raise InvalidBundle("Entries of this Bundle contradict each other.", problems)


def _identity(slot: Slot) -> tuple[str, str] | None:
    if slot.done is not None:
        return (slot.done.resource_type, slot.done.resource_id) if slot.done.resource_id else None
    arrival = slot.arrival
    return (arrival.resource_type, arrival.resource_id) if arrival and arrival.resource_id else None


async def _taken(store: Any, slots: dict[int, Slot]) -> dict[int, Told]:
    """What arrived is taken together; what is done already is told."""
    waiting = {n: slot.arrival for n, slot in slots.items() if slot.arrival is not None}
    outcomes = await receive_transaction(store, list(waiting.values())) if waiting else []
    found = dict(zip(waiting, outcomes, strict=True))
    return {n: _told(slot, found.get(n) or slot.done) for n, slot in slots.items()}


def _told(slot: Slot, outcome: Outcome | None) -> Told:
    assert outcome is not None
    unkept = slot.arrival is not None and isinstance(slot.arrival.content, NotKept)
    return Told(outcome, _remarks(outcome, slot.remarks), unkept=unkept)


def _remarks(outcome: Outcome, read: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """The reader's remarks and the use case's notices, each thing once."""
    notices = [Remark(n.severity, n.code, n.where, n.words) for n in outcome.notices]
    said = {remark.words for remark in read}
    return (*read, *(notice for notice in notices if notice.words not in said))


async def _each_by_itself(store: Any, message: Message, writes: Sequence[int]) -> dict[int, Told]:
    async def take(slot: Slot) -> Told:
        ready = await settled(store, slot, message.desk)
        return (await _taken(store, {0: ready}))[0]

    told: dict[int, Told] = {}
    for run in _runs(message, writes):
        await store.publish()
        told |= await _each(store, message, run, take)
    return told


def _runs(message: Message, writes: Sequence[int]) -> Iterator[list[int]]:
    """One begins where an entry looks at what is there: it is to see what those before it wrote."""
    run: list[int] = []
    for n in writes:
        if run and _looks(message.slots[n]):
            yield run
            run = []
        run.append(n)
    yield run


def _looks(slot: Slot) -> bool:
    entry = slot.entry
    if entry is None:
        return False
    conditional = entry.target.query or entry.conditions.if_none_exist
    return bool(conditional) or entry.method in ("PATCH", "DELETE")


async def _each(
    store: Any, message: Message, numbers: Sequence[int], take: Callable[[Slot], Awaitable[Told]]
) -> dict[int, Told]:
    """Each entry by itself; a refused one is told as such."""
    entries = [(_kind(message.slots[n]), partial(take, message.slots[n])) for n in numbers]
    found = await receive_batch(store, entries)
    return {
        n: Told(refusal=one, remarks=message.slots[n].remarks)
        if isinstance(one, RegistryError)
        else one
        for n, one in zip(numbers, found, strict=True)
    }


def _kind(slot: Slot) -> str:
    return slot.entry.target.kind if slot.entry else ""


@dataclass(slots=True)
class _Reading:
    """The reads of one Bundle, and how much they came to so far."""

    store: Any
    message: Message
    number: int = 0
    size: int = 0

    async def take(self, slot: Slot) -> Told:
        """What one read is answered with; raises TooLarge where it is one too many."""
        assert slot.entry is not None
        if slot.refusal is not None:
            raise slot.refusal
        self.number += 1
        if self.number > MOST_READS or self.size > MOST_BYTES:
            words = f"Read at most {MOST_READS} addresses by one Bundle, and less of each."
            raise TooLarge(words, [Problem(slot.entry.url_where, "Ask for it by itself.")])
        answer = await read_out(self.store, slot.entry, self.message.desk)
        self.size += len(answer.body)
        return Told(read=answer, without_body=slot.entry.method == "HEAD")


async def _read_all(store: Any, message: Message, reads: Sequence[int]) -> dict[int, Told]:
    reading = _Reading(store, message)
    if message.bundle != "batch":
        return {n: await reading.take(message.slots[n]) for n in reads}
    return await _each(store, message, reads, reading.take)


async def _with_bodies(store: Any, message: Message, told: dict[int, Told]) -> dict[int, Told]:
    """What was written as it is served now, where that is preferred and may be read."""
    wanted = preferred_return(message.desk.headers)
    if wanted not in ("representation", None) or (wanted is None and message.bundle):
        return told
    names = {
        n: (one.outcome.resource_type, one.outcome.resource_id)
        for n, one in told.items()
        if one.outcome is not None
        and one.outcome.resource_id
        and one.outcome.result is not Result.DELETED
        and store.actor.reaches(one.outcome.resource_type, Interaction.READ)
    }
    if not names:
        return told
    found = await read_written(store, list(names.values()))
    return told | {
        n: replace(told[n], body=found[name].body) for n, name in names.items() if name in found
    }


def answer_of(kept: Any) -> Answer:
    """The first answer again, said to be so."""
    headers = {**kept.headers, "Idempotency-Replayed": "true"}
    return Answer(kept.status, kept.body, headers)
