"""Everything that goes out is FHIR R4: a demo's resources of every type, page by page.

Each goes through the models of R4B and of R4 (tests/mappings/official.py), says who it is about by
references that lead somewhere, and is served the same by a read.
"""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr

from app.auth.bearer import issue_token
from app.demo.load import ORG, ZONE, load
from app.domain.actor import system
from app.domain.scopes import EVERY_SCOPE
from app.main import create_app
from app.migrating import migrate
from app.settings import Settings
from app.wiring import build_services
from fhir_mappings.conformance import PUBLISHED, RENDERED, TAKEN
from fhir_mappings.naming import names_in
from tests import postgres
from tests.mappings.examples import make_patient
from tests.mappings.official import faults
from tests.mappings.record_examples import RECORDS, make_record
from tests.postgres import Server
from tests.web.site import BASE, KEY

NOT_IN_THE_DEMO = ("CarePlan",)
"""Types of which these few people have none; what goes out of them is looked at all the same."""
OUT = (*PUBLISHED, *RENDERED)
PEOPLE = 12
SCOPES = EVERY_SCOPE | {"system/AuditEvent.rs"}
TODAY = date(2026, 11, 24)
VISIT = {
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    "subject": {"reference": "Patient/85"},
    "period": {"start": "2026-03-02T10:00:00-05:00"},
}


@dataclass(slots=True)
class Walked:
    """What was found of each type, as it was served in the pages of a search."""

    bodies: dict[str, list[bytes]] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    """By ``Type/id`` of each reference: how a read of it is answered."""
    pages: int = 0
    around: dict[str, bytes] = field(default_factory=dict)
    """By address: whole answers, Bundles and statements and refusals."""


async def walk(address: str) -> Walked:
    """A demo, and one resource of each type as an EHR sends it; then every type, every page."""
    settings = Settings(public_base_url=BASE, lasting_tokens=True, secret_key=SecretStr(KEY))
    services = build_services(settings, address)
    try:
        await load(services.database, PEOPLE, 7, TODAY, lambda _: None)
        async with services.database.transaction(system(ORG, ZONE)) as store:
            token = await issue_token(store, "Walker", 1, SCOPES)
        transport = ASGITransport(create_app(services), raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {token}"}
        async with AsyncClient(transport=transport, base_url=BASE, headers=headers) as http:
            await send(http)
            walked = await every_page(http)
            walked.around = await whole_answers(http)
            return walked
    finally:
        await services.database.engine.dispose()


async def send(http: AsyncClient) -> None:
    told = await http.put("/fhir/Patient/85", json=make_patient(id="85"))
    assert told.status_code == 201, told.text
    visit = {"resourceType": "Encounter", "status": "finished", **VISIT}
    assert (await http.post("/fhir/Encounter", json=visit)).status_code == 201
    for kind in RECORDS:
        told = await http.post(f"/fhir/{kind}", json=make_record(kind))
        assert told.status_code == 201, told.text


async def every_page(http: AsyncClient) -> Walked:
    walked = Walked()
    for kind in OUT:
        path = f"/fhir/{kind}?_count=100"
        while path:
            answer = await http.get(path)
            assert answer.status_code == 200, answer.text
            bundle = answer.json()
            walked.pages += 1
            held = walked.bodies.setdefault(kind, [])
            held += [json.dumps(one["resource"]).encode() for one in bundle.get("entry", [])]
            links = {one["relation"]: one["url"] for one in bundle["link"]}
            path = links.get("next", "")
    for kind, name in sorted({one for body in _all(walked) for one in names_in(body)}):
        answer = await http.get(f"/fhir/{kind}/{name}")
        walked.read[f"{kind}/{name}"] = answer.status_code
    return walked


AROUND = {
    "metadata": "CapabilityStatement",
    "Patient?_count=3&_revinclude=Observation:patient": "Bundle",
    "Observation?patient=85&_include=Observation:subject&_summary=true": "Bundle",
    "Patient?colour=red&_count=1": "Bundle",
    "Patient?_summary=count": "Bundle",
    "Patient/85/_history": "Bundle",
    "Condition/_history?_count=5": "Bundle",
    "Patient/85/$everything": "Bundle",
    "Observation/$lastn?patient=85": "Bundle",
    "Patient/nobody": "OperationOutcome",
    "Device/1": "OperationOutcome",
    "Questionnaire?_count=50": "Bundle",
    "OperationDefinition": "Bundle",
    "AuditEvent?_count=50": "Bundle",
}
"""By address: what is answered there."""


async def whole_answers(http: AsyncClient) -> dict[str, bytes]:
    lenient = {"Prefer": "handling=lenient"}
    found = {path: (await http.get(f"/fhir/{path}", headers=lenient)).content for path in AROUND}
    asked = {"resourceType": "Bundle", "type": "batch", "entry": [ENTRY, {"request": DELETES}]}
    found["a batch"] = (await http.post("/fhir", json=asked)).content
    return found


DELETES = {"method": "DELETE", "url": "Practitioner/nobody"}
ENTRY = {
    "resource": {"resourceType": "Practitioner", "name": [{"family": "Ortiz"}]},
    "request": {"method": "POST", "url": "Practitioner"},
}


def _all(walked: Walked) -> Iterator[bytes]:
    for bodies in walked.bodies.values():
        yield from bodies


@pytest.fixture(scope="module")
def walked(server: Server) -> Iterator[Walked]:
    """Walked once for all that is asked of it here."""
    with postgres.database(server, "outgoing") as name:
        migrate(server.url(name))
        with ThreadPoolExecutor(1) as aside:
            yield aside.submit(asyncio.run, walk(server.url(name))).result()


@pytest.mark.parametrize("kind", OUT)
def test_each_type_goes_out_and_is_fhir_r4(walked: Walked, kind: str) -> None:
    bodies = walked.bodies[kind]
    assert bodies or kind in NOT_IN_THE_DEMO, f"the demo and the examples have no {kind}"
    wrong = {one: body for body in bodies for one in faults(body)}
    assert not wrong, "\n".join(f"{one}: {body[:300]!r}" for one, body in list(wrong.items())[:5])


@pytest.mark.parametrize("path", [*AROUND, "a batch"])
def test_what_is_around_them_is_fhir_r4_too(walked: Walked, path: str) -> None:
    body = walked.around[path]
    assert json.loads(body)["resourceType"] == AROUND.get(path, "Bundle")
    assert faults(body) == []


def test_what_is_ours_refers_to_what_can_be_read(walked: Walked) -> None:
    lost = {name for name, status in walked.read.items() if status != 200}
    named = {f"{kind}/{name}" for body in ours(walked) for kind, name in names_in(body)}
    assert len(named) > 100
    assert not named & lost, sorted(named & lost)[:5]


def ours(walked: Walked) -> Iterator[bytes]:
    """Without the made-up examples, which name whom nobody sent."""
    for body in _all(walked):
        if b'"Patient/85"' not in body and not is_sent(json.loads(body)):
            yield body


def is_sent(resource: dict[str, Any]) -> bool:
    """Whether it is one of the examples of people and places."""
    bare = {key: value for key, value in resource.items() if key not in ("id", "meta")}
    return resource["resourceType"] in RECORDS and bare == make_record(resource["resourceType"])


def test_every_resource_tells_its_version_and_time(walked: Walked) -> None:
    for kind in PUBLISHED:
        for body in walked.bodies[kind]:
            tells_its_version(json.loads(body)["meta"])


def tells_its_version(meta: dict[str, Any]) -> None:
    assert meta["versionId"].isdecimal() and meta["lastUpdated"].endswith("Z")


def test_the_walk_is_of_some_size(walked: Walked) -> None:
    assert sum(map(len, walked.bodies.values())) > 300
    assert walked.pages > len(PUBLISHED)
    assert set(TAKEN) <= {kind for kind, bodies in walked.bodies.items() if bodies}
