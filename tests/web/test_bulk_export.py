"""Bulk Data $export: ordered, worked on, told of, taken, taken back."""

import asyncio
import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from app.auth.bearer import issue_token
from app.domain.actor import system
from app.domain.scopes import read_scopes
from app.jobs.exporting import Workshop, export_in
from app.store import exports, organizations
from app.store.consents import get_consent
from app.store.tables import clients
from app.use_cases.export_resources import MOST_OPEN
from app.use_cases.keep_consents import revoke_consent
from tests.web.part2_world import (
    MARKER,
    add_client,
    consent,
    find,
    general_world,
    protected_world,
)
from tests.web.site import Site

ASYNC = {"Prefer": "respond-async"}


@dataclass(slots=True)
class Receiver:
    """A client that takes exports, and the workshop that works on them when it is told to."""

    site: Site
    http: AsyncClient
    token: str
    workshop: Workshop

    async def get(self, address: str, **headers: str) -> Response:
        path = "/fhir/" + address.partition("/fhir/")[2] if "/fhir/" in address else address
        auth = {"Authorization": f"Bearer {self.token}"}
        return await self.http.get(path, headers=auth | headers)

    async def kick_off(self, path: str = "$export", **headers: str) -> Response:
        return await self.get(f"/fhir/{path}", **(ASYNC | headers))

    async def work(self) -> int:
        return await export_in(self.workshop, self.site.org_id)

    async def take(self, path: str = "$export") -> tuple[dict[str, Any], dict[str, list[Any]]]:
        """The manifest of a whole export, and the resources in its files by type."""
        begun = await self.kick_off(path)
        assert begun.status_code == 202, begun.text
        await self.work()
        told = await self.get(begun.headers["content-location"])
        assert told.status_code == 200, told.text
        manifest = told.json()
        files: dict[str, list[Any]] = {}
        for section in ("output", "deleted"):
            for one in manifest[section]:
                file = await self.get(one["url"])
                assert file.status_code == 200
                assert file.headers["content-type"] == "application/fhir+ndjson"
                lines = [json.loads(line) for line in file.text.splitlines()]
                assert len(lines) == one["count"]
                files.setdefault(one["type"], []).extend(lines)
        return manifest, files


@pytest.fixture
async def receiver(site: Site) -> Receiver:
    workshop = replace(site.services.workshop, pause=0.05)
    return Receiver(site, await site.open(), site.token, workshop)


async def test_everything_is_there_once_and_as_it_is_read(receiver: Receiver) -> None:
    await general_world(receiver.site)
    manifest, files = await receiver.take()
    assert manifest["requiresAccessToken"] is True
    assert manifest["request"].endswith("/fhir/$export")
    assert (manifest["error"], manifest["deleted"]) == ([], [])
    assert len(files["Patient"]) == 2
    assert len(files["QuestionnaireResponse"]) == 3
    assert {"EpisodeOfCare", "CareTeam", "Practitioner", "Location"} <= set(files)
    for resources in files.values():
        ids = [one["id"] for one in resources]
        assert len(ids) == len(set(ids))
        for one in resources[:3]:
            read = await receiver.get(f"/fhir/{one['resourceType']}/{one['id']}")
            assert read.json() == one


async def test_what_changed_since_and_nothing_else(receiver: Receiver) -> None:
    await general_world(receiver.site)
    first, _ = await receiver.take()
    since = first["transactionTime"].replace("+", "%2B")
    _, nothing = await receiver.take(f"$export?_since={since}")
    assert nothing == {}
    await receiver.site.screened("200", [1] * 9, 1, "Ada Nwosu")
    _, files = await receiver.take(f"$export?_since={since}")
    assert len(files["QuestionnaireResponse"]) == 1
    assert "Location" not in files


async def test_types_filters_and_elements(receiver: Receiver) -> None:
    await general_world(receiver.site)
    _, files = await receiver.take(
        "Patient/$export?_type=Patient,QuestionnaireResponse&_typeFilter=Patient%3Fname%3DNwosu"
        "&_elements=Patient.name&_outputFormat=ndjson"
    )
    assert set(files) == {"Patient", "QuestionnaireResponse"}
    (patient,) = files["Patient"]
    assert "birthDate" not in patient
    assert patient["name"][0]["family"] == "Nwosu"
    assert len(files["QuestionnaireResponse"]) == 3


async def test_of_named_patients_by_post(receiver: Receiver) -> None:
    await general_world(receiver.site)
    people = (await receiver.get("/fhir/Patient?name=Nwosu")).json()["entry"]
    name = people[0]["resource"]["id"]
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "patient", "valueReference": {"reference": f"Patient/{name}"}},
            {"name": "_type", "valueString": "QuestionnaireResponse"},
        ],
    }
    headers = {"Authorization": f"Bearer {receiver.token}", **ASYNC}
    headers["Content-Type"] = "application/fhir+json"
    begun = await receiver.http.post("/fhir/Patient/$export", json=body, headers=headers)
    assert begun.status_code == 202, begun.text
    await receiver.work()
    manifest = (await receiver.get(begun.headers["content-location"])).json()
    assert [(one["type"], one["count"]) for one in manifest["output"]] == [
        ("QuestionnaireResponse", 1)
    ]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("$export", {"Prefer": ""}, 400),
        ("$export?_outputFormat=text/csv", {}, 400),
        ("$export?_outputFormat=application/fhir%2Bndjson", {}, 202),
        ("$export?_outputFormat=application/fhir+ndjson", {}, 202),
        ("$export?_outputFormat=application/ndjson", {}, 202),
        ("$export?_since=yesterday", {}, 400),
        ("$export?_type=Account", {}, 400),
        ("$export?_typeFilter=Observation", {}, 400),
        ("$export?_typeFilter=Observation%3Fcolor%3Dred", {}, 400),
        ("$export?includeAssociatedData=LatestProvenanceResources", {}, 422),
        ("$export?patient=Patient/1", {}, 400),
        ("$export?nonsense=1", {}, 400),
        ("$export?nonsense=1", {"Prefer": "respond-async, handling=lenient"}, 202),
        ("Patient/$export?_type=Group", {}, 400),  # rendered when it is read, kept nowhere
    ],
)
async def test_orders(receiver: Receiver, path: str, headers: dict[str, str], status: int) -> None:
    told = await receiver.kick_off(path, **headers)
    assert told.status_code == status, told.text
    if status != 202:
        assert told.json()["resourceType"] == "OperationOutcome"


async def test_what_was_left_aside_is_told_in_a_file(receiver: Receiver) -> None:
    begun = await receiver.kick_off("$export?shade=1", Prefer="respond-async, handling=lenient")
    await receiver.work()
    manifest = (await receiver.get(begun.headers["content-location"])).json()
    (error,) = manifest["error"]
    told = (await receiver.get(error["url"])).json()
    assert told["issue"][0]["expression"] == ["shade"]


async def test_before_it_is_done_it_says_how_far_it_is(receiver: Receiver) -> None:
    begun = await receiver.kick_off()
    told = await receiver.get(begun.headers["content-location"])
    assert told.status_code == 202
    assert told.headers["x-progress"] == "waiting"
    assert int(told.headers["retry-after"]) > 0


async def test_so_many_at_once_and_no_more(receiver: Receiver) -> None:
    for _ in range(MOST_OPEN):
        assert (await receiver.kick_off()).status_code == 202
    told = await receiver.kick_off()
    assert (told.status_code, "retry-after" in told.headers) == (429, True)


@pytest.mark.parametrize("done", [True, False])
async def test_taken_back_there_is_nothing(receiver: Receiver, done: bool) -> None:
    await general_world(receiver.site)
    location = (await receiver.kick_off()).headers["content-location"]
    files = []
    if done:
        await receiver.work()
        files = [one["url"] for one in (await receiver.get(location)).json()["output"]]
        assert files
    path = location.partition("/fhir/")[2]
    auth = {"Authorization": f"Bearer {receiver.token}"}
    gone = await receiver.http.delete(f"/fhir/{path}", headers=auth)
    assert gone.status_code == 202
    for address in (location, *files):
        assert (await receiver.get(address)).status_code == 404
    assert (await receiver.http.delete(f"/fhir/{path}", headers=auth)).status_code == 404
    await receiver.work()
    assert not (receiver.workshop.folder / location.rpartition("/")[2]).exists()


async def test_a_download_that_broke_off_goes_on(receiver: Receiver) -> None:
    await general_world(receiver.site)
    location = (await receiver.kick_off("$export?_type=Patient")).headers["content-location"]
    await receiver.work()
    (one,) = (await receiver.get(location)).json()["output"]
    whole = (await receiver.get(one["url"])).content
    rest = await receiver.get(one["url"], Range="bytes=100-")
    assert (rest.status_code, rest.content) == (206, whole[100:])
    beyond = await receiver.get(one["url"], Range=f"bytes={len(whole) + 5}-")
    assert beyond.status_code == 416


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/fhir+ndjson", 200),
        ("application/ndjson", 200),
        ("application/fhir+json", 200),  # what some clients say of everything
        ("*/*", 200),
        ("text/csv", 406),
        ("application/fhir+ndjson;q=0", 406),
    ],
)
async def test_files_are_asked_for_as_lines(receiver: Receiver, accept: str, status: int) -> None:
    await general_world(receiver.site)
    location = (await receiver.kick_off("$export?_type=Patient")).headers["content-location"]
    await receiver.work()
    (one,) = (await receiver.get(location)).json()["output"]
    assert (await receiver.get(one["url"], Accept=accept)).status_code == status


async def test_another_clients_export_is_none(receiver: Receiver) -> None:
    await general_world(receiver.site)
    location = (await receiver.kick_off()).headers["content-location"]
    await receiver.work()
    (*_, one) = (await receiver.get(location)).json()["output"]
    _, receiver.token = await add_client(receiver.site, "Another reader")
    for address in (location, one["url"]):
        assert (await receiver.get(address)).status_code == 404
    receiver.token = "nobody"
    assert (await receiver.get(one["url"])).status_code == 401


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "Patient.part", "nothing.ndjson"])
async def test_there_are_no_other_files(receiver: Receiver, name: str) -> None:
    location = (await receiver.kick_off()).headers["content-location"]
    await receiver.work()
    address = location.replace("$export-status", "$export-file")
    assert (await receiver.get(f"{address}/{name}")).status_code == 404


async def test_scopes_say_what_is_in_it(receiver: Receiver) -> None:
    await general_world(receiver.site)
    async with receiver.site.services.database.transaction(system(receiver.site.org_id)) as store:
        receiver.token = await issue_token(store, "Few", 1, read_scopes("system/Patient.rs"))
    _, files = await receiver.take()
    assert set(files) == {"Patient"}
    refused = await receiver.kick_off("$export?_type=Observation")
    assert refused.status_code == 403


async def test_a_programs_records_are_in_nobody_elses_export(receiver: Receiver) -> None:
    _, program = await protected_world(receiver.site)
    _, files = await receiver.take()
    assert MARKER not in json.dumps(files)
    assert len(files["QuestionnaireResponse"]) == 3
    receiver.token = program.token
    _, own = await receiver.take()
    assert len(own["QuestionnaireResponse"]) == 6


async def test_a_writer_that_commits_late_is_waited_for(receiver: Receiver) -> None:
    """What begins before the horizon and commits after it was asked for is in the export."""
    await general_world(receiver.site)
    database = receiver.site.services.database
    begun, finish = asyncio.Event(), asyncio.Event()

    async def write_slowly() -> None:
        async with database.transaction(system(receiver.site.org_id)) as store:
            begun.set()
            await organizations.add_clinic(store, "Late", "UTC")
            await finish.wait()

    writer = asyncio.create_task(write_slowly())
    await begun.wait()
    location = (await receiver.kick_off("$export?_type=Location")).headers["content-location"]
    working = asyncio.create_task(receiver.work())
    await asyncio.sleep(0)
    assert (await receiver.get(location)).status_code == 202
    finish.set()
    await writer
    await working
    manifest = (await receiver.get(location)).json()
    text = (await receiver.get(manifest["output"][0]["url"])).text
    assert '"Late"' in text


async def test_a_worker_that_died_is_followed_by_another(receiver: Receiver) -> None:
    await general_world(receiver.site)
    location = (await receiver.kick_off("$export?_type=Patient")).headers["content-location"]
    database, org_id = receiver.site.services.database, receiver.site.org_id
    async with database.transaction(system(org_id)) as store:
        claimed = await exports.claim_export(store)
    assert claimed is not None
    assert await receiver.work() == 0  # somebody is at work on it
    async with database.transaction(system(org_id)) as store:
        store.now -= exports.SILENCE * 2
        await exports.save_progress(store, claimed)
    assert await receiver.work() == 1
    assert (await receiver.get(location)).status_code == 200
    async with database.transaction(system(org_id)) as store:  # the first one only slept
        assert not await exports.save_progress(store, claimed, files=[])
        assert not await exports.end_work(store, claimed, "failed")
    told = await receiver.get(location)
    assert (told.status_code, len(told.json()["output"])) == (200, 1)


async def test_what_was_deleted_is_told_of_whatever_the_filter(receiver: Receiver) -> None:
    """A deleted resource says nothing that could fit; its receiver would keep the score for good."""
    await general_world(receiver.site)
    search = "QuestionnaireResponse%3Fstatus%3Dcompleted"
    order = f"$export?_type=QuestionnaireResponse&_typeFilter={search}"
    first, files = await receiver.take(order)
    gone = files["QuestionnaireResponse"][0]["id"]
    auth = {"Authorization": f"Bearer {receiver.token}"}
    path = f"/fhir/QuestionnaireResponse/{gone}"
    assert (await receiver.http.delete(path, headers=auth)).status_code == 204
    _, told = await receiver.take(f"{order}&_since={first['transactionTime'].replace('+', '%2B')}")
    (bundle,) = told["Bundle"]
    assert [one["request"]["url"] for one in bundle["entry"]] == [f"QuestionnaireResponse/{gone}"]


async def test_what_was_given_is_called_back_when_a_consent_is_revoked(receiver: Receiver) -> None:
    site = receiver.site
    patient_id, program = await protected_world(site)
    ehr = await find(site, clients.c.client_id, clients.c.name == "EHR")
    consent_id = await consent(site, patient_id, program, recipient=f"client:{ehr}")
    location = (await receiver.kick_off()).headers["content-location"]
    await receiver.work()
    output = (await receiver.get(location)).json()["output"]
    async with site.services.database.transaction(system(site.org_id)) as store:
        held = await get_consent(store, consent_id)
        await revoke_consent(store, consent_id, "by word, to Ben", held.version)
    for address in (location, output[0]["url"]):
        assert (await receiver.get(address)).status_code == 404


async def test_a_token_that_reaches_less_gets_fewer_of_the_files(receiver: Receiver) -> None:
    await general_world(receiver.site)
    location = (await receiver.kick_off()).headers["content-location"]
    await receiver.work()
    files = {one["type"]: one["url"] for one in (await receiver.get(location)).json()["output"]}
    async with receiver.site.services.database.transaction(system(receiver.site.org_id)) as store:
        await store.connection.execute(
            text("UPDATE clients SET scopes = ARRAY['system/Patient.rs'] WHERE name = 'EHR'")
        )
    assert (await receiver.get(files["Patient"])).status_code == 200
    assert (await receiver.get(files["QuestionnaireResponse"])).status_code == 403


async def test_it_ends_when_its_time_is_over(receiver: Receiver) -> None:
    location = (await receiver.kick_off()).headers["content-location"]
    await receiver.work()
    database, org_id = receiver.site.services.database, receiver.site.org_id
    async with database.transaction(system(org_id)) as store:
        await store.connection.execute(text("UPDATE exports SET expires_at = now()"))
    assert (await receiver.get(location)).status_code == 404
    await receiver.work()
    assert not (receiver.workshop.folder / location.rpartition("/")[2]).exists()


async def test_a_client_that_is_disabled_meanwhile_gets_nothing(receiver: Receiver) -> None:
    location = (await receiver.kick_off()).headers["content-location"]
    database, org_id = receiver.site.services.database, receiver.site.org_id
    async with database.transaction(system(org_id)) as store:
        await store.connection.execute(text("UPDATE clients SET revoked_at = now()"))
    await receiver.work()
    async with database.transaction(system(org_id)) as store:
        state = await store.connection.scalar(text("SELECT state FROM exports"))
        await store.connection.execute(text("UPDATE clients SET revoked_at = NULL"))
    assert state == "failed"
    told = await receiver.get(location)
    assert told.status_code == 500
    assert told.json()["resourceType"] == "OperationOutcome"
