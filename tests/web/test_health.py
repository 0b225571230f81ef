"""Health: the process lives; it is ready only where the database answers with this schema."""

from dataclasses import replace

from httpx import ASGITransport, AsyncClient

from app.main import create_app
from app.settings import Settings
from app.wiring import Services, build_services
from tests.web.site import BASE


async def ask(services: Services, path: str) -> tuple[int, dict[str, str]]:
    transport = ASGITransport(create_app(services))
    async with AsyncClient(transport=transport, base_url=BASE) as http:
        told = await http.get(path)
    return told.status_code, told.json()


async def test_live_and_ready(services: Services) -> None:
    assert await ask(services, "/health/live") == (200, {"status": "live"})
    assert await ask(services, "/health/ready") == (200, {"status": "ready"})


async def test_without_a_database_it_lives_and_is_not_ready() -> None:
    away = build_services(Settings(), "postgresql://nobody@127.0.0.1:1/none")
    assert (await ask(away, "/health/live"))[0] == 200
    status, told = await ask(away, "/health/ready")
    assert status == 503
    assert told["problem"]


async def test_an_older_schema_is_not_ready(services: Services) -> None:
    status, told = await ask(replace(services, newest_revision="9999"), "/health/ready")
    assert status == 503
    assert "schema" in told["problem"] or "migrat" in told["problem"]
