"""What scripts/check looks for is found where it is planted."""

import ast
import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_USE_RANDOM = {"app/demo", "app/jobs/telling.py"}
"""Stories of people who do not exist, and the jitter of retries: nothing that must not be guessed."""


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """scripts/scan.py, looking at an empty checkout of its own."""
    spec = importlib.util.spec_from_file_location("scan", ROOT / "scripts" / "scan.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "BASELINE", tmp_path / ".secrets.baseline")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in ("app", "fhir_mappings", "migrations", "scripts"):
        (tmp_path / name).mkdir()
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return module


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("subprocess.run(name, shell=True)", "B602"),
        ("store.execute(f\"SELECT 1 FROM x WHERE name = '{name}'\")", "B608"),
        ("hashlib.md5(name)", "B324"),
        ("httpx.get(name, verify=False)", "B501"),
        ("pickle.loads(name)", "B301"),
    ],
)
def test_a_weakness_in_code_is_found(
    scan: ModuleType, tmp_path: Path, line: str, told: str
) -> None:
    text = f"import hashlib, httpx, pickle, subprocess\n\ndef act(store, name):\n    {line}\n"
    (tmp_path / "app" / "planted.py").write_text(text)
    assert any(told in found for found in scan.code_findings())


def test_a_secret_is_found_once_looked_at_and_found_again_when_it_changes(
    scan: ModuleType, tmp_path: Path
) -> None:
    planted = tmp_path / "app" / "planted.py"
    planted.write_text('KEY = "AKIA' + 'IOSFODNN7EXAMPLA"\n')
    assert [found.partition(" ")[0] for found in scan.new_secrets()] == ["app/planted.py:1:"]
    scan.accept()
    planted.write_text("\n\n" + planted.read_text())  # another line, the same secret
    assert scan.new_secrets() == []
    planted.write_text('KEY = "AKIA' + 'IOSFODNN7EXAMPLB"\n')
    assert len(scan.new_secrets()) == 1


def test_no_advisory_means_that_somebody_looked(scan: ModuleType) -> None:
    flawed = {"name": "jinja2", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": []}]}
    unknown = {"name": "fastapi", "skip_reason": "not found"}
    sound = {"name": "h11", "version": "1", "vulns": []}
    answers = [
        ([sound], 0, ""),
        ([flawed], 1, ""),
        ([unknown, sound], 0, "1 of 2"),
        ([], 0, "0 of"),
    ]
    for told, count, words in answers:
        found, why = scan.read_audit(json.dumps({"dependencies": told}))
        assert len(found) == count
        assert words in why and bool(words) == bool(why)
    assert scan.read_audit("") == ([], "the advisory service cannot be reached")


def test_random_numbers_that_can_be_guessed_stay_in_their_rooms() -> None:
    users = set()
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in getattr(node, "names", ())]
            module = getattr(node, "module", "") if isinstance(node, ast.ImportFrom) else ""
            if ("random" in names and isinstance(node, ast.Import)) or module == "random":
                users.add(str(path.relative_to(ROOT)))
    assert users
    assert not [user for user in users if not user.startswith(tuple(MAY_USE_RANDOM))]
