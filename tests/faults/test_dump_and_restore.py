"""A dump holds every row and right; a restore is whole or leaves no trace."""

import asyncio
import os
import secrets
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from app.backup import CannotDump, CannotRestore, NoAnswer, NotEmpty, dump, restore, target
from app.demo import load as demo_data
from app.domain.actor import system
from app.embedded_postgres import stop
from app.embedded_postgres.cluster import locate
from app.migrating import migrate
from app.settings import Settings
from app.store import organizations
from app.store.engine import check_role
from app.store.ids import new_id
from app.store.tables import tenant_tables
from app.wiring import build_services
from tests import postgres
from tests.postgres import Server

ROOT = Path(__file__).resolve().parents[2]
TABLES = (
    "SELECT relname FROM pg_class "
    "WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
)
RIGHTS = f"""
SELECT relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) AS owner,
    (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(relacl) AS acl) AS rights,
    (SELECT array_agg(concat_ws(' ', p.polname, pg_get_expr(p.polqual, p.polrelid),
        pg_get_expr(p.polwithcheck, p.polrelid)) ORDER BY p.polname) FROM pg_policy AS p WHERE p.polrelid = c.oid)
FROM pg_class AS c WHERE c.relname IN ({TABLES}) ORDER BY relname
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
CONSTRAINTS = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype <> 'n' ORDER BY 1"


def ask(address: str, *questions: str) -> list[Any]:
    """What the last question answers."""

    async def act() -> list[Any]:
        connection = await asyncpg.connect(address)
        try:
            return [await connection.fetch(question) for question in questions][-1]
        finally:
            await connection.close()

    return asyncio.run(act())


def contents(address: str) -> dict[str, tuple[int, str]]:
    """Per table how many rows there are, and a digest of them all; as a superuser."""
    digest = "SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} AS t"
    return {name: tuple(ask(address, digest.format(name))[0]) for (name,) in ask(address, TABLES)}


async def fill(address: str) -> None:
    """Two organizations: a role that sees but one of them must not pass for whole."""
    services = build_services(Settings(), address, demo_data.ACCOUNTS)
    await demo_data.load(services.database, 12, 7, date(2026, 3, 2), lambda _: None)
    async with services.database.transaction(system(new_id())) as store:
        await organizations.add_organization(store, "Another", "UTC", "refuse")
    await services.database.engine.dispose()


@dataclass(frozen=True, slots=True)
class Registry:
    """A filled database, and a dump of it."""

    name: str
    file: Path
    contents: dict[str, tuple[int, str]]


def script(name: str, file: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run by a relative path, from where the file is."""
    return subprocess.run(
        [str(ROOT / "scripts" / name), file.name],
        cwd=file.parent,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def registry(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with postgres.database(server, "dumped") as name:
        migrate(server.url(name))
        asyncio.run(fill(server.url(name)))
        file = tmp_path_factory.mktemp("dumps") / "kept.dump"
        done = script(
            "dump",
            file,
            DATABASE_URL=server.url(name),
            BACKUP_DATABASE_URL=server.superuser_url(name),
        )
        assert done.returncode == 0, done.stderr
        yield Registry(name, file, contents(server.superuser_url(name)))


@pytest.fixture
def empty(server: Server) -> Iterator[str]:
    with postgres.database(server, "restored") as name:
        yield name


def test_a_dump_is_private_and_alone(registry: Registry) -> None:
    assert stat.S_IMODE(registry.file.stat().st_mode) == 0o600
    assert registry.file.read_bytes()[:5] == b"PGDMP"
    assert list(registry.file.parent.iterdir()) == [registry.file]


def test_every_row_and_right_comes_back(server: Server, registry: Registry, empty: str) -> None:
    done = script("restore", registry.file, DATABASE_URL=server.url(empty))
    assert done.returncode == 0, done.stderr
    before, after = server.superuser_url(registry.name), server.superuser_url(empty)
    assert contents(after) == registry.contents
    assert registry.contents["organizations"][0] == 2
    for table in ("patients", "assessments", "episodes", "flags", "audit_events", "client_tokens"):
        assert registry.contents[table][0] > 0
    for question in (RIGHTS, INDEXES, CONSTRAINTS):
        assert ask(after, question) == ask(before, question)
    migrate(server.url(empty))  # nothing is left to do, and its owner may


async def test_the_application_works_on_what_was_restored(
    server: Server, registry: Registry, empty: str
) -> None:
    await asyncio.to_thread(restore, server.url(empty), registry.file)
    services = build_services(Settings(), server.url(empty), demo_data.ACCOUNTS)
    engine = services.database.engine
    await check_role(engine)
    async with engine.connect() as connection:
        for table in tenant_tables():
            assert (await connection.scalar(text(f"SELECT count(*) FROM {table.name}"))) == 0
        deletes = await connection.scalar(
            text("SELECT has_table_privilege('stepwell_app', 'audit_events', 'DELETE, UPDATE')")
        )
        assert deletes is False
    async with services.database.transaction(system(demo_data.ORG)) as store:
        seen = await store.connection.scalar(text("SELECT count(*) FROM patients"))
        assert seen == registry.contents["patients"][0]
        await organizations.add_clinic(store, "Opened after the restore", "UTC")
    await engine.dispose()


def test_a_target_that_holds_anything_is_left_as_it_is(
    server: Server, registry: Registry, empty: str
) -> None:
    ask(server.url(empty), "CREATE TABLE mine (n int)", "INSERT INTO mine VALUES (7)")
    with pytest.raises(NotEmpty, match=r"not empty \(it holds mine\)"):
        restore(server.url(empty), registry.file)
    assert ask(server.url(empty), TABLES) == [("mine",)]
    assert ask(server.url(empty), "SELECT n FROM mine") == [(7,)]


@pytest.mark.parametrize(
    "kind",
    ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE TYPE t AS ENUM ('a')"],
)
def test_a_function_or_a_type_is_something_too(
    server: Server, registry: Registry, empty: str, kind: str
) -> None:
    ask(server.url(empty), kind)
    with pytest.raises(NotEmpty, match="not empty"):
        restore(server.url(empty), registry.file)


def test_half_a_dump_restores_nothing(
    server: Server, registry: Registry, empty: str, tmp_path: Path
) -> None:
    whole, half = registry.file.read_bytes(), tmp_path / "half.dump"
    for kept in (3000, len(whole) * 3 // 4, len(whole) - 2000, len(whole) - 1):
        half.write_bytes(whole[:kept])
        with pytest.raises(CannotRestore):
            restore(server.url(empty), half)
        assert ask(server.url(empty), TABLES) == []


def test_a_failure_on_the_way_undoes_everything(
    server: Server, registry: Registry, empty: str, tmp_path: Path
) -> None:
    """A grantee that is not there: the tables and their rows came before the grants."""
    role = f"stepwell_test_{secrets.token_hex(6)}"
    everyone, file = server.superuser_url(registry.name), tmp_path / "granted.dump"
    ask(everyone, f"CREATE ROLE {role}", f"GRANT SELECT ON patients TO {role}")
    try:
        dump(everyone, file)
    finally:
        ask(everyone, f"REVOKE SELECT ON patients FROM {role}", f"DROP ROLE {role}")
    with pytest.raises(CannotRestore, match=f'role "{role}" does not exist'):
        restore(server.url(empty), file)
    assert ask(server.url(empty), TABLES) == []


def test_a_role_that_would_not_see_every_row_dumps_nothing(
    server: Server, registry: Registry, tmp_path: Path
) -> None:
    with pytest.raises(CannotDump, match="BACKUP_DATABASE_URL"):
        dump(server.url(registry.name), tmp_path / "bound.dump")
    assert list(tmp_path.iterdir()) == []


def test_a_dump_overwrites_nothing(server: Server, registry: Registry) -> None:
    before = registry.file.read_bytes()
    with pytest.raises(CannotDump, match="is there already"):
        dump(server.superuser_url(registry.name), registry.file)
    assert registry.file.read_bytes() == before


def test_a_full_disk_leaves_no_file(server: Server, registry: Registry, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 16; exec {ROOT / 'scripts' / 'dump'} full.dump"],
        cwd=tmp_path,
        env=os.environ | {"DATABASE_URL": server.superuser_url(registry.name)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Nothing was written" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_or_no_server_is_no_backup(
    server: Server, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "nothing.dump"
    with pytest.raises(CannotDump, match="never migrated"):
        dump(server.superuser_url(empty), file)
    with pytest.raises(NoAnswer) as refusal:
        dump("postgresql://a:very-secret@127.0.0.1:1/none", file)
    assert "very-secret" not in str(refusal.value)
    assert not file.exists()


def test_addresses_as_the_application_takes_them() -> None:
    into = target("postgresql+asyncpg://us%40er:p%2Fw%40rd@db.example:5433/stepwell?ssl=require")
    assert into.address == "postgresql://us%40er@db.example:5433/stepwell?sslmode=require"
    assert into.environment["PGPASSWORD"] == "p/w@rd"


@pytest.fixture
def clones(tmp_path: Path) -> Iterator[list[Path]]:
    """Two checkouts, each with an embedded Postgres of its own."""
    made = [tmp_path / "old", tmp_path / "new"]
    for clone in made:
        for folder in ("app", "fhir_mappings", "migrations"):
            shutil.copytree(ROOT / folder, clone / folder)
        shutil.copy(ROOT / "alembic.ini", clone)
    yield made
    for clone in made:
        cluster = locate(clone)
        stop(clone)
        shutil.rmtree(cluster.home)
        shutil.rmtree(cluster.sockets)


def test_from_one_embedded_postgres_to_another(clones: list[Path], tmp_path: Path) -> None:
    outside = {"DATABASE_URL", "MIGRATION_DATABASE_URL", "BACKUP_DATABASE_URL"}
    environment = {k: v for k, v in os.environ.items() if k not in outside}

    def run(clone: Path, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "app", *arguments],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": str(clone)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    old, new = clones
    run(old, "migrate")
    org = run(old, "organization", "add", "Clinic", "--clinic", "Riverside")
    run(old, "client", "add", "EHR", "--org", org, "--lasting-token")
    run(old, "dump", "moved.dump")
    run(new, "restore", "moved.dump")
    run(new, "migrate")
    run(new, "client", "disable", "EHR", "--org", org)  # found there, as the application
