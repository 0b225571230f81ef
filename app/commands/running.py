"""What commands share: which database, the services, one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer
import uvicorn
from rich.console import Console

from app import embedded_postgres
from app.domain.actor import system
from app.main import create_app
from app.settings import CHECKOUT, Settings, load_settings
from app.store.transaction import Store
from app.web.connections import HEAD_BYTES, KEEP_ALIVE_SECONDS, protocol
from app.wiring import Services, build_services

console = Console(stderr=True)
Org = Annotated[UUID, typer.Option("--org", help="The organization's id.")]


@contextmanager
def addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    """(application, owner): the operator's database, or the embedded one while it is used."""
    if settings.database_url:
        yield settings.application_url, settings.owner_url
        return
    with embedded_postgres.using(CHECKOUT) as cluster:
        embedded_postgres.ensure_database(cluster, "stepwell")
        yield cluster.url("stepwell", "stepwell_app"), cluster.url("stepwell")


@contextmanager
def whole(database: str) -> Iterator[tuple[str, str]]:
    """(who may read every row, the owner) of the operator's database or an embedded one."""
    settings = load_settings()
    if settings.database_url:
        yield settings.backup_url, settings.owner_url
        return
    with embedded_postgres.using(CHECKOUT) as cluster:
        embedded_postgres.ensure_database(cluster, database)
        yield cluster.url(database, embedded_postgres.SUPERUSER), cluster.url(database)


def serve_until_stopped(settings: Settings, services: Services) -> None:
    uvicorn.run(
        create_app(services),
        host=settings.host,
        port=settings.port,
        http=protocol(settings.header_seconds, settings.max_connections),
        ws="none",
        h11_max_incomplete_event_size=HEAD_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=10,
        proxy_headers=False,  # the application has its own list (STEPWELL_TRUSTED_PROXIES)
        server_header=False,
        access_log=False,
        log_config=None,  # ours, which tells no values
    )


def in_services(act: Callable[[Services], Awaitable[None]]) -> None:
    settings = load_settings()

    async def run(address: str) -> None:
        services = build_services(settings, address)
        try:
            await act(services)
        finally:
            await services.database.engine.dispose()

    with addresses(settings) as (application, _):
        asyncio.run(run(application))


def in_transaction(org: UUID, act: Callable[[Store], Awaitable[None]]) -> None:
    async def run(services: Services) -> None:
        async with services.database.transaction(system(org)) as store:
            await act(store)

    in_services(run)
