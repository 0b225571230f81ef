"""Answer a flag: say that you have it, and later what came of it."""

from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.errors import Conflict, Problem, Unprocessable
from app.store import audit, flags, patients
from app.store.flags import Flag
from app.store.transaction import Store
from app.use_cases.reevaluate_patient import reevaluate_patient


async def acknowledge_flag(store: Store, flag_id: UUID, today: date) -> UUID:
    """Take a flag on; it stays until it is closed. Returns the patient."""
    flag = await _open_flag(store, flag_id)
    if flag.state == "acknowledged":
        return flag.patient_id
    await flags.change_flag(
        store,
        flag,
        {
            "state": "acknowledged",
            "acknowledged_at": store.now,
            "acknowledged_by_id": store.actor.staff_id,
        },
    )
    await _tell(store, flag, "flag.acknowledge")
    await reevaluate_patient(store, flag.patient_id, today)
    return flag.patient_id


async def close_flag(store: Store, flag_id: UUID, outcome: str, today: date) -> UUID:
    """Close a flag with what came of it. Returns the patient."""
    if not outcome.strip():
        raise Unprocessable(
            "Say what came of it.", [Problem("outcome", "is needed to close a flag")]
        )
    flag = await _open_flag(store, flag_id)
    values: dict[str, object] = {
        "state": "closed",
        "closed_at": store.now,
        "closed_by_id": store.actor.staff_id,
        "outcome": outcome.strip(),
    }
    if flag.acknowledged_at is None:
        values |= {"acknowledged_at": store.now, "acknowledged_by_id": store.actor.staff_id}
    await flags.change_flag(store, flag, values)
    await _tell(store, flag, "flag.close")
    await reevaluate_patient(store, flag.patient_id, today)
    return flag.patient_id


async def _open_flag(store: Store, flag_id: UUID) -> Flag:
    store.actor.require(Permission.ANSWER_FLAG)
    flag = await flags.get_flag(store, flag_id)
    await patients.lock_patients(store, [flag.patient_id])
    flag = await flags.get_flag(store, flag_id)
    if flag.state == "closed":
        raise Conflict("Somebody closed this flag already; look at what came of it.")
    return flag


async def _tell(store: Store, flag: Flag, action: str) -> None:
    await audit.record(
        store,
        action,
        patient_id=flag.patient_id,
        subject=f"flags/{flag.flag_id}",
        detail={"kind": flag.kind},
    )
