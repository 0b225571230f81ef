"""What routes ask for: who is asking, an open transaction, today."""

import hmac
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Form, Request

from app.auth.bearer import TokenUnknown, client_for_token
from app.auth.sessions import who_is_signed_in
from app.domain.actor import Actor
from app.errors import Forbidden, Unauthenticated
from app.store.transaction import Store
from app.web.session_cookie import session_token

_PLACE = re.compile(r"(?:/[A-Za-z0-9_-]+)+")


def place_here(wanted: str) -> str:
    """The path of a page of ours, or the first page: never an address somewhere else."""
    return wanted if len(wanted) <= 200 and _PLACE.fullmatch(wanted) else "/"


class NotSignedIn(Unauthenticated):
    """Please sign in."""

    code = "not-signed-in"


class FormExpired(Forbidden):
    """This form is no longer valid: it was opened before you signed in. Open the page again."""

    code = "form-expired"


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in member of staff, and what their forms carry."""

    actor: Actor
    csrf: str
    session_token: str
    waiting: tuple[int, int] = (0, 0)
    """Flags that wait for them, and how many of those are about safety."""
    session_id: UUID | None = None
    proved_at: datetime | None = None
    """When they last proved who they are; changes to how they sign in ask for a fresh proof."""


async def signed_in(request: Request) -> Session:
    """Raises NotSignedIn; pages answer it with the sign-in form."""
    services = request.app.state.services
    token = session_token(request)
    found = None
    if token:
        found = await who_is_signed_in(
            services.database, token, services.now(), services.settings.session_idle_minutes
        )
    if found is None:
        raise NotSignedIn()
    return Session(found.actor, found.csrf, token, found.waiting, found.session_id, found.proved_at)


SignedIn = Annotated[Session, Depends(signed_in)]


async def open_transaction(request: Request, session: SignedIn) -> AsyncIterator[Store]:
    """The one commit of a request; it happens before the answer is sent (scope="function")."""
    database = request.app.state.services.database
    request_id = getattr(request.state, "request_id", None)
    place = request.url.path
    async with database.transaction(session.actor, request_id=request_id, place=place) as store:
        yield store


WriteStore = Annotated[Store, Depends(open_transaction, scope="function")]


def today_here(request: Request, session: SignedIn) -> date:
    """Today in the organization's time zone."""
    now = request.app.state.services.now()
    today: date = now.astimezone(ZoneInfo(session.actor.time_zone)).date()
    return today


Today = Annotated[date, Depends(today_here)]


async def check_csrf(session: SignedIn, csrf: Annotated[str, Form()] = "") -> None:
    """Raises FormExpired where a form does not carry its session's token."""
    if not hmac.compare_digest(csrf.encode(), session.csrf.encode()):
        raise FormExpired()


async def integration_client(request: Request) -> Actor:
    """The client of the bearer token. Raises Unauthenticated for one that is not good."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenUnknown()
    services = request.app.state.services
    settings = services.settings
    return await client_for_token(
        services.database,
        token.strip(),
        services.now(),
        lasting_allowed=settings.lasting_tokens or settings.demo,
    )


IntegrationClient = Annotated[Actor, Depends(integration_client)]
