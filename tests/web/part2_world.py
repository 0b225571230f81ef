"""Two organizations alike, but that in one of them a Part 2 program holds records too."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response
from sqlalchemy import select

from app.auth.bearer import issue_token
from app.domain.actor import system
from app.domain.consent import ConsentForm, ConsentKind, Manner, Purpose, Scope
from app.store.tables import clients, clinics, staff
from app.use_cases.enrol_patient import EnrolForm, enrol_patient
from app.use_cases.keep_consents import record_consent
from app.use_cases.mark_program import MarkForm, mark_program
from tests.web.site import Site, phq9

MARKER = "Part-2-marker"
TODAY = datetime.now(UTC).date()


async def find(site: Site, column: Any, *conditions: Any) -> Any:
    async with site.services.database.transaction(system(site.org_id)) as store:
        found = await store.connection.execute(
            select(column).where(column.table.c.org_id == site.org_id, *conditions)
        )
        return found.scalars().first()


async def staff_id(site: Site, who: str) -> UUID:
    found = await find(site, staff.c.staff_id, staff.c.login == site.login(who))
    assert isinstance(found, UUID)
    return found


@dataclass(slots=True)
class Program:
    """A Part 2 program's own system: a client that is marked."""

    site: Site
    client_id: UUID
    token: str
    members: tuple[str, ...] = ("ben",)
    http: dict[str, AsyncClient] = field(default_factory=dict)

    async def send(self, body: Any, path: str = "/fhir", method: str = "POST") -> Response:
        http: AsyncClient = await self.site.open()
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/fhir+json",
        }
        return await http.request(method, path, json=body, headers=headers)

    async def screened(
        self, number: str, answers: list[int], days_ago: int = 0, name: str = "Rosa Alvarez"
    ) -> str:
        told = await self.send(phq9(number, answers, days_ago, name))
        assert told.status_code == 200, told.text
        return str(told.json()["entry"][1]["response"]["location"])


async def add_client(site: Site, name: str) -> tuple[UUID, str]:
    async with site.services.database.transaction(system(site.org_id)) as store:
        token = await issue_token(store, name, 1)
    return await find(site, clients.c.client_id, clients.c.name == name), token


async def mark(
    site: Site,
    place_id: UUID,
    members: tuple[str, ...],
    sole: tuple[str, ...] = (),
    *,
    on: bool = True,
) -> int:
    people = {who: await staff_id(site, who) for who in members}
    form = MarkForm(
        place_id=place_id,
        marked=on,
        contact_id=people[members[0]] if members else None,
        members=frozenset(people.values()),
        sole=frozenset(people[who] for who in sole),
        reason="licensed as a substance-use program",
    )
    async with site.services.database.transaction(system(site.org_id)) as store:
        return await mark_program(store, form, TODAY)


async def make_program(site: Site, name: str = "Harbor") -> Program:
    client_id, token = await add_client(site, name)
    await mark(site, client_id, ("ben",))
    return Program(site, client_id, token)


async def clinic_id(site: Site) -> UUID:
    return await find(site, clinics.c.clinic_id, clinics.c.name == "Riverside")


async def enrol(site: Site, patient_id: str, who: str = "maya", days_ago: int = 60) -> UUID:
    form = EnrolForm(
        await clinic_id(site), await staff_id(site, who), TODAY - timedelta(days=days_ago)
    )
    async with site.services.database.transaction(system(site.org_id)) as store:
        return await enrol_patient(store, UUID(patient_id), form, TODAY)


async def consent(
    site: Site,
    patient_id: str,
    program: Program,
    recipient: str = "organization",
    scope: frozenset[Scope] = frozenset(Scope),
    purposes: frozenset[Purpose] = frozenset({Purpose.TREATMENT}),
    expires_on: date | None = None,
) -> UUID:
    """A consent of the patient to the program, written down by its own staff."""
    form = ConsentForm(
        kind=ConsentKind.PART_TWO,
        given_on=TODAY - timedelta(days=1),
        manner=Manner.WRITTEN,
        discloser=str(program.client_id),
        recipient=recipient,
        recipient_name="those who treat me",
        purposes=purposes,
        scope=scope,
        signature="Rosa Alvarez",
        expires_on=expires_on,
        expires_when="" if expires_on else "at the end of treatment",
        told_of_revoking=True,
    )
    async with site.services.database.transaction(system(site.org_id)) as store:
        return await record_consent(
            store, UUID(patient_id), form, str(patient_id) + recipient, TODAY
        )


async def general_world(site: Site) -> str:
    """A patient in general care, screened three times; the id."""
    patient_id = await site.screened("100", [2, 2, 2, 2, 2, 2, 2, 2, 0], 40)
    await enrol(site, patient_id)
    await site.screened("100", [2, 2, 1, 1, 2, 2, 2, 1, 0], 20)
    await site.screened("200", [1, 1, 1, 1, 1, 1, 1, 1, 0], 5, "Ada Nwosu")
    return patient_id


async def protected_world(site: Site) -> tuple[str, Program]:
    """The same patient, who is also treated by a program: worse scores, a safety item, a person
    whom only the program knows."""
    patient_id = await general_world(site)
    program = await make_program(site)
    await program.screened("100", [3, 3, 3, 3, 3, 3, 3, 3, 3], 2)
    await program.screened("100", [1, 0, 0, 0, 0, 0, 0, 0, 0], 60)
    await program.screened("300", [3, 3, 3, 3, 3, 3, 3, 3, 3], 1, f"Nobody {MARKER}")
    return patient_id, program


_VOLATILE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "KEY"),
    (re.compile(r'name="csrf" value="[^"]*"'), "CSRF"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?"), "INSTANT"),
    (re.compile(r"\b\d\d:\d\d\b"), "CLOCK"),
    (re.compile(r'name="version" value="\d+"'), "VERSION"),
    (re.compile(r"_cursor=[A-Za-z0-9_-]+"), "CURSOR"),
)


def plain(text: str) -> str:
    """The text without what differs between any two organizations."""
    for pattern, word in _VOLATILE:
        text = pattern.sub(word, text)
    return text
