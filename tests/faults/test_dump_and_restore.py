"""A dump holds everything, a restore into an empty database brings it back, bound as before."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.backup import BackupFailed, NotEmpty, dump, restore
from app.domain.actor import system
from app.embedded_postgres import SUPERUSER, Cluster, ensure_database
from app.embedded_postgres.server import drop_database
from app.publisher import FhirPublisher
from app.store import organizations
from app.store.engine import open_engine, open_owner_engine
from app.store.ids import new_id
from app.store.tables import metadata
from app.store.transaction import Database


@pytest.fixture
def target(cluster: Cluster) -> Iterator[str]:
    name = f"stepwell_restored_{new_id().hex[-12:]}"
    ensure_database(cluster, name)
    yield name
    drop_database(cluster, name)


def reader(cluster: Cluster, address: str) -> str:
    return cluster.url(address.rpartition("/")[2], SUPERUSER)


async def counts(address: str) -> dict[str, int]:
    engine = open_owner_engine(address)
    async with engine.connect() as connection:
        found = {
            name: (await connection.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one()
            for name in metadata.tables
        }
    await engine.dispose()
    return found


async def test_the_round_trip_keeps_every_row_and_every_bound(
    cluster: Cluster, address: str, target: str, tmp_path: Path
) -> None:
    engine = open_engine(address)
    org_id = new_id()
    async with Database(engine, FhirPublisher()).transaction(system(org_id)) as store:
        await organizations.add_organization(store, "Kept", "America/New_York", "refuse")
        await organizations.add_clinic(store, "Riverside", "America/New_York")
    await engine.dispose()
    file = tmp_path / "registry.dump"
    dump(reader(cluster, address), file, cluster.binaries / "bin")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    restored = cluster.url(target)
    restore(restored, file, cluster.binaries / "bin")
    before = await counts(reader(cluster, address))
    assert before["organizations"] >= 1
    assert await counts(reader(cluster, restored)) == before
    bound = open_engine(restored)
    async with bound.begin() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM clinics"))).scalar() == 0
        await connection.execute(text(f"SET LOCAL app.org_id = '{org_id}'"))
        assert (await connection.execute(text("SELECT name FROM clinics"))).scalars().all() == [
            "Riverside"
        ]
    await bound.dispose()


async def test_what_is_not_empty_or_not_a_dump_is_left_alone(
    cluster: Cluster, address: str, target: str, tmp_path: Path
) -> None:
    file = tmp_path / "registry.dump"
    dump(reader(cluster, address), file, cluster.binaries / "bin")
    before = await counts(reader(cluster, address))
    with pytest.raises(NotEmpty):
        restore(address, file, cluster.binaries / "bin")
    assert await counts(reader(cluster, address)) == before
    broken = tmp_path / "broken.dump"
    broken.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(BackupFailed):
        restore(cluster.url(target), broken, cluster.binaries / "bin")
    restore(
        cluster.url(target), file, cluster.binaries / "bin"
    )  # nothing was left by the broken one


def test_a_dump_that_fails_leaves_no_file(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed):
        dump(
            cluster.url("no_such_database", SUPERUSER),
            tmp_path / "x.dump",
            cluster.binaries / "bin",
        )
    assert list(tmp_path.iterdir()) == []


def test_a_role_bound_by_row_level_security_is_refused_not_given_a_part(
    cluster: Cluster, address: str, tmp_path: Path
) -> None:
    with pytest.raises(BackupFailed, match="BACKUP_DATABASE_URL"):
        dump(address, tmp_path / "x.dump", cluster.binaries / "bin")
    assert list(tmp_path.iterdir()) == []
