"""Importing files of FHIR: each as if its sender had posted it, with a report at the end."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import track
from rich.prompt import Confirm
from rich.table import Table

from app.domain.actor import client as acting_client
from app.domain.actor import system
from app.domain.scopes import EVERY_SCOPE
from app.errors import NotFound, Unprocessable
from app.store import clients, rosters
from app.use_cases.import_roster import (
    ImportChoice,
    Preview,
    drop_roster,
    import_roster,
    report_of,
    upload_roster,
    view_roster,
)
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
    actor = acting_client(org, names[client], client, EVERY_SCOPE, time_zone)
    found = sorted(_resources(paths), key=lambda entry: entry[1].get("resourceType") != "Patient")
    report = ImportReport()
    for name, resource, written in track(found, "Importing", console=console, transient=True):
        kind = str(resource.get("resourceType", ""))
        method, path = _address(kind, resource)
        body = written.encode()
        status, answer = await services.receive_message(actor, method, path, JSON, body)
        _count(report, name, status, answer)
    return report


def _address(kind: str, resource: dict[str, object]) -> tuple[str, str]:
    if kind == "Bundle":
        return "POST", "/fhir"
    if resource.get("id"):
        return "PUT", f"/fhir/{kind}/{resource['id']}"
    return "POST", f"/fhir/{kind}"


def _resources(paths: Sequence[Path]) -> Iterator[tuple[str, dict[str, object], str]]:
    """(where it stands, what it is, as it is written: every digit is the sender's)"""
    for path in paths:
        if not path.exists():
            raise Unprocessable(f"There is no file or folder {path}.")
        files = sorted(path.rglob("*.*json")) if path.is_dir() else [path]
        for file in files:
            text = file.read_text(encoding="utf-8")
            lines = text.splitlines() if file.suffix == ".ndjson" else [text]
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield f"{file.name}:{number}", _read(file, number, line), line


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


async def import_roster_file(
    services: Services, org: UUID, content: bytes, yes: bool, good_lines: bool, console: Console
) -> tuple[bool, bytes]:
    """Check a roster, tell what its lines would do, and import it once that is confirmed.

    Returns whether it was imported, and the report.
    """
    async with services.database.transaction(system(org)) as store:
        actor = system(org, (await rosters.get_policy(store)).time_zone)
    today = services.now().astimezone(ZoneInfo(actor.time_zone)).date()
    async with services.database.transaction(actor) as store:
        upload_id = await upload_roster(store, content, today)
        preview = await view_roster(store, upload_id, today)
    assert isinstance(preview, Preview)
    console.print(_roster_table(preview))
    ready = preview.all_good or good_lines
    agreed = ready and (yes or Confirm.ask("Import?", console=console, default=False))
    async with services.database.transaction(actor) as store:
        if agreed:
            counts = await import_roster(store, upload_id, ImportChoice(not good_lines), today)
            console.print(", ".join(f"{count} {what}" for what, count in counts.items()))
        report = await report_of(store, upload_id, today)
        if not agreed:
            await drop_roster(store, upload_id)
            console.print("Nothing was imported.")
    return agreed, report


def _roster_table(preview: Preview) -> Table:
    told = ", ".join(f"{count} {what}" for what, count in preview.counts.items())
    shown = Table(title=told)
    for name in ("line", "what", "why"):
        shown.add_column(name)
    for one in [one for one in preview.checked if not one.is_good][:50]:
        shown.add_row(str(one.line.number), one.standing.value, one.words)
    return shown
