"""Names to choose from: the staff and clinics of an organization."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.domain.access import GRANTS, Permission, Role
from app.store.tables import clinics, organizations, staff
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class StaffName:
    """A member of staff, as a list to choose from shows one."""

    staff_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What an organization decided for itself."""

    time_zone: str
    unknown_patient_policy: str


async def list_care_managers(store: Store) -> list[StaffName]:
    return await _list_with_role(store, Role.CARE_MANAGER)


async def list_consultants(store: Store) -> list[StaffName]:
    return await _list_with_role(store, Role.PSYCHIATRIST)


async def list_answering(store: Store) -> list[StaffName]:
    """Everybody who may answer a flag."""
    return await _list_with_role(store, *GRANTS[Permission.ANSWER_FLAG])


async def list_staff(store: Store) -> list[StaffName]:
    """Everybody who is active, by name."""
    return await _list_with_role(store, *Role)


async def _list_with_role(store: Store, *roles: Role) -> list[StaffName]:
    found = await store.connection.execute(
        select(staff.c.staff_id, staff.c.display_name)
        .where(staff.c.org_id == store.org_id, staff.c.active)
        .where(staff.c.roles.overlap([role.value for role in roles]))
        .order_by(staff.c.display_name)
    )
    return [StaffName(*row) for row in found.all()]


async def list_clinics(store: Store) -> list[tuple[UUID, str]]:
    found = await store.connection.execute(
        select(clinics.c.clinic_id, clinics.c.name)
        .where(clinics.c.org_id == store.org_id)
        .order_by(clinics.c.name)
    )
    return [(row.clinic_id, row.name) for row in found.all()]


async def get_policy(store: Store) -> Policy:
    found = await store.connection.execute(
        select(
            organizations.c.time_zone,
            organizations.c.unknown_patient_policy,
        ).where(organizations.c.org_id == store.org_id)
    )
    return Policy(*found.one())


async def staff_names(store: Store, ids: set[UUID]) -> dict[UUID, str]:
    """The display names of these members of staff."""
    if not ids:
        return {}
    found: Any = await store.connection.execute(
        select(staff.c.staff_id, staff.c.display_name).where(
            staff.c.org_id == store.org_id, staff.c.staff_id.in_(ids)
        )
    )
    return {row[0]: row[1] for row in found.all()}


async def care_manager_logins(store: Store) -> dict[str, UUID]:
    """The active care managers by their logins."""
    found = await store.connection.execute(
        select(staff.c.login, staff.c.staff_id)
        .where(staff.c.org_id == store.org_id, staff.c.active)
        .where(staff.c.roles.overlap([Role.CARE_MANAGER.value]))
    )
    return {row.login: row.staff_id for row in found.all()}
