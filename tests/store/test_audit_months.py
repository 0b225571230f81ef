"""The audit's months: made ahead, filled from where rows waited, dropped by policy alone."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from alembic import command
from alembic.script import Script, ScriptDirectory

from app.domain.actor import system
from app.domain.audit_retention import first_kept_month, months_ahead
from app.jobs.sealing import Sealer
from app.migrating import _config, migrate
from app.store import audit, audit_months
from app.store.audit_months import drop_month, list_months, list_old_months, make_months
from tests import postgres
from tests.auditing import Trail, make_trail
from tests.postgres import Server
from tests.store.test_migrations import ask

LONG_AGO = datetime(2019, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)
WHERE = "SELECT tableoid::regclass::text, count(*) FROM {} GROUP BY 1 ORDER BY 1"


@pytest.fixture
def own(server: Server) -> Iterator[tuple[str, str]]:
    """(owner, superuser) of a database of this test alone."""
    with postgres.database(server, "months") as name:
        migrate(server.url(name))
        yield server.url(name), server.superuser_url(name)


async def where(trail: Trail, table: str = "audit_events") -> dict[str, int]:
    asked = WHERE.format(f"{table} WHERE org_id = $1")
    return {str(name).removeprefix("audit_months."): n for name, n in await trail.ask(asked)}


async def test_a_year_is_made_ahead_and_a_second_time_makes_nothing(own: tuple[str, str]) -> None:
    ahead = months_ahead(datetime.now(UTC).date())
    assert await list_months(own[0]) == ahead
    assert await make_months(own[0], ahead) == []


async def test_what_has_no_month_waits_and_is_moved(own: tuple[str, str]) -> None:
    trail = await make_trail(*own)
    await trail.act(2, at=LONG_AGO)
    await trail.act(1, at=datetime(2019, 4, 1, tzinfo=UTC))
    await trail.act()
    now = f"audit_events_{datetime.now(UTC):%Y_%m}"
    assert await where(trail) == {"audit_events_rest": 3, now: 1}
    await trail.seal()
    assert await make_months(own[0], []) == ["2019-03", "2019-04"]
    assert await where(trail) == {"audit_events_2019_03": 2, "audit_events_2019_04": 1, now: 1}
    found = await trail.verify()
    assert (found.rows, found.found) == (4, 0), "it moved, and is what was sealed"
    await trail.act(2, at=LONG_AGO)
    assert (await where(trail))["audit_events_2019_03"] == 4
    await trail.database.engine.dispose()


async def test_rows_are_added_while_months_are_made(own: tuple[str, str]) -> None:
    trail = await make_trail(*own)
    await trail.act(5, at=LONG_AGO)
    _, made = await asyncio.gather(trail.act(50), make_months(own[0], ["2030-01"]))
    assert made == ["2019-03", "2030-01"]
    await trail.seal()
    assert (await trail.verify()).rows == 55
    await trail.database.engine.dispose()


async def test_a_month_older_than_six_years_goes_and_the_chain_still_verifies(
    own: tuple[str, str],
) -> None:
    trail, other = await make_trail(*own), await make_trail(*own)
    await trail.act(3, at=LONG_AGO)
    await trail.show([trail.org_id])
    await other.act()
    for one in (trail, other):
        await one.seal()
    await make_months(own[0], [])
    today = date(2026, 11, 25)
    (old,) = await list_old_months(own[0], first_kept_month(today))
    assert (old.month, old.org_ids, old.unsealed) == ("2019-03", (trail.org_id,), 0)
    await drop_month(own[0], old)
    assert "2019-03" not in await list_months(own[0])
    told = "SELECT subject FROM audit_events WHERE org_id = $1 AND action = 'audit.drop-month'"
    assert await trail.ask(told) == [("audit/2019-03",)], "the drop is in the audit"
    assert await other.ask(told) == [], "of those alone whom it touched"
    await trail.seal()
    found = await trail.verify()
    assert (found.found, found.dropped, found.rows) == (0, 1, 2)
    for one in (trail, other):
        await one.database.engine.dispose()


async def test_rows_that_vanish_without_a_word_are_not_a_drop(own: tuple[str, str]) -> None:
    """A superuser drops the partitions by hand: old enough, yet nothing tells of it."""
    trail = await make_trail(*own)
    await trail.act(3, at=LONG_AGO)
    await trail.seal()
    await make_months(own[0], [])
    for table in audit_months.TABLES:
        await asyncio.to_thread(ask, own[1], f"DROP TABLE audit_months.{table}_2019_03")
    found = await trail.verify()
    assert [one.trouble for one in found.findings] == ["removed"] * 3
    await trail.database.engine.dispose()


async def test_a_month_that_is_kept_cannot_be_said_to_be_dropped(own: tuple[str, str]) -> None:
    trail = await make_trail(*own)
    await trail.act(2)
    await trail.seal()
    month = f"{datetime.now(UTC):%Y-%m}"
    await trail.lie("DELETE FROM audit_events WHERE org_id = $1")
    await trail.lie("DELETE FROM audit_sealed WHERE org_id = $1")
    async with trail.database.transaction(system(trail.org_id)) as store:
        await audit.record(store, "audit.drop-month", subject=f"audit/{month}")
    assert {one.trouble for one in await trail.findings()} == {"removed"}
    await trail.database.engine.dispose()


async def test_what_is_not_sealed_is_told_before_a_drop(own: tuple[str, str]) -> None:
    trail = await make_trail(*own)
    await trail.act(3, at=LONG_AGO)
    await make_months(own[0], [])
    (old,) = await list_old_months(own[0], "2020-01")
    assert old.unsealed == 3
    await trail.database.engine.dispose()


async def test_a_missing_month_is_told_of_before_it_comes(
    own: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    trail = await make_trail(*own)
    sealer = Sealer(trail.database, None)
    with caplog.at_level(logging.WARNING):
        await sealer.look()
        assert "no partition" not in caplog.text
        coming = months_ahead(datetime.now(UTC).date())[1].replace("-", "_")
        for table in audit_months.TABLES:
            await asyncio.to_thread(ask, own[1], f"DROP TABLE audit_months.{table}_{coming}")
        await Sealer(trail.database, None).look()
    assert "run `audit partitions`" in caplog.text
    await trail.database.engine.dispose()


def test_what_was_there_before_is_kept(server: Server) -> None:
    """Up to the months, and back."""
    with postgres.database(server, "kept") as name:
        owner, everyone = server.url(name), server.superuser_url(name)
        revision = next(r for r in _revisions(owner) if "audit" in (r.doc or ""))
        command.upgrade(_config(owner), revision.down_revision)
        insert = (
            "INSERT INTO audit_events (org_id, audit_id, at, actor_kind, actor_name, action, "
            "outcome, detail) SELECT gen_random_uuid(), gen_random_uuid(), now() - n * "
            "interval '40 days', 'system', 'S', 'a.b', 'done', '{}' FROM generate_series(1, 5) n "
        )
        ask(everyone, insert)
        count = "SELECT count(*), count(DISTINCT at) FROM audit_events"
        migrate(owner)
        assert ask(everyone, count) == [(5, 5)]
        assert ask(everyone, "SELECT count(*) FROM audit_months.audit_events_rest") == [(0,)]
        command.downgrade(_config(owner), revision.down_revision)
        assert ask(everyone, count) == [(5, 5)]
        migrate(owner)
        assert ask(everyone, count) == [(5, 5)]


def _revisions(address: str) -> list[Script]:
    return list(ScriptDirectory.from_config(_config(address)).walk_revisions())
