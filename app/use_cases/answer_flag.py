"""Answer a flag: say that you have it, hand it to another, and later what came of it."""

from datetime import date
from typing import Any
from uuid import UUID

from app.domain.access import Permission
from app.domain.flag import FlagKind
from app.domain.handling import asks_again_at, first_step_at
from app.domain.outcome import outcome_words, read_outcome
from app.errors import Conflict, Problem, Unprocessable
from app.store import audit, duty, escalations, flags, handlings, part2, patients
from app.store.flags import Flag
from app.store.transaction import Store
from app.use_cases.reevaluate_patient import reevaluate_patient


async def acknowledge_flag(store: Store, flag_id: UUID, today: date) -> UUID:
    """Take a flag on, from another too; it is yours until it is closed. Returns the patient.

    It asks again where nobody closed it by its due time.
    """
    store.actor.require(Permission.ANSWER_FLAG)
    flag = await _open_flag(store, flag_id)
    if flag.state == "acknowledged" and flag.acknowledged_by_id == store.actor.staff_id:
        return flag.patient_id
    again_at = asks_again_at(flag.due_at, store.now)
    values = {
        "state": "acknowledged",
        "acknowledged_at": store.now,
        "acknowledged_by_id": store.actor.staff_id,
        "owner_id": store.actor.staff_id or flag.owner_id,
        "owner_as": "taken",
        "asked_at": again_at,
        "next_step_at": again_at,
    }
    await flags.change_flag(store, flag, values)
    await _note(store, flag, "taken", store.actor.staff_id, store.actor.name, "has it")
    await _tell(store, flag, "flag.acknowledge")
    await reevaluate_patient(store, flag.patient_id, today)
    return flag.patient_id


async def hand_flag(store: Store, flag_id: UUID, to_id: UUID, today: date, words: str = "") -> UUID:
    """Hand a flag to another person, who is told and asked anew. Returns the patient."""
    store.actor.require(Permission.HAND_FLAG)
    flag = await _open_flag(store, flag_id)
    person = (await duty.load_roster(store)).people.get(str(to_id))
    if person is None or not person.active:
        raise Unprocessable(
            "The flag was not handed over.", [Problem("to", "choose somebody who works here")]
        )
    if flag.program_id and to_id not in (await part2.get_program(store, flag.program_id)).members:
        raise Unprocessable(
            "The flag was not handed over.",
            [Problem("to", "choose one of the program's own people: others may not know of it")],
        )
    handling = (await handlings.get_handlings(store))[FlagKind(flag.kind)]
    values = {
        "state": "open",
        "acknowledged_at": None,
        "acknowledged_by_id": None,
        "owner_id": to_id,
        "owner_as": "handed",
        "asked_at": store.now,
        "next_step_at": first_step_at(handling, store.now),
    }
    await flags.change_flag(store, flag, values)
    why = f"handed over by {store.actor.name}" + (f": {words.strip()}" if words.strip() else "")
    await _note(store, flag, "handed", to_id, person.name, why)
    await _tell(store, flag, "flag.hand-over")
    await reevaluate_patient(store, flag.patient_id, today)
    return flag.patient_id


async def close_flag(
    store: Store,
    flag_id: UUID,
    words: str,
    today: date,
    *,
    code: str = "",
    attempts: int | None = None,
) -> UUID:
    """Close a flag with what came of it. Returns the patient."""
    store.actor.require(Permission.ANSWER_FLAG)
    flag = await _open_flag(store, flag_id)
    outcome = read_outcome(FlagKind(flag.kind), code, words, attempts)
    values: dict[str, Any] = {
        "state": "closed",
        "closed_at": store.now,
        "closed_by_id": store.actor.staff_id,
        "outcome": outcome_words(FlagKind(flag.kind), outcome),
        "outcome_code": outcome.code,
        "outcome_attempts": outcome.attempts,
    }
    if flag.acknowledged_at is None:
        values |= {"acknowledged_at": store.now, "acknowledged_by_id": store.actor.staff_id}
    await flags.change_flag(store, flag, values)
    await _tell(store, flag, "flag.close", outcome.code)
    await reevaluate_patient(store, flag.patient_id, today)
    return flag.patient_id


async def _open_flag(store: Store, flag_id: UUID) -> Flag:
    flag = await flags.get_flag(store, flag_id)
    await patients.lock_patients(store, [flag.patient_id])
    flag = await flags.get_flag(store, flag_id)
    if flag.state == "closed":
        raise Conflict("Somebody closed this flag already; look at what came of it.")
    return flag


async def _note(
    store: Store, flag: Flag, rung: str, staff_id: UUID | None, name: str, why: str
) -> None:
    """A step of the flag's story that a person made."""
    row = {"flag_id": flag.flag_id, "rung": rung, "staff_id": staff_id, "name": name}
    await escalations.add_steps(store, [row | {"told": False, "why": why}])


async def _tell(store: Store, flag: Flag, action: str, outcome: str = "") -> None:
    detail: dict[str, str | int | bool] = {"kind": flag.kind}
    if outcome:
        detail["outcome"] = outcome
    await audit.record(
        store,
        action,
        patient_id=flag.patient_id,
        subject=f"flags/{flag.flag_id}",
        detail=detail,
    )
