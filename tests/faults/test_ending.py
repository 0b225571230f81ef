"""A signal that ends a command leaves nothing open or half-done behind."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.embedded_postgres import status, stop
from app.embedded_postgres.cluster import locate
from app.migrating import migrate
from tests import postgres
from tests.postgres import Server
from tests.web.site import KEY

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    for folder in ("app", "fhir_mappings", "migrations"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    yield tmp_path
    cluster = locate(tmp_path)
    stop(tmp_path)
    shutil.rmtree(cluster.home)
    shutil.rmtree(cluster.sockets)


def begin(clone: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    given = {k: v for k, v in os.environ.items() if not k.endswith("DATABASE_URL")}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "app", *arguments],
        cwd=clone,
        env=given | {"PYTHONPATH": str(clone)} | environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_life(base: str, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            assert httpx.get(f"{base}/health/live").status_code == 200
            return
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_ended_server_stops_its_postgres(clone: Path, ending: signal.Signals) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    serving = begin(clone, "serve", STEPWELL_PORT=port, STEPWELL_SECRET_KEY=KEY)
    wait_for_life(f"http://127.0.0.1:{port}")
    assert status(clone).startswith("running")
    serving.send_signal(ending)
    serving.communicate(timeout=30)
    assert status(clone) == "stopped"


@pytest.fixture
def migrated(server: Server) -> Iterator[str]:
    with postgres.database(server, "ended") as name:
        migrate(server.url(name))
        yield server.superuser_url(name)


async def test_an_ended_dump_leaves_no_file(migrated: str, tmp_path: Path) -> None:
    """A lock that somebody holds keeps pg_dump waiting, so that it is surely ended on the way."""
    holder = await asyncpg.connect(migrated)
    await holder.execute("BEGIN; LOCK TABLE patients IN ACCESS EXCLUSIVE MODE")
    dumping = begin(ROOT, "dump", str(tmp_path / "ended.dump"), DATABASE_URL=migrated)
    deadline = time.monotonic() + 30
    while not await asyncio.to_thread(os.listdir, tmp_path):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    dumping.send_signal(signal.SIGTERM)
    dumping.communicate(timeout=20)
    assert dumping.returncode == 128 + signal.SIGTERM
    assert await asyncio.to_thread(os.listdir, tmp_path) == []
    await holder.close()
