"""A served registry and a real browser; both end with the test."""

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from app.auth.bearer import issue_token
from app.auth.passwords import hash_password
from app.domain.actor import system
from app.domain.second_factor import SecondFactorPolicy
from app.main import create_app
from app.settings import Settings
from app.store import organizations, staff
from app.store.ids import new_id
from app.wiring import Services, build_services

PASSWORD = "a long enough passphrase"


@dataclass(frozen=True, slots=True)
class Served:
    """A registry on a port of this machine, with one clinic, its staff and an EHR."""

    base: str
    org_id: UUID
    ehr: httpx.Client


async def begin(services: Services, org_id: UUID) -> str:
    async with services.database.transaction(system(org_id)) as store:
        await organizations.add_organization(
            store, "Clinic", "America/New_York", "refuse", SecondFactorPolicy.NOBODY
        )
        await organizations.add_clinic(store, "Riverside", "America/New_York")
        hashed = hash_password(PASSWORD)
        tag = org_id.hex[-8:]
        for login, name, role in (
            (f"maya{tag}", "Maya Okonkwo", "care-manager"),
            (f"lind{tag}", "Dr. Astrid Lind", "psychiatrist"),
        ):
            await staff.add_staff(store, login, name, [role], hashed)
        token = await issue_token(store, "EHR", 1)
    await services.database.engine.dispose()
    return token


@pytest.fixture
def served(address: str) -> Iterator[Served]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(lasting_tokens=True, port=port)
    org_id = new_id()
    with ThreadPoolExecutor(1) as aside:  # the browser's driver runs a loop in this thread
        begun = aside.submit(asyncio.run, begin(build_services(settings, address), org_id))
        token = begun.result()
    app = create_app(build_services(settings, address))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{port}"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    with httpx.Client(base_url=base, headers=headers) as ehr:
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            thread.join(0.05)
        assert ehr.get("/health/ready").json() == {"status": "ready"}
        yield Served(base, org_id, ehr)
    server.should_exit = True
    thread.join(15)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield opened
        opened.close()
