"""``python -m app organization …``: whose registry it is, and who is told last."""

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from app.auth import accounts
from app.commands.running import Org, in_transaction
from app.domain.second_factor import SecondFactorPolicy
from app.store import duty, organizations
from app.store.ids import new_id
from app.store.transaction import Store
from app.use_cases import reach_people

organization_cli = typer.Typer(no_args_is_help=True, help="Organizations.")


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

    in_transaction(org, act)
    print(org)


@organization_cli.command("last-resort")
def set_last_resort(name: str, email: str, org: Org) -> None:
    """Set the safety contact of last resort, who is told when nobody else answers."""

    async def act(store: Store) -> None:
        intake_id = (await duty.get_reach(store)).intake_id
        await reach_people.set_last_resort(store, name, email, intake_id)

    in_transaction(org, act)


@organization_cli.command("second-factor")
def set_second_factor(of: SecondFactorPolicy, org: Org) -> None:
    """Set of whom a second factor is asked: charts (who can see records), everybody, nobody."""

    async def act(store: Store) -> None:
        await accounts.set_policy(store, of)

    in_transaction(org, act)


@organization_cli.command("reach")
def show_reach(org: Org) -> None:
    """Tell what keeps flags from reaching somebody; exit code 1 where anything does."""
    found: list[str] = []

    async def act(store: Store) -> None:
        found.extend(await reach_people.missing_for_safety(store))

    in_transaction(org, act)
    for words in found:
        print(words)
    if found:
        raise typer.Exit(1)
