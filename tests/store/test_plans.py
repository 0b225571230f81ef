"""The sweep and the escalation cost what is due, not what there is: indexes, statements, rows."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.actor import system
from app.publishing.publisher import FhirPublisher
from app.store import organizations, staff
from app.store.bulk import copy_rows
from app.store.ids import new_id
from app.store.transaction import Database, Store
from app.use_cases.escalate_flags import escalate_flags
from app.use_cases.sweep import sweep

NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)
TODAY = NOW.date()


async def make_registry(database: Database, patients: int, due: int) -> UUID:
    """An organization whose patients are all in care, `due` of them to be looked at today."""
    org_id, dice = new_id(), Random(3)
    async with database.transaction(system(org_id)) as store:
        await organizations.add_organization(store, "Clinic", "UTC", "refuse")
        clinic_id = await organizations.add_clinic(store, "Riverside", "UTC")
        login = f"cm{org_id.hex[-12:]}"
        maya = await staff.add_staff(store, login, "Maya", ["care-manager"], "", "m@c.example")
        ids = [uuid5(org_id, str(number)) for number in range(patients)]
        dice.shuffle(ids)
        given = {"org_id": org_id, "created_at": NOW, "updated_at": NOW}
        await copy_rows(store, "patients", [_patient(given, one) for one in ids])
        rows = [_episode(given, one, clinic_id, maya, n < due) for n, one in enumerate(ids)]
        await copy_rows(store, "episodes", rows)
        await copy_rows(
            store, "flags", [_flag(org_id, one, maya, n < due) for n, one in enumerate(ids)]
        )
    return org_id


def _patient(given: dict[str, Any], patient_id: UUID) -> dict[str, Any]:
    return given | {
        "patient_id": patient_id,
        "fhir_id": str(patient_id),
        "display_name": "Nobody",
        "sex": "unknown",
        "active": True,
    }


def _episode(
    given: dict[str, Any], patient_id: UUID, clinic_id: UUID, maya: UUID, due: bool
) -> dict[str, Any]:
    return given | {
        "episode_id": uuid5(patient_id, "episode"),
        "patient_id": patient_id,
        "clinic_id": clinic_id,
        "status": "active",
        "condition": "depression",
        "enrolled_on": TODAY - timedelta(days=40),
        "care_manager_id": maya,
        "protocol_id": "bao-sowa",
        "protocol_version": 1,
        "urgency": 99,
        "urgency_reason": "",
        "next_evaluation_on": TODAY if due else TODAY + timedelta(days=9),
        "version": 1,
    }


def _flag(org_id: UUID, patient_id: UUID, maya: UUID, due: bool) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "flag_id": uuid5(patient_id, "flag"),
        "patient_id": patient_id,
        "episode_id": uuid5(patient_id, "episode"),
        "kind": "safety",
        "subject": "",
        "content_digest": "",
        "state": "open",
        "words": "",
        "evidence": "{}",
        "owner_id": maya,
        "owner_as": "care-manager",
        "opened_at": NOW,
        "asked_at": NOW,
        "next_step_at": NOW if due else NOW + timedelta(days=9),
        "due_at": NOW,
        "version": 1,
    }


@pytest.fixture
async def database(engine: AsyncEngine) -> Database:
    return Database(engine, FhirPublisher())


async def count_statements(database: Database, org_id: UUID, act: Any) -> tuple[int, int]:
    """(what `act` returned, statements it took), at the time of the test."""
    told: list[str] = []

    def note(_a: Any, _b: Any, statement: str, *_: Any) -> None:
        told.append(statement)

    engine = database.engine.sync_engine
    async with database.transaction(system(org_id)) as store:
        store.now = NOW
        event.listen(engine, "before_cursor_execute", note)
        try:
            done = await act(store)
        finally:
            event.remove(engine, "before_cursor_execute", note)
    return done, len(told)


async def plan(database: Database, org_id: UUID, statement: str) -> str:
    """How the application's role runs it, with rows counted."""
    async with database.transaction(system(org_id)) as store:
        found = await store.connection.execute(text(f"EXPLAIN (ANALYZE, COSTS OFF) {statement}"))
        return "\n".join(row[0] for row in found.all())


DUE_EPISODES = """
SELECT episode_id FROM episodes WHERE org_id = '{org}' AND status <> 'closed'
AND next_evaluation_on <= '2026-03-02' ORDER BY next_evaluation_on, episode_id LIMIT 200
"""
DUE_FLAGS = """
SELECT flag_id FROM flags WHERE org_id = '{org}' AND next_step_at <= '2026-03-02 17:00Z'
AND state <> 'closed' ORDER BY next_step_at, flag_id LIMIT 100 FOR UPDATE SKIP LOCKED
"""
DUE_LETTERS = """
SELECT delivery_id FROM deliveries WHERE org_id = '{org}' AND due_at <= '2026-03-02 17:00Z'
AND state = 'waiting' ORDER BY due_at LIMIT 8 FOR UPDATE SKIP LOCKED
"""


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (DUE_EPISODES, "ix_episodes_org_id_next_evaluation_on"),
        (DUE_FLAGS, "ix_flags_org_id_next_step_at"),
        (DUE_LETTERS, "ix_deliveries_org_id_due_at"),
    ],
)
async def test_what_is_due_is_found_by_its_index(
    database: Database, statement: str, index: str
) -> None:
    org_id = await make_registry(database, 3000, 7)
    async with database.transaction(system(org_id)) as store:
        await _letters(store, 400)
    told = await plan(database, org_id, statement.format(org=org_id))
    assert index in told, told
    assert "Seq Scan" not in told, told


async def _letters(store: Store, many: int) -> None:
    await copy_rows(
        store,
        "deliveries",
        [
            {
                "org_id": store.org_id,
                "delivery_id": new_id(),
                "channel": "email",
                "purpose": "flags",
                "recipient": "",
                "address": "",
                "urgent": False,
                "flag_count": 1,
                "state": "sent" if number % 40 else "waiting",
                "attempts": 1,
                "due_at": NOW,
                "created_at": NOW,
            }
            for number in range(many)
        ],
    )


async def test_sweeping_costs_what_is_due_and_not_what_there_is(database: Database) -> None:
    """20 due among 200 and among 2,000 patients: the same statements, the same rows changed."""
    took = []
    for patients in (200, 2000):
        org_id = await make_registry(database, patients, 20)
        took.append(await count_statements(database, org_id, lambda store: sweep(store, TODAY)))
        rows = await _changed(database, org_id)
        assert rows == 20, "no other episode was written"
    assert took[0] == took[1]
    assert took[0][0] == 20


async def _changed(database: Database, org_id: UUID) -> int:
    async with database.transaction(system(org_id)) as store:
        found = await store.connection.execute(
            text("SELECT count(*) FROM episodes WHERE urgency <> 99")
        )
        return int(found.scalar_one())


async def test_statements_of_a_sweep_grow_with_what_it_changes_alone(database: Database) -> None:
    """Forty that are due take no more reading than ten; only writes of what changed are more."""
    few = await make_registry(database, 300, 10)
    many = await make_registry(database, 300, 40)
    for org_id in (few, many):  # the first sweep opens flags; the second changes nothing
        await count_statements(database, org_id, lambda store: sweep(store, TODAY))
        async with database.transaction(system(org_id)) as store:
            await store.connection.execute(
                text(f"UPDATE episodes SET next_evaluation_on = '{TODAY}' WHERE urgency <> 99")
            )
    ten = await count_statements(database, few, lambda store: sweep(store, TODAY))
    forty = await count_statements(database, many, lambda store: sweep(store, TODAY))
    assert (ten[0], forty[0]) == (10, 40)
    assert forty[1] == ten[1]


async def test_escalating_costs_what_is_due_and_not_what_there_is(database: Database) -> None:
    took = []
    for patients in (200, 2000):
        org_id = await make_registry(database, patients, 20)
        took.append(await count_statements(database, org_id, escalate_flags))
    assert took[0] == took[1]
    assert took[0][0] == 20


async def test_a_look_at_nothing_due_is_one_statement(database: Database) -> None:
    org_id = await make_registry(database, 50, 0)
    assert await count_statements(database, org_id, escalate_flags) == (0, 1)
