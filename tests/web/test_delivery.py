"""From the outbox to people: at least once, never lost, and what fails moves the flag on."""

import asyncio
import json
import logging
from collections.abc import Callable
from email import message_from_bytes

import pytest
from sqlalchemy import text

from app.auth.sealed_secrets import Sealer
from app.domain.actor import system
from app.domain.delivery import SENT, Attempt, Channel, Verdict, retry_after
from app.jobs.telling import deliver_in, escalate_all, escalate_in
from app.reach.post import Parcel, Post
from app.reach.smtp import MailServer
from app.reach.webhook import Webhook, secret_of, verify
from app.store.deliveries import list_deliveries
from app.use_cases.deliver_messages import claim_messages, keep_attempt
from tests.reach.servers import Mailbox, Receiver, answer, mail_server, webhook_receiver
from tests.web.night import UNSAFE, Night
from tests.web.site import Site

BASE = "https://registry.example"
KEY = "k" * 32


def mail(port: int) -> Post:
    return {
        Channel.EMAIL: MailServer(
            "127.0.0.1", port, "stepwell@clinic.example", security="none", seconds=3
        )
    }


async def deliver(night: Night, post: Post) -> int:
    return await deliver_in(night.site.services.database, night.site.org_id, post, BASE, Sealer())


async def test_the_whole_night(night: Night) -> None:
    """22:30: a safety screening by FHIR. On call, owner, consultant, director, last resort."""
    await night.reach(safety_contact_name="Line", safety_contact_email="line@clinic.example")
    await night.on_call("ben")
    mailbox = Mailbox()
    database = night.site.services.database
    async with mail_server(mailbox) as port:
        await night.safety_screening()
        for _ in range(4):
            await escalate_in(database, night.site.org_id)
            await deliver(night, mail(port))
            night.clock.pass_(minutes=30)
    told = [one.rcpt_tos[0].split("@")[0] for one in mailbox.letters]
    assert told == ["ben", "lind", "dana", "line"]
    flag = await night.flag()
    assert all(f"{BASE}/flags/{flag}" in text for text in mailbox.texts())
    lind = await night.site.sign_in("lind")
    await lind.post(f"/flags/{flag}/acknowledge")
    page = (await lind.get((await lind.get(f"/flags/{flag}")).headers["location"])).text
    for words in (
        "2 Mar 2026, 22:30</time> Ben Ruiz is on call: told by e-mail, not answered",
        "2 Mar 2026, 23:00</time> Dr. Astrid Lind is the psychiatric consultant: told by e-mail",
        "2 Mar 2026, 23:30</time> Dana Whitfield directs the program: told by e-mail",
        "3 Mar 2026, 00:00</time> Line is the clinic&#39;s safety contact of last resort",
        "3 Mar 2026, 00:30</time> Dr. Astrid Lind has it",
    ):
        assert words in page, words


async def test_nothing_of_a_patient_is_in_mail_webhook_or_log(
    night: Night, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    marker = "Qwxzmarker"
    mailbox, receiver = Mailbox(), Receiver()
    await night.on_call("ben")
    async with mail_server(mailbox) as port, webhook_receiver(receiver) as other:
        await night.reach(webhook_url=f"http://127.0.0.1:{other}/")
        patient = await night.safety_screening("4711815", f"{marker} {marker}son")
        await night.escalate()
        await deliver(night, mail(port) | {Channel.WEBHOOK: Webhook(KEY, private_allowed=True)})
    (letter,), (got,) = mailbox.texts(), receiver.got
    told = letter + got.body.decode() + json.dumps(got.headers)
    for secret in (marker, "4711815", patient, "1979", "PHQ"):
        assert secret.lower() not in told.lower(), secret
        if secret != patient:
            assert secret.lower() not in caplog.text.lower(), secret
    assert verify(
        secret_of(KEY, night.site.org_id, 1),
        got.headers,
        got.body,
        int(got.headers["webhook-timestamp"]),
    )


@pytest.mark.parametrize(
    ("to_recipient", "minutes"),
    [
        (["550 no such user"], 0),  # refused for good: on to the next at once
        (["450 greylisted"], 45),  # tried eight times in half an hour or so, then given up
    ],
)
async def test_a_failed_message_moves_the_flag_on_and_is_shown(
    night: Night, to_recipient: list[str], minutes: int
) -> None:
    await night.on_call("ben")
    patient = await night.safety_screening()
    async with mail_server(Mailbox(to_recipient=to_recipient)) as port:
        await night.escalate()
        for _ in range(minutes + 1):
            await deliver(night, mail(port))
            night.clock.pass_(minutes=1)
    assert await night.escalate() == 1
    assert await night.told() == ["ben", "lind"]
    page = (await (await night.site.sign_in("maya")).get(f"/patients/{patient}")).text
    assert "Ben Ruiz is on call: the e-mail could not be delivered (the mail server" in page
    assert '<li class="trouble">' in page
    first = (await night.letters())[0]
    attempts = await night.ask("SELECT count(*), count(ended_at) FROM delivery_attempts")
    assert first.state == "failed"
    assert tuple(attempts[0]) == (first.attempts, first.attempts)
    assert first.attempts == (1 if minutes == 0 else 8)


async def test_greylisting_then_taken(night: Night) -> None:
    await night.on_call("ben")
    await night.safety_screening()
    await night.escalate()
    mailbox = Mailbox(to_recipient=["450 greylisted", "250 OK"])
    async with mail_server(mailbox) as port:
        assert await deliver(night, mail(port)) == 1
        assert await deliver(night, mail(port)) == 0, "not before its wait has passed"
        night.clock.pass_(seconds=40)
        assert await deliver(night, mail(port)) == 1
    (sent,) = await night.letters()
    assert (sent.state, sent.attempts, sent.problem) == ("sent", 2, None)
    assert len(mailbox.letters) == 1


async def test_without_a_mail_server_messages_wait_and_go_when_there_is_one(night: Night) -> None:
    await night.on_call("ben")
    await night.safety_screening()
    await night.escalate()
    assert await deliver(night, {}) == 0
    (waits,) = await night.letters()
    assert (waits.state, waits.attempts) == ("waiting", 0), "a state, not a failure"
    night.clock.pass_(minutes=6)
    mailbox = Mailbox()
    async with mail_server(mailbox) as port:
        assert await deliver(night, mail(port)) == 1
    assert len(mailbox.letters) == 1


async def test_a_flag_answered_before_its_mail_was_sent_sends_none(night: Night) -> None:
    await night.on_call("ben")
    await night.safety_screening()
    await night.escalate()
    maya = await night.site.sign_in("maya")
    await maya.post(f"/flags/{await night.flag()}/acknowledge")
    mailbox = Mailbox()
    async with mail_server(mailbox) as port:
        assert await deliver(night, mail(port)) == 0
    assert [d.state for d in await night.letters()] == ["dropped"]
    assert not mailbox.letters


async def test_a_flag_closed_while_its_mail_is_being_sent(night: Night) -> None:
    await night.on_call("ben")
    await night.safety_screening()
    await night.escalate()
    maya, flag = await night.site.sign_in("maya"), await night.flag()
    mailbox = Mailbox(go_on=asyncio.Event())
    assert mailbox.go_on
    async with mail_server(mailbox) as port:
        sending = asyncio.create_task(deliver(night, mail(port)))
        await asyncio.wait_for(mailbox.accepted.wait(), 5)
        assert (await maya.post(f"/flags/{flag}/close", code="spoke-safe")).status_code == 303
        mailbox.go_on.set()
        assert await sending == 1
    assert [d.state for d in await night.letters()] == ["sent"]
    ((state, step),) = await night.ask(
        "SELECT state, next_step_at FROM flags WHERE kind = 'safety'"
    )
    assert (state, step) == ("closed", None)
    ben = await night.site.sign_in("ben")
    where = (await ben.get(f"/flags/{flag}")).headers["location"]
    assert "Spoke with the patient: safe" in (await ben.get(where)).text


async def test_a_sender_that_died_leaves_its_message_to_the_next(night: Night) -> None:
    """Claimed, never settled: as after kill -9. The lease runs out, the same message goes."""
    await night.on_call("ben")
    await night.safety_screening()
    await night.escalate()
    async with night.store() as store:
        claimed = await claim_messages(store, (Channel.EMAIL,))
    assert claimed
    mailbox = Mailbox()
    async with mail_server(mailbox) as port:
        assert await deliver(night, mail(port)) == 0, "its lease still holds"
        night.clock.pass_(minutes=3)
        assert await deliver(night, mail(port)) == 1
    (one,) = claimed[0]
    content = mailbox.letters[0].content
    assert isinstance(content, bytes)
    message_id = message_from_bytes(content)["message-id"]
    assert str(one.delivery_id) in message_id
    attempts = await night.ask(
        "SELECT attempt, outcome, ended_at IS NULL FROM delivery_attempts ORDER BY attempt"
    )
    assert [tuple(a) for a in attempts] == [(1, None, True), (2, "sent", False)]


async def test_a_late_word_of_a_lost_lease_does_not_undo_what_was_sent(night: Night) -> None:
    await night.on_call("ben")
    await night.safety_screening()
    await night.escalate()
    async with night.store() as store:
        first = await claim_messages(store, (Channel.EMAIL,))
    night.clock.pass_(minutes=3)
    async with night.store() as store:
        second = await claim_messages(store, (Channel.EMAIL,))
    assert first and second
    async with night.store() as store:
        await keep_attempt(store, first[0][0], Attempt(Verdict.NEVER, "x"), 0)
    assert [d.state for d in await night.letters()] == ["waiting"], "the second still tries"
    async with night.store() as store:
        await keep_attempt(store, second[0][0], SENT, 0)
        await keep_attempt(store, first[0][0], Attempt(Verdict.NEVER, "x"), 0)
    assert [d.state for d in await night.letters()] == ["sent"]


async def test_many_senders_send_each_message_once(night: Night) -> None:
    for who in ("ben", "maya", "lind"):
        await night.on_call(who)
    await night.safety_screening()
    await night.escalate()
    assert len(await night.letters()) == 3
    mailbox = Mailbox()
    async with mail_server(mailbox) as port:
        tried = await asyncio.gather(*[deliver(night, mail(port)) for _ in range(4)])
    assert sum(tried) == 3
    assert len(mailbox.letters) == 3


async def test_a_bug_in_a_sender_is_an_attempt_that_failed(night: Night) -> None:
    class Broken:
        async def send(self, parcel: Parcel, now: object) -> Attempt:
            raise RuntimeError("boom")

    await night.on_call("ben")
    await night.safety_screening()
    await night.escalate()
    assert await deliver(night, {Channel.EMAIL: Broken()}) == 1
    (waits,) = await night.letters()
    assert (waits.state, waits.problem) == ("waiting", "sending failed here")


async def test_a_webhook_that_redirects_to_a_private_address_fails_for_good(night: Night) -> None:
    receiver = Receiver([answer(302, "location: http://169.254.169.254/latest")])
    await night.on_call("ben")
    async with webhook_receiver(receiver) as port:
        await night.reach(webhook_url=f"http://127.0.0.1:{port}/")
        await night.safety_screening()
        await night.escalate()
        await deliver(night, {Channel.WEBHOOK: Webhook(KEY, private_allowed=True)})
    states = {d.channel: d.state for d in await night.letters()}
    assert states == {"email": "waiting", "webhook": "failed"}
    assert len(receiver.got) == 1


async def test_every_organization_has_its_turn_and_one_in_trouble_silences_no_other(
    night: Night, other_site: Site
) -> None:
    await night.safety_screening()
    await other_site.screened("700", UNSAFE)
    handled = "INSERT INTO flag_handlings (org_id, version, definition, created_at) VALUES"
    async with night.store() as store:  # what nobody wrote by a page
        unreadable = f"('{store.org_id}', 1, '{{\"safety\": {{\"x\": 1}}}}', now())"
        await store.connection.execute(text(f"{handled} {unreadable}"))
    await escalate_all(other_site.services.database)
    async with night.store() as store:  # the sweeps of other tests visit every organization
        await store.connection.execute(text(f"{handled} ('{store.org_id}', 2, '{{}}', now())"))
    async with other_site.services.database.transaction(system(other_site.org_id)) as store:
        assert [one.channel for one in await list_deliveries(store, 9)] == ["email"]


@pytest.mark.parametrize("urgent", [True, False])
@pytest.mark.parametrize("dice", [0.0, 0.999])
def test_waits_grow_are_bounded_and_end(urgent: bool, dice: float) -> None:
    waits = [retry_after(n, urgent, dice) for n in range(1, 20)]
    told = [wait.total_seconds() for wait in waits if wait]
    assert told == sorted(told)
    assert waits[-1] is None
    assert len(told) == (7 if urgent else 11)
    hours = sum(told) / 3600
    assert (0.3 < hours < 0.8) if urgent else (8 < hours < 20)


def test_together_failed_is_not_together_tried() -> None:
    again: Callable[[float], float] = lambda dice: retry_after(3, True, dice).total_seconds()  # type: ignore[union-attr] # noqa: E731
    assert again(0) == 120
    assert again(1) == 150
