"""Measure that sweep and escalation cost what is due, not what there is; prints ratios.

    .venv/bin/python scripts/bench_due.py [DUE] [SMALL] [LARGE]

Uses the embedded Postgres, in a scratch database that is dropped afterwards.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app import embedded_postgres
from app.domain.actor import system
from app.migrating import migrate
from app.publishing.publisher import FhirPublisher
from app.settings import CHECKOUT
from app.store.engine import open_engine
from app.store.ids import new_id
from app.store.transaction import Database, Store
from app.use_cases.escalate_flags import escalate_flags
from app.use_cases.sweep import sweep
from tests.store.test_plans import NOW, TODAY, make_registry

ROUNDS = 5


async def timed(
    database: Database, org_id: UUID, act: Callable[[Store], Awaitable[int]]
) -> tuple[float, int]:
    """(milliseconds, how many were due) of acting until nothing is due."""
    begun, done = time.perf_counter(), 0
    while True:
        async with database.transaction(system(org_id)) as store:
            store.now = NOW
            count = await act(store)
        done += count
        if count == 0:
            return (time.perf_counter() - begun) * 1000, done


Times = dict[str, list[float]]


async def measure(database: Database, patients: int, due: int, into: Times) -> None:
    """One escalation and one sweep of a registry of its own, in milliseconds."""
    await database.engine.dispose()  # foreign keys keep a session's plans for a smaller table
    org_id = await make_registry(database, patients, due)
    step, stepped = await timed(database, org_id, escalate_flags)
    swept, evaluated = await timed(database, org_id, lambda store: sweep(store, TODAY))
    assert stepped == evaluated == due
    into["escalation"].append(step)
    into["sweep"].append(swept)


async def run(address: str, due: int, small: int, large: int) -> None:
    engine = open_engine(address)
    database = Database(engine, FhirPublisher())
    few: Times = {"sweep": [], "escalation": []}
    many: Times = {"sweep": [], "escalation": []}
    await measure(database, 100, 10, {"sweep": [], "escalation": []})  # warm
    for _ in range(ROUNDS):  # in turns, so that a busy machine slows both alike
        await measure(database, small, due, few)
        await measure(database, large, due, many)
    print(f"{due} due, median of {ROUNDS}; milliseconds")
    print(f"{'':<12}{'of ' + str(small):>12}{'of ' + str(large):>12}{'ratio':>8}")
    for name in few:
        one, other = median(few[name]), median(many[name])
        print(f"{name:<12}{one:>12.0f}{other:>12.0f}{other / one:>8.2f}")
    await engine.dispose()


def main() -> None:
    given = [int(one) for one in sys.argv[1:]]
    due, small, large = (given + [200, 1000, 20000][len(given) :])[:3]
    with embedded_postgres.using(CHECKOUT) as cluster:
        name = f"stepwell_bench_{new_id().hex[-12:]}"
        embedded_postgres.ensure_database(cluster, name)
        try:
            migrate(cluster.url(name))
            asyncio.run(run(cluster.url(name), due, small, large))
        finally:
            embedded_postgres.drop_database(cluster, name)


if __name__ == "__main__":
    main()
