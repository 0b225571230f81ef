"""A site whose organization has an identity provider, and what a browser does between the two."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from httpx import Response

from app.auth.oidc_fetching import Fetcher
from app.auth.oidc_provider import Providers
from app.domain.actor import system
from app.domain.sign_on import Identity
from app.store import identity_providers, staff
from app.use_cases.link_identity import link_identity
from app.use_cases.set_identity_provider import NewProvider, add_identity_provider
from app.wiring import Services
from tests.web.provider import FakeProvider, served
from tests.web.site import BASE, Site, Visitor, make_site


@dataclass(slots=True)
class Federated:
    """An organization, its provider, and the two of them known to each other."""

    site: Site
    provider: FakeProvider
    slug: str
    provider_id: UUID

    async def start(self, visitor: Visitor, after: str = "") -> str:
        """Press the button; where the provider's page is."""
        told = await visitor.get(f"/sign-in/with/{self.slug}" + (f"?next={after}" if after else ""))
        assert told.status_code == 303, told.text
        return told.headers["location"]

    async def approve(self, address: str) -> str:
        """At the provider: signed in there already. The path that it sends the browser back to."""
        async with httpx.AsyncClient(trust_env=False) as there:
            back = (await there.get(address)).headers["location"]
        assert back.startswith(BASE)
        return str(back.removeprefix(BASE))

    async def come(self, visitor: Visitor, after: str = "") -> Response:
        """The whole way, there and back."""
        return await visitor.get(await self.approve(await self.start(visitor, after)))

    async def staff_id(self, who: str) -> UUID:
        async with self.site.services.database.directory() as connection:
            found = await staff.find_login(connection, self.site.login(who))
        assert found
        return found[1]

    async def confirm_email(self, who: str, email: str) -> None:
        """The member of staff has set this address and followed the link that went there."""
        staff_id = await self.staff_id(who)
        async with self.site.services.database.transaction(system(self.site.org_id)) as store:
            await staff.set_email(store, staff_id, email)
            assert await staff.confirm_email(store, staff_id, email)

    async def deactivate(self, who: str) -> None:
        staff_id = await self.staff_id(who)
        async with self.site.services.database.transaction(system(self.site.org_id)) as store:
            table = staff.staff
            await store.connection.execute(
                table.update()
                .where(table.c.org_id == self.site.org_id, table.c.staff_id == staff_id)
                .values(active=False)
            )

    async def link(self, who: str, subject: str = "person-1") -> None:
        """Somebody came, and it was said who it is (by an administrator's page: test_oidc.py)."""
        self.provider.person["sub"] = subject
        staff_id = await self.staff_id(who)
        async with self.site.services.database.transaction(system(self.site.org_id)) as store:
            await identity_providers.see_identity(store, self.provider_id, Identity(subject))
            await link_identity(store, self.provider_id, subject, staff_id)


async def federate(
    site: Site, provider: FakeProvider, folder: Path, slug: str = "", **options: bool
) -> Federated:
    """Make a provider the organization's own."""
    slug = slug or f"sso-{site.org_id.hex[-10:]}"
    if provider.client_secret is not None:
        (folder / slug).write_text(provider.client_secret + "\n")
    async with site.services.database.transaction(system(site.org_id)) as store:
        wanted = NewProvider(
            slug, "Riverside Health", provider.issuer, provider.client_id, listed=False, **options
        )
        provider_id = await add_identity_provider(store, wanted)
    return Federated(site, provider, slug, provider_id)


def asking(services: Services, folder: Path) -> Services:
    """The same services, allowed to ask a provider on this machine."""
    allowed = {"public_base_url": BASE, "oidc_private_networks": True, "oidc_secrets": folder}
    settings = services.settings.model_copy(update=allowed)
    return replace(
        services, settings=settings, providers=Providers(Fetcher(private_allowed=True, seconds=3))
    )


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with served(FakeProvider) as running:
        yield running


@pytest.fixture
async def federated(
    services: Services, provider: FakeProvider, tmp_path: Path
) -> AsyncIterator[Federated]:
    async with AsyncExitStack() as stack:
        site = await make_site(asking(services, tmp_path), stack)
        yield await federate(site, provider, tmp_path)
