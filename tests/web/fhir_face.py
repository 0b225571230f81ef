"""The FHIR face over a real database, as an EHR sees it, and what came to lie behind it."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.actor import Actor
from app.domain.actor import client as acting_client
from app.domain.scopes import EVERY_SCOPE
from app.publishing.publisher import FhirPublisher
from app.settings import Settings
from app.store.ids import new_id
from app.store.tables import (
    assessments,
    clients,
    inbound_messages,
    organizations,
    patients,
    resources,
)
from app.store.transaction import Database
from app.web.fhir.router import router

BASE = "https://registry.example"
FHIR_JSON = "application/fhir+json"


@dataclass(slots=True)
class Face:
    """One sender's view, and the tables behind it."""

    http: AsyncClient
    database: Database
    actor: Actor

    async def request(
        self, method: str, path: str, content: Any = None, **headers: str
    ) -> Response:
        if content is not None and not isinstance(content, bytes):
            content = json.dumps(content).encode()
        sent = {"Content-Type": FHIR_JSON, **headers} if content is not None else headers
        address = f"/fhir/{path}" if path else "/fhir"
        return await self.http.request(method, address, content=content, headers=sent)

    async def post(self, path: str, content: Any, **headers: str) -> Response:
        return await self.request("POST", path, content, **headers)

    async def put(self, path: str, content: Any, **headers: str) -> Response:
        return await self.request("PUT", path, content, **headers)

    async def get(self, path: str, **headers: str) -> Response:
        return await self.request("GET", path, **headers)

    @staticmethod
    def text(resource: dict[str, Any]) -> str:
        return json.dumps(resource)

    @staticmethod
    def place(answer: Response) -> tuple[str, str, str]:
        """(type, id, version) of the Location."""
        location = answer.headers["location"]
        assert location.startswith(f"{BASE}/fhir/"), location
        kind, resource_id, history, version = location.removeprefix(f"{BASE}/fhir/").split("/")
        assert history == "_history"
        return kind, resource_id, version

    async def assessments(self) -> list[Any]:
        """Those that were not withdrawn."""
        rows = await self._rows(
            select(assessments).where(assessments.c.status != "entered-in-error")
        )
        return [_plain(row) for row in rows]

    async def messages(self) -> list[Any]:
        return await self._rows(select(inbound_messages).order_by(inbound_messages.c.message_id))

    async def counts(self) -> list[int]:
        """How many patients, assessments and resources there are."""
        tables = (patients, assessments, resources)
        found = [await self._rows(select(func.count()).select_from(table)) for table in tables]
        return [rows[0][0] for rows in found]

    async def _rows(self, statement: Any) -> list[Any]:
        async with self.database.transaction(self.actor) as store:
            froms = statement.get_final_froms()[0]
            mine = statement.where(froms.c.org_id == self.actor.org_id)
            return list((await store.connection.execute(mine)).all())


def _plain(row: Any) -> Any:
    return SimpleNamespace(**row._mapping)


async def make_organization(engine: AsyncEngine, policy: str = "refuse") -> UUID:
    """An organization of its own for each test: what others do is not seen."""
    org_id = new_id()
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"SET LOCAL app.org_id = '{org_id}'")
        await connection.execute(
            organizations.insert().values(
                org_id=org_id,
                name=f"Clinic {org_id}",
                time_zone="America/New_York",
                unknown_patient_policy=policy,
                protocol_id="bao-sowa",
                protocol_version=1,
                created_at=datetime.now(UTC),
            )
        )
    return org_id


async def make_client(
    engine: AsyncEngine, org_id: UUID, name: str, scopes: frozenset[str] = EVERY_SCOPE
) -> Actor:
    client_id = new_id()
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"SET LOCAL app.org_id = '{org_id}'")
        await connection.execute(
            clients.insert().values(
                org_id=org_id,
                client_id=client_id,
                name=name,
                scopes=sorted(scopes),
                created_at=datetime.now(UTC),
            )
        )
    return acting_client(org_id, client_id, name, scopes, "America/New_York")


def make_app(database: Database, actor: Actor) -> FastAPI:
    """The face with one sender signed in."""
    from app.web import dependencies

    app = FastAPI()
    app.include_router(router)
    app.dependency_overrides[dependencies.integration_client] = lambda: actor
    app.state.services = SimpleNamespace(
        settings=Settings(public_base_url=BASE, max_body_bytes=16 * 1024 * 1024),
        database=database,
        now=lambda: datetime.now(UTC),
    )
    return app


Open = Callable[[Actor], Any]


@pytest.fixture
async def open_face(engine: AsyncEngine) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:
        database = Database(engine, FhirPublisher())

        async def open_one(actor: Actor) -> Face:
            transport = ASGITransport(make_app(database, actor))
            http = await stack.enter_async_context(AsyncClient(transport=transport, base_url=BASE))
            return Face(http, database, actor)

        yield open_one


@pytest.fixture
async def fhir(engine: AsyncEngine, open_face: Open) -> Face:
    org_id = await make_organization(engine)
    return await open_face(await make_client(engine, org_id, "EHR"))


@pytest.fixture
async def colleague_fhir(engine: AsyncEngine, open_face: Open, fhir: Face) -> Face:
    """Another sender in the same organization."""
    return await open_face(await make_client(engine, fhir.actor.org_id, "Other EHR"))


@pytest.fixture
async def other_fhir(engine: AsyncEngine, open_face: Open) -> Face:
    """A sender in another organization."""
    org_id = await make_organization(engine)
    return await open_face(await make_client(engine, org_id, "EHR"))
