"""Choose the protocol that an organization judges by, after seeing what each would flag."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from app.domain.access import Permission
from app.domain.protocol import PROTOCOLS, Protocol
from app.errors import Problem, Unprocessable
from app.store import audit, episodes, rosters
from app.store.transaction import Store
from app.use_cases.judging import is_not_responding
from app.use_cases.reevaluate_patient import load_facts
from app.use_cases.sweep import sweep

PIECE = 500
"""How many patients are looked at together."""


@dataclass(frozen=True, slots=True)
class ProtocolChoice:
    """One protocol, and what it would do today."""

    protocol: Protocol
    chosen: bool
    flagged: int
    """How many of the patients in care it would flag as not responding today."""


@dataclass(frozen=True, slots=True)
class ProtocolPreview:
    """All protocols over the same patients."""

    in_care: int
    choices: list[ProtocolChoice]


async def preview_protocols(store: Store, today: date) -> ProtocolPreview:
    """What each protocol would flag today; changes nothing."""
    store.actor.require(Permission.CHOOSE_PROTOCOL)
    policy = await rosters.get_policy(store)
    patients = await episodes.list_patients_in_care(store)
    flagged: Counter[str] = Counter()
    for start in range(0, len(patients), PIECE):
        for facts in await load_facts(store, patients[start : start + PIECE]):
            flagged.update(p.id for p in PROTOCOLS.values() if is_not_responding(facts, p, today))
    choices = [
        ProtocolChoice(p, p.id == policy.protocol_id, flagged[p.id]) for p in PROTOCOLS.values()
    ]
    return ProtocolPreview(len(patients), choices)


async def choose_protocol(store: Store, protocol_id: str, today: date) -> None:
    """Judge by this protocol from now on: new episodes and those that are open.

    The first of them are judged anew at once, the others by the next sweep, since all
    of them are due then. What was found before keeps the name of the protocol that found it.
    """
    store.actor.require(Permission.CHOOSE_PROTOCOL)
    protocol = PROTOCOLS.get(protocol_id)
    if protocol is None:
        raise Unprocessable(problems=[Problem("protocol", "is none that this registry knows")])
    before = await rosters.get_policy(store)
    if before.protocol_id == protocol.id and before.protocol_version == protocol.version:
        return
    await rosters.set_protocol(store, protocol.id, protocol.version)
    moved = await episodes.set_protocol(store, protocol.id, protocol.version, today)
    await audit.record(
        store,
        "protocol.choose",
        detail={"from": before.protocol_id, "to": protocol.id, "episodes": moved},
    )
    await sweep(store, today)
