"""The command line as an operator types it, over a database of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.postgres import Server
from tests.web.provider import FakeProvider, served
from tests.web.site import KEY, phq9

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def own(server: Server) -> Iterator[dict[str, str]]:
    """The environment of a database that only these tests use."""
    with postgres.database(server, "command") as name:
        yield os.environ | {"DATABASE_URL": server.url(name), "STEPWELL_SECRET_KEY": KEY}


def run(own: dict[str, str], *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        cwd=ROOT, env=own, input=given, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def org(own: dict[str, str]) -> str:
    assert run(own, "migrate").returncode == 0
    told = run(
        own,
        "organization",
        "add",
        "Clinic",
        "--clinic",
        "Riverside",
        "--unknown-patients",
        "refuse",
    )
    assert told.returncode == 0, told.stderr
    client = run(own, "client", "add", "EHR", "--org", told.stdout.strip(), "--lasting-token")
    assert re.fullmatch(r"[\w-]{40,}", client.stdout.strip()), client.stderr
    return told.stdout.strip()


def test_migrating_twice_changes_nothing(own: dict[str, str], org: str) -> None:
    assert run(own, "migrate").returncode == 0


def test_a_clients_default_clinic_must_exist(own: dict[str, str], org: str) -> None:
    words = ("client", "default-clinic", "EHR")
    assert run(own, *words, "Riverside", "--org", org).returncode == 0
    refused = run(own, *words, "Nowhere", "--org", org)
    assert refused.returncode == 1
    assert "no clinic named 'Nowhere'" in refused.stderr.replace("\n", " ")


def test_staff_need_a_long_password_and_a_free_login(own: dict[str, str], org: str) -> None:
    words = ("staff", "add", "maya", "Maya Okonkwo", "--org", org, "--role", "care-manager")
    short = run(own, *words, "--password", "short")
    assert short.returncode == 1
    assert "Traceback" not in short.stderr
    assert run(own, *words, "--password", "a long enough passphrase").returncode == 0
    again = run(own, *words, "--password", "a long enough passphrase")
    assert again.returncode == 1
    assert "Traceback" not in again.stderr


def test_an_import_tells_what_became_of_each_file(
    own: dict[str, str], org: str, tmp_path: Path
) -> None:
    lines = [json.dumps(phq9("1", [2] * 9, 3, "Rosa Alvarez")), '{"resourceType": "Device"}']
    (tmp_path / "a.ndjson").write_text("\n".join(lines))
    bad = phq9("2", [1] * 9, 3, "Luis Chen")
    bad["entry"][1]["resource"]["status"] = "nonsense"
    (tmp_path / "b.json").write_text(json.dumps(bad))
    words = ("import", str(tmp_path), "--org", org, "--client", "EHR")
    for _ in range(2):
        told = run(own, *words)
        assert told.returncode == 1, told.stderr
        assert "1 kept" in told.stderr
        assert "2 refused" in told.stderr
    (tmp_path / "c.json").write_text("{not json")
    told = run(own, *words)
    assert told.returncode == 1
    assert "c.json, line 1, is not JSON" in told.stderr.replace("\n", " ")
    assert run(own, *words[:1], "/nowhere", *words[2:]).returncode == 1


def test_a_database_that_is_away_is_one_line(own: dict[str, str]) -> None:
    away = own | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    for words in (("sweep",), ("migrate",)):
        told = run(away, *words)
        assert told.returncode == 1
        assert "cannot be reached" in told.stderr
        assert "Traceback" not in told.stderr


def test_the_sweep_counts_what_it_evaluated(own: dict[str, str], org: str) -> None:
    told = run(own, "sweep")
    assert told.returncode == 0
    assert "episodes evaluated" in told.stderr


def test_how_people_are_reached_is_set_and_checked_by_commands(
    own: dict[str, str], org: str
) -> None:
    missing = run(own, "organization", "reach", "--org", org)
    assert missing.returncode == 1
    assert "No safety contact of last resort is set." in missing.stdout
    words = ("organization", "last-resort", "Safety line", "--org", org)
    refused = run(own, *words[:3], "line@clinic.example\nBcc: x@y.example", *words[3:])
    assert refused.returncode == 1
    assert run(own, *words[:3], "line@clinic.example", *words[3:]).returncode == 0
    assert "No safety contact" not in run(own, "organization", "reach", "--org", org).stdout
    nobody = run(own, "staff", "email", "nobody", "n@clinic.example", "--org", org)
    assert (nobody.returncode, "no login" in nobody.stderr) == (1, True)


def test_telling_once_by_a_command(own: dict[str, str], org: str) -> None:
    told = run(own, "tell")
    assert told.returncode == 0
    assert "flags took a step" in told.stderr
    clear = {"STEPWELL_SMTP_HOST": "m", "STEPWELL_SMTP_FROM": "s@c", "STEPWELL_SMTP_USERNAME": "u"}
    refused = run(own | clear | {"STEPWELL_SMTP_SECURITY": "none"}, "tell")
    assert refused.returncode == 1
    assert "never sent in clear" in refused.stderr


def test_an_identity_provider_is_added_asked_and_retired(
    own: dict[str, str], org: str, tmp_path: Path
) -> None:
    (tmp_path / "riverside").write_text("a secret\n")
    allowed = {"STEPWELL_OIDC_PRIVATE_NETWORKS": "true", "STEPWELL_OIDC_SECRETS": str(tmp_path)}
    with served(FakeProvider) as provider:
        words = ("identity-provider", "add", "riverside", "Riverside", provider.issuer, "stepwell")
        refused = run(own, *words, "--org", org)
        assert refused.returncode == 1, "this machine is not asked unless that is allowed"
        assert "Traceback" not in refused.stderr
        added = run(own | allowed, *words, "--org", org)
        assert added.returncode == 0, added.stderr
        assert "/sign-in/with/riverside/back" in added.stderr
        again = run(own | allowed, *words, "--org", org)
        assert (again.returncode, "another provider's" in again.stderr) == (1, True)
        told = run(own | allowed, "identity-provider", "check", "riverside")
        assert "1 that may sign" in told.stdout, told.stderr
        assert "found" in told.stdout
        assert "a secret" not in told.stdout + told.stderr
    down = run(own | allowed, "identity-provider", "check", "riverside")
    assert (down.returncode, "does not answer" in down.stderr) == (1, True)
    assert run(own, "identity-provider", "retire", "riverside", "--org", org).returncode == 0
    assert run(own, "identity-provider", "list", "--org", org).stdout == ""
