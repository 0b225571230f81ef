"""A search costs what it finds, not what there is: read off the plans of the application's role."""

import json
import time
from collections.abc import Iterator
from datetime import UTC
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.actor import system
from app.publishing.publisher import FhirPublisher
from app.store.engine import open_owner_engine
from app.store.resource_search import page_of, search
from app.store.tables import metadata
from app.store.transaction import Database, Store
from app.web.fhir.parameters import read_search
from tests.store.search_world import make_world

PEOPLE, EACH = 150, 20
TABLES = ("resources", "resource_versions", "resource_tokens", "resource_dates", "resource_strings")


@pytest.fixture(scope="module")
def worlds() -> dict[str, UUID]:
    """One world for the module: it is only read."""
    return {}


@pytest.fixture
async def database(engine: AsyncEngine, address: str, worlds: dict[str, UUID]) -> Database:
    made = Database(engine, FhirPublisher())
    if not worlds:
        worlds["org"] = await make_world(made, PEOPLE, EACH)
        owner = open_owner_engine(address)
        async with owner.begin() as connection:
            for name in (*TABLES, "patients"):
                assert name in metadata.tables
                await connection.execute(text(f"ANALYZE {name}"))
        await owner.dispose()
    return made


def sql_of(store: Store, kind: str, pairs: list[tuple[str, str]]) -> str:
    """The page's statement with its values written out."""
    statement = page_of(store, read_search(kind, pairs, "", UTC).search)
    written = statement.compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
    return str(written).replace(":", "\\:")


def steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from steps(one)


def rows_looked_at(plan: dict[str, Any]) -> int:
    """The most rows that one step of the plan touched, taken or not."""
    kinds = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter")
    return int(max(sum(one.get(k, 0) for k in kinds) * one["Actual Loops"] for one in steps(plan)))


PATIENT = "{patient}"
SEARCHES: list[tuple[str, list[tuple[str, str]], int, int]] = [
    # (type, parameters, found, the most rows that a step may touch)
    ("Observation", [("patient", PATIENT), ("code", "http://loinc.org|44261-6")], 4, 150),
    (
        "Observation",
        [("patient", PATIENT), ("category", "survey"), ("date", "ge2025-06"), ("_sort", "-date")],
        10,
        150,
    ),
    ("Observation", [("patient", PATIENT), ("status:not", "amended")], 20, 150),
    ("Observation", [("patient", PATIENT), ("date:missing", "true")], 0, 150),
    ("Patient", [("identifier", "urn:mrn|77")], 1, 3),
    ("Patient", [("name", "okafor7")], 1, 3),
    (
        "Patient",
        [("name", "okafor"), ("birthdate", "1952-05-04")],
        1,
        200,
    ),  # whichever of the two indexes Postgres takes first
    ("Observation", [("patient.identifier", "urn:mrn|77")], 20, 150),
    ("Observation", [("_lastUpdated", "gt2020"), ("_sort", "-_lastUpdated")], 50, 200),
    ("Observation", [], 50, 200),
    ("Observation", [("code", "http://loinc.org|44261-6")], 50, 2 * PEOPLE * EACH // 5),
]


@pytest.mark.parametrize(("kind", "pairs", "found", "most"), SEARCHES)
async def test_a_search_touches_what_it_finds(
    database: Database,
    worlds: dict[str, UUID],
    kind: str,
    pairs: list[tuple[str, str]],
    found: int,
    most: int,
) -> None:
    patient = str(uuid5(worlds["org"], "70"))
    asked = [(name, value.format(patient=patient)) for name, value in pairs]
    async with database.transaction(system(worlds["org"])) as store:
        page = await search(store, read_search(kind, asked, "", UTC).search)
        told = await store.connection.execute(
            text(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql_of(store, kind, asked)}")
        )
        plan = told.scalar_one()
    (whole,) = json.loads(plan) if isinstance(plan, str) else plan
    assert len(page.resources) == found
    assert rows_looked_at(whole["Plan"]) <= most, json.dumps(whole, indent=1)
    scans = {one.get("Relation Name") for one in steps(whole["Plan"]) if "Seq" in one["Node Type"]}
    assert not scans & set(TABLES), json.dumps(whole, indent=1)


async def test_a_page_takes_no_more_than_a_few_times_its_statement(
    database: Database, worlds: dict[str, UUID]
) -> None:
    """The way through the house against the bare statement, in one run: 25 turns, the quickest."""
    pairs = [("patient", str(uuid5(worlds["org"], "70"))), ("category", "survey")]
    async with database.transaction(system(worlds["org"])) as store:
        bare = text(sql_of(store, "Observation", pairs))
        whole, floor = [], []
        for _ in range(25):
            began = time.perf_counter()
            await search(store, read_search("Observation", pairs, "", UTC).search)
            whole.append(time.perf_counter() - began)
            began = time.perf_counter()
            (await store.connection.execute(bare)).all()
            floor.append(time.perf_counter() - began)
    print(f"a page: {min(whole) / min(floor):.1f} times its statement")
    assert min(whole) < 12 * min(floor)
