"""The npm packages of the tests come from the lock file, on a machine without Node."""

import json
from pathlib import Path

import pytest

from tests.node import packages
from tests.node.packages import CHECKOUT, Node


def test_a_script_imports_a_package(node: Node) -> None:
    told = node.run(Path(__file__).with_name("versions.mjs"))
    assert told.returncode == 0, told.stderr
    kind, version = told.stdout.split()
    assert kind == "function"
    assert int(version.lstrip("v").split(".")[0]) >= 22


def test_a_second_installation_runs_nothing(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    said: list[str] = []
    packages.install(said.append)
    assert said == []


def test_the_lock_file_names_no_registry_and_pins_every_package() -> None:
    text = (CHECKOUT / "package-lock.json").read_text()
    assert "http" not in text.replace("https://github.com/sponsors", "")
    locked = json.loads(text)["packages"]
    asked = json.loads((CHECKOUT / "package.json").read_text())["devDependencies"]
    assert locked[""]["devDependencies"] == asked
    for name, one in locked.items():
        assert name == "" or one["integrity"].startswith("sha512-"), name
