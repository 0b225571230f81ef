"""Names and answers of patients are in no log, no audit detail, no reason and no message.

Markers are planted through every face, in requests that succeed, that are refused and that
meet a bug, with every logger at its most talkative; then everything that was written is read.
"""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app import importing
from app.domain.actor import Actor, ActorKind, system
from app.domain.delivery import Channel
from app.jobs.telling import deliver_in, escalate_in
from app.reach.smtp import MailServer
from app.reach.webhook import Webhook
from app.store import duty
from app.store.transaction import Database, Store
from tests.reach.servers import Mailbox, Receiver, mail_server, webhook_receiver
from tests.web.routes import routes_of
from tests.web.site import NUMBERS, STAFF, Site, phq9
from tests.web.wandering import Field, Wanderer

MARK = "zzyxmark"
PHONE = "+1 555 730 4417"
MARKERS = (MARK, "555 730 4417", "5557304417")
"""Each planted name, note, answer, identifier and e-mail holds the first; the rest are the phone."""
NAME = f"{MARK.title()}given {MARK.title()}family"
OUR_CLIENT = ("httpx", "httpcore", "asyncio.test")
"""Loggers of the test's own browser, which names the addresses that it asks for."""


@dataclass(slots=True)
class Written:
    """All that was written while the test ran."""

    log: io.StringIO = field(default_factory=io.StringIO)
    answers: list[Response] = field(default_factory=list)

    def check(self, **more: str) -> None:
        """No marker is in the log, in a header of an answer, or in anything given."""
        headers = "\n".join(str(answer.headers) for answer in self.answers)
        for where, told in {"log": self.log.getvalue(), "headers": headers, **more}.items():
            for line in told.splitlines():
                for marker in MARKERS:
                    assert marker not in line.lower(), f"{where}: {line[:600]}"


@pytest.fixture
def written(capfd: pytest.CaptureFixture[str]) -> Iterator[Written]:
    """Every logger at DEBUG, written as logging's own formatter does, tracebacks and all."""
    made = Written()
    handler = logging.StreamHandler(made.log)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    handler.addFilter(lambda record: not record.name.startswith(OUR_CLIENT))
    names = [None, *logging.Logger.manager.loggerDict]
    kept = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield made
    logging.getLogger().removeHandler(handler)
    for name, level in kept.items():
        logging.getLogger(name).setLevel(level)
    out, err = capfd.readouterr()
    made.check(output=out + err)


async def look(site: Site, written: Written) -> None:
    """Read what the site keeps beside its records: audit, reasons, outbox, its own log."""
    kept = {}
    async with site.services.database.transaction(system(site.org_id)) as store:
        for name, question in KEPT_BESIDE.items():
            rows = (await store.connection.execute(text(question))).all()
            kept[name] = "\n".join(str(tuple(row)) for row in rows)
    assert kept["audit"]
    written.check(**kept)


KEPT_BESIDE = {
    "audit": "SELECT action, subject, actor_name, outcome, detail FROM audit_events",
    "reasons": "SELECT method, path, content_type, reasons, client_name FROM inbound_messages",
    "outbox": "SELECT to_jsonb(deliveries) - 'address' FROM deliveries",
}


def honest(one: Field) -> str:
    """What a person types: free words in free text, and choices as they are offered."""
    if one.kind in ("hidden", "radio", "checkbox", "submit", "number", "date", "time"):
        return one.value
    if one.kind in ("select", "datetime-local"):
        return next((choice for choice in one.choices if choice), one.value)
    if one.kind == "email":
        return f"{MARK}@clinic.example"
    return PHONE if one.kind == "tel" else f"{MARK} {one.name}"


def wrong(one: Field) -> str:
    """The same words where they do not belong."""
    return one.value if one.name == "csrf" else f"{MARK} {PHONE}"


async def with_patients(site: Site) -> list[str]:
    """Three people: one whose item 9 asks for somebody today."""
    answers = ([2] * 8 + [0], [2] * 8 + [2], [1] * 9)
    return [
        await site.screened(f"{MARK}-{number}", one, number, NAME)
        for number, one in enumerate(answers)
    ]


async def test_every_form_of_every_role(site: Site, written: Written) -> None:
    unsafe = (await with_patients(site))[1]
    wanderer = Wanderer(
        (honest, wrong), avoid=("/sign-out", "/sign-in", "/my-account/sessions/*/end")
    )
    for who in STAFF:
        visitor = await site.sign_in(who)
        await wanderer.wander(visitor, f"/patients/{unsafe}", most=15)
        await wanderer.wander(visitor)
    written.answers += wanderer.answers
    assert len(wanderer.sent) > 25, sorted(wanderer.sent)
    await every_route(site, written)
    await look(site, written)


async def every_route(site: Site, written: Written) -> None:
    """What no link leads to: each route again, as each role, with markers in place of everything."""
    routes = list(routes_of(site.services))
    assert len(routes) > 90
    for who, filler in (("maya", MARK), ("dana", str(uuid4()))):
        visitor = await site.sign_in(who)
        for method, path, names in routes:
            if ends_a_session(path) or path.startswith(("/fhir", "/health", "/assets")):
                continue
            address = fill_path(path, filler) + f"?{MARK}={MARK}&name={MARK}"
            fields = {name: f"{MARK} {PHONE}" for name in names} | {"csrf": visitor.csrf}
            body = fields if method == "POST" else None
            written.answers.append(await visitor.http.request(method, address, data=body))


def ends_a_session(path: str) -> bool:
    """Whoever asks for it meets the sign-in page ever after."""
    return path.endswith(("/sign-out", "/end")) or "sessions" in path


def fill_path(path: str, filler: str) -> str:
    parts = [filler if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


def patient(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": NUMBERS, "value": f"{MARK}-9"}],
        "name": [{"family": f"{MARK}fam", "given": [f"{MARK}giv"]}],
        "telecom": [{"system": "phone", "value": PHONE}, {"system": "email", "value": f"{MARK}@x.y"}],
        "address": [{"line": [f"{MARK} street"]}],
        "birthDate": "1979-05-04",
    } | more  # fmt: skip


def form(**more: Any) -> dict[str, Any]:
    found = phq9(f"{MARK}-9", [1] * 9, 1, NAME)["entry"][1]["resource"]
    subject = {"identifier": {"system": NUMBERS, "value": f"{MARK}-9"}, "display": NAME}
    return found | {"subject": subject} | more


def observation(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}], "text": MARK},
        "subject": {"identifier": {"system": NUMBERS, "value": f"{MARK}-9"}, "display": NAME},
        "effectiveDateTime": "2026-03-04",
        "valueInteger": 17,
        "note": [{"text": f"{MARK} note"}],
    } | more


ANSWER = [{"linkId": "/44250-9", "answer": [{"valueString": f"{MARK} answer"}]}]
MESSAGES: list[tuple[str, Any]] = [
    ("Patient", patient()),
    ("Patient", patient(birthDate=MARK)),
    ("Patient", patient(gender=MARK)),
    ("Patient", patient(identifier=[{"system": MARK, "value": None}])),
    ("Patient", patient(name=MARK)),
    ("Patient", patient(name=[{"family": f"{MARK}\x00"}])),
    ("Patient", patient(contact=[{"name": {"family": MARK, "nickname": MARK}}])),
    ("Patient", patient(managingOrganization={"reference": f"{MARK}/{MARK}"})),
    ("QuestionnaireResponse", form()),
    ("QuestionnaireResponse", form(item=ANSWER)),
    ("QuestionnaireResponse", form(item=[{"linkId": MARK, "answer": ANSWER[0]["answer"]}])),
    ("QuestionnaireResponse", form(authored=MARK)),
    ("QuestionnaireResponse", form(status=MARK)),
    ("QuestionnaireResponse", form(questionnaire=f"http://x.example/{MARK}")),
    ("QuestionnaireResponse", form(subject={"reference": f"Patient/{MARK}"})),
    ("Observation", observation()),
    ("Observation", observation(valueInteger=MARK)),
    ("Observation", observation(valueInteger=99)),
    ("Observation", observation(effectiveDateTime=f"{MARK}-03")),
    ("Observation", observation(code={"coding": [{"system": MARK, "code": MARK}]})),
    ("Observation", observation(subject={"identifier": {"system": NUMBERS, "value": f"{MARK}-0"}})),
    ("Observation", observation(derivedFrom=[{"reference": f"{MARK}"}])),
    ("Encounter", {"resourceType": "Encounter", "status": MARK, "class": {"code": MARK}}),
    ("Device", {"resourceType": "Device", "note": MARK}),
    ("Patient", f'{{"resourceType": "Patient", "name": "{MARK}'.encode()),
    ("Patient", f'{{"resourceType": "Patient", "a": "{MARK}", "a": "{MARK}"}}'.encode()),
    ("Patient", MARK.encode() + b"\xff"),
    ("Patient", [MARK]),
    ("", {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": patient(birthDate=MARK),
        "request": {"method": "POST", "url": f"Patient?{MARK}"}}]}),
    ("", {"resourceType": "Bundle", "type": MARK}),
    ("", phq9(f"{MARK}-7", [1] * 9, 1, NAME) | {"type": "batch"}),
]  # fmt: skip
SEARCHES = ("identifier", "name", "family", "birthdate", "code", "subject", "patient", "_id", MARK)


async def ehr(site: Site, method: str, path: str, body: Any = None, **headers: str) -> Response:
    visitor = await site.visit()
    visitor.http._transport.app.state.services = site.services  # type: ignore[attr-defined]
    given = {"Authorization": f"Bearer {site.token}", "Content-Type": "application/fhir+json"}
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    return await visitor.http.request(method, path, content=content, headers=given | headers)


async def every_message(site: Site) -> AsyncIterator[Response]:
    """Create, update, conditional create, read and search, as an EHR asks for them."""
    for kind, body in MESSAGES:
        yield await ehr(site, "POST", f"/fhir/{kind}".rstrip("/"), body)
    for kind, body in MESSAGES[:24]:
        yield await ehr(site, "PUT", f"/fhir/{kind}/a-1", body)
        yield await ehr(site, "PUT", f"/fhir/{kind}/a-1", body | {"id": "a-1"})
    match = {"If-None-Exist": f"identifier={NUMBERS}|{MARK}-0"}
    yield await ehr(site, "POST", "/fhir/Patient", patient(), **match)
    yield await ehr(site, "POST", "/fhir/Patient", patient(), **{"If-None-Exist": MARK})
    yield await ehr(site, "PUT", "/fhir/Patient/a-2", patient(), **{"If-Match": MARK})
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    for kind in ("Patient", "Observation", "QuestionnaireResponse", MARK):
        yield await ehr(site, "GET", f"/fhir/{kind}/{MARK}")
        yield await ehr(site, "GET", f"/fhir/{kind}/{MARK}/_history/{MARK}")
        for name in SEARCHES:
            for value in (MARK, f"{NUMBERS}|{MARK}-0"):
                yield await ehr(site, "GET", f"/fhir/{kind}?{name}={value}")
            asked = f"{name}={MARK}&{MARK}={MARK}".encode()
            yield await ehr(site, "POST", f"/fhir/{kind}/_search", asked, **form_type)


async def test_every_message_and_search_of_an_ehr(
    site: Site, other_site: Site, written: Written
) -> None:
    await with_patients(site)
    statuses = set()
    async for told in every_message(site):
        statuses.add(told.status_code)
    assert statuses >= {200, 201, 400, 404, 422}
    assert not [status for status in statuses if status >= 500]
    await look(site, written)
    await what_others_are_told(site, other_site, written)


async def what_others_are_told(site: Site, other: Site, written: Written) -> None:
    """Another organization's client asks for the same things: nothing of ours is in its answers."""
    theirs = []
    for kind in ("Patient", "Observation", "QuestionnaireResponse"):
        for path in (f"{kind}?identifier={NUMBERS}|", kind, f"{kind}?_count=50"):
            theirs.append((await ehr(other, "GET", f"/fhir/{path}")).text)
    body = observation(subject={"identifier": {"system": NUMBERS, "value": "9"}}, note=[], code={
        "coding": [{"system": "http://loinc.org", "code": "44261-6"}]})  # fmt: skip
    theirs.append((await ehr(other, "POST", "/fhir/Observation", body)).text)
    written.check(theirs="\n".join(theirs))


class Unlucky(Exception):
    """A bug whose words are a patient's."""


@dataclass(frozen=True, slots=True)
class Broken(Database):
    """A database whose transactions fail as they begin (a bug) or end, and say of whom."""

    kind: str = "bug"

    @asynccontextmanager
    async def transaction(
        self, actor: Actor, *, request_id: str | None = None
    ) -> AsyncIterator[Store]:
        async with Database.transaction(self, actor, request_id=request_id) as store:
            told = actor.kind is not ActorKind.SYSTEM
            if told and self.kind == "bug":
                raise Unlucky(f"no such patient: {NAME} {PHONE}")
            yield store
            if told and self.kind == "database":
                cause = ValueError(f"Key (family_name)=({MARK}) already exists.")
                raise IntegrityError(f"INSERT {MARK}", {"name": NAME}, cause)


@pytest.mark.parametrize("kind", ["bug", "database"])
async def test_bugs_of_which_the_words_are_a_patients(
    site: Site, written: Written, kind: str
) -> None:
    await with_patients(site)
    visitors = [await site.sign_in(who) for who in ("maya", "dana")]
    sound = site.services
    broken = Broken(sound.database.engine, sound.database.publisher, kind)
    site.services = replace(sound, database=broken)
    statuses = []
    for visitor in visitors:
        visitor.http._transport.app.state.services = site.services  # type: ignore[attr-defined]
        for method, path, names in routes_of(site.services):
            if ends_a_session(path):
                continue
            fields = {name: f"{MARK} {PHONE}" for name in names} | {"csrf": visitor.csrf}
            told = await visitor.http.request(
                method, fill_path(path, str(uuid4())), data=fields if method == "POST" else None
            )
            statuses.append(told.status_code)
            assert NAME.split()[0].lower() not in told.text.lower()
    for resource_type, body in MESSAGES[:12]:
        told = await ehr(site, "POST", f"/fhir/{resource_type}", body)
        statuses.append(told.status_code)
        written.check(told=told.text if told.status_code >= 500 else "")
    assert statuses.count(500) > (60 if kind == "bug" else 12)
    site.services = sound
    await look(site, written)


async def test_rosters_and_files(site: Site, written: Written, tmp_path: Path) -> None:
    maya = await site.sign_in("maya")
    head = "family name,given name,birth date,record number,enrolled on,phq9,phq9 date"
    lines = [f"{MARK},{MARK},1979-05-04,{MARK}-1,,,", f"{MARK},,{MARK},{MARK},{MARK},{MARK},{MARK}"]
    for content in ("\n".join([head, *lines]), "\n".join([head, lines[0]]), f"{MARK},{MARK}", head):
        told = await maya.http.post(
            "/roster",
            data={"csrf": maya.csrf},
            files={"file": (f"{MARK}.csv", content.encode(), f"text/{MARK}")},
        )
        written.answers.append(told)
        if told.status_code == 303:
            where = told.headers["location"]
            await maya.get(where)
            await maya.get(f"{where}/report.csv")
            written.answers.append(await maya.post(f"{where}/import", how_much="whole"))
    told_to = io.StringIO()
    for number, (_, body) in enumerate(MESSAGES):
        if isinstance(body, dict):
            (tmp_path / f"{number}.json").write_text(json.dumps(body))
    console = Console(file=told_to, width=400)
    report = await importing.import_files(site.services, site.org_id, "EHR", [tmp_path], console)
    console.print(report.table())
    assert report.kept and report.refused
    written.check(terminal=told_to.getvalue())
    await look(site, written)


async def test_mail_and_webhooks(site: Site, written: Written) -> None:
    mailbox, receiver = Mailbox(), Receiver()
    async with mail_server(mailbox) as port, webhook_receiver(receiver) as other:
        async with site.services.database.transaction(system(site.org_id)) as store:
            url = f"http://127.0.0.1:{other}/"
            await duty.save_reach(store, {"webhook_url": url, "safety_contact_name": "Line",
                "safety_contact_email": "line@clinic.example"})  # fmt: skip
        await with_patients(site)
        await escalate_in(site.services.database, site.org_id)
        server = MailServer(
            "127.0.0.1", port, "stepwell@clinic.example", security="none", seconds=3
        )
        post = {Channel.EMAIL: server, Channel.WEBHOOK: Webhook("k" * 32, private_allowed=True)}
        await deliver_in(
            site.services.database,
            site.org_id,
            post,
            "https://registry.example",
            site.services.sealer,
        )
    sent = [*mailbox.texts(), *[one.body.decode() + str(one.headers) for one in receiver.got]]
    assert len(sent) >= 1
    written.check(sent="\n".join(sent))
    await look(site, written)
