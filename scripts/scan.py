"""Three looks for what should not be there: bandit, secrets in files, known advisories.

Quiet where nothing is found. Findings are mended, or justified beside the line
(`# nosec B608: why`), or, after a look at each, kept in .secrets.baseline (`--accept`).
"""

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
BASELINE = ROOT / ".secrets.baseline"
PINNED = ROOT / "requirements" / "dev.txt"
REMEMBERED = ROOT / ".venv" / "stepwell-advisories.json"
REMEMBER_SECONDS = 24 * 3600
PATIENCE_SECONDS = 120
INVENTED = ("Secret Keyword", "Basic Auth Credentials")
"""What tests and documents are full of by their nature: passwords and addresses made up there."""


def main() -> int:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--accept", action="store_true", help="write .secrets.baseline anew")
    reader.add_argument("--fresh", action="store_true", help="ask for advisories anew")
    asked = reader.parse_args()
    if asked.accept:
        return accept()
    found = [*code_findings(), *new_secrets(), *advisories(asked.fresh)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


def code_findings() -> list[str]:
    """What bandit says of our code; its settings and their reasons are in pyproject.toml."""
    words = ["-q", "-c", "pyproject.toml", "-f", "custom", "--msg-template"]
    form = "{relpath}:{line}: {test_id} {msg}"
    where = ["app", "fhir_mappings", "migrations", "scripts"]
    done = subprocess.run(
        [BIN / "bandit", *words, form, "-r", *where],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = [line for line in done.stdout.splitlines() if line.strip()]
    if done.returncode and not told:
        return [f"bandit failed: {done.stderr.strip()[-300:]}"]
    return told


def new_secrets() -> list[str]:
    """Secrets in files that are not in the baseline, where each was looked at."""
    known = _known()
    return [
        f"{file}:{line}: {kind} (mend it, or scripts/scan.py --accept)"
        for file, line, kind, digest in _secrets()
        if (file, kind, digest) not in known
    ]


def _known() -> set[tuple[str, str, str]]:
    held = json.loads(BASELINE.read_text()) if BASELINE.exists() else []
    return {(one["file"], one["kind"], one["digest"]) for one in held}


def _secrets() -> Iterator[tuple[str, int, str, str]]:
    """(file, line, kind, SHA-1 of the secret) of what detect-secrets takes for one."""
    listed = _run("git", "ls-files", "--cached", "--others", "--exclude-standard").split("\n")
    files = [name for name in listed if (ROOT / name).is_file() and _is_ours(name)]
    found = json.loads(_run(str(BIN / "detect-secrets"), "scan", *files))["results"]
    for file, secrets in sorted(found.items()):
        for one in secrets:
            made_up = one["type"] in INVENTED and file.startswith(("tests/", "docs/"))
            if not made_up:
                yield file, one["line_number"], one["type"], one["hashed_secret"]


def _is_ours(name: str) -> bool:
    return bool(name) and not name.startswith("requirements/") and name != BASELINE.name


def accept() -> int:
    """Keep what is found now as looked at. Only digests are kept."""
    found = sorted({(file, kind, digest) for file, _, kind, digest in _secrets()})
    lines = [{"file": file, "kind": kind, "digest": digest} for file, kind, digest in found]
    BASELINE.write_text(json.dumps(lines, indent=1) + "\n")
    return 0


def _run(*words: str) -> str:
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def advisories(fresh: bool = False) -> list[str]:
    """Known advisories against what is pinned; asked once a day, and told when nobody answered."""
    pinned = hashlib.sha256(PINNED.read_bytes()).hexdigest()
    held = {} if fresh else _remembered()
    if held.get("pinned") != pinned or time.time() - held.get("at", 0) > REMEMBER_SECONDS:
        found, unknown = _ask()
        held = {"pinned": pinned, "at": time.time(), "found": found, "unknown": unknown}
        REMEMBERED.write_text(json.dumps(held))
    if held["unknown"]:
        print(f"pip-audit: NOT looked at: {held['unknown']}", file=sys.stderr)
    return list(held["found"])


def _remembered() -> dict[str, object]:
    try:
        return dict(json.loads(REMEMBERED.read_text()))
    except (OSError, ValueError):
        return {}


def _ask() -> tuple[list[str], str]:
    words = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "-f", "json"]
    try:
        done = subprocess.run(
            [BIN / "pip-audit", *words, "-r", PINNED],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return [], "the advisory service did not answer in time"
    return read_audit(done.stdout)


def read_audit(text: str) -> tuple[list[str], str]:
    """(advisories, why some or all packages were not looked at) of pip-audit's answer.

    pip-audit calls an answer good in which it could look at nothing: here that is said.
    """
    try:
        told = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return [], "the advisory service cannot be reached"
    found = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in "
        f"{', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in told
        for flaw in one.get("vulns", ())
    ]
    skipped = sum("skip_reason" in one for one in told)
    words = f"{skipped} of {len(told)} packages are unknown to the advisory service here"
    return found, words if skipped or not told else ""


if __name__ == "__main__":
    sys.exit(main())
