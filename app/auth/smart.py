"""SMART Backend Services: a signed assertion in, a short-lived token out.

SMART App Launch 2.2 (Backend Services), RFC 6749 section 4.4, RFC 7523, RFC 7009. What is refused
is told in the words of RFC 6749; why a client was not believed is told to the audit trail alone.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from app.auth.assertions import (
    LEEWAY,
    Assertion,
    AssertionRefused,
    find_keys,
    read_assertion,
    verify,
)
from app.auth.client_keys import KeyRoom
from app.auth.key_fetching import KeyFetcher
from app.auth.secrets import digest, new_token
from app.domain.actor import client, system
from app.domain.scopes import ScopeNotFit, grant, read_scopes, scope_text
from app.errors import Kind, NotFound, RegistryError
from app.store import audit, client_tokens, clients
from app.store.clients import Client
from app.store.transaction import Database

TOKEN_LIFE = timedelta(minutes=5)
"""The longest that the specification recommends."""
GRANT_TYPE = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
log = logging.getLogger("stepwell.smart")


class InvalidRequest(RegistryError):
    """The request lacks something, says something twice, or is not of the form asked for."""

    code = "invalid_request"
    kind: ClassVar[Kind] = Kind.INVALID


class InvalidClient(RegistryError):
    """The client could not be authenticated."""

    code = "invalid_client"
    kind: ClassVar[Kind] = Kind.UNAUTHENTICATED


class UnsupportedGrantType(RegistryError):
    """The grant type offered here is client_credentials."""

    code = "unsupported_grant_type"
    kind: ClassVar[Kind] = Kind.INVALID


class InvalidScope(RegistryError):
    """None of these scopes is registered for this client."""

    code = "invalid_scope"
    kind: ClassVar[Kind] = Kind.INVALID


class UnauthorizedClient(RegistryError):
    """The token was not given to this client."""

    code = "unauthorized_client"
    kind: ClassVar[Kind] = Kind.INVALID


@dataclass(frozen=True, slots=True)
class ClientProof:
    """How a request says whose it is."""

    assertion_type: str | None
    assertion: str | None
    client_id: str | None = None
    """Needed by nobody, but it may be sent (RFC 7521)."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A token as it is told, once."""

    token: str
    seconds: int
    scope: str


@dataclass(frozen=True, slots=True)
class TokenDesk:
    """Where tokens are given out and taken back."""

    database: Database
    fetcher: KeyFetcher
    audiences: frozenset[str]
    """What an assertion for us names: the address that is asked, as the world knows it."""
    now: datetime

    async def give(self, grant_type: str | None, proof: ClientProof, scope: str | None) -> Granted:
        """A token for what of the scopes is registered; raises as RFC 6749 says."""
        if not grant_type:
            raise InvalidRequest("Send a grant_type.")
        if grant_type != GRANT_TYPE:
            raise UnsupportedGrantType()
        org_id, asking = await self.authenticate(proof)
        try:
            granted = grant(asking.scopes, read_scopes(scope or "", leave_strange=True))
        except ScopeNotFit as error:
            await self._tell_refused(org_id, asking.client_id, "scope")
            raise InvalidScope(error.message) from None
        if not granted:
            await self._tell_refused(org_id, asking.client_id, "scope")
            raise InvalidScope()
        return await self._issue(org_id, asking, granted)

    async def take_back(self, proof: ClientProof, token: str | None) -> None:
        """Revoke a token of the client; one that is unknown is no error (RFC 7009)."""
        if not token:
            raise InvalidRequest("Send the token.")
        org_id, asking = await self.authenticate(proof)
        async with self.database.directory() as connection:
            held = await client_tokens.find_token(connection, digest(token))
        if held is None:
            return
        if held.client_id != asking.client_id:
            await self._tell_refused(org_id, asking.client_id, "token of another client")
            raise UnauthorizedClient()
        actor = client(org_id, asking.client_id, asking.name, frozenset())
        async with self.database.transaction(actor) as store:
            await client_tokens.revoke_token(store, digest(token))
            await audit.record(store, "token.revoke", subject=f"clients/{asking.client_id}")

    async def authenticate(self, proof: ClientProof) -> tuple[UUID, Client]:
        """(organization, client) of a right assertion that was never used before.

        Raises InvalidRequest where there is none and InvalidClient, without a reason, for one
        that is not right.
        """
        if proof.assertion_type != ASSERTION_TYPE or not proof.assertion:
            raise InvalidRequest(f"Send client_assertion_type {ASSERTION_TYPE} and an assertion.")
        try:
            assertion = read_assertion(proof.assertion)
            if proof.client_id not in (None, str(assertion.client_id)):
                raise AssertionRefused("client_id")
        except AssertionRefused as refusal:
            log.info("an assertion was refused: %s", refusal.reason)
            raise InvalidClient() from None
        async with self.database.directory() as connection:
            org_id = await clients.find_organization(connection, assertion.client_id)
        if org_id is None:
            log.info("an assertion was refused: no such client")
            raise InvalidClient()
        try:
            return org_id, await self._proven(org_id, assertion)
        except AssertionRefused as refusal:
            await self._tell_refused(org_id, assertion.client_id, refusal.reason)
            raise InvalidClient() from None

    async def _proven(self, org_id: UUID, assertion: Assertion) -> Client:
        async with self.database.transaction(system(org_id)) as store:
            try:
                asking = await clients.get_client(store, assertion.client_id)
            except NotFound:
                raise AssertionRefused("no such client") from None
        if asking.disabled_at is not None:
            raise AssertionRefused("disabled")
        if assertion.jku is not None and assertion.jku != asking.jwks_url:
            raise AssertionRefused("jku")
        keys = await KeyRoom(self.database, self.fetcher, org_id, asking).keys(assertion.kid)
        proof = verify(assertion, find_keys(assertion, keys), self.audiences, self.now)
        async with self.database.directory() as connection:
            first = await client_tokens.take_assertion(
                connection, asking.client_id, digest(proof.jti), proof.expires_at + LEEWAY
            )
        if not first:
            raise AssertionRefused("jti used before")
        return asking

    async def _issue(self, org_id: UUID, asking: Client, granted: frozenset[str]) -> Granted:
        token = new_token()
        actor = client(org_id, asking.client_id, asking.name, granted)
        async with self.database.transaction(actor) as store:
            held = await clients.lock_client(store, asking.client_id)
            if held.disabled_at is not None:  # while the assertion was being verified
                raise InvalidClient()
            await client_tokens.add_token(
                store, asking.client_id, digest(token), granted, store.now + TOKEN_LIFE
            )
            await clients.touch_client(store, held)
            told = scope_text(granted)
            await audit.record(
                store, "token.issue", subject=f"clients/{asking.client_id}", detail={"scope": told}
            )
        return Granted(token, int(TOKEN_LIFE.total_seconds()), told)

    async def _tell_refused(self, org_id: UUID, client_id: UUID, reason: str) -> None:
        """A refusal is recorded by a transaction of its own; nothing that was sent is in it."""
        async with self.database.transaction(system(org_id)) as store:
            await audit.record(
                store,
                "token.refuse",
                subject=f"clients/{client_id}",
                outcome="refused",
                detail={"reason": reason},
            )
