"""``instrument check`` and ``instrument list`` as the author of an instrument types them."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "instruments.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]


def run(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command without any database; DATABASE_URL leads nowhere."""
    own = os.environ | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    if folder:
        own |= {"STEPWELL_INSTRUMENTS": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "app", "instrument", *words],
        cwd=ROOT, env=own, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_valid_file_is_told_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "sleep-check.toml"
    file.write_text(EXAMPLE)
    told = run("check", str(file))
    assert told.returncode == 0, told.stderr
    assert "sleep-check · Sleep check · 2026-11+" in told.stdout
    assert "4 items, 0 to 9" in told.stdout
    again = run("check", str(file), folder=tmp_path)  # where it stands already
    assert again.returncode == 0, again.stderr


def test_every_mistake_of_every_file_is_told_and_the_exit_code_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(EXAMPLE.replace("max = 9", "max = 8"))
    (tmp_path / "b.toml").write_text(EXAMPLE.replace('id = "sleep-check"', 'id = "phq-9"'))
    (tmp_path / "c.toml").write_bytes(b"\xff")
    told = run("check", str(tmp_path), str(tmp_path / "missing.toml"))
    assert told.returncode == 1
    assert f"{tmp_path}/a.toml: bands: end at 9" in told.stderr
    assert f"{tmp_path}/b.toml: id: phq-9 belongs to the PHQ-9 that ships already" in told.stderr
    assert f"{tmp_path}/c.toml: is not UTF-8" in told.stderr
    assert f"{tmp_path}/missing.toml: cannot be read" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_file_is_held_against_those_in_force(tmp_path: Path) -> None:
    held, draft = tmp_path / "held", tmp_path / "draft.toml"
    held.mkdir()
    (held / "sleep-check.toml").write_text(EXAMPLE)
    draft.write_text(EXAMPLE)
    told = run("check", str(draft), folder=held)
    assert told.returncode == 1
    assert f"belongs to {held}/sleep-check.toml already" in told.stderr


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    told = run("check", str(tmp_path))
    assert told.returncode == 1
    assert "no definition" in told.stderr


def test_the_list_tells_where_each_is_from(tmp_path: Path) -> None:
    (tmp_path / "sleep-check.toml").write_text(EXAMPLE)
    told = run("list", folder=tmp_path)
    assert told.returncode == 0, told.stderr
    assert re.search(r"(?m)^phq-9 · PHQ-9 · .* · ships$", told.stdout)
    assert re.search(r"(?m)^sleep-check · .*sleep-check\.toml$", told.stdout)


def test_a_bad_folder_stops_every_command_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("id = 3")
    told = run("list", folder=tmp_path)
    assert told.returncode == 1
    assert "a.toml: id" in told.stderr.replace("\n", "")
    assert "Traceback" not in told.stderr
