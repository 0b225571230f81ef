"""The condition in SQL says what the domain says, for made-up worlds of patients and staff."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.access import Permission, Role
from app.domain.actor import Actor, ActorKind, system
from app.domain.visibility import (
    AFTERWARDS,
    EVERYONE,
    NOBODY,
    CareEpisode,
    ClinicVisit,
    Sight,
    Whereabouts,
    reads_chart,
    sees,
)
from app.publishing.publisher import FhirPublisher
from app.store import organizations, staff
from app.store.bulk import copy_rows
from app.store.ids import new_id
from app.store.tables import patients
from app.store.transaction import Database, Store
from app.store.visibility import seen, seen_record, those_seen

NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)
TODAY = NOW.date()
DAYS = (-30, 0, 1, 364, 365, 366, 800)
STATUSES = ("finished", "planned", "arrived", "cancelled", "entered-in-error")
Rows = dict[str, list[dict[str, Any]]]


@dataclass(slots=True)
class World:
    """An organization as rows, and the same as the domain's facts."""

    org_id: UUID
    clinics: list[UUID]
    people: list[UUID]
    rows: Rows = field(default_factory=dict)
    facts: dict[UUID, Whereabouts] = field(default_factory=dict)
    joined: dict[UUID, UUID] = field(default_factory=dict)

    def add(self, table: str, row: dict[str, Any]) -> None:
        self.rows.setdefault(table, []).append({"org_id": self.org_id} | row)


def add_patient(world: World, clinic_id: UUID | None, into: UUID | None = None) -> UUID:
    patient_id = new_id()
    row = {"patient_id": patient_id, "fhir_id": str(patient_id), "display_name": "Nobody"}
    row |= {"sex": "unknown", "active": True, "clinic_id": clinic_id, "merged_into_id": into}
    world.add("patients", row | {"created_at": NOW, "updated_at": NOW})
    return patient_id


def add_episode(world: World, patient_id: UUID, one: CareEpisode) -> None:
    row = {"episode_id": new_id(), "patient_id": patient_id, "clinic_id": one.clinic_id}
    row |= {"status": "closed" if one.ended_on else "active", "ended_on": one.ended_on}
    row |= {"care_manager_id": one.care_manager_id, "consultant_id": one.consultant_id}
    row |= {"condition": "depression", "enrolled_on": TODAY - timedelta(days=900)}
    row |= {"protocol_id": "bao-sowa", "protocol_version": 1, "urgency": 99, "urgency_reason": ""}
    world.add("episodes", row | {"version": 1, "created_at": NOW, "updated_at": NOW})


def add_visit(world: World, patient_id: UUID, one: ClinicVisit) -> None:
    key = f"Encounter/{new_id()}"
    row = {"encounter_key": key, "patient_id": patient_id, "clinic_id": one.clinic_id}
    row |= {"started_on": one.on, "status": one.status, "is_visit": True, "arrival_key": key}
    world.add("encounters", row | {"received_at": NOW})


def add_flag(world: World, patient_id: UUID, **who: Any) -> UUID:
    flag_id = new_id()
    row = {"flag_id": flag_id, "patient_id": patient_id, "kind": "safety", "subject": str(flag_id)}
    row |= {"content_digest": "", "words": "", "evidence": "{}", "owner_as": "intake"}
    row |= {"state": "open", "opened_at": NOW, "asked_at": NOW, "due_at": NOW, "version": 1}
    blank = dict.fromkeys(("owner_id", "acknowledged_by_id", "closed_by_id", "closed_at"))
    world.add("flags", row | blank | who)
    return flag_id


def add_step(world: World, flag_id: UUID, staff_id: UUID, *, told: bool) -> None:
    row = {"escalation_id": new_id(), "flag_id": flag_id, "rung": "on-call", "why": ""}
    world.add("escalations", row | {"staff_id": staff_id, "name": "x", "told": told, "at": NOW})


def random_day(dice: Random) -> date:
    return TODAY - timedelta(days=dice.choice(DAYS))


def random_episodes(world: World, dice: Random) -> tuple[CareEpisode, ...]:
    """Ended ones, and an open one at most."""

    def one(ended_on: date | None) -> CareEpisode:
        who = [dice.choice([None, None, *world.people]) for _ in range(2)]
        return CareEpisode(dice.choice(world.clinics), ended_on, *who)

    ended = [
        one(TODAY - timedelta(days=abs(dice.choice(DAYS)))) for _ in range(dice.choice((0, 1)))
    ]
    return (*ended, *([one(None)] if dice.random() < 0.4 else []))


def ask_somebody(world: World, dice: Random, patient_id: UUID) -> set[UUID]:
    """A flag in some state, or none; who may see the patient for it."""
    one, other = dice.choice(world.people), dice.choice(world.people)
    match dice.randrange(8):
        case 0:
            add_flag(world, patient_id, owner_id=one)
            return {one}
        case 1:
            add_flag(world, patient_id, state="acknowledged", acknowledged_by_id=one)
            return {one}
        case 2:
            flag_id = add_flag(world, patient_id)
            add_step(world, flag_id, one, told=True)
            add_step(world, flag_id, other, told=False)
            return {one}
        case 3:
            on = NOW - AFTERWARDS + timedelta(minutes=dice.choice((0, 5)))
            add_flag(world, patient_id, state="closed", closed_by_id=one, closed_at=on)
            return {one}
        case 4:
            on = NOW - AFTERWARDS - timedelta(minutes=1)
            add_flag(
                world, patient_id, state="closed", owner_id=one, closed_by_id=other, closed_at=on
            )
    return set()


def random_person(world: World, dice: Random) -> None:
    places = [None, None, *world.clinics]
    homes = {dice.choice(places)}
    patient_id = add_patient(world, *homes)
    if dice.random() < 0.25:
        second = dice.choice(places)
        world.joined[add_patient(world, second, into=patient_id)] = patient_id
        homes.add(second)
    courses = random_episodes(world, dice)
    for course in courses:
        add_episode(world, patient_id, course)
    visits = tuple(
        ClinicVisit(
            dice.choice(places), dice.choice([None, random_day(dice)]), dice.choice(STATUSES)
        )
        for _ in range(dice.choice((0, 0, 1, 2)))
    )
    for visit in visits:
        add_visit(world, patient_id, visit)
    asked = ask_somebody(world, dice, patient_id)
    world.facts[patient_id] = Whereabouts(
        frozenset(c for c in homes if c), courses, visits, frozenset(asked)
    )


@pytest.fixture
async def database(engine: AsyncEngine) -> Database:
    return Database(engine, FhirPublisher())


async def make_world(database: Database, seed: int, count: int) -> World:
    org_id, dice = new_id(), Random(seed)
    async with database.transaction(system(org_id)) as store:
        await organizations.add_organization(store, "Clinic", "UTC", "refuse")
        clinics = [await organizations.add_clinic(store, name, "UTC") for name in "ABC"]
        people = [
            await staff.add_staff(store, f"s{n}{org_id.hex[-12:]}", f"S{n}", ["care-manager"], "")
            for n in range(4)
        ]
        world = World(org_id, clinics, people)
        for _ in range(count):
            random_person(world, dice)
        await keep(store, world)
    return world


async def keep(store: Store, world: World) -> None:
    for table in ("patients", "episodes", "encounters", "flags", "escalations"):
        if rows := world.rows.get(table):
            await copy_rows(store, table, rows)


def sights(world: World) -> Iterable[Sight]:
    one, two, three = world.clinics
    me, ben, lin, tess = world.people
    yield Sight(me, clinics=frozenset({one}), unplaced=True)
    yield Sight(ben, clinics=frozenset({two, three}))
    yield Sight(lin)
    yield Sight(tess, unplaced=True)
    yield EVERYONE
    yield Sight(me, everyone=True, charts_of=frozenset({two}))
    yield NOBODY


@pytest.mark.parametrize("seed", range(4))
async def test_the_condition_says_what_the_domain_says(database: Database, seed: int) -> None:
    world = await make_world(database, seed, 150)
    everyone = set(world.facts)
    async with database.transaction(system(world.org_id)) as store:
        store.now = NOW
        for sight in sights(world):
            store.sight = sight
            expected = {p for p, facts in world.facts.items() if sees(sight, facts, TODAY)}
            assert expected or sight == NOBODY, "a world in which there is something to see"
            assert expected != everyone or sight.everyone
            assert await found_by(store, seen(store, patients.c.patient_id), everyone) == expected
            records = everyone | set(world.joined)
            charts = {p for p, facts in world.facts.items() if reads_chart(sight, facts, TODAY)}
            assert (charts == expected) is (sight.charts_of is None)
            expected = charts
            also = {lost for lost, kept in world.joined.items() if kept in expected}
            assert await found_by(store, seen_record(store), records) == expected | also
            assert set(await those_seen(store, sorted(records))) == expected | also


async def found_by(store: Store, condition: Any, among: set[UUID]) -> set[UUID]:
    found = await store.connection.execute(
        select(patients.c.patient_id).where(patients.c.org_id == store.org_id, condition)
    )
    return set(found.scalars().all()) & among


async def test_one_patient_is_found_by_indexes_however_many_there_are(database: Database) -> None:
    world = await make_world(database, 1, 50)
    async with database.transaction(system(world.org_id)) as store:
        store.now, store.sight = NOW, next(iter(sights(world)))
        one = select(patients.c.patient_id).where(
            patients.c.org_id == store.org_id,
            patients.c.patient_id == next(iter(world.facts)),
            seen_record(store),
        )
        said = one.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
        await store.connection.execute(text("SET LOCAL enable_seqscan = off"))
        await store.connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        words = str(said).replace(":", "\\:")
        told = await store.connection.execute(text(f"EXPLAIN {words}"))
        plan = "\n".join(told.scalars().all())
    mine = "own_record|joined_record|stay|brought_by|asked_by|referred"
    assert not re.search(rf"Seq Scan on \w+ ({mine})", plan), plan
    assert re.search(r"Index Scan using \w+ on patients own_record", plan), plan
    condition = next(line for line in plan.splitlines() if "Filter: (" in line and "EXISTS" in line)
    assert "hashed" not in condition, "a hash is made of the whole table first"


async def test_one_who_closed_a_flag_sees_for_a_while(database: Database) -> None:
    world = await make_world(database, 0, 0)
    me, ben = world.people[:2]
    lately, long_ago = (add_patient(world, world.clinics[0]) for _ in range(2))
    add_flag(world, lately, state="closed", closed_by_id=me, closed_at=NOW - AFTERWARDS)
    before = NOW - AFTERWARDS - timedelta(seconds=1)
    add_flag(world, long_ago, state="closed", closed_by_id=me, closed_at=before)
    async with database.transaction(system(world.org_id)) as store:
        await keep(store, world)
        store.now = NOW
        store.sight = Sight(me)
        assert await those_seen(store, [lately, long_ago]) == [lately]
        store.sight = Sight(ben)
        assert await those_seen(store, [lately, long_ago]) == []


def as_staff(world: World, staff_id: UUID | None, *roles: Role, **more: Any) -> Actor:
    return Actor(world.org_id, ActorKind.STAFF, staff_id, "S", frozenset(roles), **more)


async def test_how_far_one_sees_is_loaded_anew_with_each_transaction(database: Database) -> None:
    world = await make_world(database, 0, 0)
    me, one = world.people[0], world.clinics[0]
    actor = as_staff(world, me, Role.CARE_MANAGER)

    async def sight() -> Sight:
        async with database.transaction(actor) as store:
            return store.sight

    async def run(statement: str) -> None:
        async with database.transaction(system(world.org_id)) as store:
            await store.connection.execute(text(statement))

    assert (await sight()).everyone, "an organization begins with its clinics open to all"
    await run("UPDATE organizations SET clinics_open = false")
    assert await sight() == Sight(me, unplaced=True)
    await run(f"INSERT INTO staff_clinics VALUES ('{world.org_id}', '{me}', '{one}', now())")
    assert await sight() == Sight(me, clinics=frozenset({one}), unplaced=True)
    await run("UPDATE staff SET every_clinic = true")
    assert (await sight()).everyone
    await run("UPDATE staff SET active = false")
    assert await sight() == NOBODY


async def test_who_is_nobody_sees_nobody(database: Database) -> None:
    world, other = await make_world(database, 0, 0), await make_world(database, 1, 0)
    for actor in (
        as_staff(world, None, Role.CARE_MANAGER),
        as_staff(world, new_id(), Role.CARE_MANAGER),
        as_staff(world, other.people[0], Role.CARE_MANAGER),  # of another organization
    ):
        async with database.transaction(actor) as store:
            assert store.sight == NOBODY


async def test_what_an_ehr_sent_is_filed_wherever_it_belongs(database: Database) -> None:
    world = await make_world(database, 0, 0)
    client = Actor(world.org_id, ActorKind.CLIENT, new_id(), "EHR")
    again = as_staff(world, None, granted=frozenset({Permission.RECEIVE_RESOURCES}))
    for actor in (system(world.org_id), client, again):
        async with database.transaction(actor) as store:
            assert store.sight == EVERYONE
