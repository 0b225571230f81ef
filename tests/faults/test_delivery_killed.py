"""A sender killed in the middle of a message loses nothing: the same message goes again."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import text

from app.domain.actor import system
from app.migrating import migrate
from app.settings import Settings
from app.wiring import build_services
from tests import postgres
from tests.postgres import Server
from tests.reach.servers import Mailbox, mail_server
from tests.web.site import BASE, KEY, Site, make_site

ROOT = Path(__file__).resolve().parents[2]
UNSAFE = [2] * 8 + [2]


@pytest.fixture
def own_database(server: Server) -> Iterator[str]:
    """A database of this test alone: the command tells of every organization in it."""
    with postgres.database(server, "killed") as name:
        migrate(server.url(name))
        yield server.url(name)


async def tell(address: str, port: int) -> asyncio.subprocess.Process:
    """``python -m app tell`` against a mail server on this machine."""
    env = os.environ | {
        "DATABASE_URL": address,
        "STEPWELL_SECRET_KEY": KEY,
        "STEPWELL_SMTP_HOST": "127.0.0.1",
        "STEPWELL_SMTP_PORT": str(port),
        "STEPWELL_SMTP_SECURITY": "none",
        "STEPWELL_SMTP_FROM": "stepwell@clinic.example",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "tell", cwd=ROOT, env=env, stderr=asyncio.subprocess.PIPE
    )


async def ask(site: Site, question: str) -> list[tuple[object, ...]]:
    async with site.services.database.transaction(system(site.org_id)) as store:
        found = await store.connection.execute(text(question))
        return [tuple(row) for row in found.all()] if found.returns_rows else []


async def test_kill_9_while_a_message_is_on_its_way(own_database: str) -> None:
    services = build_services(Settings(public_base_url=BASE, lasting_tokens=True), own_database)
    async with AsyncExitStack() as stack:
        site = await make_site(services, stack)
        await site.screened("700", UNSAFE)
        mailbox = Mailbox(go_on=asyncio.Event())
        assert mailbox.go_on
        async with mail_server(mailbox) as port:
            sender = await tell(own_database, port)
            await asyncio.wait_for(mailbox.accepted.wait(), 60)
            sender.send_signal(signal.SIGKILL)
            await sender.wait()
            ((state, attempts),) = await ask(site, "SELECT state, attempts FROM deliveries")
            assert (state, attempts) == ("waiting", 1), "claimed, and its lease runs"
            mailbox.go_on.set()
            await ask(site, "UPDATE deliveries SET due_at = now()")  # the lease ran out
            again = await tell(own_database, port)
            _, told = await asyncio.wait_for(again.communicate(), 60)
            assert again.returncode == 0, told.decode()
        ((state, attempts),) = await ask(site, "SELECT state, attempts FROM deliveries")
        assert (state, attempts) == ("sent", 2)
        tried = await ask(site, "SELECT outcome FROM delivery_attempts ORDER BY attempt")
        assert tried == [(None,), ("sent",)], "the first was cut short, and that is kept"
        ids = {
            message_from_bytes(bytes(one.content or b""))["message-id"] for one in mailbox.letters
        }  # type: ignore[arg-type]
        assert len(ids) == 1, "whoever gets it twice can tell"
    await services.database.engine.dispose()
