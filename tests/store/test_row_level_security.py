"""Every table is either bound to its organization or on the short list of those that are not."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.store.ids import new_id
from app.store.tables import metadata, tenant_tables

WITHOUT_A_TENANT = {
    "alembic_version",
    "client_directory",
    "client_tokens",
    "half_sign_ins",
    "known_devices",
    "logins",
    "provider_addresses",
    "provider_sessions",
    "sessions",
    "sign_in_attempts",
    "sign_in_ceremonies",
    "sign_in_links",
    "used_assertions",
}
"""Read before the organization is known; none holds patient data."""


async def add_organization(engine: AsyncEngine, org_id: UUID) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(f"SET LOCAL app.org_id = '{org_id}'"))
        await connection.execute(
            metadata.tables["organizations"]
            .insert()
            .values(
                org_id=org_id,
                name="A",
                time_zone="UTC",
                unknown_patient_policy="refuse",
                protocol_id="bao-sowa",
                protocol_version=1,
                created_at=datetime.now(UTC),
            )
        )


async def test_every_table_is_bound_or_named(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        found = await connection.execute(
            text(
                "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class "
                "WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
            )
        )
        bound = {row[0]: row[1] for row in found.all()}
    assert {name for name, is_bound in bound.items() if not is_bound} == WITHOUT_A_TENANT
    assert {t.name for t in tenant_tables()} == {n for n, is_bound in bound.items() if is_bound}


async def test_the_months_of_the_audit_are_reached_through_their_tables_alone(
    engine: AsyncEngine,
) -> None:
    """Each is bound, by no policy of its own: even its owner sees nothing in it directly."""
    async with engine.connect() as connection:
        found = await connection.execute(
            text(
                "SELECT relname, relrowsecurity AND relforcerowsecurity, "
                "has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') "
                "FROM pg_class WHERE relkind = 'r' AND relnamespace = 'audit_months'::regnamespace"
            )
        )
        months = found.all()
    assert len(months) >= 3 * 14
    assert {(bound, reached) for _, bound, reached in months} == {(True, False)}


@pytest.mark.parametrize("table", [t.name for t in tenant_tables()])
async def test_without_an_organization_nothing_shows(engine: AsyncEngine, table: str) -> None:
    await add_organization(engine, new_id())
    async with engine.connect() as connection:
        assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar() == 0


async def test_another_organization_is_as_if_it_never_was(engine: AsyncEngine) -> None:
    mine, theirs = new_id(), new_id()
    await add_organization(engine, mine)
    await add_organization(engine, theirs)
    async with engine.begin() as connection:
        await connection.execute(text(f"SET LOCAL app.org_id = '{mine}'"))
        seen = (await connection.execute(text("SELECT org_id FROM organizations"))).scalars().all()
        assert seen == [mine]
        changed = await connection.execute(
            text(f"UPDATE organizations SET name = 'x' WHERE org_id = '{theirs}'")
        )
        assert changed.rowcount == 0


async def test_nobody_writes_into_another_organization(engine: AsyncEngine) -> None:
    mine, theirs = new_id(), new_id()
    await add_organization(engine, theirs)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with engine.begin() as connection:
            await connection.execute(text(f"SET LOCAL app.org_id = '{mine}'"))
            await connection.execute(
                text(
                    "INSERT INTO clinics (org_id, clinic_id, name, time_zone) "
                    f"VALUES ('{theirs}', '{new_id()}', 'n', 'UTC')"
                )
            )


async def test_the_application_owns_nothing_and_bypasses_nothing(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        found = await connection.execute(
            text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        )
        assert found.scalar() is False
        owned = await connection.execute(
            text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        )
        assert owned.scalar() == 0


@pytest.mark.parametrize(
    "table", ["audit_events", "assessment_versions", "resource_versions", "screening_rules"]
)
@pytest.mark.parametrize("act", ["DELETE FROM {}", "UPDATE {} SET org_id = org_id"])
async def test_what_tells_of_acts_is_only_appended(
    engine: AsyncEngine, table: str, act: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with engine.begin() as connection:
            await connection.execute(text(act.format(table)))
