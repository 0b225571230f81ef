"""smart-fetch (PyPI), run as its users run it: signs in with a key, takes a bulk export, crawls."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.demo.load import ORG, load
from app.migrating import migrate
from app.store.ids import new_id
from app.wiring import Services
from tests import postgres
from tests.clients.conftest import Served, serving
from tests.clients.screenings import form, patient, total
from tests.clients.signing_in import Account
from tests.postgres import Server

WHEN = "2026-03-02T10:00:00-05:00"
SECONDS = 240
"""It waits for minutes between tries: what takes so long has failed."""


def fetch(account: Account, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it as a program of its own; everything that it shows is in the answer."""
    key = folder / "key.jwks"
    private = account.key.as_dict(private=True) | {"alg": "ES384", "key_ops": ["sign"]}
    key.write_text(json.dumps({"keys": [private]}))
    verb, *others = words
    signing = ("--smart-client-id", account.client_id, "--smart-key", str(key))
    return subprocess.run(
        (
            *(sys.executable, "-c", "from smart_fetch.cli.main import main_cli; main_cli()"),
            *(verb, "--fhir-url", account.fhir, *signing, "--no-compression", *others),
            str(folder / "out"),
        ),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def fetched(folder: Path) -> dict[str, list[Any]]:
    """The resources that it wrote, by type."""
    found: dict[str, list[Any]] = {}
    for file in sorted((folder / "out").glob("[A-Z]*.ndjson")):
        for line in file.read_text().splitlines():
            one = json.loads(line)
            found.setdefault(one["resourceType"], []).append(one)
    return found


def post_screenings(account: Account, count: int) -> set[str]:
    """Patients with a form and its total each; the ids of the patients."""
    ids = set()
    with account.http() as http:
        for number in range(count):
            made = http.post("/Patient", json=patient(f"{new_id()}", given=f"Rosa{number}"))
            name = made.headers["location"].split("/Patient/")[1].split("/")[0]
            sent = http.post("/QuestionnaireResponse", json=form(name, [2] * 8 + [0], WHEN))
            path = sent.headers["location"].split("/QuestionnaireResponse/")[1]
            posted = http.post("/Observation", json=total(name, 16, WHEN, path.split("/")[0]))
            assert posted.status_code == 201, posted.text
            ids.add(name)
    return ids


@pytest.fixture(scope="module")
def demo(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo registry, served from a database of its own: its jobs meet nobody else's exports."""
    with postgres.database(server, "demo") as name:
        migrate(server.url(name))
        with serving(server.url(name), tmp_path_factory.mktemp("demo")) as served:
            served.run(_fill)
            yield served


@pytest.fixture
def account(demo: Served) -> Account:
    """A client that may do everything, in an organization of its own beside the demo's."""
    return demo.register()


async def _fill(services: Services) -> None:
    await load(services.database, 40, 7, date(2026, 11, 24), lambda _: None)


def test_a_bulk_export_of_the_demo_registry(demo: Served, tmp_path: Path) -> None:
    account = demo.register(org_id=ORG)
    told = fetch(account, tmp_path, "bulk")
    assert told.returncode == 0, told.stdout + told.stderr
    found = fetched(tmp_path)
    with account.http() as http:
        for kind in ("Patient", "EpisodeOfCare", "Encounter"):
            counted = http.get(f"/{kind}", params={"_summary": "count"}).json()["total"]
            assert len({one["id"] for one in found.get(kind, [])}) == counted, kind
    log = [json.loads(line) for line in (tmp_path / "out" / "log.ndjson").read_text().splitlines()]
    assert [e["eventId"] for e in log if "error" in e["eventId"]] == []
    ended = next(e["eventDetail"] for e in log if e["eventId"] == "export_complete")
    assert ended["resources"] == sum(len(every) for every in found.values())


def test_its_own_filters_and_what_changed_since(account: Account, tmp_path: Path) -> None:
    """It asks for Observations by nine categories, unless it is told otherwise."""
    first = post_screenings(account, 2)
    (tmp_path / "1").mkdir()
    told = fetch(account, tmp_path / "1", "bulk", "--type", "Patient,Observation")
    assert told.returncode == 0, told.stdout + told.stderr
    found = fetched(tmp_path / "1")
    assert {one["id"] for one in found["Patient"]} == first
    assert len(found["Observation"]) >= 2
    log = (tmp_path / "1" / "out" / "log.ndjson").read_text().splitlines()
    events = [json.loads(line) for line in log]
    until = next(e["eventDetail"] for e in events if e["eventId"] == "status_complete")
    later = post_screenings(account, 1)
    (tmp_path / "2").mkdir()
    since = ("--since", until["transactionTime"], "--since-mode", "updated")
    told = fetch(account, tmp_path / "2", "bulk", "--type", "Patient", *since)
    assert told.returncode == 0, told.stdout + told.stderr
    assert {one["id"] for one in fetched(tmp_path / "2")["Patient"]} == later


def test_a_crawl_by_searches(account: Account, tmp_path: Path) -> None:
    ids = post_screenings(account, 3)
    chosen = ("--type", "Patient,Observation,EpisodeOfCare", "--id-list", ",".join(sorted(ids)))
    told = fetch(account, tmp_path, "crawl", *chosen)
    assert told.returncode == 0, told.stdout + told.stderr
    found = fetched(tmp_path)
    assert {one["id"] for one in found["Patient"]} == ids
    about = {one["subject"]["reference"].partition("/")[2] for one in found["Observation"]}
    assert about == ids
