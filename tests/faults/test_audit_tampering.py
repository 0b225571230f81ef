"""Somebody who owns the database changes the audit: it is found, and which row it was."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.auth.bearer import issue_token
from app.domain.actor import system
from app.domain.audit_chain import AuditRow, Seal, digest_of_rows, row_digest, seal_hash
from app.jobs.anchoring import FileAnchor, anchor_line, read_anchors
from app.jobs.sealing import seal_all
from app.migrating import migrate
from app.store import audit_check
from app.store.ids import new_id
from tests import postgres
from tests.auditing import Trail, make_trail
from tests.postgres import Server

ROOT = Path(__file__).resolve().parents[2]
SAME_ROW = "(org_id, at, audit_id) = ($1, $2, $3)"


@pytest.fixture(scope="module")
def own(server: Server) -> Iterator[tuple[str, str]]:
    with postgres.database(server, "tampered") as name:
        migrate(server.url(name))
        yield server.url(name), server.superuser_url(name)


@pytest.fixture
async def trail(own: tuple[str, str]) -> AsyncIterator[Trail]:
    """Twenty rows in five seals."""
    made = await make_trail(*own)
    for _ in range(5):
        await made.act(4)
        await made.seal()
    assert (await made.verify()).seals == 5
    yield made
    await made.database.engine.dispose()


async def some_row(trail: Trail, seq: int = 3) -> tuple[datetime, UUID]:
    ((at, audit_id),) = await trail.ask(
        "SELECT at, audit_id FROM audit_sealed WHERE org_id = $1 AND seq = $2 AND place = 1", seq
    )
    return at, audit_id


@pytest.mark.parametrize(
    "change",
    [
        "outcome = 'refused'",
        "actor_name = 'Somebody else'",
        "actor_id = gen_random_uuid()",
        "action = 'thing.did'",
        "patient_id = gen_random_uuid()",
        "subject = NULL",
        "detail = '{\"rows\": 1}'",
        "request_id = 'another'",
    ],
)
async def test_an_altered_row_is_named(trail: Trail, change: str) -> None:
    at, audit_id = await some_row(trail)
    await trail.lie(f"UPDATE audit_events SET {change} WHERE {SAME_ROW}", at, audit_id)
    (found,) = await trail.findings()
    assert (found.trouble, found.seq, found.audit_id) == ("altered", 3, audit_id)


async def test_a_row_moved_in_time_is_named(trail: Trail) -> None:
    at, audit_id = await some_row(trail)
    await trail.lie(
        f"UPDATE audit_events SET at = at + interval '1 microsecond' WHERE {SAME_ROW}", at, audit_id
    )
    found = await trail.findings()
    assert [(one.trouble, one.audit_id) for one in found] == [("removed", audit_id)]
    assert (await trail.verify()).tail > 0, "and it waits, at another time, to be sealed"


async def test_a_removed_row_is_named(trail: Trail) -> None:
    at, audit_id = await some_row(trail)
    await trail.lie(f"DELETE FROM audit_events WHERE {SAME_ROW}", at, audit_id)
    (found,) = await trail.findings()
    assert (found.trouble, found.seq, found.audit_id) == ("removed", 3, audit_id)


async def test_a_row_removed_with_its_mark_is_found_by_its_place(trail: Trail) -> None:
    at, audit_id = await some_row(trail)
    for table in ("audit_events", "audit_sealed"):
        await trail.lie(f"DELETE FROM {table} WHERE {SAME_ROW}", at, audit_id)
    (found,) = await trail.findings()
    assert (found.trouble, found.words) == ("removed", "row 2 of seal 3 is gone, with its mark")


async def test_a_row_inserted_into_the_past_is_named(trail: Trail) -> None:
    audit_id, at = new_id(), datetime.now(UTC) - timedelta(days=2)
    await trail.lie(
        "INSERT INTO audit_events (org_id, audit_id, at, actor_kind, actor_name, action, outcome, "
        "detail) VALUES ($1, $2, $3, 'staff', 'Maya', 'patient.view', 'done', '{}')",
        audit_id,
        at,
    )
    await trail.seal()
    (found,) = await trail.findings()
    assert (found.trouble, found.audit_id, found.at) == ("inserted", audit_id, at)


async def test_a_row_inserted_with_a_mark_is_named(trail: Trail) -> None:
    """The past is closed by a seal of its own: a mark alone does not make a row of it."""
    audit_id, at = new_id(), datetime.now(UTC) - timedelta(minutes=2)
    row = AuditRow(
        audit_id, at, "staff", None, "Maya", "patient.view", "done", None, None, None, {}, None
    )
    await trail.lie(
        "INSERT INTO audit_events (org_id, audit_id, at, actor_kind, actor_name, action, outcome, "
        "detail) VALUES ($1, $2, $3, 'staff', 'Maya', 'patient.view', 'done', '{}')",
        audit_id,
        at,
    )
    await trail.lie(
        "INSERT INTO audit_sealed (org_id, audit_id, at, seq, place, digest) "
        "VALUES ($1, $2, $3, 3, 4, $4)",
        audit_id,
        at,
        row_digest(trail.org_id, row),
    )
    (found,) = await trail.findings()
    assert (found.trouble, found.seq) == ("inserted", 3)


async def test_a_mark_taken_away_shows_its_row_as_gone(trail: Trail) -> None:
    at, audit_id = await some_row(trail)
    await trail.lie(f"DELETE FROM audit_sealed WHERE {SAME_ROW}", at, audit_id)
    (found,) = await trail.findings()
    assert (found.trouble, found.seq) == ("removed", 3)


@pytest.mark.parametrize("seq", [1, 3])
async def test_a_removed_seal_is_found(trail: Trail, seq: int) -> None:
    await trail.lie("DELETE FROM audit_seals WHERE org_id = $1 AND seq = $2", seq)
    found = await trail.findings()
    assert {one.trouble for one in found} == {"chain"}
    assert found[0].seq == seq
    assert len(found) == 1 + 4, "the gap, and the four rows marked as of it"


async def test_the_list_index_is_held_against_the_lists(trail: Trail) -> None:
    people = [new_id(), new_id()]
    await trail.show(people)
    await trail.seal()
    await trail.lie("DELETE FROM audit_shown WHERE org_id = $1 AND patient_id = $2", people[0])
    await trail.lie("UPDATE audit_shown SET patient_id = $2 WHERE org_id = $1", new_id())
    (found,) = await trail.findings()
    assert found.trouble == "list"


async def rewrite_from(trail: Trail, seq: int, change: dict[str, Any]) -> None:
    """Alter a row, and make its mark, its seal and every later one fit again."""
    at, audit_id = await some_row(trail, seq)
    async with trail.database.transaction(system(trail.org_id)) as store:
        seals = await audit_check.list_seals(store, 0, 100)
        covered = [one async for one in audit_check.stream_sealed(store, seq, seq)]
    rows = [one.row for one in covered if one.row]
    rows = [replace(row, **change) if row.audit_id == audit_id else row for row in rows]
    digests = [row_digest(trail.org_id, row) for row in rows]
    await trail.lie(
        f"UPDATE audit_events SET action = $4 WHERE {SAME_ROW}", at, audit_id, change["action"]
    )
    await trail.lie(
        f"UPDATE audit_sealed SET digest = $4 WHERE {SAME_ROW}", at, audit_id, digests[1]
    )
    before = seals[seq - 2]
    for seal in seals[seq - 1 :]:
        mine = digest_of_rows(digests) if seal.seq == seq else seal.rows_digest
        before = rehashed(trail.org_id, replace(seal, rows_digest=mine, previous=before.hash))
        await trail.lie(
            "UPDATE audit_seals SET rows_digest = $3, previous = $4, hash = $5 "
            "WHERE org_id = $1 AND seq = $2",
            before.seq,
            before.rows_digest,
            before.previous,
            before.hash,
        )


def rehashed(org_id: UUID, seal: Seal) -> Seal:
    return replace(seal, hash=seal_hash(org_id, seal))


async def all_anchors(trail: Trail) -> list[tuple[int, bytes]]:
    return [
        (seq, kept)
        for seq, kept in await trail.ask("SELECT seq, hash FROM audit_seals WHERE org_id = $1")
    ]


async def test_a_whole_chain_rewritten_fits_itself_and_not_the_anchor(trail: Trail) -> None:
    anchors = await all_anchors(trail)
    await rewrite_from(trail, 3, {"action": "thing.never"})
    assert await trail.findings() == [], "inside the database nothing shows"
    found = await trail.findings(sorted(anchors))
    assert [(one.trouble, one.seq) for one in found] == [
        ("anchor", 3),
        ("anchor", 4),
        ("anchor", 5),
    ]


async def test_the_newest_seals_cut_off_do_not_fit_the_anchor(trail: Trail) -> None:
    anchors = await all_anchors(trail)
    for table in ("audit_events", "audit_sealed"):
        await trail.lie(
            f"DELETE FROM {table} WHERE org_id = $1 AND (at, audit_id) IN "
            "(SELECT at, audit_id FROM audit_sealed WHERE org_id = $1 AND seq >= 4)"
            if table == "audit_events"
            else f"DELETE FROM {table} WHERE org_id = $1 AND seq >= 4"
        )
    await trail.lie("DELETE FROM audit_seals WHERE org_id = $1 AND seq >= 4")
    assert await trail.findings() == [], "inside the database nothing shows"
    found = await trail.findings(sorted(anchors))
    assert [(one.trouble, one.seq) for one in found] == [("anchor", 4), ("anchor", 5)]
    assert "the chain ends at seal 3" in found[0].words


async def known(trail: Trail) -> None:
    """Let the job know of the organization: those are found by their staff and clients."""
    async with trail.database.transaction(system(trail.org_id)) as store:
        await issue_token(store, "EHR", 1)


async def test_killed_between_the_batch_and_the_anchor(trail: Trail, tmp_path: Path) -> None:
    """What was sealed and not noted is noted at the next look, also by another process."""
    await known(trail)
    file = tmp_path / "anchors"
    await trail.act(2)
    await trail.seal()  # and the process is gone before it notes the head
    assert not file.exists()
    await seal_all(trail.database, FileAnchor(file))
    ((seq, kept),) = next(iter(read_anchors(file, trail.org_id)))
    assert [(seq, kept)] == (await all_anchors(trail))[-1:]
    await seal_all(trail.database, FileAnchor(file))
    assert len(next(iter(read_anchors(file, trail.org_id)))) == 1, "each head once"
    await trail.act()
    await seal_all(trail.database, FileAnchor(file))
    anchors = next(iter(read_anchors(file, trail.org_id)))
    assert (await trail.verify(anchors)).found == 0
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_line_cut_short_is_passed_over(trail: Trail, tmp_path: Path) -> None:
    """The machine stopped in the middle of a line."""
    await known(trail)
    file = tmp_path / "anchors"
    await trail.act()
    await seal_all(trail.database, FileAnchor(file))
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:40])
    await trail.act()
    await seal_all(trail.database, FileAnchor(file))
    anchors = next(iter(read_anchors(file, trail.org_id)))
    assert [seq for seq, _ in anchors] == [6, 7]
    assert (await trail.verify(anchors)).found == 0


async def test_a_chain_cut_below_its_anchor_is_told_at_once(
    trail: Trail, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await known(trail)
    anchor = FileAnchor(tmp_path / "anchors")
    await trail.act()
    await seal_all(trail.database, anchor)
    await trail.lie("DELETE FROM audit_seals WHERE org_id = $1 AND seq > 2")
    await trail.lie("DELETE FROM audit_sealed WHERE org_id = $1 AND seq > 2")
    await trail.lie("DELETE FROM audit_events WHERE org_id = $1 AND at > now() - interval '1 day'")
    await seal_all(trail.database, anchor)
    assert "was it restored from a dump, or cut" in caplog.text


async def run(address: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app", "audit", *arguments],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": address} | more,
        capture_output=True,
        text=True,
        check=False,
    )


async def test_the_command_tells_and_ends_with_1(
    trail: Trail, own: tuple[str, str], tmp_path: Path
) -> None:
    await known(trail)
    address, anchor = own[0], str(tmp_path / "anchors")
    done = await run(address, "seal", STEPWELL_AUDIT_ANCHOR=anchor)
    assert done.returncode == 0, done.stderr
    org = f"--org={trail.org_id}"
    done = await run(address, "verify", org, STEPWELL_AUDIT_ANCHOR=anchor)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing is wrong" in done.stdout
    assert "1 anchors, the newest that fits is of seal 6" in done.stdout
    await trail.act()
    done = await run(address, "verify", org, STEPWELL_AUDIT_ANCHOR=anchor)
    assert done.returncode == 0
    assert "2 rows wait to be sealed, the oldest for" in done.stdout, "one tells of the first look"
    at, audit_id = await some_row(trail)
    await trail.lie(f"DELETE FROM audit_events WHERE {SAME_ROW}", at, audit_id)
    done = await run(address, "verify", org)
    assert done.returncode == 1
    assert f"REMOVED: a row of seal 3 is gone · row {audit_id}" in done.stdout
    assert "no anchor was given" in done.stdout


async def test_rows_that_wait_for_hours_say_that_no_sealer_runs(
    trail: Trail, own: tuple[str, str]
) -> None:
    await trail.act(at=datetime.now(UTC) - timedelta(hours=2))
    done = await run(own[0], "verify", f"--org={trail.org_id}")
    assert done.returncode == 2
    assert "no sealer runs" in done.stdout


def test_a_line_is_found_wherever_a_log_puts_it(tmp_path: Path) -> None:
    org_id = new_id()
    seal = Seal(7, "2026-11", 0, b"", b"", None, True, datetime.now(UTC), bytes(32))
    log = tmp_path / "syslog"
    line = b"Nov 25 02:51:00 host stepwell[1]: " + anchor_line(org_id, seal)
    log.write_bytes(line + b'\nNov 25 something else\n{"audit_anchor": broken}\n')
    assert list(read_anchors(log, org_id)) == [[(7, bytes(32))]]
    assert list(read_anchors(log, new_id())) == []
