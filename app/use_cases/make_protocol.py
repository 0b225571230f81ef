"""Make an organization's own version of a protocol: drafted, previewed, then kept for good."""

from dataclasses import dataclass
from datetime import date

from app.domain.access import Permission
from app.domain.own_protocol import Draft, amend, differences, own_id, published_of
from app.domain.protocol import Protocol
from app.errors import VersionConflict
from app.store import audit, protocols
from app.store.transaction import Store
from app.use_cases.preview_protocols import ConditionPreview, preview


@dataclass(frozen=True, slots=True)
class DraftedProtocol:
    """A draft as it would be kept, and whom it would flag."""

    protocol: Protocol
    differences: tuple[str, ...]
    previews: list[ConditionPreview]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a protocol is changed from, and the newest own version there is (0: none)."""

    base: Protocol
    published: Protocol
    newest: int


async def begin_protocol(store: Store, protocol_id: str, version: int) -> Drawing:
    """What the form to change a protocol begins with."""
    store.actor.require(Permission.CHOOSE_PROTOCOL)
    base = await protocols.get_protocol(store, protocol_id, version)
    published = published_of(base)
    every = await protocols.list_versions(store, own_id(published))
    return Drawing(base, published, every[0].protocol.version if every else 0)


async def draft_protocol(
    store: Store, protocol_id: str, version: int, draft: Draft, today: date
) -> DraftedProtocol:
    """What the draft would flag today; nothing is kept. Raises ProtocolOutOfLimits."""
    drawing = await begin_protocol(store, protocol_id, version)
    own = amend(drawing.base, draft, drawing.newest + 1)
    return DraftedProtocol(own, differences(own), await preview(store, [own], today))


async def save_protocol(
    store: Store, protocol_id: str, version: int, draft: Draft, newest: int
) -> Protocol:
    """Keep the draft as the version after `newest`; it can never be changed or removed.

    Sent twice it is kept once. Raises ProtocolOutOfLimits, or VersionConflict where somebody
    else kept a version meanwhile.
    """
    drawing = await begin_protocol(store, protocol_id, version)
    own = amend(drawing.base, draft, max(0, min(newest, drawing.newest)) + 1)
    kept = await protocols.find_own(store, own.id, own.version)
    if kept is not None:
        if kept.protocol == own and kept.created_by_id == store.actor.staff_id:
            return own
        raise VersionConflict(
            "Somebody else saved a version of this protocol meanwhile. Nothing of yours was saved; "
            "look at theirs, then repeat your change."
        )
    await protocols.add_own(store, own)
    await audit.record(
        store, "protocol.make", subject=f"protocols/{own.name}", detail={"from": own.based_on}
    )
    return own
