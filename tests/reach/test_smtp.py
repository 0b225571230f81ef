"""Mail against a real server on this machine: taken, refused, greylisted, silent, unencrypted."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from app.domain.delivery import (
    SENT,
    AddressNotFit,
    Purpose,
    Verdict,
    read_email,
    write_letter,
)
from app.reach.post import Parcel
from app.reach.smtp import MailServer, write_mail
from app.settings import Settings, SettingsNotSafe
from app.settings_checks import check_safe
from app.store.ids import new_id
from tests.reach.servers import (
    Certificate,
    Mailbox,
    knows,
    mail_server,
    make_certificate,
    silent_server,
)

NOW = datetime(2026, 3, 3, 3, 30, tzinfo=UTC)
LINK = "https://registry.example/flags/1"


def parcel(address: str = "maya@clinic.example") -> Parcel:
    return Parcel(
        delivery_id=new_id(),
        org_id=new_id(),
        address=address,
        letter=write_letter(Purpose.FLAGS, True, 1, LINK),
        urgent=True,
        count=1,
        link=LINK,
        recipient_id=None,
    )


def plain(port: int) -> MailServer:
    return MailServer("127.0.0.1", port, "stepwell@clinic.example", security="none", seconds=3)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


def read(mailbox: Mailbox) -> Message:
    content = mailbox.letters[-1].content
    assert isinstance(content, bytes)
    return message_from_bytes(content)


async def test_a_mail_arrives_as_it_was_written() -> None:
    mailbox, sent = Mailbox(), parcel()
    async with mail_server(mailbox) as port:
        assert await plain(port).send(sent, NOW) == SENT
    mail = read(mailbox)
    assert mailbox.letters[0].rcpt_tos == ["maya@clinic.example"]
    assert mail["subject"] == "A safety flag waits for you"
    assert mail["message-id"] == f"<{sent.delivery_id}@clinic.example>"
    assert (mail["auto-submitted"], mail["importance"]) == ("auto-generated", "high")
    assert LINK in mail.get_payload()


async def test_the_same_message_is_known_by_its_id_however_often_it_is_sent() -> None:
    mailbox, sent = Mailbox(), parcel()
    async with mail_server(mailbox) as port:
        await plain(port).send(sent, NOW)
        await plain(port).send(sent, NOW.replace(hour=5))
    ids = {message_from_bytes(bytes(one.content))["message-id"] for one in mailbox.letters}  # type: ignore[arg-type]
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("to_recipient", "to_content", "verdict", "problem"),
    [
        (["550 5.1.1 no such user maya"], [], Verdict.NEVER, "refused it (550)"),
        (["450 4.2.0 greylisted"], [], Verdict.LATER, "come again (450)"),
        (["452 4.2.2 mailbox full"], [], Verdict.LATER, "come again (452)"),
        ([], ["554 5.7.1 spam"], Verdict.NEVER, "refused it (554)"),
        ([], ["451 4.3.0 later"], Verdict.LATER, "come again (451)"),
    ],
)
async def test_refusals_are_told_by_their_code_alone(
    to_recipient: list[str], to_content: list[str], verdict: Verdict, problem: str
) -> None:
    mailbox = Mailbox(to_recipient=to_recipient, to_content=to_content)
    async with mail_server(mailbox) as port:
        made = await plain(port).send(parcel(), NOW)
    assert made.verdict is verdict
    assert problem in made.problem
    assert "maya" not in made.problem, "servers echo addresses"
    assert not mailbox.letters


async def test_greylisting_lets_the_second_attempt_through() -> None:
    mailbox, sent = Mailbox(to_recipient=["450 greylisted", "250 OK"]), parcel()
    async with mail_server(mailbox) as port:
        assert (await plain(port).send(sent, NOW)).verdict is Verdict.LATER
        assert await plain(port).send(sent, NOW) == SENT


async def test_a_server_that_is_not_there_or_says_nothing_is_tried_later() -> None:
    async with silent_server() as port:
        begun = asyncio.get_running_loop().time()
        made = await replace(plain(port), seconds=0.4).send(parcel(), NOW)
        assert asyncio.get_running_loop().time() - begun < 2
    assert (made.verdict, made.problem) == (
        Verdict.LATER,
        "the mail server did not answer in time",
    )
    made = await plain(port).send(parcel(), NOW)
    assert (made.verdict, made.problem) == (Verdict.LATER, "the mail server cannot be reached")


async def test_without_starttls_nothing_is_sent_and_no_credentials_shown() -> None:
    mailbox = Mailbox()
    async with mail_server(mailbox) as port:
        secured = replace(plain(port), security="starttls", username="u", password="p")
        made = await secured.send(parcel(), NOW)
    assert made.verdict is Verdict.LATER
    assert "no STARTTLS" in made.problem
    assert not mailbox.letters
    assert mailbox.tried == 0


@pytest.mark.parametrize("implicit", [False, True])
async def test_encrypted_with_credentials(certificate: Certificate, implicit: bool) -> None:
    mailbox = Mailbox()
    options = {"authenticator": knows(b"u", b"p"), "auth_required": True}
    options |= {"auth_require_tls": not implicit}
    async with mail_server(mailbox, certificate, implicit=implicit, **options) as port:
        server = MailServer(
            "localhost",
            port,
            "stepwell@clinic.example",
            security="tls" if implicit else "starttls",
            username="u",
            password="p",
            seconds=5,
            certificates=str(certificate.file),
        )
        assert await server.send(parcel(), NOW) == SENT
        wrong = await replace(server, password="x").send(parcel(), NOW)
        assert (wrong.verdict, wrong.problem) == (
            Verdict.LATER,
            "the mail server did not take our credentials",
        )
        strange = await replace(server, certificates=None).send(parcel(), NOW)
        assert (strange.verdict, strange.problem) == (
            Verdict.LATER,
            "the mail server's certificate is not trusted",
        )
        other = await replace(server, host="127.0.0.1").send(parcel(), NOW)
        assert other.verdict is Verdict.LATER, "the certificate is of another name"
    assert len(mailbox.letters) == 1


@pytest.mark.parametrize(
    "typed",
    [
        "maya@clinic.example\r\nBcc: all@clinic.example",
        "maya@clinic.example\nX: y",
        "maya@clinic.example, ben@clinic.example",
        "Maya <maya@clinic.example>",
        "maya@clinic.example\x00",
        "maya@",
        "@clinic.example",
        "maya",
        "maya@clinic..example",
        "maya @clinic.example",
        "mäya@clinic.example",
        "a" * 250 + "@x.example",
    ],
)
def test_an_address_is_one_plain_address(typed: str) -> None:
    with pytest.raises(AddressNotFit):
        read_email(typed)


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        (" maya@clinic.example ", "maya@clinic.example"),
        ("m.o'konkwo+x@mail.clinic.example", "m.o'konkwo+x@mail.clinic.example"),
        ("  ", None),
    ],
)
def test_addresses_that_fit(typed: str, read_as: str | None) -> None:
    assert read_email(typed) == read_as


def test_a_line_break_that_slipped_through_still_begins_no_header() -> None:
    with pytest.raises(ValueError, match="linefeed"):
        write_mail(parcel("maya@clinic.example\r\nBcc: x@y.example"), "s@c.example", NOW)


@pytest.mark.parametrize(
    "settings",
    [
        {"smtp_host": "m", "smtp_from": "s@c", "smtp_username": "u", "smtp_security": "none"},
        {"smtp_host": "m"},
        {"webhook_key": "short"},
    ],
)
def test_settings_that_would_send_credentials_in_clear_or_sign_weakly(
    settings: dict[str, str],
) -> None:
    with pytest.raises(SettingsNotSafe):
        check_safe(Settings(**settings))  # type: ignore[arg-type]


def test_secrets_do_not_show_where_settings_are_printed(tmp_path: Path) -> None:
    settings = Settings(smtp_password="hush", webhook_key="k" * 32)  # type: ignore[arg-type]
    assert "hush" not in repr(settings) + str(settings)
    assert "hush" not in repr(MailServer("h", 1, "s", password="hush"))
