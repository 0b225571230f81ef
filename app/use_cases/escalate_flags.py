"""Tell the next person of every flag that nobody answered in time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from app.domain.access import Permission
from app.domain.delivery import Channel, Purpose
from app.domain.duty_roster import DutyRoster, Person
from app.domain.escalation import Move, PastStep, Step, WaitingFlag, escalate
from app.domain.flag import FlagKind
from app.domain.handling import Handling, Handlings, Rung
from app.domain.opening_hours import OpeningHours
from app.store import audit, deliveries, duty, escalations, handlings, part2
from app.store.duty import Reach
from app.store.escalations import DueFlag, Escalation
from app.store.transaction import Store
from app.use_cases.escalate_within_program import needs_anybody, open_for, own_roster

PER_TRANSACTION = 100
"""How many flags one transaction takes a step with (ours)."""


@dataclass(frozen=True, slots=True)
class Duty:
    """All that decides who is told now."""

    handlings: Handlings
    roster: DutyRoster
    hours: dict[str, OpeningHours]
    reach: Reach

    def handling(self, flag: DueFlag) -> Handling:
        return self.handlings[FlagKind(flag.kind)]


async def escalate_flags(store: Store) -> int:
    """Take the due step of the flags that are due, at most a transaction's worth; how many.

    Call again in a new transaction until it returns 0. Steps, messages and audit rows
    are written together; the messages are sent afterwards.
    """
    store.actor.require(Permission.KEEP_RUNNING)
    due = await escalations.claim_due_flags(store, store.now, PER_TRANSACTION)
    if not due:
        return 0
    on_duty = await _load(store)
    past = await escalations.list_steps_of(store, [flag.flag_id for flag in due])
    moves = [
        (flag, await _move_on(store, flag, past.get(flag.flag_id, []), on_duty)) for flag in due
    ]
    letters = _Letters(store, on_duty)
    await letters.write(moves)
    await escalations.add_steps(
        store, [letters.row(flag, step) for flag, move in moves for step in move.steps]
    )
    for flag, move in moves:
        await escalations.set_next_step(
            store, flag.flag_id, move.next_at, store.now if move.anew else None
        )
        await _audit(store, flag, move)
    return len(due)


async def _load(store: Store) -> Duty:
    return Duty(
        await handlings.get_handlings(store),
        await duty.load_roster(store),
        await duty.load_hours(store),
        await duty.get_reach(store),
    )


async def _move_on(store: Store, flag: DueFlag, past: Sequence[Escalation], on_duty: Duty) -> Move:
    """A flag of a Part 2 program looks for a person among those who may know of it."""
    if flag.program_id is None:
        return _move(store, flag, past, on_duty)
    program = await part2.get_program(store, flag.program_id)
    own = replace(on_duty, roster=own_roster(on_duty.roster, program.members))
    move = _move(store, flag, past, own)
    if not needs_anybody(FlagKind(flag.kind), move):
        return move
    move = _move(store, flag, past, on_duty)
    await open_for(store, flag, program, move)
    return move


def _move(store: Store, flag: DueFlag, past: Iterable[Escalation], on_duty: Duty) -> Move:
    clinic = str(flag.clinic_id) if flag.clinic_id else ""
    waiting = WaitingFlag(
        handling=on_duty.handling(flag),
        owner_id=str(flag.owner_id) if flag.owner_id else None,
        consultant_id=str(flag.consultant_id) if flag.consultant_id else None,
        clinic_id=clinic or None,
        steps=[
            PastStep(Rung(step.rung), str(step.staff_id) if step.staff_id else "", step.told)
            for step in past
            if step.at >= flag.asked_at and step.rung in list(Rung)
        ],
    )
    hours = on_duty.hours.get(clinic) or on_duty.hours[""]
    return escalate(waiting, on_duty.roster, hours, store.now)


Key = tuple[str, str, bool]
"""Who (by id and address) and whether it is urgent."""


@dataclass(slots=True)
class _Letters:
    """One message per person for all that this run tells them; safety apart from the rest."""

    store: Store
    on_duty: Duty
    emails: dict[Key, UUID] = field(default_factory=dict)
    webhooks: dict[Key, UUID] = field(default_factory=dict)

    async def write(self, moves: list[tuple[DueFlag, Move]]) -> None:
        told: dict[Key, list[tuple[DueFlag, Person]]] = {}
        for flag, move in moves:
            for step in move.steps:
                if step.told and step.person:
                    told.setdefault(self._key(flag, step), []).append((flag, step.person))
        url = self.on_duty.reach.webhook_url
        for key, about in told.items():
            person = about[0][1]
            held = [flag.flag_id for flag, _ in about]
            assert person.email
            self.emails[key] = await self._put(Channel.EMAIL, person.email, person, key, held)
            if url:
                self.webhooks[key] = await self._put(Channel.WEBHOOK, url, person, key, held)

    async def _put(
        self, channel: Channel, address: str, person: Person, key: Key, held: list[UUID]
    ) -> UUID:
        staff_id = UUID(person.person_id) if person.person_id else None
        urgent = key[2]
        if not urgent:
            joined = await deliveries.join_waiting(self.store, staff_id, channel, len(held))
            if joined:
                return joined
        values = {
            "channel": channel.value,
            "purpose": Purpose.FLAGS.value,
            "staff_id": staff_id,
            "recipient": person.name,
            "address": address,
            "urgent": urgent,
            "flag_id": held[0] if len(held) == 1 else None,
            "flag_count": len(held),
        }
        return await deliveries.add_delivery(self.store, values, self.store.now)

    def _key(self, flag: DueFlag, step: Step) -> Key:
        assert step.person
        urgent = self.on_duty.handling(flag).at_any_hour
        return step.person.person_id, step.person.email or "", urgent

    def row(self, flag: DueFlag, step: Step) -> dict[str, Any]:
        person = step.person
        key = self._key(flag, step) if step.told else None
        return {
            "flag_id": flag.flag_id,
            "rung": step.rung.value,
            "staff_id": UUID(person.person_id) if person and person.person_id else None,
            "name": person.name if person else "",
            "told": step.told,
            "why": step.why,
            "email_id": self.emails.get(key) if key else None,
            "webhook_id": self.webhooks.get(key) if key else None,
        }


async def _audit(store: Store, flag: DueFlag, move: Move) -> None:
    told = [step.rung.value for step in move.steps if step.told]
    if move.steps:
        await audit.record(
            store,
            "flag.escalate",
            patient_id=flag.patient_id,
            subject=f"flags/{flag.flag_id}",
            detail={"kind": flag.kind, "told": ", ".join(told) or "nobody"},
        )
