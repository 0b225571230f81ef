"""Choose how each kind of flag is handled, within limits; every version is kept."""

from dataclasses import dataclass

from app.domain.access import Permission
from app.domain.flag import FLAG_POLICY, FlagKind
from app.domain.handling import (
    DEFAULTS,
    Handling,
    Handlings,
    Limits,
    changed_kind,
    limits,
)
from app.errors import Problem, Unprocessable
from app.store import audit, handlings, rosters
from app.store.handlings import HandlingVersion
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class HandlingRow:
    """One kind with what holds for it now."""

    kind: str
    title: str
    level: int
    handling: Handling
    default: Handling
    limits: Limits
    fixed: bool
    """Whether hours and last rung are not to be chosen."""


@dataclass(frozen=True, slots=True)
class HandlingBoard:
    """All kinds, and who chose what when."""

    rows: list[HandlingRow]
    version: int
    versions: list[tuple[HandlingVersion, str]]


async def view_handlings(store: Store) -> HandlingBoard:
    """How flags are handled here."""
    store.actor.require(Permission.VIEW_FLAG_TIMES)
    now = await handlings.get_handlings(store)
    versions = await handlings.list_versions(store)
    ids = {one.created_by_id for one in versions if one.created_by_id}
    names = await rosters.staff_names(store, ids)
    named = [
        (one, names.get(one.created_by_id, "") if one.created_by_id else "Stepwell")
        for one in versions
    ]
    kinds = sorted(FlagKind, key=lambda kind: FLAG_POLICY[kind].rank)
    return HandlingBoard([_row(kind, now) for kind in kinds], await _version(store), named)


async def _version(store: Store) -> int:
    return await handlings.newest_version(store)


def _row(kind: FlagKind, now: Handlings) -> HandlingRow:
    policy = FLAG_POLICY[kind]
    return HandlingRow(
        kind.value,
        policy.title,
        policy.level,
        now[kind],
        DEFAULTS[kind],
        limits(kind),
        kind is FlagKind.SAFETY,
    )


async def set_handling(store: Store, kind: str, wanted: Handling, version: int) -> None:
    """Handle a kind like this from now on; flags that are open keep the times they have."""
    store.actor.require(Permission.SET_HANDLING)
    if kind not in list(FlagKind):
        raise Unprocessable(problems=[Problem("kind", "is none that this registry knows")])
    now = await handlings.get_handlings(store)
    chosen = changed_kind(now, FlagKind(kind), wanted)
    if chosen == now:
        return
    made = await handlings.add_version(store, version, chosen)
    await audit.record(store, "handling.set", detail={"kind": kind, "version": made})
