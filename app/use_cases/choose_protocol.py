"""Choose the protocol that an organization judges a condition by."""

from dataclasses import dataclass
from datetime import date

from app.domain.access import Permission
from app.domain.condition import Condition
from app.errors import NotFound, Problem, Unprocessable, VersionConflict
from app.store import audit, episodes, patients, protocol_choices, protocols
from app.store.transaction import Store
from app.use_cases.sweep import evaluate_due


@dataclass(frozen=True, slots=True)
class ProtocolChoice:
    """The protocol wanted; `number` is that of the choice which held when it was asked for."""

    condition: Condition
    protocol_id: str
    version: int
    number: int


async def choose_protocol(store: Store, wanted: ProtocolChoice, today: date) -> None:
    """Judge by this protocol from now on: new episodes of the condition and those that are open.

    The first of them are judged anew at once, the others by the next sweep, since all of
    them are due then; a closed episode keeps the protocol it ended with. All of it is one
    transaction. Raises VersionConflict where somebody else chose meanwhile.
    """
    store.actor.require(Permission.CHOOSE_PROTOCOL)
    try:
        protocol = await protocols.get_protocol(store, wanted.protocol_id, wanted.version)
    except NotFound:
        raise Unprocessable(
            problems=[Problem("protocol", "is none that this registry knows")]
        ) from None
    await protocol_choices.hold(store, alone=True)
    before = await protocol_choices.get_choice(store, wanted.condition)
    if (before.protocol_id, before.protocol_version) == (protocol.id, protocol.version):
        return
    if before.number != wanted.number:
        raise VersionConflict(
            "Somebody else chose a protocol while you were looking. Nothing was changed; see what "
            "it is now, then choose again."
        )
    treated = await episodes.list_patients_treated_for(store, wanted.condition)
    await patients.lock_patients(store, treated)
    await protocol_choices.add_choice(
        store, wanted.condition, before.number + 1, protocol.id, protocol.version
    )
    moved = await episodes.set_protocol(
        store, wanted.condition, protocol.id, protocol.version, today
    )
    await audit.record(
        store,
        "protocol.choose",
        detail={
            "condition": wanted.condition.value,
            "from": before.name,
            "to": protocol.name,
            "episodes": moved,
        },
    )
    await evaluate_due(store, today)
