"""The whole application over a real database, as staff and an EHR see it."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from httpx import ASGITransport, AsyncClient, Response
from pydantic import SecretStr

from app.auth.bearer import issue_token
from app.auth.passwords import hash_password
from app.domain.actor import system
from app.domain.second_factor import SecondFactorPolicy
from app.main import create_app
from app.settings import Settings
from app.store import organizations, staff
from app.store.ids import new_id
from app.wiring import Services, build_services

BASE = "https://registry.example"
PASSWORD = "a long enough passphrase"
NUMBERS = "urn:oid:2.16.840.1.113883.19.5"
STAFF = {
    "maya": ("Maya Okonkwo", "care-manager"),
    "lind": ("Dr. Astrid Lind", "psychiatrist"),
    "sam": ("Sam Ortiz", "operator"),
    "tess": ("Tess Nguyen", "medical-assistant"),
    "ben": ("Ben Ruiz", "care-manager"),
    "dana": ("Dana Whitfield", "director"),
    "ada": ("Ada Brandt", "administrator"),
}
CODES = ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3")
ITEM_NINE = "44260-8"
CHOICES = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
HASHED = hash_password(PASSWORD)
KEY = "for these tests alone 9f3a7c51e8b2d640".replace(" ", "-")


@dataclass(slots=True)
class Visitor:
    """A browser without JavaScript: cookies, pages, forms."""

    http: AsyncClient
    csrf: str = ""

    async def get(self, path: str) -> Response:
        return await self.http.get(path)

    async def post(self, path: str, csrf: str | None = None, **fields: Any) -> Response:
        """Send a form with the session's token (or another one)."""
        carried = self.csrf if csrf is None else csrf
        return await self.http.post(path, data={"csrf": carried, **fields})

    async def field(self, path: str, name: str) -> str:
        """The value of a hidden field on a page."""
        page = (await self.get(path)).text
        found = re.search(rf'name="{name}" value="([^"]*)"', page)
        assert found, f"no field {name} on {path}"
        return found[1]


@dataclass(slots=True)
class Site:
    """An organization of its own, with staff and an EHR."""

    services: Services
    org_id: UUID
    token: str
    open: Callable[[], Any]

    def login(self, who: str) -> str:
        return f"{who}{self.org_id.hex[-10:]}"

    async def visit(self) -> Visitor:
        http: AsyncClient = await self.open()
        return Visitor(http)

    async def sign_in(self, who: str) -> Visitor:
        visitor = await self.visit()
        told = await visitor.post("/sign-in", login=self.login(who), password=PASSWORD)
        assert told.status_code == 303, told.text
        page = (await visitor.http.get("/", follow_redirects=True)).text
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found, page
        visitor.csrf = found[1]
        return visitor

    async def send(self, body: Any, path: str = "/fhir", method: str = "POST") -> Response:
        """Post as an EHR does that reads what it is told."""
        http: AsyncClient = await self.open()
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/fhir+json",
            "Prefer": "return=OperationOutcome",
        }
        return await http.request(method, path, json=body, headers=headers)

    async def screened(
        self, number: str, answers: list[int], days_ago: int = 0, name: str = "Rosa Alvarez"
    ) -> str:
        """A PHQ-9 of the patient of this number; the id of the patient."""
        told = await self.send(phq9(number, answers, days_ago, name))
        assert told.status_code == 200, told.text
        return str(told.json()["entry"][0]["response"]["location"].split("/Patient/")[1][:36])


def half_an_hour_before(days_ago: int) -> datetime:
    """Half an hour ago so many days ago, and never the day before by the clinic's clock."""
    then = datetime.now(ZoneInfo("America/New_York")) - timedelta(days=days_ago)
    return max(then - timedelta(minutes=30), then.replace(hour=0, minute=0, second=0))


def phq9(number: str, answers: list[int], days_ago: int, name: str) -> dict[str, Any]:
    """A transaction of a Patient, found by its number, and a completed form."""
    given, family = name.split(" ", 1)
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": NUMBERS, "value": number}],
        "name": [{"family": family, "given": [given]}],
        "gender": "female",
        "birthDate": "1979-05-04",
    }
    form = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": "http://loinc.org/q/44249-1",
        "status": "completed",
        "subject": {"reference": "urn:uuid:11111111-1111-4111-8111-111111111111"},
        "authored": half_an_hour_before(days_ago).isoformat(),
        "item": [
            {
                "linkId": f"/{code}",
                "answer": [{"valueCoding": {"system": "http://loinc.org", "code": CHOICES[value]}}],
            }
            for code, value in zip((*CODES, ITEM_NINE), answers, strict=False)
        ],
    }
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111",
                "resource": patient,
                "request": {
                    "method": "POST",
                    "url": "Patient",
                    "ifNoneExist": f"identifier={NUMBERS}|{number}",
                },
            },
            {"resource": form, "request": {"method": "POST", "url": "QuestionnaireResponse"}},
        ],
    }


async def make_site(services: Services, stack: AsyncExitStack) -> Site:
    org_id = new_id()
    async with services.database.transaction(system(org_id)) as store:
        await organizations.add_organization(
            store, "Clinic", "America/New_York", "refuse", SecondFactorPolicy.NOBODY
        )
        await organizations.add_clinic(store, "Riverside", "America/New_York")
        for who, (name, role) in STAFF.items():
            login, email = f"{who}{org_id.hex[-10:]}", f"{who}@clinic.example"
            await staff.add_staff(store, login, name, [role], HASHED, email)
        token = await issue_token(store, "EHR", 1)

    tail = org_id.bytes[-3:]  # an address of its own: failed sign-ins are counted by network
    address = f"10.{tail[0]}.{tail[1]}.{tail[2]}"

    async def open_client() -> AsyncClient:
        transport = ASGITransport(
            create_app(services), raise_app_exceptions=False, client=(address, 40000)
        )
        return await stack.enter_async_context(AsyncClient(transport=transport, base_url=BASE))

    return Site(services, org_id, token, open_client)


@pytest.fixture
async def services(
    address: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Services]:
    settings = Settings(
        public_base_url=BASE,
        lasting_tokens=True,
        secret_key=SecretStr(KEY),
        exports=tmp_path_factory.getbasetemp() / "exports",
    )
    built = build_services(settings, address)
    yield built
    await built.database.engine.dispose()


@pytest.fixture
async def site(services: Services) -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        yield await make_site(services, stack)


@pytest.fixture
async def other_site(services: Services) -> AsyncIterator[Site]:
    """Another organization on the same service."""
    async with AsyncExitStack() as stack:
        yield await make_site(services, stack)


def at(services: Services, moment: datetime) -> Services:
    """The same services at another time."""
    return replace(services, now=lambda: moment)
