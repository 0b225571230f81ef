"""A site whose clock is the test's: a night passes without sleeping."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.domain.actor import Actor, system
from app.store import duty
from app.store.deliveries import Delivery, list_deliveries
from app.store.transaction import Database, Store
from app.use_cases.escalate_flags import escalate_flags
from app.wiring import Services
from tests.web.site import Site, make_site, phq9

MONDAY_NIGHT = datetime(2026, 3, 3, 3, 30, tzinfo=UTC)
"""Monday 2 March 2026, 22:30 in New York."""
MONDAY_NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
UNSAFE = [2] * 8 + [2]


@dataclass(slots=True)
class Clock:
    """The time, as the test says."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass(frozen=True, slots=True)
class ClockedDatabase(Database):
    """A database in whose transactions it is as late as the clock says."""

    clock: Clock = field(default_factory=lambda: Clock(MONDAY_NOON))

    @asynccontextmanager
    async def transaction(
        self, actor: Actor, *, request_id: str | None = None, place: str | None = None
    ) -> AsyncIterator[Store]:
        begun = Database.transaction(self, actor, request_id=request_id, place=place)
        async with begun as store:
            store.now = self.clock()
            yield store


@dataclass(slots=True)
class Night:
    """A site and its clock, with what the tests of escalation ask it."""

    site: Site
    clock: Clock
    ids: dict[str, UUID] = field(default_factory=dict)

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        actor = system(self.site.org_id, "America/New_York")
        async with self.site.services.database.transaction(actor) as store:
            yield store

    async def safety_screening(self, number: str = "700", name: str = "Rosa Alvarez") -> str:
        """A PHQ-9 with item 9 above 0 arrives as FHIR, answered now; the patient's id."""
        body = phq9(number, UNSAFE, 0, name)
        body["entry"][1]["resource"]["authored"] = self.clock().isoformat()
        told = await self.site.send(body)
        assert told.status_code == 200, told.text
        return str(told.json()["entry"][0]["response"]["location"].split("/Patient/")[1][:36])

    async def escalate(self) -> int:
        async with self.store() as store:
            return await escalate_flags(store)

    async def letters(self) -> list[Delivery]:
        """Every message so far, the oldest first."""
        async with self.store() as store:
            found = await list_deliveries(store, 500)
        return sorted(found, key=lambda d: (d.created_at, d.delivery_id))

    async def told(self) -> list[str]:
        """Who was told by e-mail so far, in order."""
        return [d.address.split("@")[0] for d in await self.letters() if d.channel == "email"]

    async def on_call(self, who: str, hours: float = 24) -> None:
        async with self.store() as store:
            span = (self.clock() - timedelta(hours=1), self.clock() + timedelta(hours=hours))
            await duty.add_shifts(store, self.ids[who], [span])

    async def reach(self, **values: Any) -> None:
        async with self.store() as store:
            await duty.save_reach(store, values)

    async def ask(self, question: str) -> list[Any]:
        async with self.store() as store:
            return list((await store.connection.execute(text(question))).all())

    async def flag(self) -> str:
        """The id of the newest safety flag."""
        rows = await self.ask("SELECT flag_id FROM flags WHERE kind = 'safety' ORDER BY opened_at")
        return str(rows[-1][0])


@pytest.fixture
async def night(services: Services) -> AsyncIterator[Night]:
    clock = Clock(MONDAY_NIGHT)
    base = services.database
    timed = replace(
        services, now=clock, database=ClockedDatabase(base.engine, base.publisher, clock)
    )
    async with AsyncExitStack() as stack:
        made = Night(await make_site(timed, stack), clock)
        rows = await made.ask("SELECT login, staff_id FROM staff")
        made.ids = {re.sub(r"[0-9a-f]{10}$", "", login): staff_id for login, staff_id in rows}
        yield made
