"""``python -m app client …``: integration clients."""

from typing import Annotated

import typer

from app.auth.bearer import issue_token
from app.commands.running import Org, in_transaction
from app.store import clients
from app.store.transaction import Store

client_cli = typer.Typer(no_args_is_help=True, help="Integration clients.")


@client_cli.command("add")
def add_client(
    name: str, org: Org, expires_days: Annotated[int, typer.Option(min=1, max=366)] = 90
) -> None:
    """Register an integration client; its token is printed once and kept nowhere."""

    async def act(store: Store) -> None:
        print(await issue_token(store, name, expires_days))

    in_transaction(org, act)


@client_cli.command("revoke")
def revoke_client(name: str, org: Org) -> None:
    """Revoke a client and its tokens, at once."""

    async def act(store: Store) -> None:
        await clients.revoke_client(store, name)

    in_transaction(org, act)


@client_cli.command("default-clinic")
def set_default_clinic(name: str, clinic: str, org: Org) -> None:
    """Say whose visits a client's Encounters are where they name no clinic that is known."""

    async def act(store: Store) -> None:
        await clients.set_default_clinic(store, name, clinic)

    in_transaction(org, act)
