"""The one place that chooses implementations."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from app.auth.bearer import registered_client
from app.auth.key_fetching import KeyFetcher
from app.auth.oidc import Relying
from app.auth.oidc_fetching import Fetcher
from app.auth.oidc_provider import Providers
from app.auth.sealed_secrets import Sealer
from app.domain.access import Permission
from app.domain.actor import Actor
from app.domain.catalogue import adopt
from app.domain.delivery import Channel
from app.domain.scopes import EVERY_SCOPE, permissions_of
from app.jobs.exporting import Protocol, Workshop
from app.migrating import newest_revision
from app.publishing.publisher import FhirPublisher
from app.reach.post import Post, Sender
from app.reach.smtp import MailServer
from app.reach.webhook import Webhook, secret_of
from app.settings import Settings
from app.site_instruments import read_folder
from app.store.engine import open_engine
from app.store.transaction import Database
from app.use_cases.inbound_messages import InboundRow
from app.web.fhir import bulk_order
from app.web.fhir.receiving import receive_raw
from app.web.fhir.services import fhir_base


def utc_now() -> datetime:
    """The only clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """The running application."""

    settings: Settings
    database: Database
    now: Callable[[], datetime] = utc_now
    demo_accounts: tuple[tuple[str, str, str], ...] = field(default_factory=tuple)
    """(login, password, what they are), shown on the sign-in page of a demo."""
    newest_revision: str | None = field(default_factory=newest_revision)
    sealer: Sealer = field(default_factory=Sealer)
    """Seals what must be read again, such as the secrets of authenticators."""
    post: Post = field(default_factory=dict)
    """The channels by which people are reached outside."""
    fetcher: KeyFetcher = field(default_factory=KeyFetcher)
    """Fetches the keys of integration clients that publish them."""
    providers: Providers = field(default_factory=lambda: Providers(Fetcher()))
    """The identity providers that this process has asked."""

    @property
    def relying(self) -> Relying:
        """This service as a client of identity providers."""
        settings = self.settings
        base = settings.base_url.rstrip("/")
        return Relying(self.database, self.providers, base, settings.oidc_secrets)

    def webhook_secret(self, org_id: UUID, version: int) -> str | None:
        """What an organization's receiver verifies messages with; None without a key."""
        key = self.settings.webhook_key.get_secret_value()
        return secret_of(key, org_id, version) if key else None

    @property
    def workshop(self) -> Workshop:
        """Where bulk exports are worked on."""
        protocol = Protocol(
            bulk_order.read_filter,
            bulk_order.shape_lines,
            bulk_order.is_about_patients,
            bulk_order.deletions,
        )
        return Workshop(self.database, self.settings.exports_folder, protocol)

    async def receive_message(
        self,
        actor: Actor,
        method: str,
        path: str,
        content_type: str,
        body: bytes,
        replay_of: UUID | None = None,
    ) -> tuple[int, bytes]:
        """Take a FHIR message that did not come over the network: a file, or a replay."""
        headers = {"content-type": content_type}
        return await receive_raw(self, actor, method, path, headers, body, replay_of)

    async def replay(self, actor: Actor, row: InboundRow, body: bytes) -> tuple[int, bytes]:
        """Take a mended message again, as the client that sent it."""
        actor.require(Permission.MANAGE_INBOUND)
        sender = replace(actor, scopes=EVERY_SCOPE, granted=permissions_of(EVERY_SCOPE))
        if row.client_id:
            async with self.database.transaction(actor) as store:
                sender = await registered_client(store, row.client_id)
        return await self.receive_message(
            sender, row.method, row.path, row.content_type, body, row.message_id
        )


def build_services(
    settings: Settings, address: str, demo_accounts: tuple[tuple[str, str, str], ...] = ()
) -> Services:
    """The services over the database at this address."""
    adopt(read_folder(settings.instruments).instruments.values())
    engine = open_engine(address, pool_size=settings.pool_size)
    database = Database(engine, FhirPublisher(fhir_base(settings.base_url)))
    return Services(
        settings,
        database,
        demo_accounts=demo_accounts,
        sealer=Sealer.of(settings.secret_keys),
        post=build_post(settings),
        fetcher=build_fetcher(settings),
        providers=Providers(Fetcher(settings.oidc_private_networks, settings.oidc_certificates)),
    )


def build_fetcher(settings: Settings) -> KeyFetcher:
    """What fetches clients' keys, within what the operator allows."""
    hosts = tuple(one.strip() for one in settings.jwks_hosts.split(",") if one.strip())
    return KeyFetcher(hosts, settings.jwks_private_networks, settings.jwks_certificates)


def build_post(settings: Settings) -> Post:
    """The channels that are set up."""
    post: dict[Channel, Sender] = {}
    if settings.smtp_host:
        post[Channel.EMAIL] = MailServer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            sender=settings.smtp_from,
            security=settings.smtp_security,
            username=settings.smtp_username,
            password=settings.smtp_password.get_secret_value(),
            seconds=settings.smtp_timeout_seconds,
            certificates=settings.smtp_certificates,
        )
    if key := settings.webhook_key.get_secret_value():
        post[Channel.WEBHOOK] = Webhook(key, settings.webhook_private_networks)
    return post
