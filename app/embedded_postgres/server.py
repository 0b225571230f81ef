"""Start, share and stop the server of a checkout.

Every process that uses it holds a shared lock; the last one to leave stops it. A
lock dies with its process, so a kill -9 leaves at worst a running server, which
the next one finds and shares.
"""

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from app.embedded_postgres.cluster import (
    APPLICATION,
    OWNER,
    SUPERUSER,
    Cluster,
    EmbeddedPostgresError,
    locate,
)

SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "max_connections": "100",
    "shared_buffers": "'128MB'",
    "password_encryption": "'scram-sha-256'",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_statement": "'none'",
    "log_min_error_statement": "'panic'",
    "log_error_verbosity": "'terse'",  # a detail quotes the row
}
"""Statements are never logged: their values are patients' data."""


@contextmanager
def using(checkout: Path) -> Iterator[Cluster]:
    """The checkout's Postgres, running while the block does; shared with other processes."""
    cluster = locate(checkout)
    with (cluster.home / "users.lock").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            ensure_running(checkout)
            yield cluster
        finally:
            _leave(cluster, users.fileno())


def _leave(cluster: Cluster, users: int) -> None:
    with _alone(cluster):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if _answers(cluster):
            _control(cluster, "stop", "-m", "fast", "-w", "-t", "30")


def ensure_running(checkout: Path) -> Cluster:
    """Start the checkout's server unless it runs; it stays until `stop`."""
    cluster = locate(checkout)
    with _alone(cluster):
        if _answers(cluster):
            return cluster
        if cluster.moved:
            print(f"Embedded Postgres lives in {cluster.home}.", file=sys.stderr)
        if not (cluster.data / "PG_VERSION").exists():
            _initialize(cluster)
        _start(cluster)
        _make_roles(cluster)
    return cluster


def stop(checkout: Path) -> bool:
    """Stop the checkout's server; whether it ran."""
    cluster = locate(checkout)
    with _alone(cluster):
        if not _answers(cluster):
            return False
        _control(cluster, "stop", "-m", "fast", "-w", "-t", "30")
        return True


def status(checkout: Path) -> str:
    """``running on port N`` or ``stopped``."""
    cluster = locate(checkout)
    return f"running on port {cluster.port}" if _answers(cluster) else "stopped"


@contextmanager
def _alone(cluster: Cluster) -> Iterator[None]:
    """One process at a time starts or stops."""
    with (cluster.home / "start.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(
    cluster: Cluster,
    program: str,
    *arguments: str,
    given: str | None = None,
    secret: str | None = None,
) -> subprocess.CompletedProcess[str]:
    account = cluster.account
    return subprocess.run(
        [str(cluster.binaries / "bin" / program), *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        cwd=cluster.home,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        | ({"PGPASSWORD": secret} if secret else {}),
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )


def _answers(cluster: Cluster) -> bool:
    """Whether our own server (not another one on that port) accepts connections."""
    if not (cluster.home / "port").exists() or not (cluster.data / "postmaster.pid").exists():
        return False
    ready = _run(cluster, "pg_isready", "-q", "-h", str(cluster.sockets), "-p", str(cluster.port))
    return ready.returncode == 0


def _initialize(cluster: Cluster) -> None:
    """initdb into a folder aside, then rename: what was left half-way is never used."""
    _private(cluster, f"password-{SUPERUSER}", secrets.token_urlsafe(24))
    aside = Path(tempfile.mkdtemp(prefix="initdb-", dir=cluster.home))
    if cluster.account:
        os.chown(aside, cluster.account.pw_uid, cluster.account.pw_gid)
    made = _run(
        cluster,
        "initdb",
        f"--pgdata={aside / 'data'}",
        f"--username={SUPERUSER}",
        f"--pwfile={cluster.home / f'password-{SUPERUSER}'}",
        "--auth-local=scram-sha-256",
        "--auth-host=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
    )
    if made.returncode:
        shutil.rmtree(aside, ignore_errors=True)
        raise EmbeddedPostgresError(f"initdb failed: {made.stderr.strip()[-600:]}")
    shutil.rmtree(cluster.data, ignore_errors=True)
    (aside / "data").rename(cluster.data)
    for left in cluster.home.glob("initdb-*"):
        shutil.rmtree(left, ignore_errors=True)


def _private(cluster: Cluster, name: str, content: str) -> None:
    """A file that its account alone can read."""
    path = cluster.home / name
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content + "\n")
    if cluster.account:
        os.chown(path, cluster.account.pw_uid, cluster.account.pw_gid)


def _start(cluster: Cluster) -> None:
    """Start on the port of last time, or on another where somebody else took it."""
    _clear_stale_pid(cluster)
    for attempt in range(3):
        _private(cluster, "port", str(_free_port(cluster, fresh=attempt > 0)))
        options = {"unix_socket_directories": f"'{cluster.sockets}'", "port": str(cluster.port)}
        lines = [f"{name} = {value}" for name, value in (SETTINGS | options).items()]
        _private(cluster, "data/postgresql.auto.conf", "\n".join(lines))
        started = _control(cluster, "start", "-w", "-t", "60", "-l", str(cluster.log), check=False)
        if started.returncode == 0:
            return
    tail = cluster.log.read_text(errors="replace")[-600:] if cluster.log.exists() else ""
    raise EmbeddedPostgresError(f"Postgres did not start; its log {cluster.log} ends: {tail}")


def _clear_stale_pid(cluster: Cluster) -> None:
    """Remove the pid file of a server that is gone.

    After a kill -9 its number may stay with a zombie, or go to another process:
    Postgres alone would then refuse to start for ever.
    """
    pid_file = cluster.data / "postmaster.pid"
    if not pid_file.exists():
        return
    first = pid_file.read_text().partition("\n")[0].strip()
    if first.isdigit() and _is_our_postmaster(cluster, int(first)):
        return
    _await_orphans(cluster)
    pid_file.unlink()


def _await_orphans(cluster: Cluster) -> None:
    """Without the pid file nothing keeps two servers from one folder: let the old one's end."""
    for _ in range(100):
        if not any(_works_in(process, cluster.data) for process in psutil.process_iter()):
            return
        time.sleep(0.1)
    raise EmbeddedPostgresError(
        f"Processes of an earlier Postgres still work in {cluster.data}; end them, then try again."
    )


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        alive = process.status() != psutil.STATUS_ZOMBIE
        return bool(alive and process.cwd() == str(folder))
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def _is_our_postmaster(cluster: Cluster, pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return str(cluster.data) in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def _free_port(cluster: Cluster, *, fresh: bool) -> int:
    if not fresh and (cluster.home / "port").exists() and _is_free(cluster.port):
        return cluster.port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _control(
    cluster: Cluster, action: str, *arguments: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    done = _run(cluster, "pg_ctl", action, "-D", str(cluster.data), *arguments)
    if check and done.returncode:
        raise EmbeddedPostgresError(f"pg_ctl {action} failed: {done.stderr.strip()[-600:]}")
    return done


def _make_roles(cluster: Cluster) -> None:
    """The owner of databases, and the application's role that owns nothing."""
    if (cluster.home / "roles-made").exists():
        return
    for role in (OWNER, APPLICATION):
        _private(cluster, f"password-{role}", secrets.token_urlsafe(24))
    owner, application = cluster.password(OWNER), cluster.password(APPLICATION)
    _sql(
        cluster,
        [
            f"DROP ROLE IF EXISTS {APPLICATION}",
            f"DROP ROLE IF EXISTS {OWNER}",
            f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE PASSWORD '{owner}'",
            f"CREATE ROLE {APPLICATION} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{application}'",
            f"GRANT {APPLICATION} TO {OWNER} WITH ADMIN OPTION",
        ],
    )
    _private(cluster, "roles-made", "yes")


def _sql(cluster: Cluster, statements: Sequence[str]) -> str:
    """Run statements as the superuser; given on standard input, so no process list shows them."""
    done = _run(
        cluster,
        "psql",
        "-XqAt",
        "-v",
        "ON_ERROR_STOP=1",
        f"host={cluster.sockets} port={cluster.port} user={SUPERUSER} dbname=postgres",
        given=";\n".join(statements) + ";\n",
        secret=cluster.password(SUPERUSER),
    )
    if done.returncode:
        raise EmbeddedPostgresError(f"psql failed: {done.stderr.strip()[-600:]}")
    return done.stdout.strip()


def ensure_database(cluster: Cluster, name: str) -> None:
    """Make a database of the owner's unless it is there."""
    quoted = name.replace("'", "''")
    asked = f"SELECT 1 FROM pg_database WHERE datname = '{quoted}'"  # nosec B608: quoted above
    if _sql(cluster, [asked]) != "1":
        _sql(cluster, [f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE template0'])


def drop_database(cluster: Cluster, name: str) -> None:
    """Drop a database and whoever is connected to it."""
    _sql(cluster, [f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'])
