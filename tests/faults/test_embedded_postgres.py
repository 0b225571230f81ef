"""The embedded Postgres under kill -9, sharing, clashes and half-finished work."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded_postgres import Cluster, ensure_database, ensure_running, status, stop, using
from app.embedded_postgres.cluster import locate
from app.embedded_postgres.server import _sql

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clone")
    yield folder
    cluster = locate(folder)
    stop(folder)
    shutil.rmtree(cluster.home)
    shutil.rmtree(cluster.sockets)


def kill(cluster: Cluster) -> int:
    """kill -9 of the postmaster and every child, as a machine that lost power."""
    postmaster = int((cluster.data / "postmaster.pid").read_text().splitlines()[0])
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    children = [
        int(pid)
        for pid, parent in (line.split() for line in listed.stdout.splitlines())
        if int(parent) == postmaster
    ]
    for pid in (postmaster, *children):
        with contextlib.suppress(ProcessLookupError):  # a child may end by itself meanwhile
            os.kill(pid, signal.SIGKILL)
    return postmaster


def test_data_outlives_a_kill_and_a_stale_pid_file(checkout: Path) -> None:
    with using(checkout) as cluster:
        ensure_database(cluster, "kept")
        kill(cluster)
        assert status(checkout) == "stopped"
        ensure_running(checkout)
        assert _sql(cluster, ["SELECT 1 FROM pg_database WHERE datname = 'kept'"]) == "1"
    # The pid in a stale file may by now be another process's, here our own.
    pid_file = cluster.data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{cluster.data}\n0\n{cluster.port}\n\n127.0.0.1\n 0 0\n")
    with using(checkout):
        assert status(checkout).startswith("running")


def test_the_last_one_to_leave_stops_it(checkout: Path) -> None:
    other = (
        "import sys; from pathlib import Path; from app.embedded_postgres import using\n"
        "with using(Path(sys.argv[1])) as c: print(c.port, flush=True); sys.stdin.readline()"
    )
    with using(checkout) as cluster:
        process = subprocess.Popen(
            [sys.executable, "-c", other, str(checkout)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        assert int(process.stdout.readline()) == cluster.port
    assert status(checkout).startswith("running")  # the other one still uses it
    process.communicate("go\n", timeout=60)
    assert status(checkout) == "stopped"


def test_another_program_on_its_port_moves_it(checkout: Path) -> None:
    with using(checkout) as cluster:
        port = cluster.port
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        with using(checkout) as cluster:
            assert cluster.port != port


def test_what_initdb_left_half_way_is_never_used(checkout: Path) -> None:
    home = checkout / ".stepwell"
    with using(checkout) as cluster:
        home = cluster.home
    shutil.rmtree(cluster.data)
    (cluster.data).mkdir()
    (cluster.data / "half").touch()
    (home / "roles-made").unlink()
    with using(checkout) as cluster:
        assert not (cluster.data / "half").exists()
        assert status(checkout).startswith("running")


def test_utf8_and_secrets_and_parents(checkout: Path) -> None:
    before = {folder: folder.stat().st_mode for folder in checkout.parents}
    with using(checkout) as cluster:
        found = _sql(cluster, ["SELECT pg_encoding_to_char(encoding) FROM pg_database LIMIT 1"])
        assert found == "UTF8"
        for name in ("password-postgres", "password-stepwell_owner", "password-stepwell_app"):
            assert stat.S_IMODE((cluster.home / name).stat().st_mode) == 0o600
        assert stat.S_IMODE(cluster.home.stat().st_mode) == 0o700
        assert stat.S_IMODE(cluster.sockets.stat().st_mode) == 0o700
    assert {folder: folder.stat().st_mode for folder in checkout.parents} == before
