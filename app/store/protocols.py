"""The protocols an organization judges by: the published ones, and its own as data.

A stored version is never changed and never deleted: a finding names the version that
made it, and that version can be read for as long as the finding.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import IntegrityError

from app.domain.own_protocol import from_data, own_id, to_data
from app.domain.protocol import PROTOCOLS, Protocol
from app.errors import NotFound, VersionConflict
from app.store.tables import protocols
from app.store.transaction import Store

OWN_IDS = frozenset(own_id(published) for published in PROTOCOLS.values())
"""Every id that an organization's own protocol can have."""
HIGHEST = 2**31 - 1
"""The highest version that the column holds."""


@dataclass(frozen=True, slots=True)
class OwnProtocol:
    """An organization's own version, with when and by whom it was made."""

    protocol: Protocol
    created_at: datetime
    created_by_id: UUID | None


def _own(row: Row[Any]) -> OwnProtocol:
    protocol = from_data(row.protocol_id, row.version, row.definition)
    return OwnProtocol(protocol, row.created_at, row.created_by)


async def get_protocol(store: Store, protocol_id: str, version: int) -> Protocol:
    """The named version of a protocol: a published one, or one of this organization."""
    published = PROTOCOLS.get(protocol_id)
    if published is not None and published.version == version:
        return published
    found = await find_own(store, protocol_id, version) if protocol_id in OWN_IDS else None
    if found is None:
        raise NotFound("There is no such version of a protocol.")
    return found.protocol


async def find_own(store: Store, protocol_id: str, version: int) -> OwnProtocol | None:
    if not 1 <= version <= HIGHEST:
        return None
    found = await store.connection.execute(
        select(protocols).where(
            protocols.c.org_id == store.org_id,
            protocols.c.protocol_id == protocol_id,
            protocols.c.version == version,
        )
    )
    row = found.one_or_none()
    return None if row is None else _own(row)


async def get_protocols(
    store: Store, versions: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], Protocol]:
    """These versions, each read once."""
    return {
        (protocol_id, version): await get_protocol(store, protocol_id, version)
        for protocol_id, version in sorted(set(versions))
    }


async def find_named(store: Store, names: Iterable[str]) -> dict[str, Protocol]:
    """Protocols by the names that findings carry: ``bao-sowa v1``."""
    found = {}
    for name in names:
        protocol_id, _, version = name.rpartition(" v")
        if version.isdecimal():
            found[name] = await get_protocol(store, protocol_id, int(version))
    return found


async def add_own(store: Store, own: Protocol) -> None:
    """Keep a new version; raises VersionConflict where somebody else kept one of that number."""
    try:
        async with store.connection.begin_nested():
            await store.connection.execute(
                protocols.insert().values(
                    org_id=store.org_id,
                    protocol_id=own.id,
                    version=own.version,
                    definition=to_data(own),
                    created_at=store.now,
                    created_by=store.actor.staff_id,
                )
            )
    except IntegrityError as error:
        if "pk_protocols" not in str(error.orig):
            raise
        raise VersionConflict(
            "Somebody else saved a version of this protocol meanwhile. Nothing of yours was saved; "
            "look at theirs, then repeat your change."
        ) from None


async def list_newest_own(store: Store) -> list[OwnProtocol]:
    """The newest version of each protocol that the organization made."""
    found = await store.connection.execute(
        select(protocols)
        .ext(distinct_on(protocols.c.protocol_id))
        .where(protocols.c.org_id == store.org_id)
        .order_by(protocols.c.protocol_id, protocols.c.version.desc())
    )
    return [_own(row) for row in found.all()]


async def list_versions(store: Store, protocol_id: str) -> list[OwnProtocol]:
    """Every version of one of the organization's protocols, the newest first."""
    found = await store.connection.execute(
        select(protocols)
        .where(protocols.c.org_id == store.org_id, protocols.c.protocol_id == protocol_id)
        .order_by(protocols.c.version.desc())
    )
    return [_own(row) for row in found.all()]
