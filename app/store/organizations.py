"""Organizations and clinics: adding them, and finding all of them before any is chosen."""

from uuid import UUID

from sqlalchemy import select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.second_factor import SecondFactorPolicy
from app.store.ids import new_id
from app.store.publishing import Changed
from app.store.tables import client_directory, clinics, logins, organizations
from app.store.transaction import Store


async def list_organizations(connection: AsyncConnection) -> list[UUID]:
    """Every organization that has staff or a client, from the directory of both."""
    found = await connection.execute(
        union(select(logins.c.org_id), select(client_directory.c.org_id)).order_by("org_id")
    )
    return [row.org_id for row in found.all()]


async def add_organization(
    store: Store,
    name: str,
    time_zone: str,
    policy: str,
    second_factor: SecondFactorPolicy = SecondFactorPolicy.CHARTS,
) -> None:
    """The organization of this transaction; unknown patients are "create"d or "refuse"d."""
    await store.connection.execute(
        organizations.insert().values(
            org_id=store.org_id,
            name=name,
            time_zone=time_zone,
            unknown_patient_policy=policy,
            second_factor=second_factor.value,
            protocol_id="bao-sowa",
            protocol_version=1,
            created_at=store.now,
        )
    )
    store.saved.append(Changed("organization", store.org_id))


async def add_clinic(store: Store, name: str, time_zone: str) -> UUID:
    clinic_id = new_id()
    await store.connection.execute(
        clinics.insert().values(
            org_id=store.org_id, clinic_id=clinic_id, name=name, time_zone=time_zone
        )
    )
    store.saved.append(Changed("clinic", clinic_id))
    return clinic_id


async def set_second_factor(store: Store, policy: SecondFactorPolicy) -> None:
    """Of whom a second factor is asked from now on."""
    await store.connection.execute(
        update(organizations)
        .where(organizations.c.org_id == store.org_id)
        .values(second_factor=policy.value)
    )


async def get_second_factor(store: Store) -> str:
    """Of whom a second factor is asked."""
    found = await store.connection.execute(
        select(organizations.c.second_factor).where(organizations.c.org_id == store.org_id)
    )
    return str(found.scalar_one())
