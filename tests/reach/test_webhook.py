"""Webhooks against a real receiver: the signature holds, and nothing leads elsewhere."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.delivery import (
    SENT,
    AddressNotFit,
    Purpose,
    Verdict,
    read_webhook_url,
    write_letter,
)
from app.reach.post import Parcel
from app.reach.webhook import Webhook, secret_of, sign, verify
from app.store.ids import new_id
from tests.reach.servers import (
    Answer,
    Certificate,
    Receiver,
    answer,
    dribble_body,
    dribble_head,
    make_certificate,
    silent_server,
    webhook_receiver,
)

NOW = datetime(2026, 3, 3, 3, 30, tzinfo=UTC)
KEY = "k" * 32
HERE = Webhook(KEY, private_allowed=True, seconds=3)


def parcel(address: str) -> Parcel:
    link = "https://registry.example/flags/1"
    letter = write_letter(Purpose.FLAGS, True, 1, link)
    return Parcel(new_id(), new_id(), address, letter, True, 1, link, new_id(), 2)


async def test_a_receiver_can_verify_what_it_got_and_knows_a_replay() -> None:
    receiver = Receiver()
    async with webhook_receiver(receiver) as port:
        sent = parcel(f"http://127.0.0.1:{port}/pager?team=1")
        assert await HERE.send(sent, NOW) == SENT
    (got,) = receiver.got
    secret, at = secret_of(KEY, sent.org_id, 2), int(NOW.timestamp())
    assert got.path == "/pager?team=1"
    assert verify(secret, got.headers, got.body, at)
    assert verify(secret, got.headers, got.body, at + 299)
    assert not verify(secret, got.headers, got.body, at + 301), "an old message again"
    assert not verify(secret, got.headers, got.body + b" ", at), "changed on the way"
    assert not verify(secret_of(KEY, sent.org_id, 1), got.headers, got.body, at), "another secret"
    assert not verify(secret_of(KEY, new_id(), 2), got.headers, got.body, at)
    assert not verify(secret, got.headers | {"webhook-id": "x"}, got.body, at)
    assert not verify(secret, got.headers | {"webhook-timestamp": "now"}, got.body, at)
    told = json.loads(got.body)
    assert told == {
        "type": "flags.waiting",
        "id": str(sent.delivery_id),
        "urgent": True,
        "count": 1,
        "words": "A safety flag waits for you",
        "link": sent.link,
        "for": str(sent.recipient_id),
    }
    assert got.headers["webhook-id"] == str(sent.delivery_id)


def test_the_signature_is_that_of_the_published_specification() -> None:
    """The worked example of Standard Webhooks' own reference libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    signed = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("reply", "verdict", "problem"),
    [
        (answer(200), Verdict.SENT, ""),
        (answer(204), Verdict.SENT, ""),
        (answer(302, "location: http://169.254.169.254/"), Verdict.NEVER, "redirects (302)"),
        (answer(307, "location: http://10.0.0.1/"), Verdict.NEVER, "redirects (307)"),
        (answer(400), Verdict.NEVER, "refused it (400)"),
        (answer(410), Verdict.NEVER, "refused it (410)"),
        (answer(408), Verdict.LATER, "come again (408)"),
        (answer(429), Verdict.LATER, "come again (429)"),
        (answer(500), Verdict.LATER, "come again (500)"),
        (dribble_body, Verdict.SENT, ""),  # it said 200: its endless body is not read
    ],
)
async def test_answers(reply: Answer, verdict: Verdict, problem: str) -> None:
    receiver = Receiver([reply])
    async with webhook_receiver(receiver) as port:
        begun = asyncio.get_running_loop().time()
        made = await HERE.send(parcel(f"http://127.0.0.1:{port}/"), NOW)
        assert asyncio.get_running_loop().time() - begun < 2
    assert made.verdict is verdict
    assert problem in made.problem
    assert len(receiver.got) == 1, "nothing was followed"


async def test_headers_that_never_end_and_silence_end_in_bounded_time() -> None:
    quick = replace(HERE, seconds=0.4)
    async with webhook_receiver(Receiver([dribble_head])) as port:
        made = await quick.send(parcel(f"http://127.0.0.1:{port}/"), NOW)
    assert made.verdict is Verdict.LATER
    async with silent_server() as port:
        made = await quick.send(parcel(f"http://127.0.0.1:{port}/"), NOW)
    assert made.problem == "the webhook did not answer in time"
    made = await quick.send(parcel(f"http://127.0.0.1:{port}/"), NOW)
    assert made.problem == "the webhook cannot be reached"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


async def test_https_goes_to_the_resolved_address_and_still_checks_the_name(
    certificate: Certificate,
) -> None:
    receiver = Receiver()
    trusting = replace(HERE, certificates=str(certificate.file))
    async with webhook_receiver(receiver, certificate) as port:
        assert await trusting.send(parcel(f"https://localhost:{port}/a"), NOW) == SENT
        assert receiver.got[0].headers["host"] == f"localhost:{port}"
        strange = await HERE.send(parcel(f"https://localhost:{port}/"), NOW)
        assert strange.verdict is Verdict.LATER, "a certificate that nobody vouches for"
        other = await trusting.send(parcel(f"https://127.0.0.1:{port}/"), NOW)
        assert other.verdict is Verdict.LATER, "a certificate of another name"
    assert len(receiver.got) == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "10.1.2.3", "169.254.169.254"])
async def test_private_networks_are_refused_unless_an_operator_allows_them(host: str) -> None:
    made = await Webhook(KEY, seconds=2).send(parcel(f"https://{host}:9/"), NOW)
    assert (made.verdict, made.problem) == (
        Verdict.NEVER,
        "the webhook's address lies in a private network",
    )


async def test_a_name_that_points_both_ways_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One public and one private address of the same name: rebinding."""
    loop = asyncio.get_running_loop()

    async def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    made = await Webhook(KEY, seconds=2).send(parcel("https://pager.example/"), NOW)
    assert made.verdict is Verdict.NEVER


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # a cloud's metadata
        ("100.64.0.1", False),  # carrier-grade NAT
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),  # a private address in another dress
    ],
)
def test_which_addresses_may_be_reached(address: str, reached: bool) -> None:
    assert Webhook(key="k").may_be_asked(address) is reached


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("10.1.2.3", True),
        ("127.0.0.1", True),  # a receiver on this machine
        ("169.254.169.254", False),  # a cloud's metadata, whatever is allowed
        ("fd00:ec2::254", False),
        ("fe80::1", False),
        ("64:ff9b::a9fe:a9fe", False),  # the metadata beyond a translator
        ("2002:7f00:1::", False),
    ],
)
def test_where_private_networks_are_allowed(address: str, reached: bool) -> None:
    assert Webhook(key="k", private_allowed=True).may_be_asked(address) is reached


@pytest.mark.parametrize(
    "typed",
    [
        "http://pager.example/",
        "http://127.0.0.1/",  # unless an operator allows it
        "ftp://pager.example/",
        "https://user:secret@pager.example/",
        "https://pager.example/#x",
        "https:///x",
        "https://pager.example/\r\nX: y",
        "https://pager.example/a b",
        "https://" + "a" * 500 + ".example/",
        "javascript:alert(1)",
        "pager.example",
    ],
)
def test_webhook_addresses_that_do_not_fit(typed: str) -> None:
    with pytest.raises(AddressNotFit):
        read_webhook_url(typed, private_allowed=False)


def test_webhook_addresses_that_fit() -> None:
    assert read_webhook_url(" https://pager.example/x ", False) == "https://pager.example/x"
    assert read_webhook_url("", False) is None
    assert read_webhook_url("http://localhost:9/", True) == "http://localhost:9/"
    with pytest.raises(AddressNotFit):
        read_webhook_url("http://pager.example/", private_allowed=True)
