"""Set up where an organization's staff prove who they are."""

import re
from dataclasses import dataclass
from uuid import UUID

from app.domain.access import Permission
from app.errors import NotFound, Problem, Unprocessable
from app.store import audit, identity_providers
from app.store.identity_providers import Provider
from app.store.ids import new_id
from app.store.transaction import Store

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class NewProvider:
    """What an operator says of a provider."""

    slug: str
    name: str
    issuer: str
    client_id: str
    matches_email: bool = False
    shows_second_factor: bool = False
    signs_out_there: bool = True
    listed: bool = True


async def add_identity_provider(store: Store, wanted: NewProvider) -> UUID:
    """Staff may sign in there from now on, once each of them is linked."""
    store.actor.require(Permission.SET_IDENTITY_PROVIDER)
    _check(wanted)
    provider = Provider(
        new_id(),
        wanted.slug,
        wanted.name.strip(),
        wanted.issuer,
        wanted.client_id,
        wanted.matches_email,
        wanted.shows_second_factor,
        wanted.signs_out_there,
    )
    await identity_providers.add_provider(store, provider, wanted.listed)
    await audit.record(
        store, "identity-provider.add", subject=f"identity-providers/{provider.provider_id}"
    )
    return provider.provider_id


def _check(wanted: NewProvider) -> None:
    problems = []
    if not _SLUG.fullmatch(wanted.slug) or len(wanted.slug) > 40:
        problems.append(Problem("slug", "small letters, digits and hyphens, 40 at most"))
    if not 0 < len(wanted.name.strip()) <= 60:
        problems.append(Problem("name", "1 to 60 characters: what its button says"))
    if not wanted.issuer.startswith(("https://", "http://")) or "?" in wanted.issuer:
        problems.append(Problem("issuer", "the provider's https address, exactly as it writes it"))
    if not 0 < len(wanted.client_id) <= 255:
        problems.append(Problem("client id", "as the provider gave it"))
    if problems:
        raise Unprocessable("The provider was not added.", problems)


async def retire_identity_provider(store: Store, slug: str) -> None:
    """Nobody signs in through it any more; sessions that began there last until they end."""
    store.actor.require(Permission.SET_IDENTITY_PROVIDER)
    found = [one for one in await identity_providers.list_providers(store) if one.slug == slug]
    if not found:
        raise NotFound(f"There is no identity provider {slug!r} in this organization.")
    await identity_providers.retire_provider(store, found[0].provider_id)
    await audit.record(
        store,
        "identity-provider.retire",
        subject=f"identity-providers/{found[0].provider_id}",
    )
