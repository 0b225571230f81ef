"""``python -m app audit …``: sealing, verifying, and the months that rows lie in."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.commands.running import addresses, console, in_services
from app.domain.actor import system
from app.domain.audit_retention import LEAST_YEARS, first_kept_month, months_ahead
from app.domain.audit_verdict import Finding, Verdict
from app.errors import Unprocessable
from app.jobs.anchoring import SYSLOG, open_anchor, read_anchors
from app.jobs.sealing import seal_all
from app.settings import load_settings
from app.store import audit_months
from app.store.organizations import list_organizations
from app.use_cases.verify_audit import verify_audit
from app.wiring import Services

audit_cli = typer.Typer(no_args_is_help=True, help="The audit.")
SLOW = 3600
"""Seconds after which a row that still waits says that no sealer runs (ours)."""


class NotSealed(Unprocessable):
    """Rows of a month that is to be dropped are not sealed."""

    code = "not-sealed"


@audit_cli.command("seal")
def seal_command() -> None:
    """Seal what waits, in every organization, and note each head outside the database."""

    async def run(services: Services) -> None:
        anchor = open_anchor(services.settings.audit_anchor)
        console.print(f"{await seal_all(services.database, anchor)} rows sealed.")

    in_services(run)


@audit_cli.command("verify")
def verify_command(
    org: Annotated[UUID | None, typer.Option(help="One organization; else all.")] = None,
    anchor: Annotated[
        Path | None, typer.Option(help="The file of anchors, or a copy of the log that holds them.")
    ] = None,
) -> None:
    """Hold every row against its seal. Exit code 1: something is wrong; 2: no sealer runs."""
    place = load_settings().audit_anchor
    file = anchor or (Path(place) if place and place != SYSLOG else None)
    verdicts: list[Verdict] = []

    async def run(services: Services) -> None:
        async with services.database.directory() as connection:
            found = [org] if org else await list_organizations(connection)
        for org_id in found:
            kept = read_anchors(file, org_id) if file else ()
            async with services.database.transaction(system(org_id)) as store:
                verdicts.append(await verify_audit(store, kept))
            tell(verdicts[-1], datetime.now(UTC), anchored=file is not None)

    in_services(run)
    if any(verdict.found for verdict in verdicts):
        raise typer.Exit(1)
    if any(_waits_long(verdict, datetime.now(UTC)) for verdict in verdicts):
        raise typer.Exit(2)


def _waits_long(verdict: Verdict, now: datetime) -> bool:
    oldest = verdict.tail_oldest_at
    return oldest is not None and (now - oldest).total_seconds() > SLOW


def tell(verdict: Verdict, now: datetime, *, anchored: bool) -> None:
    """Print where an organization's audit stands."""
    print(f"Organization {verdict.org_id}")
    print(f"  {verdict.rows} rows in {verdict.seals} seals{_dropped(verdict)}")
    if verdict.head:
        print(f"  head: seal {verdict.head.seq}, {verdict.head.hash.hex()}")
        print(f"  sealed {verdict.head.sealed_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")
    print(f"  {_tail_words(verdict, now)}")
    if verdict.late:
        print(f"  {verdict.late} rows were sealed more than 15 minutes after their time")
    print(f"  {_anchor_words(verdict, anchored)}")
    for finding in verdict.findings:
        print(f"  {finding.trouble.upper()}: {finding.words}{_where(finding)}")
    if verdict.found > len(verdict.findings):
        print(f"  … and {verdict.found - len(verdict.findings)} more")
    print(f"  {f'{verdict.found} FINDINGS' if verdict.found else 'nothing is wrong'}", flush=True)


def _dropped(verdict: Verdict) -> str:
    return f", and {verdict.dropped} seals of months that were dropped" if verdict.dropped else ""


def _tail_words(verdict: Verdict, now: datetime) -> str:
    if verdict.tail_oldest_at is None:
        return "no row waits to be sealed"
    seconds = int((now - verdict.tail_oldest_at).total_seconds())
    slow = ": no sealer runs" if seconds > SLOW else ""
    return f"{verdict.tail} rows wait to be sealed, the oldest for {seconds} seconds{slow}"


def _anchor_words(verdict: Verdict, anchored: bool) -> str:
    if not anchored:
        return "no anchor was given: that the whole chain was rewritten would not be found"
    return f"{verdict.anchors} anchors, the newest that fits is of seal {verdict.anchored_seq}"


def _where(finding: Finding) -> str:
    row = f" · row {finding.audit_id}" if finding.audit_id else ""
    at = f" · {finding.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if finding.at else ""
    return row + at


@audit_cli.command("partitions")
def partitions_command() -> None:
    """Make the months to come, and those that rows wait for; `migrate` does so too. As owner."""
    months = months_ahead(datetime.now(UTC).date())
    with addresses(load_settings()) as (_, owner):
        made = asyncio.run(audit_months.make_months(owner, months))
    console.print(f"Made: {', '.join(made) or 'none was missing'}.")


@audit_cli.command("drop-old")
def drop_command(
    years: Annotated[int, typer.Option(min=LEAST_YEARS, help="How many years are kept.")] = 6,
    yes: Annotated[bool, typer.Option("--yes", help="Drop; else only tell.")] = False,
) -> None:
    """Drop the months that are older than the policy keeps, as owner. Dump them before."""
    before = first_kept_month(datetime.now(UTC).date(), years)
    with addresses(load_settings()) as (_, owner):
        old = asyncio.run(audit_months.list_old_months(owner, before))
        for month in old:
            if month.unsealed:
                raise NotSealed(f"{month.unsealed} rows of {month.month} are not sealed.")
        for month in old if yes else ():
            asyncio.run(audit_months.drop_month(owner, month))
    names = ", ".join(month.month for month in old)
    console.print(f"{'Dropped' if yes else 'Older than is kept'}: {names or 'none'}.")
