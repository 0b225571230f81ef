"""Whom a flag of a Part 2 program asks: its own people first, anybody in an emergency.

A safety flag is never silent because of whose record it is. It goes up the ladder among
the program's own people; where nobody of them can be told, or the ladder came to its end
among them, the patient's life is at stake and nobody could ask for consent: that is a
medical emergency (42 CFR § 2.51), and the next person on duty is told and has the record
opened for some hours, as if they had declared it. Other kinds wait for the program.
"""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from app.domain.duty_roster import DutyRoster
from app.domain.escalation import Move
from app.domain.flag import FlagKind
from app.store.escalations import DueFlag
from app.store.ids import new_id
from app.store.part2 import Program
from app.store.transaction import Store
from app.use_cases.declare_emergency import open_record

NATURE = (
    "A safety flag from a program's record was answered by nobody of the program: "
    "the registry opened the record so that somebody can look."
)


def own_roster(roster: DutyRoster, members: Collection[UUID]) -> DutyRoster:
    """The roster in which only the program's own people can be told, each of them at last."""
    own = {str(one) for one in members}
    people = {key: replace(person, barred=key not in own) for key, person in roster.people.items()}
    contacts = {key: replace(person, barred=True) for key, person in roster.safety_contacts.items()}
    return replace(
        roster,
        people=people,
        safety_contacts=contacts,
        directors=sorted(key for key in own if key in people and people[key].active),
    )


def needs_anybody(kind: FlagKind, move: Move) -> bool:
    """Whether a safety flag found nobody among the program's own people, or no more of them."""
    return kind is FlagKind.SAFETY and (move.anew or not any(step.told for step in move.steps))


async def open_for(store: Store, flag: DueFlag, program: Program, move: Move) -> None:
    """Open the record to whoever is told now and is not of the program."""
    for step in move.steps:
        person = step.person
        if not step.told or person is None or not person.person_id:
            continue
        if UUID(person.person_id) in program.members:
            continue
        values = {
            "patient_id": flag.patient_id,
            "staff_id": UUID(person.person_id),
            "recipient": person.name,
            "facility": "this organization",
            "discloser": f"the registry, for {program.name}",
            "nature": NATURE,
            "opened_by": "ladder",
            "request_key": new_id().hex,
        }
        await open_record(store, values)
