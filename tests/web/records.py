"""Records of people at one site, and what lies behind them: for the tests of wrong records."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from httpx import Response

from app.domain.access import Role
from app.domain.actor import Actor, ActorKind
from app.store import merging, patients, rosters
from app.store.assessments import Assessment, list_assessments
from app.store.flags import Flag, list_flags
from app.store.transaction import Store
from app.use_cases.enrol_patient import EnrolForm, enrol_patient
from tests.mappings.examples import make_patient, make_phq9
from tests.web.site import Site

NUMBERS = "urn:mrn"
ZONE = "America/New_York"
WELL, SEVERE, UNSAFE = (0,) * 9, (*(2,) * 8, 0), (*(2,) * 8, 2)


@dataclass(slots=True)
class Records:
    """One organization's records, written by its EHR and its care manager."""

    site: Site
    care_manager: Actor
    clinic_id: UUID

    @property
    def today(self) -> date:
        return datetime.now(ZoneInfo(ZONE)).date()

    async def act(self, use_case: Any, *args: Any) -> Any:
        """Run a use case as the care manager, in a transaction of its own."""
        async with self.site.services.database.transaction(self.care_manager) as store:
            return await use_case(store, *args)

    async def put(self, body: dict[str, Any]) -> Response:
        path = f"/fhir/{body['resourceType']}/{body['id']}"
        told = await self.site.send(body, path, "PUT")
        assert told.status_code in (200, 201), told.text
        return told

    async def patient(self, fhir_id: str, number: str = "", **changes: Any) -> UUID:
        """A patient as the EHR sends one."""
        number = number or fhir_id
        identifier = [{"system": NUMBERS, "value": number}]
        await self.put(make_patient(id=fhir_id, identifier=identifier, **changes))
        return await self.id_of(fhir_id)

    async def id_of(self, fhir_id: str) -> UUID:
        found = await self.act(patients.find_by_fhir_id, fhir_id)
        assert found
        return UUID(str(found.patient_id))

    async def screened(
        self, fhir_id: str, name: str, answers: tuple[int, ...], days_ago: int = 1, **more: Any
    ) -> Response:
        """A PHQ-9 about this patient, sent under the id `name`."""
        at = (datetime.now(UTC) - timedelta(days=days_ago)).replace(hour=12, minute=0, second=0)
        about = {"reference": f"Patient/{fhir_id}"}
        authored = at.isoformat(timespec="seconds")
        return await self.put(
            make_phq9(*answers, id=name, subject=about, authored=authored, **more)
        )

    async def enrolled(self, patient_id: UUID, days_ago: int = 70) -> UUID:
        form = EnrolForm(self.clinic_id, None, self.today - timedelta(days=days_ago))
        found: UUID = await self.act(enrol_patient, patient_id, form, self.today)
        return found

    async def assessments(self, patient_id: UUID) -> list[Assessment]:
        """Those that count."""
        return [a for a in await self.act(list_assessments, patient_id) if a.counts]

    async def flags(self, patient_id: UUID, kind: str = "safety") -> list[Flag]:
        """The open ones."""
        found = await self.act(list_flags, patient_id)
        return [f for f in found if f.state != "closed" and f.kind == kind]

    async def rows(self, *patient_ids: UUID) -> merging.Rows:
        found: merging.Rows = await self.act(merging.read_rows, list(patient_ids))
        return found

    async def read(self, path: str) -> dict[str, Any]:
        told = await self.site.send(None, f"/fhir/{path}", "GET")
        assert told.status_code == 200, told.text
        found: dict[str, Any] = told.json()
        return found

    async def found(self, path: str) -> set[str]:
        """What a search finds, as ``Type/id``."""
        entries = (await self.read(path)).get("entry", [])
        return {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries}


async def make_records(site: Site) -> Records:
    async def look(store: Store) -> tuple[UUID, UUID]:
        managers = await rosters.list_care_managers(store)
        return managers[0].staff_id, (await rosters.list_clinics(store))[0][0]

    actor = Actor(
        site.org_id,
        ActorKind.STAFF,
        None,
        "Maya Okonkwo",
        frozenset({Role.CARE_MANAGER}),
        ZONE,
    )
    async with site.services.database.transaction(actor) as store:
        staff_id, clinic_id = await look(store)
    known = Actor(actor.org_id, actor.kind, staff_id, actor.name, actor.roles, actor.time_zone)
    return Records(site, known, clinic_id)


@pytest.fixture
async def records(site: Site) -> Records:
    return await make_records(site)
