"""An organization with an audit, its sealing, and somebody who owns the database and lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from app.domain.actor import system
from app.domain.audit_verdict import Finding, Verdict
from app.jobs.sealing import seal_in
from app.publishing.publisher import FhirPublisher
from app.store import audit, organizations
from app.store.engine import open_engine
from app.store.ids import new_id
from app.store.transaction import Database
from app.use_cases.verify_audit import Anchor, verify_audit


@dataclass(slots=True)
class Trail:
    """One organization's audit."""

    database: Database
    org_id: UUID
    superuser: str
    """The address of whom nothing binds."""

    async def act(
        self, many: int = 1, at: datetime | None = None, action: str = "thing.do"
    ) -> None:
        """Acts, each in a transaction of its own; at another time than now where one is given."""
        for number in range(many):
            async with self.database.transaction(system(self.org_id)) as store:
                store.now = at or store.now
                await audit.record(store, action, subject=f"things/{number}")

    async def show(self, patient_ids: Sequence[UUID]) -> None:
        """A list of patients is looked at."""
        async with self.database.transaction(system(self.org_id)) as store:
            await audit.record(store, "list.view", shown=patient_ids)

    async def seal(self, *, thorough: bool = True) -> int:
        """How many rows were sealed."""
        return (await seal_in(self.database, self.org_id, thorough=thorough))[1]

    async def verify(self, anchors: Sequence[Anchor] = ()) -> Verdict:
        async with self.database.transaction(system(self.org_id)) as store:
            return await verify_audit(store, [anchors])

    async def findings(self, anchors: Sequence[Anchor] = ()) -> list[Finding]:
        return (await self.verify(anchors)).findings

    async def lie(self, statement: str, *values: Any) -> None:
        """As a superuser; `$1` is the organization."""
        connection = await asyncpg.connect(self.superuser)
        try:
            await connection.execute(statement, self.org_id, *values)
        finally:
            await connection.close()

    async def ask(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """As a superuser; `$1` is the organization."""
        connection = await asyncpg.connect(self.superuser)
        try:
            return [tuple(row) for row in await connection.fetch(question, self.org_id, *values)]
        finally:
            await connection.close()


async def make_trail(address: str, superuser: str) -> Trail:
    database = Database(open_engine(address), FhirPublisher())
    org_id = new_id()
    async with database.transaction(system(org_id)) as store:
        await organizations.add_organization(store, "Clinic", "America/New_York", "refuse")
    return Trail(database, org_id, superuser)
