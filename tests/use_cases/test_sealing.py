"""The sealer: what is committed is sealed once, however late and by however many at once."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.actor import system
from app.jobs.sealing import seal_in
from app.store import audit, audit_seals, organizations
from app.store.ids import new_id
from app.use_cases import seal_audit as sealing
from tests.auditing import Trail, make_trail
from tests.postgres import TAG, Server


@pytest.fixture
async def trail(server: Server, address: str) -> AsyncIterator[Trail]:
    made = await make_trail(address, server.superuser_url(f"stepwell_test_{TAG}_shared"))
    yield made
    await made.database.engine.dispose()


async def test_what_is_sealed_is_whole_and_sealed_once(trail: Trail) -> None:
    await trail.act(7)
    assert await trail.seal() == 7
    assert await trail.seal() == 0
    found = await trail.verify()
    assert (found.rows, found.seals, found.found, found.tail) == (7, 1, 0, 0)


async def test_a_row_that_committed_late_is_picked_up(trail: Trail) -> None:
    """Begun before others that are sealed already, with an id and a time before theirs."""
    async with trail.database.transaction(system(trail.org_id)) as slow:
        await audit.record(slow, "slow.act")
        await trail.act(3)
        assert await trail.seal() == 3
        await trail.act(2)
        assert await trail.seal(thorough=False) == 2
    assert await trail.seal(thorough=False) == 1
    found = await trail.verify()
    assert (found.rows, found.seals, found.found, found.tail) == (6, 3, 0, 0)


async def test_a_quick_look_leaves_what_is_older_to_a_thorough_one(trail: Trail) -> None:
    """A transaction of two hours: no quick look goes back so far."""
    await trail.act()
    await trail.seal()
    await trail.act(at=datetime.now(UTC) - timedelta(hours=2))
    assert await trail.seal(thorough=False) == 0
    assert await trail.seal() == 1
    assert (await trail.verify()).late == 1


async def test_what_is_written_into_a_closed_past_is_never_sealed(trail: Trail) -> None:
    await trail.act()
    await trail.seal()
    await trail.act(at=datetime.now(UTC) - timedelta(hours=25), action="back.dated")
    assert await trail.seal() == 0
    (found,) = await trail.findings()
    assert found.trouble == "inserted"
    ((audit_id,),) = await trail.ask(
        "SELECT audit_id FROM audit_events WHERE org_id = $1 AND action = 'back.dated'"
    )
    assert found.audit_id == audit_id


async def test_after_days_without_a_sealer_everything_is_sealed(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a batch waits, of days ago, and the sealer is killed after its first batch."""
    monkeypatch.setattr(sealing, "BATCH", 3)
    await trail.act(8, at=datetime.now(UTC) - timedelta(days=3))
    async with trail.database.transaction(system(trail.org_id)) as store:
        assert (await sealing.seal_audit(store)).more
    await trail.act(2)
    assert await trail.seal() == 7
    found = await trail.verify()
    assert (found.rows, found.found, found.tail) == (10, 0, 0)


async def test_two_sealers_at_once_make_one_chain(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BATCH", 5)
    done = asyncio.Event()

    async def write() -> None:
        await trail.act(60)
        done.set()

    async def seal() -> int:
        sealed = 0
        while not done.is_set():
            sealed += await trail.seal(thorough=False)
        return sealed

    _, *sealed = await asyncio.gather(write(), seal(), seal(), seal())
    sealed.append(await trail.seal())
    assert sum(sealed) == 60, "each row by one of them"
    found = await trail.verify()
    assert (found.rows, found.found, found.tail) == (60, 0, 0)


async def test_a_second_sealer_does_not_wait_for_the_first(trail: Trail) -> None:
    await trail.act()
    async with trail.database.transaction(system(trail.org_id)) as first:
        assert (await sealing.seal_audit(first)).rows == 1
        head, rows = await asyncio.wait_for(seal_in(trail.database, trail.org_id), 5)
        assert (head, rows) == (None, 0)


async def test_a_batch_is_of_one_month(trail: Trail) -> None:
    """Begun before midnight on the last of October (UTC), committed after it."""
    await trail.act(2, at=datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC))
    await trail.act(3, at=datetime(2026, 11, 1, tzinfo=UTC))
    assert await trail.seal() == 5
    months = await trail.ask(
        "SELECT month, row_count FROM audit_seals WHERE org_id = $1 AND row_count > 0 ORDER BY seq"
    )
    assert months == [("2026-10", 2), ("2026-11", 3)]
    assert (await trail.verify()).found == 0


async def test_the_night_the_clocks_go_back(trail: Trail) -> None:
    """01:30 in New York comes twice: both are sealed, in the order in which they were."""
    for hour in (5, 6):
        await trail.act(at=datetime(2026, 11, 1, hour, 30, tzinfo=UTC), action=f"at.{hour}")
    await trail.seal()
    order = await trail.ask(
        "SELECT action FROM audit_sealed JOIN audit_events USING (org_id, at, audit_id) "
        "WHERE org_id = $1 ORDER BY seq, place"
    )
    assert order == [("at.5",), ("at.6",)]
    assert (await trail.verify()).found == 0


async def test_a_quiet_hour_is_sealed_so_that_the_past_stays_closed(trail: Trail) -> None:
    await trail.act()
    await trail.seal()
    assert await seals(trail) == [1]
    await trail.seal()
    assert await seals(trail) == [1], "not at every look"
    async with trail.database.transaction(system(trail.org_id)) as store:
        store.now += timedelta(minutes=61)
        await sealing.seal_audit(store)
    assert await seals(trail) == [1, 0]


async def seals(trail: Trail) -> list[int]:
    counted = await trail.ask("SELECT row_count FROM audit_seals WHERE org_id = $1 ORDER BY seq")
    return [row[0] for row in counted]


async def test_the_tail_is_counted_with_its_age(trail: Trail) -> None:
    began = datetime.now(UTC) - timedelta(minutes=3)
    await trail.act()
    await trail.seal()
    await trail.act(at=began)
    await trail.act(4)
    found = await trail.verify()
    assert (found.rows, found.tail, found.tail_oldest_at, found.found) == (1, 5, began, 0)


async def test_a_list_is_found_by_each_it_showed_and_by_nobody_else(trail: Trail) -> None:
    people = [new_id() for _ in range(3)]
    await trail.show([*people, people[0]])
    await trail.seal()
    shown = await trail.ask("SELECT patient_id FROM audit_shown WHERE org_id = $1 ORDER BY 1")
    assert [row[0] for row in shown] == sorted(people)
    assert (await trail.verify()).found == 0


@pytest.mark.parametrize("table", ["audit_events", "audit_shown", "audit_sealed", "audit_seals"])
@pytest.mark.parametrize("act", ["DELETE FROM {}", "UPDATE {} SET org_id = org_id", "TRUNCATE {}"])
async def test_the_application_only_adds(trail: Trail, table: str, act: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with trail.database.transaction(system(trail.org_id)) as store:
            await store.connection.execute(text(act.format(table)))


async def test_a_failed_audit_write_fails_the_act(trail: Trail) -> None:
    """NUL cannot be kept: neither is what it tells of."""
    with pytest.raises(DBAPIError, match=r"(?i)nul|0x00|invalid byte"):
        async with trail.database.transaction(system(trail.org_id)) as store:
            await organizations.add_clinic(store, "Opened without a trace", "UTC")
            await audit.record(store, "clinic.add", subject="\x00")
    kept = await trail.ask("SELECT name FROM clinics WHERE org_id = $1")
    assert kept == []


async def test_a_batch_costs_what_is_new_and_not_what_is_sealed(trail: Trail) -> None:
    """Four thousand sealed rows, three new ones: both indexes are read from where it goes on."""
    async with trail.database.transaction(system(trail.org_id)) as store:
        await audit.record_each(store, "thing.do", [new_id() for _ in range(4000)])
    assert await trail.seal() == 4000
    await trail.act(3)
    (at,) = (await trail.ask("SELECT max(at) FROM audit_sealed WHERE org_id = $1"))[0]
    async with trail.database.transaction(system(trail.org_id)) as store:
        since = at + timedelta(microseconds=1)
        assert len(await audit_seals.list_unsealed(store, since, 1000)) >= 3
        wanted = audit_seals.unsealed(store, since).limit(1000)
        dialect = store.connection.dialect
        plain = str(wanted.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        told = await store.connection.exec_driver_sql(f"EXPLAIN (ANALYZE, COSTS OFF) {plain}")
        plan = "\n".join(row[0] for row in told.all())
    assert "Seq Scan" not in plan, plan
    assert max(int(n) for n in re.findall(r"rows=(\d+)", plan)) < 100, plan
