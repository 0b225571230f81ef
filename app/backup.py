"""Dump a database to a file and restore one, by Postgres's own programs.

Row-level security is forced on the owner too, so a dump is written by a role that it
does not bind: anything else would lack rows. A restore is one transaction.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from app.embedded_postgres import client_program
from app.errors import Conflict, Unavailable, Unprocessable


class NoAnswer(Unavailable):
    """The database does not answer."""

    code = "no-answer"


class CannotDump(Unprocessable):
    """The database cannot be dumped."""

    code = "cannot-dump"


class CannotRestore(Unprocessable):
    """The dump cannot be restored here."""

    code = "cannot-restore"


class NotEmpty(Conflict):
    """The database to restore into holds something already; it was left as it is."""

    code = "restore-target-not-empty"


HIDES_ROWS = """
SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND row_security_active(oid)
"""
IS_OURS = "SELECT to_regclass('public.alembic_version') IS NOT NULL"
WHAT_IS_THERE = """
SELECT name FROM (
    SELECT 'pg_class'::regclass AS catalogue, oid, relnamespace AS space, relname AS name
    FROM pg_class WHERE relkind <> 'i'
    UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace, proname FROM pg_proc
    UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace, typname FROM pg_type
    WHERE typtype IN ('d', 'e')
) AS found JOIN pg_namespace ON pg_namespace.oid = space
WHERE nspname <> 'information_schema' AND nspname !~ '^pg_' AND NOT EXISTS (
    SELECT FROM pg_depend
    WHERE classid = catalogue AND objid = found.oid AND deptype = 'e'
)
ORDER BY name LIMIT 3
"""
BEGIN = b"""
BEGIN;
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stepwell_app') THEN
        CREATE ROLE stepwell_app NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
END $$;
"""
COMMIT = b"\nCOMMIT;\nANALYZE;\n"
HEADER_LINES = 40
UNKNOWN_BEFORE_17 = b"SET transaction_timeout"
"""Newer programs write this even for a server that does not know it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A database as Postgres's programs take it: no process list shows the password."""

    address: str
    environment: dict[str, str]

    def command(self, program: str, *arguments: str) -> list[str]:
        return [client_program(program), *arguments, f"--dbname={self.address}"]

    def ask(self, question: str) -> list[str]:
        """The rows of one column."""
        done = _run(self.command("psql", "-XqAt", "-v", "ON_ERROR_STOP=1"), self, question)
        if done.returncode:
            raise NoAnswer(f"The database does not answer: {done.stderr.strip()[:600]}")
        return done.stdout.splitlines()


def target(address: str) -> Target:
    """From the address that the application takes, whose `ssl` libpq calls `sslmode`."""
    parts = urlsplit(address)
    account, at, host = parts.netloc.rpartition("@")
    user, _, password = account.partition(":")
    query = "&".join(
        "sslmode" + item[3:] if item.startswith("ssl=") else item for item in parts.query.split("&")
    )
    plain = parts._replace(scheme="postgresql", netloc=user + at + host, query=query)
    secret = {"PGPASSWORD": unquote(password)} if password else {}
    return Target(plain.geturl(), dict(os.environ) | {"LC_ALL": "C"} | secret)


def _run(
    command: list[str], to: Target, given: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, input=given, env=to.environment, capture_output=True, text=True, check=False
    )


def dump(address: str, file: Path) -> None:
    """Write the whole database to a new file, or nothing at all."""
    source = target(address)
    if file.exists():
        raise CannotDump(f"{file} is there already; choose another name.")
    if source.ask(IS_OURS) != ["t"]:
        raise CannotDump("This database holds no registry: it was never migrated.")
    if source.ask(HIDES_ROWS) != ["0"]:
        raise CannotDump(
            "Row-level security would hide rows from this role. Set BACKUP_DATABASE_URL: the same "
            "database, as a superuser or a role with BYPASSRLS that may read every table."
        )
    part = file.parent / f".{file.name}.{secrets.token_hex(8)}.part"
    try:  # before the file is there: being ended at any moment leaves none
        _begin(part)
        options = ("--format=custom", "--lock-wait-timeout=60s", f"--file={part}")
        done = _run(source.command("pg_dump", *options), source)
        if done.returncode:
            raise CannotDump(f"Nothing was written: {done.stderr.strip()[:600] or 'it was ended'}")
        part.rename(file)
    finally:
        if part.exists():
            part.unlink()
    _settle(file.parent)


def _begin(part: Path) -> None:
    """A new file that its owner alone can read."""
    try:
        part.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise CannotDump(f"{part.parent} cannot be written: {error.strerror}.") from None


def _settle(folder: Path) -> None:
    """Outlive a loss of power: pg_dump has the content on the disk, this the name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def restore(address: str, file: Path) -> None:
    """Fill an empty database, wholly or not at all; one that holds anything is left as it is."""
    into = target(address)
    listed = _run([client_program("pg_restore"), "--list", str(file)], into)
    if listed.returncode or " TABLE public alembic_version " not in listed.stdout:
        raise CannotRestore(f"{file} is not a registry's dump. {listed.stderr.strip()[:300]}")
    there = into.ask(WHAT_IS_THERE)
    if there:
        raise NotEmpty(
            f"The database is not empty (it holds {', '.join(there)}); it was left as it is. "
            "Restore into a new one."
        )
    if problem := _fill(into, file):
        raise CannotRestore(f"Nothing was restored: {problem[:600]}")


def _fill(into: Target, file: Path) -> str:
    """What went wrong, if anything did: without the last line nothing is committed."""
    read = [client_program("pg_restore"), "--no-owner", "--file=-", str(file)]
    # Terse: the details of an error would show what is in the rows.
    quiet = ("-Xq", "--output=/dev/null", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse")
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            into.command("psql", *quiet), env=into.environment, stdin=subprocess.PIPE, stderr=said
        ) as writing,
        subprocess.Popen(read, stdout=subprocess.PIPE, stderr=said) as reading,
    ):
        assert reading.stdout is not None
        assert writing.stdin is not None
        with suppress(BrokenPipeError):  # psql stopped at an error, which it has told
            _pass_on(reading.stdout, writing.stdin)
            if reading.wait() == 0:
                writing.stdin.write(COMMIT)
        reading.stdout.close()
        with suppress(BrokenPipeError):
            writing.stdin.close()
        failed = writing.wait() or reading.wait()
        said.seek(0)
        return said.read().decode(errors="replace").strip() if failed else ""


def _pass_on(script: IO[bytes], to: IO[bytes]) -> None:
    to.write(BEGIN)
    for line in islice(script, HEADER_LINES):
        if not line.startswith(UNKNOWN_BEFORE_17):
            to.write(line)
    shutil.copyfileobj(script, to)
