"""``python -m app client …``, and the documented client against a served registry."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import ECKey

from tests import postgres
from tests.command.test_commands import ROOT, run
from tests.postgres import Server

SCOPES = ("--scope", "system/Patient.rs", "--scope", "system/Observation.crus")


@pytest.fixture(scope="module")
def own(server: Server) -> Iterator[dict[str, str]]:
    """The environment of a database that only these tests use, and a port of their own."""
    with postgres.database(server, "client") as name, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.close()
        mine = {"DATABASE_URL": server.url(name), "STEPWELL_PORT": str(port)}
        yield os.environ | mine | {"STEPWELL_SECRET_KEY": secrets.token_hex(32)}


@pytest.fixture(scope="module")
def org(own: dict[str, str]) -> str:
    assert run(own, "migrate").returncode == 0
    told = run(own, "organization", "add", "Clinic", "--clinic", "Riverside")
    assert told.returncode == 0, told.stderr
    return told.stdout.strip()


@contextmanager
def served(own: dict[str, str]) -> Iterator[str]:
    """The address of the registry, served by a process of its own."""
    base = f"http://127.0.0.1:{own['STEPWELL_PORT']}"
    command = [sys.executable, "-m", "app", "serve"]
    with subprocess.Popen(command, cwd=ROOT, env=own, stderr=subprocess.PIPE) as process:
        try:
            for _ in range(300):
                try:
                    httpx.get(f"{base}/health/live").raise_for_status()
                    break
                except httpx.HTTPError:
                    assert process.poll() is None
                    time.sleep(0.1)
            yield base
        finally:
            process.terminate()


def keys(folder: Path, kid: str) -> tuple[Path, Path]:
    """(private, public) files of a new key, as docs/fhir.md says."""
    key = ECKey.generate_key("P-384", {"kid": kid})
    private, public = folder / f"{kid}.json", folder / f"{kid}-public.json"
    private.write_text(json.dumps(key.as_dict(private=True)))
    public.write_text(json.dumps(key.as_dict(private=False)))
    return private, public


def ask(base: str, client_id: str, private: Path) -> subprocess.CompletedProcess[str]:
    """Run the documented client."""
    words = [sys.executable, str(ROOT / "docs" / "smart_client.py"), base, client_id, str(private)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_the_documented_client_works_and_its_key_is_rotated(
    own: dict[str, str], org: str, tmp_path: Path
) -> None:
    private, public = keys(tmp_path, "2026-11")
    added = run(own, "client", "add", "Lakeside", "--org", org, "--jwks", str(public), *SCOPES)
    assert added.returncode == 0, added.stderr
    client_id = added.stdout.strip()
    newer, newer_public = keys(tmp_path, "2027-02")
    rotate = ("client", "rotate", "Lakeside", "--org", org)
    with served(own) as base:
        told = ask(base, client_id, private)
        assert told.returncode == 0, told.stderr
        assert told.stdout == "system/Observation.rs system/Patient.rs patients: 0\n"
        overlap = run(own, *rotate, "--jwks", str(newer_public))
        assert sorted(overlap.stdout.split("\n")) == ["", "2026-11 ES384", "2027-02 ES384"]
        assert [ask(base, client_id, one).returncode for one in (private, newer)] == [0, 0]
        assert run(own, *rotate, "--remove", "2026-11").stdout == "2027-02 ES384\n"
        assert "401" in ask(base, client_id, private).stderr
        assert ask(base, client_id, newer).returncode == 0
        assert run(own, "client", "disable", "Lakeside", "--org", org).returncode == 0
        assert "401" in ask(base, client_id, newer).stderr
    listed = run(own | {"COLUMNS": "250"}, "client", "list", "--org", org)
    assert re.search(rf"Lakeside.*{client_id}.*system/Patient.rs.*disabled", listed.stderr)


def test_what_does_not_fit_is_one_line_and_nothing_is_registered(
    own: dict[str, str], org: str, tmp_path: Path
) -> None:
    private, _ = keys(tmp_path, "mine")
    for words, told in (
        (("--jwks-url", "https://localhost:9/jwks"), "network that is not asked"),
        (("--lasting-token", "--clinic", "Nowhere"), "no clinic named"),
        (("--jwks", str(private)), "nobody but its owner"),
    ):
        refused = run(own, "client", "add", "Wrong", "--org", org, *words)
        assert refused.returncode == 1
        assert told in " ".join(refused.stderr.split())
        assert "Traceback" not in refused.stderr
        assert json.loads(private.read_text())["d"] not in refused.stderr
    assert "Wrong" not in run(own, "client", "list", "--org", org).stderr
