"""Read one version of a protocol: what it asked for, as long as any finding names it."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.access import Permission
from app.domain.own_protocol import differences, published_of
from app.domain.protocol import PROTOCOLS, Protocol
from app.store import protocols, rosters
from app.store.protocols import OwnProtocol
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class ProtocolReading:
    """A version with where it comes from; an own one with how it differs and who made it."""

    protocol: Protocol
    published: Protocol
    """Itself, or what it was made from."""
    differences: tuple[str, ...]
    versions: list[int]
    """Every version there is, the newest first."""
    created_at: datetime | None
    created_by: str


async def read_protocol(store: Store, protocol_id: str, version: int) -> ProtocolReading:
    """One version; raises NotFound, for another organization's as for one that never was."""
    store.actor.require(Permission.READ_RULES)
    protocol = await protocols.get_protocol(store, protocol_id, version)
    if protocol_id in PROTOCOLS:
        return ProtocolReading(protocol, protocol, (), [version], None, "")
    every = await protocols.list_versions(store, protocol_id)
    own = next(one for one in every if one.protocol.version == version)
    return ProtocolReading(
        protocol=protocol,
        published=published_of(protocol),
        differences=differences(protocol),
        versions=[one.protocol.version for one in every],
        created_at=own.created_at,
        created_by=await _author(store, own),
    )


async def _author(store: Store, own: OwnProtocol) -> str:
    if own.created_by_id is None:
        return "Stepwell"
    return (await rosters.staff_names(store, {own.created_by_id})).get(own.created_by_id, "")
