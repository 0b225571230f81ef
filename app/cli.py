"""The command line: ``python -m app …``."""

import signal
import sys
from typing import Annotated

import typer

from app import embedded_postgres, logs
from app.commands.audit import audit_cli
from app.commands.clients import client_cli
from app.commands.conformance import conformance_cli
from app.commands.demo import demo_cli
from app.commands.identity_providers import identity_provider_cli
from app.commands.instruments import instrument_cli
from app.commands.organizations import organization_cli
from app.commands.postgres import postgres_cli
from app.commands.publishing import publishing_cli
from app.commands.records import records_cli
from app.commands.recovery import recovery_cli
from app.commands.running import addresses, console, in_services, serve_until_stopped
from app.commands.secrets import secrets_cli
from app.commands.settings import settings_cli
from app.commands.staff import staff_cli
from app.domain import access_page
from app.domain.rulebook import as_markdown
from app.errors import RegistryError
from app.jobs.sweeping import sweep_all
from app.jobs.telling import deliver_all, escalate_all
from app.migrating import check, migrate
from app.settings import CHECKOUT, load_settings
from app.settings_checks import check_safe
from app.store.engine import UNREACHABLE
from app.store.ids import new_id
from app.wiring import Services, build_services

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Stepwell.", pretty_exceptions_enable=False
)
cli.add_typer(conformance_cli)
cli.add_typer(demo_cli)
cli.add_typer(records_cli)
cli.add_typer(settings_cli)
cli.add_typer(publishing_cli)
for group, name in (
    (staff_cli, "staff"),
    (audit_cli, "audit"),
    (client_cli, "client"),
    (organization_cli, "organization"),
    (postgres_cli, "postgres"),
    (recovery_cli, "expected-recovery"),
    (instrument_cli, "instrument"),
    (identity_provider_cli, "identity-provider"),
    (secrets_cli, "secrets"),
):
    cli.add_typer(group, name=name)

BUG = 70
"""How a command ends that failed by a mistake of ours (EX_SOFTWARE of sysexits.h)."""


def main() -> None:
    """Run a command; a refusal is one line and exit code 1, never a traceback."""
    logs.set_up()
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
    except Exception as error:
        console.print(f"A bug: {logs.told_plainly(error)}", markup=False)
        sys.exit(BUG)


@cli.command()
def serve() -> None:
    """Serve; migrates the embedded database first, an operator's own only on `migrate`."""
    settings = load_settings()
    check_safe(settings)
    with addresses(settings) as (application, owner):
        if not settings.database_url:
            migrate(owner)
        console.print(f"Stepwell serves on http://{settings.host}:{settings.port}")
        serve_until_stopped(settings, build_services(settings, application))


@cli.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema, as its owner."""
    with addresses(load_settings()) as (_, owner):
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


@cli.command("access")
def access_command(
    write: Annotated[bool, typer.Option("--write", help="Write docs/access.md.")] = False,
) -> None:
    """Tell who may do what and whom they see, for people who read no code."""
    text = access_page.as_markdown()
    if write:
        (CHECKOUT / "docs" / "access.md").write_text(text, encoding="utf-8")
    else:
        typer.echo(text)


@cli.command("sweep")
def sweep_command() -> None:
    """Find what time alone made true: overdue, not responding, too old to judge."""

    async def run(services: Services) -> None:
        console.print(f"{await sweep_all(services.database)} episodes evaluated.")

    in_services(run)


@cli.command("tell")
def tell_command() -> None:
    """Take every step that is due with flags nobody answered, and send what waits in the outbox."""

    async def run(services: Services) -> None:
        check_safe(services.settings)
        steps = await escalate_all(services.database)
        tried = await deliver_all(
            services.database, services.post, services.settings.base_url, services.sealer
        )
        console.print(f"{steps} flags took a step; {tried} messages were tried.")

    in_services(run)
