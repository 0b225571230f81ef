"""A registry served on a port of this machine, for client libraries that we did not write."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from joserfc.jwk import ECKey

from app.auth.key_sets import read_key_set
from app.domain.actor import system
from app.domain.scopes import EVERY_SCOPE, read_scopes
from app.domain.second_factor import SecondFactorPolicy
from app.main import create_app
from app.settings import Settings
from app.store import organizations
from app.store.ids import new_id
from app.use_cases.manage_clients import as_rows, register_client
from app.wiring import Services, build_services
from tests.clients.signing_in import Account


@dataclass(frozen=True, slots=True)
class Served:
    """A registry on a port of this machine; every account is of an organization of its own."""

    base: str
    address: str
    """Of its database."""
    settings: Settings

    def register(self, scopes: str = "", org_id: UUID | None = None) -> Account:
        """What an administrator and a vendor agree on: a client id, and the vendor's public key."""
        key = ECKey.generate_key("P-384", {"kid": "2026-11"})
        public = json.dumps({"keys": [key.as_dict(private=False)]})
        wanted = scopes or " ".join(sorted(EVERY_SCOPE))

        async def begin(services: Services) -> tuple[UUID, UUID]:
            org = org_id or await _organization(services)
            async with services.database.transaction(system(org)) as store:
                keys = as_rows(read_key_set(public))
                name = f"Vendor {new_id()}"
                return org, await register_client(store, name, read_scopes(wanted), keys, None)

        org, client_id = self.run(begin)
        return Account(f"{self.base}/fhir", str(client_id), key, wanted, org)

    def run(self, work: Callable[[Services], Coroutine[Any, Any, Any]]) -> Any:
        """Something done on the same database, as staff or an operator would do it meanwhile."""

        async def alone() -> Any:
            services = build_services(self.settings, self.address)
            try:
                return await work(services)
            finally:
                await services.database.engine.dispose()

        with ThreadPoolExecutor(1) as aside:
            return aside.submit(asyncio.run, alone()).result()


async def _organization(services: Services) -> UUID:
    org_id = new_id()
    async with services.database.transaction(system(org_id)) as store:
        await organizations.add_organization(
            store, "Clinic", "America/New_York", "refuse", SecondFactorPolicy.NOBODY
        )
        await organizations.add_clinic(store, "Riverside", "America/New_York")
    return org_id


@contextmanager
def serving(address: str, exports: Path, export_seconds: float = 1.0) -> Iterator[Served]:
    """A registry over the database at this address, with all its jobs, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(port=port, exports=exports, export_seconds=export_seconds)
    app = create_app(build_services(settings, address))
    config = uvicorn.Config(app, port=port, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        thread.join(0.05)
    assert httpx.get(f"{base}/health/ready").json() == {"status": "ready"}
    yield Served(base, address, settings)
    server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="session")
def registry(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Started once for each worker, ended with it.

    Other tests of the worker use the same database: it takes no export from under their hands.
    """
    with serving(address, tmp_path_factory.mktemp("exports"), export_seconds=86_400) as served:
        yield served


@pytest.fixture
def account(registry: Served) -> Account:
    """A client that may do everything, in an organization of its own."""
    return registry.register()
