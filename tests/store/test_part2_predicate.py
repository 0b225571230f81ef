"""The database shows a labelled row exactly where the domain says that it may be seen."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.domain.consent import Consent, ConsentKind, Purpose, Scope
from app.domain.part2 import Emergency, may_see
from app.store.ids import new_id
from app.store.tables import consents, emergencies, patients, staff, tenant_tables
from app.store.withholding import look_as
from tests.store.test_row_level_security import add_organization

WITHOUT = {
    "audit_events": "what was done, for compliance alone",
    "audit_shown": "the same",
    "patient_identifiers": "read by the id of a patient that is shown, or to match what arrives",
    "patient_name_tokens": "looked up together with the patient they are of",
    "resource_dates": "looked up together with the resource they are of",
    "resource_strings": "looked up together with the resource they are of",
    "resource_tokens": "looked up together with the resource they are of",
    "duplicate_keys": "read to match what arrives",
    "duplicate_pairs": "listed together with both patients",
    "emergencies": "open on every patient: that there is one tells nothing",
}
"""Tables that tell of patients and carry no predicate, and why."""


async def test_every_table_about_patients_is_shown_by_the_predicate_or_named(
    engine: AsyncEngine,
) -> None:
    async with engine.connect() as connection:
        found = await connection.execute(
            text(
                "SELECT relname FROM pg_policy JOIN pg_class ON polrelid = pg_class.oid "
                "WHERE polname = 'part2'"
            )
        )
        guarded = set(found.scalars().all())
    about = {
        t.name
        for t in tenant_tables()
        if "program_id" in t.c
        or any(c in t.c for c in ("patient_id", "assessment_id", "flag_id", "episode_id"))
    } | {"patient_merges", "assessment_moves", "referral_events", "resource_versions"}
    about |= {"resource_tokens", "resource_dates", "resource_strings", "duplicate_pairs"}
    unguarded = about - guarded - {"part2_programs", "part2_members", "deliveries"}
    assert unguarded == set(WITHOUT)


async def test_what_is_written_for_a_program_is_labelled_by_the_database(
    engine: AsyncEngine,
) -> None:
    org_id, program = new_id(), new_id()
    await add_organization(engine, org_id)
    async with engine.begin() as connection:
        await connection.execute(text(f"SET LOCAL app.org_id = '{org_id}'"))
        await connection.execute(text(f"SET LOCAL app.source_program = '{program}'"))
        await _add_patient(connection, org_id, new_id())
        assert (await connection.execute(text("SELECT count(*) FROM patients"))).scalar() == 0
        await look_as(connection, {f"program:{program}"})
        seen = (await connection.execute(text("SELECT program_id FROM patients"))).scalars().all()
        assert seen == [program]


NOW = datetime.now(UTC)
KEYS = ("organization", "staff:{me}", "staff:{other}", "client:{other}", "clinic:{other}")


def _world(dice: Random, me: UUID, other: UUID) -> dict[str, Any]:
    """Consents, emergencies and keys as they fall."""
    names = {"me": me, "other": other}
    hours = [-48, -1, 1, 48]
    return {
        "keys": frozenset(
            {one.format(**names) for one in dice.sample(KEYS, 3)}
            | set(dice.sample([p.value for p in Purpose], dice.randint(1, 3)))
        ),
        "consents": [
            Consent(
                kind=dice.choice([ConsentKind.PART_TWO, ConsentKind.PART_TWO, ConsentKind.TEXTING]),
                discloser="Harbor",
                recipient=dice.choice(KEYS).format(**names),
                recipient_name="X",
                purposes=frozenset(dice.sample(list(Purpose), dice.randint(1, 3))),
                scope=frozenset(dice.sample(list(Scope), dice.randint(1, 2))),
                begins_at=NOW + timedelta(hours=dice.choice(hours)),
                ends_at=dice.choice([None, NOW + timedelta(hours=dice.choice(hours))]),
                revoked_at=dice.choice([None, None, NOW - timedelta(hours=1)]),
            )
            for _ in range(dice.randint(0, 3))
        ],
        "emergencies": [
            Emergency(
                dice.choice([me, other]),
                NOW + timedelta(hours=dice.choice(hours)),
                NOW + timedelta(hours=dice.choice(hours)),
                dice.choice([None, None, NOW - timedelta(hours=1)]),
            )
            for _ in range(dice.randint(0, 1))
        ],
    }


@pytest.mark.parametrize("seed", range(3))
async def test_the_predicate_is_the_domains(engine: AsyncEngine, seed: int) -> None:
    dice, differing = Random(seed), set()
    org_id, me, other, program = new_id(), new_id(), new_id(), new_id()
    await add_organization(engine, org_id)
    async with engine.begin() as connection:
        await connection.execute(text(f"SET LOCAL app.org_id = '{org_id}'"))
        await connection.execute(staff.insert(), [_person(org_id, one) for one in (me, other)])
        for _ in range(40):
            world, patient_id = _world(dice, me, other), new_id()
            await _add_patient(connection, org_id, patient_id)
            await _keep(connection, org_id, patient_id, program, world)
            await look_as(connection, world["keys"])
            for wanted in ({Scope.SCREENINGS}, {Scope.CARE}, set(Scope), set[Scope]()):
                shown = await _shown(connection, org_id, patient_id, program, wanted)
                told = may_see(
                    program, world["keys"], NOW, wanted, world["consents"], world["emergencies"]
                )
                assert shown is told, (world, wanted)
                differing.add(told)
    assert differing == {True, False}, "the worlds are of both kinds"


async def _shown(
    connection: AsyncConnection, org_id: UUID, patient_id: UUID, program: UUID, wanted: set[Scope]
) -> bool:
    found = await connection.execute(
        text("SELECT part2_shown(:org, :patient, :program, CAST(:wanted AS text[]))"),
        {"org": org_id, "patient": patient_id, "program": program, "wanted": sorted(wanted)},
    )
    return bool(found.scalar_one())


def _person(org_id: UUID, staff_id: UUID) -> dict[str, Any]:
    given: dict[str, Any] = {
        "org_id": org_id,
        "staff_id": staff_id,
        "login": staff_id.hex,
        "display_name": "X",
        "roles": ["care-manager"],
        "password_hash": "",
        "active": True,
        "created_at": NOW,
    }
    lacking = [c for c in staff.c if not c.nullable and c.name not in given]
    return given | {c.name: False for c in lacking if c.server_default is None}


async def _add_patient(connection: AsyncConnection, org_id: UUID, patient_id: UUID) -> None:
    await connection.execute(
        patients.insert().values(
            org_id=org_id,
            patient_id=patient_id,
            fhir_id=str(patient_id),
            display_name="Nobody",
            sex="unknown",
            active=True,
            created_at=NOW,
            updated_at=NOW,
        )
    )


async def _keep(
    connection: AsyncConnection, org_id: UUID, patient_id: UUID, program: UUID, world: Any
) -> None:
    for one in world["consents"]:
        await connection.execute(
            consents.insert().values(
                org_id=org_id,
                consent_id=new_id(),
                patient_id=patient_id,
                version=1,
                kind=one.kind.value,
                program_id=program,
                discloser=one.discloser,
                recipient=one.recipient,
                recipient_name=one.recipient_name,
                purposes=sorted(one.purposes),
                scope=sorted(one.scope),
                given_on=NOW.date(),
                manner="written",
                signature="X",
                begins_at=one.begins_at,
                expires_when="",
                ends_at=one.ends_at,
                revoked_at=one.revoked_at,
                recorded_at=NOW,
                request_key=new_id().hex,
            )
        )
    for each in world["emergencies"]:
        await connection.execute(
            emergencies.insert().values(
                org_id=org_id,
                emergency_id=new_id(),
                patient_id=patient_id,
                staff_id=each.staff_id,
                recipient="X",
                facility="X",
                discloser="X",
                nature="X",
                opened_by="person",
                begun_at=each.begun_at,
                expires_at=each.expires_at,
                ended_at=each.ended_at,
                request_key=new_id().hex,
            )
        )
