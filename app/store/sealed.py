"""Where sealed secrets stand, so that they are sealed anew when the key is rotated."""

from uuid import UUID

from sqlalchemy import select, update

from app.store.tables import authenticators
from app.store.transaction import Store


async def list_sealed_authenticators(store: Store) -> list[tuple[UUID, UUID, str]]:
    """(authenticator, staff, sealed secret) of each that holds a secret."""
    found = await store.connection.execute(
        select(
            authenticators.c.authenticator_id,
            authenticators.c.staff_id,
            authenticators.c.sealed_secret,
        )
        .where(authenticators.c.org_id == store.org_id, authenticators.c.sealed_secret != "")
        .with_for_update()
    )
    return [(row[0], row[1], row[2]) for row in found.all()]


async def save_sealed_authenticator(store: Store, authenticator_id: UUID, sealed: str) -> None:
    await store.connection.execute(
        update(authenticators)
        .where(authenticators.c.org_id == store.org_id)
        .where(authenticators.c.authenticator_id == authenticator_id)
        .values(sealed_secret=sealed)
    )
