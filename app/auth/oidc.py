"""Signing in through an organization's identity provider: authorization code with PKCE.

Two steps with the provider between them. Every question to the provider is asked outside
any transaction; what it answers opens an account that an administrator linked, or whose
confirmed address it has verified, and never makes one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode, urlsplit
from uuid import UUID

from joserfc.jwk import Key

from app.auth.ceremonies import begin_ceremony, derive, finish_ceremony, pkce_challenge
from app.auth.oidc_fetching import ProviderDown
from app.auth.oidc_provider import Metadata, ProviderNotFit, Providers
from app.auth.oidc_tokens import (
    Expected,
    KeysFor,
    Proven,
    TokenRefused,
    verify_id_token,
    verify_logout_token,
)
from app.auth.secrets import digest
from app.auth.sessions import AccountClosed, Browser, Proof, begin_session
from app.domain.actor import system
from app.domain.sign_on import NotOurs, whose
from app.errors import NotFound, Unauthenticated
from app.store import audit, identity_providers, provider_sessions, sessions, staff
from app.store.identity_providers import Provider, ProviderAddress
from app.store.transaction import Database, Store

KIND = "provider"
MOST_BUTTONS = 6
"""A service of many organizations gives each its own address instead (`listed` off)."""


class NoSuchProvider(NotFound):
    """There is no sign-in at this address. Begin at the sign-in page."""

    code = "no-such-provider"


class NotLinked(Unauthenticated):
    """Your organization knows you, Stepwell does not yet. Ask your administrator to link you: your
    request is on their page."""

    code = "not-linked"


class ProviderRefused(Unauthenticated):
    """Your organization's sign-in did not let you through, or you turned back. Nothing happened."""

    code = "provider-refused"


@dataclass(frozen=True, slots=True)
class Relying:
    """This service as a provider's client: its database, its address, the clients' secrets."""

    database: Database
    providers: Providers
    base_url: str
    secrets: Path | None

    def redirect_uri(self, slug: str) -> str:
        """A provider's own: an answer of one cannot be handed in as another's."""
        return f"{self.base_url}/sign-in/with/{slug}/back"

    def keys_of(self, provider: Provider) -> KeysFor:
        """The keys that a provider's tokens are verified with."""

        async def keys_for(key_id: str | None, doubted: bool) -> list[Key]:
            return await self.providers.keys_for(provider.issuer, key_id, doubted=doubted)

        return keys_for

    def secret_of(self, slug: str) -> str | None:
        """The client's secret, from a file named for the provider; None: PKCE alone.

        Raises ProviderNotFit for an empty or unreadable file.
        """
        path = self.secrets / slug if self.secrets else None
        if path is None or not path.exists():
            return None
        try:
            secret = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError):
            raise ProviderNotFit() from None
        if not secret:
            raise ProviderNotFit()
        return secret


@dataclass(frozen=True, slots=True)
class Asked:
    """What the provider sent the browser back with."""

    state: str
    code: str
    error: str
    issuer: str


@dataclass(frozen=True, slots=True)
class SignedInThrough:
    """A session that began at a provider."""

    token: str
    after: str
    id_token: str
    """For the browser alone to keep: the hint that signing out there asks for."""


async def begin(relying: Relying, slug: str, after: str, now: datetime) -> tuple[str, str]:
    """(where to send the browser, its cookie's token). Raises ProviderDown, NoSuchProvider."""
    org_id, provider = await find(relying.database, slug)
    metadata = await relying.providers.metadata(provider.issuer)
    content = {"org": str(org_id), "provider": str(provider.provider_id), "after": after}
    token = await begin_ceremony(relying.database, KIND, content, now)
    asked = {
        "response_type": "code",
        "scope": "openid email profile",
        "client_id": provider.client_id,
        "redirect_uri": relying.redirect_uri(slug),
        "state": derive(token, "state"),
        "nonce": derive(token, "nonce"),
        "code_challenge": pkce_challenge(derive(token, "verifier")),
        "code_challenge_method": "S256",
    }
    return with_query(metadata.authorization_endpoint, asked), token


def with_query(address: str, values: dict[str, str]) -> str:
    """An address with these parameters beside those it has."""
    return address + ("&" if urlsplit(address).query else "?") + urlencode(values, quote_via=quote)


async def list_ways(database: Database, last: str) -> list[ProviderAddress]:
    """The providers whose buttons the sign-in page shows to who came through `last`."""
    async with database.directory() as connection:
        return await identity_providers.list_addresses(connection, MOST_BUTTONS, last)


async def find(database: Database, slug: str) -> tuple[UUID, Provider]:
    """(organization, provider) of a sign-in address. Raises NoSuchProvider."""
    async with database.directory() as connection:
        address = await identity_providers.find_address(connection, slug)
    if address is None:
        raise NoSuchProvider()
    async with database.transaction(system(address.org_id)) as store:
        provider = await identity_providers.find_provider(store, address.provider_id)
    if provider is None:
        raise NoSuchProvider()
    return address.org_id, provider


async def finish(
    relying: Relying,
    slug: str,
    token: str,
    asked: Asked,
    now: datetime,
    *,
    hours: int,
    browser: Browser,
    instead_of: str = "",
) -> SignedInThrough:
    """Begin a session for whom the provider proved.

    Raises CeremonyOver, ProviderRefused, TokenRefused, ProviderDown, NotLinked, AccountClosed.
    """
    org_id, provider = await find(relying.database, slug)
    begun = await finish_ceremony(relying.database, KIND, token, now)
    try:
        if begun["provider"] != str(provider.provider_id):
            raise TokenRefused("another-provider")
        proven, id_token = await _prove(relying, provider, slug, token, asked, now)
        staff_id = await _whose(relying.database, org_id, provider, proven)
        session = await begin_session(
            relying.database,
            org_id,
            staff_id,
            Proof.PROVIDER,
            now,
            hours=hours,
            browser=browser,
            instead_of=instead_of,
        )
    except (Unauthenticated, ProviderNotFit) as refusal:
        await _note_refusal(relying.database, org_id, provider, refusal)
        raise
    await _keep_origin(relying.database, session, provider, proven, now)
    return SignedInThrough(session, str(begun["after"]), id_token)


async def _prove(
    relying: Relying, provider: Provider, slug: str, token: str, asked: Asked, now: datetime
) -> tuple[Proven, str]:
    """Who the provider says this is, and its ID token."""
    metadata = await relying.providers.metadata(provider.issuer)
    _check_answer(asked, metadata, derive(token, "state"))
    id_token = await _redeem(relying, provider, metadata, slug, token, asked.code)
    proven = await verify_id_token(
        id_token,
        Expected(provider.issuer, provider.client_id, now),
        derive(token, "nonce"),
        relying.keys_of(provider),
    )
    if provider.shows_second_factor and not proven.second_factor:
        raise TokenRefused("second-factor")
    return proven, id_token


def _check_answer(asked: Asked, metadata: Metadata, state: str) -> None:
    """Raises where it answers another question, comes from another provider, or says no."""
    if asked.state != state:
        raise TokenRefused("state")
    if (metadata.names_issuer or asked.issuer) and asked.issuer != metadata.issuer:
        raise TokenRefused("issuer-of-answer")
    if asked.error or not asked.code:
        raise ProviderRefused()


async def _redeem(
    relying: Relying, provider: Provider, metadata: Metadata, slug: str, token: str, code: str
) -> str:
    """Exchange the code for an ID token, with the verifier that this browser's token makes."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": relying.redirect_uri(slug),
        "code_verifier": derive(token, "verifier"),
    }
    secret, basic = relying.secret_of(slug), None
    if secret is not None and not metadata.secret_in_form:
        basic = (quote_plus(provider.client_id), quote_plus(secret))  # RFC 6749, 2.3.1
    else:
        form["client_id"] = provider.client_id
        if secret is not None:
            form["client_secret"] = secret
    answer = await relying.providers.fetcher.post(metadata.token_endpoint, form, basic)
    if answer.status in (400, 401):
        refused = answer.content.get("error")
        raise TokenRefused(
            "client" if refused in ("invalid_client", "unauthorized_client") else "code"
        )
    id_token = answer.content.get("id_token")
    if answer.status != 200 or not isinstance(id_token, str):
        raise ProviderNotFit()
    return id_token


async def _whose(database: Database, org_id: UUID, provider: Provider, proven: Proven) -> UUID:
    """The account that is theirs. Raises NotLinked where none is: nothing is made on arrival."""
    who = proven.identity
    async with database.transaction(system(org_id)) as store:
        seen = await identity_providers.see_identity(store, provider.provider_id, who)
        found: UUID | NotOurs = seen.staff_id or NotOurs.UNKNOWN
        if seen.state == "waiting" and who.email:
            people = await identity_providers.list_candidates(
                store, provider.provider_id, who.email
            )
            found = whose(who, people, provider.matches_email)
            if isinstance(found, UUID):
                await _link_by_address(store, provider, who.subject, found)
        if isinstance(found, UUID) and not (await staff.get_account(store, found)).active:
            raise AccountClosed()
    if isinstance(found, NotOurs):
        raise NotLinked()
    return found


async def _link_by_address(store: Store, provider: Provider, subject: str, staff_id: UUID) -> None:
    await identity_providers.set_identity(store, provider.provider_id, subject, "linked", staff_id)
    await audit.record(
        store, "identity.link", subject=f"staff/{staff_id}", detail={"by": "verified-address"}
    )


async def _keep_origin(
    database: Database, session: str, provider: Provider, proven: Proven, now: datetime
) -> None:
    async with database.directory() as connection:
        row = await sessions.find_session(connection, digest(session))
        if row is not None:
            await provider_sessions.add_provider_session(
                connection,
                row,
                provider.provider_id,
                proven.identity.subject,
                proven.provider_session,
                now,
            )


async def _note_refusal(
    database: Database, org_id: UUID, provider: Provider, refusal: Unauthenticated | ProviderNotFit
) -> None:
    """For whoever looks into it: the reason in one word, never the token."""
    reason = refusal.reason if isinstance(refusal, TokenRefused) else refusal.code
    async with database.transaction(system(org_id)) as store:
        await audit.record(
            store,
            "session.begin",
            subject=f"identity-providers/{provider.provider_id}",
            outcome="refused",
            detail={"how": Proof.PROVIDER.value, "reason": reason},
        )


async def sign_out_address(
    relying: Relying, session_id: UUID, org_id: UUID, id_token: str
) -> str | None:
    """Where the browser goes on to sign out there too, if the session began at such a provider."""
    async with relying.database.directory() as connection:
        provider_id = await provider_sessions.find_provider_of(connection, session_id)
    if provider_id is None:
        return None
    async with relying.database.transaction(system(org_id)) as store:
        provider = await identity_providers.find_provider(store, provider_id)
    if provider is None or not provider.signs_out_there:
        return None
    try:
        metadata = await relying.providers.metadata(provider.issuer)
    except ProviderDown:
        return None
    if metadata.end_session_endpoint is None:
        return None
    back = {
        "client_id": provider.client_id,
        "post_logout_redirect_uri": f"{relying.base_url}/signed-out",
    }
    hint = {"id_token_hint": id_token} if id_token else {}
    return with_query(metadata.end_session_endpoint, hint | back)


async def end_from_provider(relying: Relying, slug: str, logout_token: str, now: datetime) -> int:
    """End the sessions that the provider says have ended there. Raises TokenRefused."""
    org_id, provider = await find(relying.database, slug)
    order = await verify_logout_token(
        logout_token,
        Expected(provider.issuer, provider.client_id, now),
        relying.keys_of(provider),
    )
    async with relying.database.transaction(system(org_id)) as store:
        ended = await provider_sessions.end_provider_sessions(
            store.connection,
            provider.provider_id,
            order.subject,
            order.provider_session,
            datetime.fromtimestamp(order.issued_at + 1, UTC),
            now,
        )
        await audit.record(
            store,
            "session.end",
            subject=f"identity-providers/{provider.provider_id}",
            detail={"how": Proof.PROVIDER.value, "ended": ended},
        )
    return ended
