"""Links by mail: who gets one, what asking tells a stranger, and what the outbox holds."""

import re
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from uuid import UUID

import pytest
from sqlalchemy import text

from app.domain.actor import system
from app.domain.delivery import Channel
from app.jobs.telling import deliver_in
from app.reach.smtp import MailServer
from app.store import staff
from tests.reach.servers import Mailbox, mail_server
from tests.web.second_step import enrol
from tests.web.site import BASE, PASSWORD, Site, Visitor

NEW = "four herons beside windmill"


async def staff_id(site: Site, who: str) -> UUID:
    async with site.services.database.directory() as connection:
        found = await staff.find_login(connection, site.login(who))
    assert found
    return found[1]


async def confirm_address(site: Site, who: str) -> None:
    async with site.services.database.transaction(system(site.org_id)) as store:
        assert await staff.confirm_email(store, await staff_id(site, who), f"{who}@clinic.example")


@pytest.fixture
def with_mail(site: Site) -> Site:
    """The same site where a mail server is set up; the outbox is emptied by `letters`."""
    post = {Channel.EMAIL: MailServer("127.0.0.1", 1, "s@clinic.example", security="none")}
    site.services = replace(site.services, post=post)
    return site


async def visit(site: Site) -> Visitor:
    visitor = await site.visit()
    visitor.http._transport.app.state.services = site.services  # type: ignore[attr-defined]
    return visitor


async def letters(site: Site) -> list[tuple[str, str]]:
    """(to whom, text) of what the outbox sends, over a real mail server."""
    mailbox = Mailbox()
    async with mail_server(mailbox) as port:
        post = {Channel.EMAIL: MailServer("127.0.0.1", port, "s@clinic.example", security="none")}
        await deliver_in(site.services.database, site.org_id, post, BASE, site.services.sealer)
    return [(one.rcpt_tos[0], said(one.content)) for one in mailbox.letters]


def said(content: bytes | str | None) -> str:
    """The words of a letter, as its reader sees them."""
    assert isinstance(content, bytes)
    return str(message_from_bytes(content, policy=default).get_content())


def link_in(words: str) -> str:
    found = re.search(rf"{BASE}(/sign-in/link/[A-Za-z0-9_-]{{43}})\s", words)
    assert found, words
    return found[1]


async def outbox(site: Site) -> str:
    async with site.services.database.transaction(system(site.org_id)) as store:
        found = await store.connection.execute(
            text("SELECT d::text FROM deliveries d UNION ALL SELECT l::text FROM sign_in_links l")
        )
        return "\n".join(found.scalars().all())


async def test_a_forgotten_password_is_chosen_anew_by_a_mailed_link(with_mail: Site) -> None:
    site = with_mail
    await confirm_address(site, "maya")
    visitor = await visit(site)
    asked = await visitor.post("/sign-in/forgot", login=f" {site.login('maya').upper()} ")
    assert (asked.status_code, "on its way" in asked.text) == (200, True)
    (told,) = await letters(site)
    assert told[0] == "maya@clinic.example"
    link = link_in(told[1])
    assert link.rpartition("/")[2] not in await outbox(site)
    assert (await visitor.post(link, wanted=NEW, again=NEW)).status_code == 303
    entered = await visitor.post("/sign-in", login=site.login("maya"), password=NEW)
    assert entered.status_code == 303
    assert (await visitor.post(link, wanted=NEW + "s", again=NEW + "s")).status_code == 404
    (notice,) = await letters(site)  # and its owner hears of it
    assert "was changed" in notice[1] and "/sign-in/link/" not in notice[1]


async def test_asking_changes_nothing_and_tells_nothing(with_mail: Site) -> None:
    site = with_mail
    await confirm_address(site, "maya")
    maya = await site.sign_in("maya")
    told = {}
    for login in (site.login("maya"), site.login("lind"), "nobody-at-all", "\x00", "a b"):
        told[login] = await (await visit(site)).post("/sign-in/forgot", login=login)
    assert len({one.text for one in told.values()}) == 1  # lind confirmed no address
    assert {one.status_code for one in told.values()} == {200}
    assert [to for to, _ in await letters(site)] == ["maya@clinic.example"]
    assert (await maya.get("/caseload")).status_code == 200
    visitor = await site.visit()
    entered = await visitor.post("/sign-in", login=site.login("maya"), password=PASSWORD)
    assert entered.status_code == 303


async def test_nobodys_mailbox_is_filled(with_mail: Site) -> None:
    site = with_mail
    await confirm_address(site, "maya")
    statuses = [
        (await (await visit(site)).post("/sign-in/forgot", login=site.login("maya"))).status_code
        for _ in range(5)
    ]
    assert statuses == [200] * 3 + [429] * 2
    assert len(await letters(site)) == 3


async def test_asking_ends_no_link_of_an_administrator(with_mail: Site) -> None:
    """A stranger who knows a login could otherwise keep its owner out."""
    site = with_mail
    await confirm_address(site, "maya")
    ada = await site.sign_in("ada")
    page = (await ada.post(f"/accounts/{await staff_id(site, 'maya')}/password")).text
    found = re.search(r"(/sign-in/link/[A-Za-z0-9_-]{43})<", page)
    assert found
    stranger = await visit(site)
    await stranger.post("/sign-in/forgot", login=site.login("maya"))
    assert (await stranger.get(found[1])).status_code == 200


async def test_a_mailed_link_leaves_the_second_step_owed(with_mail: Site) -> None:
    """Whoever reads somebody's mail does not come in."""
    site = with_mail
    await confirm_address(site, "maya")
    await enrol(site, await site.sign_in("maya"), site.services.now())
    thief = await visit(site)
    await thief.post("/sign-in/forgot", login=site.login("maya"))
    link = next(link_in(words) for _, words in await letters(site) if "/sign-in/link/" in words)
    await thief.post(link, wanted=NEW, again=NEW)
    told = await thief.post("/sign-in", login=site.login("maya"), password=NEW)
    assert told.headers["location"] == "/sign-in/second-factor"


async def test_an_administrator_mails_a_link_that_they_do_not_see(with_mail: Site) -> None:
    site = with_mail
    ada = await site.sign_in("ada")
    ada.http._transport.app.state.services = site.services  # type: ignore[attr-defined]
    assert "Mail them the link" in (await ada.get("/accounts")).text
    told = await ada.post(f"/accounts/{await staff_id(site, 'maya')}/mailed-password")
    assert told.headers["location"] == "/accounts?note=mailed"
    assert "/sign-in/link/" not in (await ada.get("/accounts?note=mailed")).text
    visitor = await visit(site)
    before = await visitor.post("/sign-in", login=site.login("maya"), password=PASSWORD)
    assert before.status_code == 401
    ((_, words),) = await letters(site)
    assert (await visitor.post(link_in(words), wanted=NEW, again=NEW)).status_code == 303


async def test_without_a_mail_server_the_page_says_who_helps(site: Site) -> None:
    visitor = await site.visit()
    assert "Your administrator gives you a link" in (await visitor.get("/sign-in/forgot")).text
    await visitor.post("/sign-in/forgot", login=site.login("maya"))
    assert "sign-in-link" not in await outbox(site)


async def test_a_link_that_cannot_be_made_holds_up_no_other_message(with_mail: Site) -> None:
    """The key was lost: flags still reach people."""
    site = with_mail
    await confirm_address(site, "maya")
    await (await visit(site)).post("/sign-in/forgot", login=site.login("maya"))
    ada = await site.sign_in("ada")
    await ada.post(f"/accounts/{await staff_id(site, 'lind')}/password")
    site.services = replace(site.services, sealer=type(site.services.sealer)())
    told = await letters(site)
    assert [to for to, _ in told] == ["lind@clinic.example"]
