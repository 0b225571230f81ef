"""A whole world of records, and a stranger who tries every address with its ids."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import Response
from sqlalchemy import Uuid, select

from app.demo.load import SIX_WEEKS
from app.domain.access import Role
from app.domain.actor import system
from app.main import create_app
from app.store import chart_grants, duty, organizations, protocols, rosters, staff
from app.store.ids import new_id
from app.store.tables import staff_clinics, tenant_tables
from app.store.transaction import Store
from tests.web.records import make_records
from tests.web.site import HASHED, Site, Visitor
from tests.web.test_joined_records import joined
from tests.web.test_pages import action
from tests.web.test_referrals import referred
from tests.web.test_roster import file, uploaded

NAME = "Zebulon Quackenbush"
UNSAFE = [2] * 8 + [2]
IS = {
    "one": "patient_id",
    "other": "patient_id",
    "patient": "patient_id",
    "goes_on": "patient_id",
    "kept_episode": "episode_id",
    "clinic": "clinic_id",
    "clinics": "clinic_id",
    "place_id": "clinic_id",
    "care_manager": "staff_id",
    "consultant": "staff_id",
    "staff": "staff_id",
    "who": "staff_id",
    "cover": "staff_id",
    "to": "staff_id",
    "intake": "staff_id",
}
"""What a parameter or a field of a form names, where it is called otherwise than the column."""
PLAIN = {
    "kind": "safety",
    "instrument_id": "phq-9",
    "protocol_id": "bao-sowa",
    "slug": "nobody-is-called-so",
    "subject": "somebody",
    "path": "nothing",
    "token": "nothing",
    "resource_id": "nothing",
    "key": "nothing",
    "file_name": "nothing",
}
"""Parameters that name no record of an organization."""
TYPED = {
    "at": "2026-03-02T10:00",
    "version": "1",
    "plan_version": "0",
    "number": "1",
    "minutes": "10",
    "way": "phone",
    "reached": "yes",
    "note": "x",
    "words": "Spoke with them.",
    "reason": "A reason that is long enough",
    "recommendation": "Go on.",
    "outcome": "Called, all is well.",
    "code": "safe",
    "status": "accepted",
    "state": "sent",
    "to_whom": "Lakeside",
    "interim_care": "Weekly calls.",
    "enrolled_on": "2026-01-05",
    "condition": "depression",
    "choice": "accept",
    "suggestion": "x",
    "how_much": "whole",
    "first": "2026-03-02",
    "last": "2026-03-03",
    "begins": "17:00",
    "ends": "08:00",
    "days": "7",
    "email": "a@b.example",
    "name": "Nobody",
    "roles": "director",
    "sees": "some",
    "active": "yes",
    "query": "Nobody",
    "steps": "brief",
    "act": "look",
}
KEYS = re.compile(r'(name="(?:csrf|request_key|mark|seen|suggestion)" value=")[^"]*')
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(slots=True)
class World:
    """The ids of everything that one organization keeps, by the name of the column."""

    site: Site
    ids: dict[str, list[UUID]] = field(default_factory=dict)


async def make_world(site: Site) -> World:
    """Records of every kind that an address names."""
    await _care(site)
    await _joinings(site)
    maya, sam = await site.sign_in("maya"), await site.sign_in("sam")
    await uploaded(maya, file("Quackenbush,Zebulon,1971-01-02,Q-1,2026-03-02,12,2026-03-02"))
    await site.send({"resourceType": "Patient", "birthDate": "no date"})
    assert (await sam.get("/operator/inbound")).status_code == 200
    async with site.services.database.transaction(system(site.org_id)) as store:
        await _duty(store)
        await protocols.add_own(store, SIX_WEEKS)
    return World(site, await _ids(site))


async def _care(site: Site) -> None:
    """Somebody in care, with a referral, a contact, a review and flags; somebody in none."""
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    patient = await referred(site, maya)
    page = (await maya.get(f"/patients/{patient}")).text
    call = {"at": "2026-03-02T10:00", "way": "phone", "minutes": "10", "request_key": "world"}
    told = await maya.post(action(page, "contacts"), **call, reached="yes", note=NAME)
    assert told.status_code == 303, told.text
    await site.screened("700", UNSAFE, 0)
    queue = (await lind.get("/reviews")).text
    found = re.search(r'action="(/episodes/[^"]*/reviews)"', queue)
    assert found, queue
    advice = {"request_key": "advice", "kind": "recommendation", "recommendation": NAME}
    assert (await lind.post(found[1], **advice)).status_code == 303
    await site.screened("701", UNSAFE, 0, NAME)


async def _joinings(site: Site) -> None:
    records = await make_records(site)
    one, other = await records.patient("p1"), await records.patient("p2")
    await joined(records, one, other)


async def _duty(store: Store) -> None:
    """A shift, an absence, a message, charts opened."""
    people = await staff.list_contacts(store)
    one, other = people[0].staff_id, people[1].staff_id
    now = datetime.now(UTC)
    await duty.add_shifts(store, one, [(now, now + timedelta(hours=8))])
    await duty.add_absence(
        store,
        {
            "staff_id": one,
            "cover_id": other,
            "from_on": now.date(),
            "until_on": now.date(),
        },
    )
    until = {"until_at": now + timedelta(days=3), "request_key": str(new_id())}
    who = {"grant_id": new_id(), "staff_id": one, "clinic_id": None, "granted_by_id": other}
    await chart_grants.add_grant(store, who | until | {"reason": "An incident last week"})


async def _ids(site: Site) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    async with site.services.database.transaction(system(site.org_id)) as store:
        for table in tenant_tables():
            columns = [c for c in table.c if isinstance(c.type, Uuid) and c.name != "org_id"]
            if not columns:
                continue
            rows = (await store.connection.execute(select(*columns))).all()
            for column in columns:
                values = [row._mapping[column.name] for row in rows if row._mapping[column.name]]
                found.setdefault(column.name, []).extend(values)
    return {name: list(dict.fromkeys(values)) for name, values in found.items()}


async def stranger(site: Site, clinic: str | None = None) -> Visitor:
    """Somebody who may do everything; of one clinic that is new, where it is named.

    Then they are no compliance officer: those watch over the records of every patient by their
    role, whatever the clinic, and read no chart.
    """
    login = f"omar{new_id().hex[-10:]}"
    every = [role.value for role in Role if not (clinic and role is Role.COMPLIANCE)]
    async with site.services.database.transaction(system(site.org_id)) as store:
        staff_id = await staff.add_staff(store, login, "Omar", every, HASHED, "o@c.example")
        if clinic:
            clinic_id = await organizations.add_clinic(store, clinic, "America/New_York")
            row = {"org_id": site.org_id, "staff_id": staff_id, "clinic_id": clinic_id}
            await store.connection.execute(
                staff_clinics.insert().values(row | {"added_at": store.now})
            )
    return await signed_in(site, login)


async def signed_in(site: Site, login: str) -> Visitor:
    from tests.web.site import PASSWORD

    visitor = await site.visit()
    told = await visitor.post("/sign-in", login=login, password=PASSWORD)
    assert told.status_code == 303, told.text
    page = (await visitor.http.get("/rules")).text
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    visitor.csrf = found[1]
    return visitor


async def list_clinics(site: Site) -> list[tuple[UUID, str]]:
    async with site.services.database.transaction(system(site.org_id)) as store:
        return await rosters.list_clinics(store)


@dataclass(frozen=True, slots=True)
class Address:
    """A route as it can be tried: its parameters and the fields of its form."""

    method: str
    path: str
    parameters: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def names_records(self) -> bool:
        return any(kind_of(name) for name in (*self.parameters, *self.fields))


def kind_of(name: str) -> str:
    """The column whose records a parameter or field names; '' for none."""
    return IS.get(name, name if name.endswith("_id") and name not in PLAIN else "")


def addresses(app: FastAPI) -> Iterator[Address]:
    """Every route of the application but the FHIR face's, which has tests of its own."""
    for route in _routes(app.routes):
        if route.path.startswith(("/fhir", "/auth", "/health")):
            continue
        parameters = tuple(re.findall(r"\{(\w+)", route.path))
        for method in sorted(route.methods & {"GET", "POST"}):
            yield Address(method, route.path, parameters, tuple(_fields(route.dependant)))


def _routes(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _routes(route.original_router.routes)
        elif getattr(route, "routes", None):
            yield from _routes(route.routes)


def _fields(dependant: Any) -> Iterator[str]:
    yield from (one.name for one in dependant.body_params if one.name != "csrf")
    for inner in dependant.dependencies:
        yield from _fields(inner)


def all_addresses(site: Site) -> list[Address]:
    return sorted(set(addresses(create_app(site.services))), key=lambda a: (a.path, a.method))


async def ask(visitor: Visitor, address: Address, ids: Mapping[str, UUID]) -> Response:
    """Try an address with these records (by column) in its path and its form."""
    path = re.sub(r"\{(\w+)(:path)?\}", lambda found: value_of(found[1], ids), address.path)
    if address.method == "GET":
        return await visitor.get(path)
    form = {name: value_of(name, ids) for name in address.fields}
    if "request_key" in form:
        form["request_key"] = new_id().hex
    return await visitor.post(path, **form)


def value_of(name: str, ids: Mapping[str, UUID]) -> str:
    kind = kind_of(name)
    if kind:
        return str(ids[kind])
    return PLAIN.get(name) or TYPED.get(name, "1" if name.endswith("version") else "")


def plain(told: Response, ids: Mapping[str, UUID]) -> tuple[int, str, str, str]:
    """(status, type, where it leads, body), each id as the kind of what it names."""
    named = {str(value): kind for kind, value in ids.items()}

    def without(text: str) -> str:
        text = UUIDS.sub(lambda found: named.get(found[0], "UUID"), text)
        text = re.sub(r"[0-9a-f]{32}", "KEY", text)
        return KEYS.sub(r"\1", text)

    kind = told.headers.get("content-type", "")
    return told.status_code, kind, without(told.headers.get("location", "")), without(told.text)
