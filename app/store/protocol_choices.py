"""What an organization judges each condition by: a line per choice, none ever changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.domain.condition import Condition
from app.store.tables import organizations, protocol_choices
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Choice:
    """A protocol chosen for a condition; number 0 is what the organization began with."""

    condition: Condition
    number: int
    protocol_id: str
    protocol_version: int
    chosen_at: datetime | None
    chosen_by_id: UUID | None

    @property
    def name(self) -> str:
        return f"{self.protocol_id} v{self.protocol_version}"


async def hold(store: Store, *, alone: bool = False) -> None:
    """Let nobody choose until this transaction ends; `alone`: nor begin an episode meanwhile.

    Whoever needs a patient's lock too takes this one first.
    """
    await store.connection.execute(
        select(organizations.c.org_id)
        .where(organizations.c.org_id == store.org_id)
        .with_for_update(read=not alone, key_share=alone)
    )


async def get_choice(store: Store, condition: Condition) -> Choice:
    """What new episodes of this condition are judged by."""
    return (await list_choices(store, condition))[0]


async def list_choices(store: Store, condition: Condition) -> list[Choice]:
    """Every choice made for a condition, the newest first, down to what it began with."""
    found = await store.connection.execute(
        select(protocol_choices)
        .where(
            protocol_choices.c.org_id == store.org_id,
            protocol_choices.c.condition == condition.value,
        )
        .order_by(protocol_choices.c.number.desc())
    )
    begun = await store.connection.execute(
        select(organizations.c.protocol_id, organizations.c.protocol_version).where(
            organizations.c.org_id == store.org_id
        )
    )
    first = Choice(condition, 0, *begun.one(), chosen_at=None, chosen_by_id=None)
    return [*map(_choice, found.all()), first]


def _choice(row: Row[Any]) -> Choice:
    return Choice(
        Condition(row.condition),
        row.number,
        row.protocol_id,
        row.protocol_version,
        row.chosen_at,
        row.chosen_by_id,
    )


async def add_choice(
    store: Store, condition: Condition, number: int, protocol_id: str, version: int
) -> None:
    """Keep a choice; the caller holds the organization alone."""
    await store.connection.execute(
        protocol_choices.insert().values(
            org_id=store.org_id,
            condition=condition.value,
            number=number,
            protocol_id=protocol_id,
            protocol_version=version,
            chosen_at=store.now,
            chosen_by_id=store.actor.staff_id,
        )
    )
