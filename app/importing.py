"""Importing files of FHIR: each as if its sender had posted it, with a report at the end."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import track
from rich.table import Table

from app.domain.actor import Actor, ActorKind, system
from app.errors import NotFound, Unprocessable
from app.store import clients, rosters
from app.wiring import Services

JSON = "application/fhir+json"


@dataclass(slots=True)
class ImportReport:
    """What became of each resource."""

    kept: int = 0
    skipped: int = 0
    refused: int = 0
    words: list[tuple[str, str]] = field(default_factory=list)

    def table(self) -> Table:
        """For the terminal: the counts, and the first fifty that were not kept."""
        shown = Table(title=f"{self.kept} kept, {self.skipped} skipped, {self.refused} refused")
        shown.add_column("file")
        shown.add_column("why")
        for name, why in self.words[:50]:
            shown.add_row(name, why)
        return shown


async def import_files(
    services: Services, org: UUID, client: str, paths: Sequence[Path], console: Console
) -> ImportReport:
    """Take every JSON and NDJSON file; Patients first, so that what refers to them finds them."""
    async with services.database.transaction(system(org)) as store:
        names = {name: client_id for client_id, name in (await clients.client_names(store)).items()}
        time_zone = (await rosters.get_policy(store)).time_zone
    if client not in names:
        raise NotFound(f"There is no client named {client!r}.")
    actor = Actor(org, ActorKind.CLIENT, names[client], client, time_zone=time_zone)
    found = sorted(_resources(paths), key=lambda entry: entry[1].get("resourceType") != "Patient")
    report = ImportReport()
    for name, resource in track(found, "Importing", console=console, transient=True):
        kind = str(resource.get("resourceType", ""))
        method, path = _address(kind, resource)
        body = json.dumps(resource).encode()
        status, answer = await services.receive_message(actor, method, path, JSON, body)
        _count(report, name, status, answer)
    return report


def _address(kind: str, resource: dict[str, object]) -> tuple[str, str]:
    if kind == "Bundle":
        return "POST", "/fhir"
    if resource.get("id"):
        return "PUT", f"/fhir/{kind}/{resource['id']}"
    return "POST", f"/fhir/{kind}"


def _resources(paths: Sequence[Path]) -> Iterator[tuple[str, dict[str, object]]]:
    for path in paths:
        if not path.exists():
            raise Unprocessable(f"There is no file or folder {path}.")
        files = sorted(path.rglob("*.*json")) if path.is_dir() else [path]
        for file in files:
            text = file.read_text(encoding="utf-8")
            lines = text.splitlines() if file.suffix == ".ndjson" else [text]
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield f"{file.name}:{number}", _read(file, number, line)


def _read(file: Path, number: int, line: str) -> dict[str, object]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise Unprocessable(f"{file.name}, line {number}, is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise Unprocessable(f"{file.name}, line {number}, is not a resource.")
    return found


def _count(report: ImportReport, name: str, status: int, answer: bytes) -> None:
    told = json.loads(answer) if answer else {}
    issues = told.get("issue", [])
    words = "; ".join(i.get("diagnostics") or i.get("details", {}).get("text", "") for i in issues)
    if status >= 400:
        report.refused += 1
        report.words.append((name, words))
    elif any(i.get("code") == "not-supported" for i in issues):
        report.skipped += 1
        report.words.append((name, words))
    else:
        report.kept += 1
