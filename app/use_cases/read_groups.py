"""Read caseloads as groups: one, or all with whom of these people they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.domain.access import Permission
from app.domain.scopes import Interaction
from app.errors import NotFound
from app.store import audit, groups
from app.store.accounting import account
from app.store.groups import GroupFacts, MemberFacts
from app.store.transaction import Store

__all__ = ["Caseload", "list_caseloads", "list_group_members", "read_group", "show_groups"]
TYPE = "Group"
MOST = 10_000
"""People whom a Group names; those of a larger one are had by its $export."""


@dataclass(frozen=True, slots=True)
class Caseload:
    """A group with those who are or were in it."""

    group: GroupFacts
    members: tuple[MemberFacts, ...] | None
    """None where they are more than a Group names."""
    asked_for: tuple[str, ...] = ()
    """FHIR ids of those whom a search asked for and who are in it."""


async def read_group(store: Store, group_id: UUID) -> Caseload:
    """One group as the reader may see it; the read is audited with everybody whom it names."""
    store.actor.require_scope(TYPE, Interaction.READ)
    store.actor.require(Permission.READ_RESOURCES)
    group = await groups.find_group(store, group_id)
    if group is None:
        raise NotFound(f"There is no Group/{group_id} here.")
    found = await _with_members(store, group)
    named = f"{TYPE}/{group_id}"
    await audit.record(store, "resource.read", shown=_people([found]), subject=named)
    await account(store, "resource.read", _labelled([found]), named)
    return found


async def list_group_members(store: Store, group_id: UUID) -> list[str]:
    """FHIR ids of those who are in the group now, for an export of them; what it shows is audited.

    Raises NotFound where there is no such group.
    """
    store.actor.require_scope(TYPE, Interaction.READ)
    store.actor.require(Permission.READ_RESOURCES)
    members = await groups.list_members(store, group_id)
    detail = {"members": len(members)}
    await audit.record(store, "resource.read", subject=f"{TYPE}/{group_id}", detail=detail)
    return members


async def list_caseloads(store: Store, asked_for: Sequence[str]) -> list[Caseload]:
    """Every group without its people, but for those of these FHIR ids whom it holds."""
    store.actor.require_scope(TYPE, Interaction.SEARCH)
    store.actor.require(Permission.READ_RESOURCES)
    holding: dict[UUID, list[str]] = {}
    for group_id, fhir_id in await groups.list_groups_of(store, asked_for) if asked_for else ():
        holding.setdefault(group_id, []).append(fhir_id)
    return [
        Caseload(one, None, tuple(holding.get(one.group_id, ())))
        for one in await groups.list_groups(store)
    ]


async def show_groups(store: Store, chosen: Sequence[Caseload]) -> list[Caseload]:
    """These with their people; the search is audited with everybody whom it names."""
    store.actor.require_scope(TYPE, Interaction.SEARCH)
    store.actor.require(Permission.READ_RESOURCES)
    found = [await _with_members(store, one.group) for one in chosen]
    detail = {"found": len(found)}
    await audit.record(store, "resource.search", shown=_people(found), subject=TYPE, detail=detail)
    await account(store, "resource.search", _labelled(found), TYPE)
    return found


async def _with_members(store: Store, group: GroupFacts) -> Caseload:
    found = await groups.list_people(store, group, MOST + 1)
    return Caseload(group, tuple(found) if len(found) <= MOST else None)


def _people(found: Sequence[Caseload]) -> tuple[UUID, ...]:
    return tuple({one.patient_id for each in found for one in each.members or ()})


def _labelled(found: Sequence[Caseload]) -> tuple[tuple[UUID, UUID], ...]:
    """(patient, program) of everybody who is named for being treated by a program."""
    members = [one for each in found for one in each.members or ()]
    return tuple({(one.patient_id, program) for one in members for program in one.program_ids})
