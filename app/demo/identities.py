"""Who is whom at the demo's identity provider, which nobody can reach: its page shows the work."""

from datetime import timedelta
from uuid import UUID

from app.domain.sign_on import Identity
from app.store import identity_providers
from app.store.transaction import Store
from app.use_cases.link_identity import link_identity, turn_away
from app.use_cases.set_identity_provider import NewProvider, add_identity_provider

KNOWN = (
    Identity("00u1maya", "maya.okonkwo@riverside.example", True, "Maya Okonkwo"),
    Identity("00u2ben", "ben.ruiz@riverside.example", True, "Benjamin Ruiz"),
    Identity("00u3lind", "a.lind@psychiatry.example", True, "Astrid Lind"),
)
WAITING = (
    Identity("00u7shah", "n.shah@riverside.example", True, "Neel Shah"),
    Identity("00u8float", "float.nurse@staffing.example", False, "Float Nurse, 3 West"),
)
TURNED_AWAY = Identity("00u9sales", "events@vendor.example", True, "Vendor Events")


async def set_up_identities(store: Store, team: tuple[UUID, UUID, UUID]) -> None:
    """A provider without a button, three people linked, two who wait, one who was turned away."""
    provider_id = await add_identity_provider(
        store,
        NewProvider(
            "demo-riverside",
            "Riverside Health",
            "https://sso.riverside.example",
            "stepwell",
            listed=False,
        ),
    )
    now = store.now
    for days, identity in enumerate((*KNOWN, *WAITING, TURNED_AWAY)):
        store.now = now - timedelta(days=days, hours=3, minutes=7 * days)
        await identity_providers.see_identity(store, provider_id, identity)
    store.now = now
    for staff_id, identity in zip(team, KNOWN, strict=True):
        await link_identity(store, provider_id, identity.subject, staff_id)
    await turn_away(store, provider_id, TURNED_AWAY.subject)
