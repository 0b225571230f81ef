"""``python -m app identity-provider …``: where staff prove who they are."""

from typing import Annotated

import typer

from app.auth import oidc
from app.auth.oidc_fetching import check_address
from app.commands.running import Org, console, in_services, in_transaction
from app.settings import load_settings
from app.store import identity_providers
from app.store.transaction import Store
from app.use_cases import set_identity_provider
from app.use_cases.set_identity_provider import NewProvider
from app.wiring import Services

identity_provider_cli = typer.Typer(
    no_args_is_help=True, help="Identity providers (OpenID Connect)."
)


@identity_provider_cli.command("add")
def add(
    slug: Annotated[str, typer.Argument(help="Its part of the address, and its secret's file.")],
    name: Annotated[str, typer.Argument(help="What its button says: Sign in with NAME.")],
    issuer: str,
    client_id: str,
    org: Org,
    match_email: Annotated[
        bool, typer.Option(help="Link first-comers by the address that the provider verified.")
    ] = False,
    second_factor_shown: Annotated[
        bool, typer.Option(help="Refuse whose token names no second factor (amr: mfa).")
    ] = False,
    sign_out_there: Annotated[bool, typer.Option(help="Sign out there too.")] = True,
    listed: Annotated[
        bool, typer.Option(help="Show its button on the sign-in page, not only by its address.")
    ] = True,
) -> None:
    """Let an organization's staff sign in with its own identity provider."""
    settings = load_settings()
    check_address(issuer, settings.oidc_private_networks)
    wanted = NewProvider(
        slug, name, issuer, client_id, match_email, second_factor_shown, sign_out_there, listed
    )

    async def act(store: Store) -> None:
        await set_identity_provider.add_identity_provider(store, wanted)

    in_transaction(org, act)
    base = settings.base_url.rstrip("/")
    where = settings.oidc_secrets or "the folder of STEPWELL_OIDC_SECRETS (not set)"
    console.print(
        f"Give the provider these addresses:\n"
        f"  redirect             {base}/sign-in/with/{slug}/back\n"
        f"  after signing out    {base}/signed-out\n"
        f"  back-channel logout  {base}/sign-in/with/{slug}/sign-out\n"
        f"Write the client's secret to the file {slug} in {where}.\n"
        f"Then: python -m app identity-provider check {slug}"
    )


@identity_provider_cli.command("list")
def show(org: Org) -> None:
    """The organization's providers."""

    async def act(store: Store) -> None:
        for one in await identity_providers.list_providers(store):
            print(f"{one.slug}\t{one.name}\t{one.issuer}\t{one.client_id}")

    in_transaction(org, act)


@identity_provider_cli.command("retire")
def retire(slug: str, org: Org) -> None:
    """Let nobody sign in through it any more."""

    async def act(store: Store) -> None:
        await set_identity_provider.retire_identity_provider(store, slug)

    in_transaction(org, act)


@identity_provider_cli.command("check")
def check(slug: str) -> None:
    """Ask a provider who it is and for its keys, and look for the client's secret."""

    async def act(services: Services) -> None:
        relying = services.relying
        _, provider = await oidc.find(services.database, slug)
        metadata = await relying.providers.metadata(provider.issuer)
        keys = await relying.providers.keys_for(provider.issuer, None)
        held = "found" if relying.secret_of(slug) else "none: PKCE alone"
        print(f"issuer   {metadata.issuer}")
        print(f"keys     {len(keys)} that may sign")
        print(f"secret   {held}")
        print(f"sign-out {metadata.end_session_endpoint or 'not offered'}")

    in_services(act)
