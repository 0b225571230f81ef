"""Each import contract bites: a forbidden import, planted in a copy, fails the check."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")

PLANTED = [
    ("app/domain/score.py", "import app.store.ids", "imports run one way"),
    ("app/store/flags.py", "import app.use_cases.sweep", "imports run one way"),
    ("app/domain/score.py", "import sqlalchemy", "the domain knows"),
    ("app/domain/score.py", "import fhir_mappings.publish", "the domain knows"),
    ("fhir_mappings/publish.py", "import app.store.ids", "mappings are pure"),
    ("app/use_cases/sweep.py", "import fhir_mappings.publish", "speak no FHIR"),
    ("app/web/pages/caseload.py", "import fhir.resources", "speak no FHIR"),
    ("app/use_cases/sweep.py", "import sqlalchemy", "SQL lives in the store"),
    ("app/web/pages/caseload.py", "import app.web.fhir.errors", "faces do not know"),
    ("app/web/api/router.py", "import app.web.pages.rendering", "faces do not know"),
    ("app/web/fhir/errors.py", "import app.web.api.problems", "faces do not know"),
    ("app/web/smart/router.py", "import app.web.fhir.errors", "faces do not know"),
    ("app/web/smart/router.py", "import fhir_mappings.publish", "speak no FHIR"),
    ("app/web/smart/router.py", "import sqlalchemy", "SQL lives in the store"),
    ("app/auth/smart.py", "import sqlalchemy", "SQL lives in the store"),
    ("app/web/api/router.py", "import fhir_mappings.publish", "speak no FHIR"),
    ("app/web/api/router.py", "import sqlalchemy", "SQL lives in the store"),
    ("app/reach/smtp.py", "import app.store.ids", "reaching people knows no patients"),
    ("app/gossip.py", "", "imports run one way"),  # a new room has no place yet
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT), "--no-logo", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder)},
    )


@pytest.mark.parametrize(("file", "line", "contract"), PLANTED)
def test_a_planted_import_is_found(tmp_path: Path, file: str, line: str, contract: str) -> None:
    for package in ("app", "fhir_mappings"):
        shutil.copytree(ROOT / package, tmp_path / package)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a", encoding="utf-8") as target:
        target.write(f"\n{line}\n")
    found = lint(tmp_path)
    assert found.returncode != 0, found.stdout
    assert contract in found.stdout


def test_the_house_as_it_stands_is_kept() -> None:
    found = lint(ROOT)
    assert found.returncode == 0, found.stdout
