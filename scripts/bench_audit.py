"""Measure what the audit costs: sealing against COPY, verifying, and a request with and without.

    .venv/bin/python scripts/bench_audit.py [ROWS]

Uses the embedded Postgres, in a scratch database that is dropped afterwards. Prints ratios.
"""

import asyncio
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import text

from app import embedded_postgres
from app.domain.actor import system
from app.jobs.sealing import seal_in
from app.migrating import migrate
from app.publishing.publisher import FhirPublisher
from app.settings import CHECKOUT
from app.store import audit, organizations
from app.store.bulk import copy_rows
from app.store.engine import open_engine
from app.store.ids import new_id
from app.store.transaction import Database, Store
from app.use_cases.verify_audit import verify_audit

PIECE, ROUNDS, REQUESTS, LISTED = 50_000, 5, 300, 50


def row(org_id: UUID, at: datetime) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "audit_id": new_id(),
        "at": at,
        "actor_kind": "staff",
        "actor_id": org_id,
        "actor_name": "Maya Okonkwo",
        "action": "patient.view",
        "outcome": "done",
        "patient_id": org_id,
        "detail": '{"rows": 1}',
        "request_id": "0190d3a0-0000-7000-8000-000000000001",
    }


async def make_organization(database: Database) -> UUID:
    org_id = new_id()
    async with database.transaction(system(org_id)) as store:
        await organizations.add_organization(store, "Clinic", "UTC", "refuse")
    return org_id


async def fill(database: Database, org_id: UUID, rows: int) -> float:
    """Seconds that COPY took for the audit's rows: the floor."""
    now, took = datetime.now(UTC), 0.0
    for start in range(0, rows, PIECE):
        count = min(PIECE, rows - start)
        made = [
            row(org_id, now - timedelta(seconds=3600 - 3600 * (start + n) / rows))
            for n in range(count)
        ]
        begun = time.perf_counter()
        async with database.transaction(system(org_id)) as store:
            await copy_rows(store, "audit_events", made)
        took += time.perf_counter() - begun
    return took


async def one_by_one(
    database: Database, org_id: UUID, act: Callable[[Store], Awaitable[None]]
) -> float:
    """Milliseconds of a transaction that does something small, and this."""
    begun = time.perf_counter()
    for _ in range(REQUESTS):
        async with database.transaction(system(org_id)) as store:
            await store.connection.execute(text("SELECT count(*) FROM organizations"))
            await act(store)
    return (time.perf_counter() - begun) * 1000 / REQUESTS


async def cost_of_a_row(database: Database) -> None:
    """A transaction without, with one row, and with a row of a list; the rounds interleaved."""
    org_id = await make_organization(database)
    people = [new_id() for _ in range(LISTED)]

    async def nothing(store: Store) -> None: ...

    async def write(store: Store) -> None:
        await organizations.add_clinic(store, f"Riverside {new_id()}", "UTC")

    async def write_and_tell(store: Store) -> None:
        await write(store)
        await audit.record(store, "clinic.add")

    async def look(store: Store) -> None:
        await audit.record(store, "patient.view", patient_id=people[0])

    async def listed(store: Store) -> None:
        await audit.record(store, "caseload.view", shown=people)

    acts = {
        "a read, unaudited": nothing,
        "a read with its row": look,
        f"a list of {LISTED} with its row": listed,
        "a write, unaudited": write,
        "a write with its row": write_and_tell,
    }
    times: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(ROUNDS):
        for name, act in acts.items():
            times[name].append(await one_by_one(database, org_id, act))
    for name, took in times.items():
        floor = median(times["a write, unaudited" if "write" in name else "a read, unaudited"])
        print(f"{name}: {median(took):.2f} ms a transaction, {median(took) / floor:.2f} ×")


async def main(address: str, rows: int) -> None:
    database = Database(open_engine(address), FhirPublisher())
    await cost_of_a_row(database)
    org_id = await make_organization(database)
    copied = await fill(database, org_id, rows)
    print(f"COPY of {rows} rows: {copied:.1f} s, {rows / copied:,.0f} rows/s")
    begun = time.perf_counter()
    _, sealed = await seal_in(database, org_id)
    took = time.perf_counter() - begun
    print(f"sealed {sealed}: {took:.1f} s, {sealed / took:,.0f} rows/s: {took / copied:.2f} × COPY")
    marks: list[int] = []
    begun = time.perf_counter()
    async with database.transaction(system(org_id)) as store:
        found = await verify_audit(store, told=lambda _: marks.append(memory()))
    took = time.perf_counter() - begun
    print(
        f"verified {found.rows} rows in {found.seals} seals, {found.found} findings: "
        f"{took:.1f} s, {found.rows / took:,.0f} rows/s; "
        f"most memory {marks[0]} MB at first, {memory()} MB at last"
    )
    await database.engine.dispose()


def memory() -> int:
    """The most that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with embedded_postgres.using(CHECKOUT) as cluster:
        name = f"stepwell_bench_{new_id().hex[-12:]}"
        embedded_postgres.ensure_database(cluster, name)
        try:
            migrate(cluster.url(name))
            asyncio.run(main(cluster.url(name, "stepwell_app"), rows))
        finally:
            embedded_postgres.drop_database(cluster, name)
