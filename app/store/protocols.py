"""The protocols an organization judges by: shipped ones, and its own as data."""

from app.domain.protocol import PROTOCOLS, Protocol
from app.errors import NotFound
from app.store.transaction import Store


async def get_protocol(store: Store, protocol_id: str, version: int) -> Protocol:
    """The named version of a protocol."""
    found = PROTOCOLS.get(protocol_id)
    if found is None or found.version != version:
        raise NotFound(f"There is no protocol {protocol_id} version {version}.")
    return found
