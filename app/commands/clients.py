"""``python -m app client …``: integration clients."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from app.auth.bearer import issue_lasting_token
from app.auth.client_keys import KeyRoom, fetch_address
from app.auth.key_fetching import read_jwks_url
from app.auth.key_sets import PublicKey, read_key_set
from app.commands.running import Org, console, in_services, in_transaction
from app.domain.actor import system
from app.domain.scopes import read_scopes, scope_text
from app.errors import Malformed, NotFound
from app.store import clients
from app.store.transaction import Store
from app.use_cases import manage_clients
from app.use_cases.manage_clients import KeyAddress, as_rows
from app.wiring import Services

client_cli = typer.Typer(no_args_is_help=True, help="Integration clients.")
Jwks = Annotated[Path | None, typer.Option(help="A file with the client's public keys (JWK Set).")]
Url = Annotated[str, typer.Option(help="The https address where the client publishes its keys.")]


@client_cli.command("add")
def add_client(
    name: str,
    org: Org,
    scope: Annotated[
        list[str], typer.Option(help="Such as system/Observation.crus; repeat it.")
    ] = ["system/*.crus"],  # noqa: B006  typer copies it
    jwks: Jwks = None,
    jwks_url: Url = "",
    clinic: Annotated[str, typer.Option(help="Whose its Encounters are by default.")] = "",
    lasting_token: Annotated[
        bool, typer.Option(help="Make a bearer token too; taken with STEPWELL_LASTING_TOKENS.")
    ] = False,
    expires_days: Annotated[int, typer.Option(min=1, max=366)] = 90,
) -> None:
    """Register a client; prints its client_id, or its lasting token, which is kept nowhere."""
    scopes = read_scopes(" ".join(scope))
    keys = _read_keys(jwks)
    if not (keys or jwks_url or lasting_token):
        raise Malformed("Give --jwks or --jwks-url: a client proves itself by its keys.")

    async def act(services: Services) -> None:
        address = await _address(services, jwks_url)
        async with services.database.transaction(system(org)) as store:
            client_id = await manage_clients.register_client(
                store, name, scopes, as_rows(keys), address, clinic or None
            )
            if lasting_token:
                print(await issue_lasting_token(store, client_id, expires_days, scopes))
            else:
                print(client_id)

    in_services(act)


@client_cli.command("list")
def list_clients(org: Org) -> None:
    """Show every client: scopes, keys, when it last asked for a token."""
    table = Table("name", "client_id", "scopes", "keys", "last used", "state")

    async def act(store: Store) -> None:
        for row in (await manage_clients.view_clients(store)).rows:
            one = row.client
            table.add_row(
                one.name,
                str(one.client_id),
                scope_text(one.scopes),
                one.jwks_url or str(row.live_keys),
                f"{one.last_used_at:%Y-%m-%d %H:%M} UTC" if one.last_used_at else "never",
                "disabled" if one.disabled_at else "active",
            )

    in_transaction(org, act)
    console.print(table)


@client_cli.command("disable")
def disable_client(name: str, org: Org) -> None:
    """End a client and its tokens, at once; `client enable` lets it ask for new ones."""

    async def act(store: Store) -> None:
        await manage_clients.disable_client(store, await _named(store, name))

    in_transaction(org, act)


@client_cli.command("enable")
def enable_client(name: str, org: Org) -> None:
    """Let a disabled client ask for tokens again."""

    async def act(store: Store) -> None:
        await manage_clients.enable_client(store, await _named(store, name))

    in_transaction(org, act)


@client_cli.command("rotate")
def rotate_keys(
    name: str,
    org: Org,
    jwks: Jwks = None,
    remove: Annotated[list[str], typer.Option(help="The kid of a key that ends.")] = [],  # noqa: B006
    jwks_url: Url = "",
) -> None:
    """Add new keys beside the old, end old ones by kid; fetch anew those at an address."""
    keys = _read_keys(jwks)

    async def act(services: Services) -> None:
        async with services.database.transaction(system(org)) as store:
            held = await clients.get_client_named(store, name)
        address = await _address(services, jwks_url or held.jwks_url or "")
        async with services.database.transaction(system(org)) as store:
            if keys:
                await manage_clients.add_client_keys(store, held.client_id, as_rows(keys))
            for kid in remove:
                await manage_clients.remove_client_key(store, held.client_id, kid)
            if address:
                await manage_clients.set_key_address(store, held.client_id, address)
        await _show_keys(services, org, held.client_id)

    in_services(act)


async def _show_keys(services: Services, org: UUID, client_id: UUID) -> None:
    async with services.database.transaction(system(org)) as store:
        held = await clients.get_client(store, client_id)
    for key in await KeyRoom(services.database, services.fetcher, org, held).live():
        print(f"{key.kid} {key.algorithm}")


@client_cli.command("default-clinic")
def set_default_clinic(name: str, clinic: str, org: Org) -> None:
    """Say whose visits a client's Encounters are where they name no clinic that is known."""

    async def act(store: Store) -> None:
        held = await clients.get_client_named(store, name)
        await manage_clients.change_client(store, held.client_id, held.scopes, clinic)

    in_transaction(org, act)


async def _named(store: Store, name: str) -> UUID:
    return (await clients.get_client_named(store, name)).client_id


def _read_keys(path: Path | None) -> tuple[PublicKey, ...]:
    if path is None:
        return ()
    try:
        return read_key_set(path.read_bytes())
    except OSError:
        raise NotFound(f"{path} cannot be read.") from None


async def _address(services: Services, typed: str) -> KeyAddress | None:
    url = read_jwks_url(typed)
    return await fetch_address(services.fetcher, url) if url else None
