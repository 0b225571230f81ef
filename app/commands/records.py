"""Records in and out: FHIR files, rosters, whole dumps, records of one person."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app import backup
from app.commands.running import Org, console, in_services, whole
from app.domain.actor import system
from app.domain.roster import MAX_BYTES
from app.errors import TooLarge
from app.importing import import_files, import_roster_file
from app.store import duplicates
from app.use_cases.find_duplicates import find_all_duplicates
from app.wiring import Services

records_cli = typer.Typer()
Database = Annotated[str, typer.Option(help="Of the embedded Postgres; not with DATABASE_URL.")]
NewFile = Annotated[Path | None, typer.Argument(help="A new file; named by the time.")]


@records_cli.command("import")
def import_command(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders of FHIR JSON or NDJSON.")],
    org: Org,
    client: Annotated[str, typer.Option(help="The sender's name, as registered.")],
) -> None:
    """Take FHIR files as if their sender had posted them; reports what became of each."""

    async def run(services: Services) -> None:
        report = await import_files(services, org, client, paths, console)
        console.print(report.table())
        if report.refused:
            raise typer.Exit(1)

    in_services(run)


@records_cli.command("dump")
def dump_command(file: NewFile = None, database: Database = "stepwell") -> None:
    """Write the whole database to a new file that only you can read."""
    file = file or Path(f"stepwell-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump")
    with whole(database) as (reader, _):
        backup.dump(reader, file)
    console.print(f"{file}: {file.stat().st_size / 1e6:.1f} MB. Keep it as safe as the database.")


@records_cli.command("restore")
def restore_command(file: Path, database: Database = "stepwell") -> None:
    """Restore a dump into an empty database, as its owner; refuses any other."""
    with whole(database) as (_, owner):
        backup.restore(owner, file)
    console.print("Restored. Run `migrate` where the dump is of an older version.")


@records_cli.command("roster")
def roster_command(
    file: Path,
    org: Org,
    yes: Annotated[bool, typer.Option("--yes", help="Import without asking.")] = False,
    good_lines: Annotated[bool, typer.Option(help="Import the good lines of a bad file.")] = False,
    report: Annotated[Path | None, typer.Option(help="A new CSV file for the report.")] = None,
) -> None:
    """Check a CSV roster, show what each line would do, and import it."""
    if file.stat().st_size > MAX_BYTES:
        raise TooLarge(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB; send it in parts.")

    content, told = file.read_bytes(), []

    async def run(services: Services) -> None:
        told.append(await import_roster_file(services, org, content, yes, good_lines, console))

    in_services(run)
    if report:
        report.touch(mode=0o600, exist_ok=False)
        report.write_bytes(told[0][1])
    if not told[0][0]:
        raise typer.Exit(1)


@records_cli.command("duplicates")
def duplicates_command(org: Org) -> None:
    """Look for records of one person among all; later ones are looked at as they arrive."""

    async def run(services: Services) -> None:
        after: UUID | None = None
        while True:
            async with services.database.transaction(system(org)) as store:
                after = await find_all_duplicates(store, after)
            if after is None:
                break
        async with services.database.transaction(system(org)) as store:
            console.print(f"{await duplicates.count_open(store)} pairs wait for a person.")

    in_services(run)
