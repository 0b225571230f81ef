"""The command line: ``python -m app …``."""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app import backup, embedded_postgres
from app.auth.bearer import issue_token
from app.auth.secrets import check_password_choice, hash_password
from app.demo import load as demo_data
from app.domain.access import Role
from app.domain.actor import system
from app.domain.rulebook import as_markdown
from app.errors import NotFound, RegistryError
from app.importing import import_files
from app.instrument_commands import instrument_cli
from app.jobs.sweeping import sweep_all
from app.jobs.telling import deliver_all, escalate_all
from app.main import create_app
from app.migrating import check, migrate
from app.settings import CHECKOUT, Settings, check_safe, load_settings
from app.store import clients, duty, organizations, staff
from app.store.engine import UNREACHABLE
from app.store.ids import new_id
from app.store.transaction import Store
from app.use_cases import reach_people
from app.wiring import Services, build_services

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Stepwell.", pretty_exceptions_enable=False
)
staff_cli, client_cli = typer.Typer(help="Staff."), typer.Typer(help="Integration clients.")
organization_cli, postgres_cli = typer.Typer(help="Organizations."), typer.Typer(help="Postgres.")
for group, name in (
    (staff_cli, "staff"),
    (client_cli, "client"),
    (organization_cli, "organization"),
    (postgres_cli, "postgres"),
    (instrument_cli, "instrument"),
):
    cli.add_typer(group, name=name)
console = Console(stderr=True)
Org = Annotated[UUID, typer.Option("--org", help="The organization's id.")]


def main() -> None:
    """Run a command; a refusal is one line and exit code 1, never a traceback."""
    logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for ending in (signal.SIGTERM, signal.SIGHUP):  # leave what is open in order, as on Ctrl-C
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    try:
        cli()
    except RegistryError as refusal:
        where = "".join(f"\n  {p.where}: {p.what}" for p in refusal.problems)
        console.print(f"[red]{refusal.message}[/red]{where}")
        sys.exit(1)
    except embedded_postgres.EmbeddedPostgresError as error:
        console.print(f"[red]{error}[/red]")
        sys.exit(1)
    except UNREACHABLE as error:
        console.print(f"[red]The database at DATABASE_URL cannot be reached: {error}[/red]")
        sys.exit(1)


@contextmanager
def _addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    """(application, owner): the operator's database, or the embedded one while it is used."""
    if settings.database_url:
        yield settings.database_url, settings.owner_url
        return
    with embedded_postgres.using(CHECKOUT) as cluster:
        embedded_postgres.ensure_database(cluster, "stepwell")
        yield cluster.url("stepwell", "stepwell_app"), cluster.url("stepwell")


def _serve(settings: Settings, services: Services) -> None:
    uvicorn.run(
        create_app(services),
        host=settings.host,
        port=settings.port,
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
    )


def _in_services(act: Callable[[Services], Awaitable[None]]) -> None:
    settings = load_settings()

    async def run(address: str) -> None:
        services = build_services(settings, address)
        try:
            await act(services)
        finally:
            await services.database.engine.dispose()

    with _addresses(settings) as (application, _):
        asyncio.run(run(application))


def _in_transaction(org: UUID, act: Callable[[Store], Awaitable[None]]) -> None:
    async def run(services: Services) -> None:
        async with services.database.transaction(system(org)) as store:
            await act(store)

    _in_services(run)


@cli.command()
def serve() -> None:
    """Serve; migrates the embedded database first, an operator's own only on `migrate`."""
    settings = load_settings()
    check_safe(settings)
    with _addresses(settings) as (application, owner):
        if not settings.database_url:
            migrate(owner)
        console.print(f"Stepwell serves on http://{settings.host}:{settings.port}")
        _serve(settings, build_services(settings, application))


@cli.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema, as its owner."""
    with _addresses(load_settings()) as (_, owner):
        migrate(owner)
    console.print("The schema is the newest.")


@cli.command("check-schema")
def check_schema() -> None:
    """Migrate a scratch database and compare it with the tables in code."""
    with embedded_postgres.using(CHECKOUT) as cluster:
        name = f"stepwell_check_{new_id().hex[-12:]}"
        embedded_postgres.ensure_database(cluster, name)
        try:
            migrate(cluster.url(name))
            check(cluster.url(name))
        finally:
            embedded_postgres.drop_database(cluster, name)


@cli.command("rules")
def rules_command(
    write: Annotated[bool, typer.Option("--write", help="Write docs/clinical-rules.md.")] = False,
) -> None:
    """Tell every clinical rule: its threshold, its source and the test that holds it."""
    text = as_markdown()
    if write:
        (CHECKOUT / "docs" / "clinical-rules.md").write_text(text, encoding="utf-8")
    else:
        typer.echo(text)


@cli.command()
def demo(
    patients: Annotated[int, typer.Option(help="How many people the caseload has.")] = 180,
    seed: Annotated[int, typer.Option(help="The same seed tells the same stories.")] = 7,
    port: Annotated[int, typer.Option()] = 8000,
) -> None:
    """Serve a demo caseload of people who do not exist."""
    settings = load_settings().model_copy(update={"demo": True, "port": port})
    check_safe(settings)
    with _addresses(settings) as (application, owner):
        migrate(owner)
        services = build_services(settings, application, demo_data.ACCOUNTS)
        token = asyncio.run(_load_demo(services, patients, seed))
        _greet(settings, _demo_token(token))
        _serve(settings, build_services(settings, application, demo_data.ACCOUNTS))


async def _load_demo(services: Services, patients: int, seed: int) -> str | None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    today = services.now().astimezone(ZoneInfo(demo_data.ZONE)).date()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Writing a year of stories", total=patients)
        token = await demo_data.load(
            services.database, patients, seed, today, lambda done: bar.advance(task, done)
        )
    await services.database.engine.dispose()
    return token


def _demo_token(fresh: str | None) -> str:
    """The demo client's token, kept beside the embedded cluster for the next start."""
    path = CHECKOUT / ".stepwell-demo-token"
    if fresh:
        path.touch(mode=0o600)
        path.write_text(fresh)
    return path.read_text() if path.exists() else "(shown at the first start)"


def _greet(settings: Settings, token: str) -> None:
    base = f"http://{settings.host}:{settings.port}"
    accounts = "\n".join(f"  {login:<10} {title}" for login, _, title in demo_data.ACCOUNTS)
    print(
        f"""
Stepwell: {base}     (stop with Ctrl-C)

Sign in as one of these, password {demo_data.PASSWORD}
{accounts}

Post a screening as an EHR would:
  curl {base}/fhir/Observation -H 'Authorization: Bearer {token}' \\
    -H 'Content-Type: application/fhir+json' -d '{{"resourceType": "Observation",
      "status": "final",
      "code": {{"coding": [{{"system": "http://loinc.org", "code": "44261-6"}}]}},
      "subject": {{"identifier": {{"system": "{demo_data.RECORD_NUMBERS}", "value": "4100001"}}}},
      "effectiveDateTime": "{datetime.now().date().isoformat()}", "valueInteger": 17}}'
""",
        flush=True,
    )


@cli.command("import")
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

    _in_services(run)


@contextmanager
def _whole(database: str) -> Iterator[tuple[str, str]]:
    """(who may read every row, the owner) of the operator's database or an embedded one."""
    settings = load_settings()
    if settings.database_url:
        yield settings.backup_database_url or settings.owner_url, settings.owner_url
        return
    with embedded_postgres.using(CHECKOUT) as cluster:
        embedded_postgres.ensure_database(cluster, database)
        yield cluster.url(database, embedded_postgres.SUPERUSER), cluster.url(database)


Database = Annotated[str, typer.Option(help="Of the embedded Postgres; not with DATABASE_URL.")]
NewFile = Annotated[Path | None, typer.Argument(help="A new file; named by the time.")]


@cli.command("dump")
def dump_command(file: NewFile = None, database: Database = "stepwell") -> None:
    """Write the whole database to a new file that only you can read."""
    file = file or Path(f"stepwell-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump")
    with _whole(database) as (reader, _):
        backup.dump(reader, file)
    console.print(f"{file}: {file.stat().st_size / 1e6:.1f} MB. Keep it as safe as the database.")


@cli.command("restore")
def restore_command(file: Path, database: Database = "stepwell") -> None:
    """Restore a dump into an empty database, as its owner; refuses any other."""
    with _whole(database) as (_, owner):
        backup.restore(owner, file)
    console.print("Restored. Run `migrate` where the dump is of an older version.")


@cli.command("sweep")
def sweep_command() -> None:
    """Find what time alone made true: overdue, not responding, too old to judge."""

    async def run(services: Services) -> None:
        console.print(f"{await sweep_all(services.database)} episodes evaluated.")

    _in_services(run)


@cli.command("tell")
def tell_command() -> None:
    """Take every step that is due with flags nobody answered, and send what waits in the outbox."""

    async def run(services: Services) -> None:
        check_safe(services.settings)
        steps = await escalate_all(services.database)
        tried = await deliver_all(services.database, services.post, services.settings.base_url)
        console.print(f"{steps} flags took a step; {tried} messages were tried.")

    _in_services(run)


@organization_cli.command("add")
def add_organization(
    name: str,
    clinic: Annotated[str, typer.Option(help="Its first clinic.")],
    time_zone: Annotated[str, typer.Option(help="IANA name.")] = "America/New_York",
    unknown_patients: Annotated[str, typer.Option(help="create or refuse")] = "refuse",
) -> None:
    """Add an organization with its first clinic; prints its id."""
    ZoneInfo(time_zone)
    org = new_id()

    async def act(store: Store) -> None:
        await organizations.add_organization(store, name, time_zone, unknown_patients)
        await organizations.add_clinic(store, clinic, time_zone)

    _in_transaction(org, act)
    print(org)


@staff_cli.command("add")
def add_staff(
    login: str,
    name: str,
    org: Org,
    role: Annotated[list[Role], typer.Option()],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
) -> None:
    """Add a member of staff with a local account."""
    check_password_choice(password)

    async def act(store: Store) -> None:
        roles = [one.value for one in role]
        await staff.add_staff(store, login.strip().casefold(), name, roles, hash_password(password))

    _in_transaction(org, act)


@staff_cli.command("email")
def set_staff_email(login: str, email: str, org: Org) -> None:
    """Set where a member of staff is told of flags; a message asks them to confirm it."""

    async def act(store: Store) -> None:
        people = {one.login: one.staff_id for one in await staff.list_contacts(store)}
        if login.strip().casefold() not in people:
            raise NotFound(f"There is no login {login!r} in this organization.")
        await reach_people.set_email(store, people[login.strip().casefold()], email)

    _in_transaction(org, act)


@organization_cli.command("last-resort")
def set_last_resort(name: str, email: str, org: Org) -> None:
    """Set the safety contact of last resort, who is told when nobody else answers."""

    async def act(store: Store) -> None:
        intake_id = (await duty.get_reach(store)).intake_id
        await reach_people.set_last_resort(store, name, email, intake_id)

    _in_transaction(org, act)


@organization_cli.command("reach")
def show_reach(org: Org) -> None:
    """Tell what keeps flags from reaching somebody; exit code 1 where anything does."""
    found: list[str] = []

    async def act(store: Store) -> None:
        found.extend(await reach_people.missing_for_safety(store))

    _in_transaction(org, act)
    for words in found:
        print(words)
    if found:
        raise typer.Exit(1)


@client_cli.command("add")
def add_client(
    name: str, org: Org, expires_days: Annotated[int, typer.Option(min=1, max=366)] = 90
) -> None:
    """Register an integration client; its token is printed once and kept nowhere."""

    async def act(store: Store) -> None:
        print(await issue_token(store, name, expires_days))

    _in_transaction(org, act)


@client_cli.command("revoke")
def revoke_client(name: str, org: Org) -> None:
    """Revoke a client and its tokens, at once."""

    async def act(store: Store) -> None:
        await clients.revoke_client(store, name)

    _in_transaction(org, act)


@client_cli.command("default-clinic")
def set_default_clinic(name: str, clinic: str, org: Org) -> None:
    """Say whose visits a client's Encounters are where they name no clinic that is known."""

    async def act(store: Store) -> None:
        await clients.set_default_clinic(store, name, clinic)

    _in_transaction(org, act)


@postgres_cli.command("status")
def postgres_status() -> None:
    """Whether the embedded Postgres runs, and where."""
    print(embedded_postgres.status(CHECKOUT))


@postgres_cli.command("stop")
def postgres_stop() -> None:
    """Stop the embedded Postgres."""
    print("stopped" if embedded_postgres.stop(CHECKOUT) else "it did not run")
