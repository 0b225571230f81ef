"""Dump a registry to one file and restore it into an empty database, by Postgres' own tools.

Row-level security is never a silent filter: even the owner is bound by it, so a dump
is made by a role that may read everything, and pg_dump refuses any other. A restore is
the owner's.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from sqlalchemy import make_url

from app.errors import Conflict, Failed, Unprocessable

EMPTY = (
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'S')"
)
ROLE = (
    "DO $$ BEGIN CREATE ROLE stepwell_app NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE; "
    "EXCEPTION WHEN duplicate_object THEN NULL; END $$"
)
MEMBER = (
    "DO $$ BEGIN IF NOT pg_has_role(current_user, 'stepwell_app', 'MEMBER') THEN "
    "EXECUTE format('GRANT stepwell_app TO %I', current_user); END IF; END $$"
)


class BackupFailed(Failed):
    """The dump or the restore did not succeed; nothing half-finished is left behind."""

    code = "backup-failed"


class NotEmpty(Conflict):
    """The database to restore into holds tables already; nothing was changed. Name an empty one."""

    code = "restore-target-not-empty"


def dump(address: str, file: Path, binaries: Path | None) -> None:
    """Write the whole database to a new file, whole or not at all; only its owner may read it."""
    if file.exists():
        raise Unprocessable(f"{file} exists already; a dump overwrites nothing.")
    with NamedTemporaryFile(dir=file.parent, prefix=".dump-", delete=False) as aside:
        unfinished = Path(aside.name)
    try:
        _run("pg_dump", ["--format=custom", f"--file={unfinished}"], address, binaries)
    except BackupFailed as error:
        if "row-level security" in error.message:
            raise BackupFailed(
                "Set BACKUP_DATABASE_URL to a role that may read every row (a superuser, or "
                "BYPASSRLS and pg_read_all_data): the owner is bound by row-level security."
            ) from None
        raise
    else:
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(address: str, file: Path, binaries: Path | None) -> None:
    """Restore a dump into an empty database, in one transaction. Raises NotEmpty."""
    if not file.is_file():
        raise Unprocessable(f"There is no file {file}.")
    _run("pg_restore", ["--list", str(file)], None, binaries)
    if _run("psql", ["-tAc", EMPTY], address, binaries).strip() != "0":
        raise NotEmpty()
    _run("psql", ["-qc", ROLE, "-c", MEMBER], address, binaries)
    whole = ["--single-transaction", "--exit-on-error", "--no-owner"]
    _run("pg_restore", [*whole, f"--dbname={_database(address)}", str(file)], address, binaries)


def _database(address: str) -> str:
    return make_url(address).database or "postgres"


def _run(program: str, arguments: Sequence[str], address: str | None, binaries: Path | None) -> str:
    found = shutil.which(program, path=str(binaries) if binaries else None)
    if found is None:
        raise Unprocessable(
            f"{program} is not installed: apt-get install postgresql-client "
            "(macOS: brew install libpq)."
        )
    with _environment(address) as environment:
        told = subprocess.run(
            [found, *arguments], env=environment, capture_output=True, text=True, check=False
        )
    if told.returncode:
        raise BackupFailed(f"{program}: {told.stderr.strip()[-600:]}")
    return told.stdout


@contextmanager
def _environment(address: str | None) -> Iterator[dict[str, str]]:
    """The connection for libpq; its password in a file of ours, never in a list of processes."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    if address is None:
        yield environment
        return
    url = make_url(address)
    host = url.query.get("host") or url.host or ""
    parts = {
        "PGHOST": host if isinstance(host, str) else host[0],
        "PGPORT": str(url.port or url.query.get("port") or ""),
        "PGUSER": url.username or "",
        "PGDATABASE": _database(address),
    }
    environment |= {name: value for name, value in parts.items() if value}
    with NamedTemporaryFile("w", prefix="stepwell-", suffix=".pgpass") as secret:
        if url.password:
            password = str(url.password).replace("\\", "\\\\").replace(":", "\\:")
            secret.write(f"*:*:*:*:{password}\n")
            secret.flush()
            environment["PGPASSFILE"] = secret.name
        yield environment
