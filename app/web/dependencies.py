"""What routes ask for: who is asking, an open transaction, today."""

import hmac
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Form, Request

from app.auth.bearer import TokenUnknown, client_for_token
from app.auth.sessions import Due, who_is_signed_in
from app.domain.actor import Actor
from app.errors import Forbidden, Unauthenticated
from app.store.transaction import Database, Store
from app.web.session_cookie import session_token

FRESH = timedelta(minutes=10)
"""How long a proof of identity is good for changing how one signs in (ours)."""
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


class StepDue(Forbidden):
    """Before anything else, finish setting up how you sign in: open the first page."""

    code = "sign-in-step-due"

    def __init__(self, due: Due) -> None:
        super().__init__()
        self.due = due


class ProofDue(Forbidden):
    """Prove again who you are before you change how anybody signs in."""

    code = "proof-due"

    def __init__(self, back: str) -> None:
        super().__init__()
        self.back = back


class OtherSite(Forbidden):
    """This form was sent from another site. Open the page here and send it again."""

    code = "other-site"


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
    due: Due | None = None
    """What they must do before any other page opens."""
    has_password: bool = True
    has_authenticator: bool = False
    has_passkey: bool = False


async def arriving(request: Request) -> Session:
    """Whoever is signed in, though something may be due. Raises NotSignedIn."""
    services = request.app.state.services
    token = session_token(request)
    found = None
    if token:
        found = await who_is_signed_in(
            services.database, token, services.now(), services.settings.session_idle_minutes
        )
    if found is None:
        raise NotSignedIn()
    return Session(
        found.actor,
        found.csrf,
        token,
        found.waiting,
        found.session_id,
        found.proved_at,
        found.due,
        found.has_password,
        found.has_authenticator,
        found.has_passkey,
    )


Arriving = Annotated[Session, Depends(arriving)]


async def signed_in(session: Arriving) -> Session:
    """Raises NotSignedIn or StepDue; pages answer them with the form that comes first."""
    if session.due is not None:
        raise StepDue(session.due)
    return session


SignedIn = Annotated[Session, Depends(signed_in)]


async def freshly_proved(request: Request, session: Arriving) -> None:
    """Raises ProofDue where the last proof of identity is older than `FRESH`."""
    proved, now = session.proved_at, request.app.state.services.now()
    if proved is None or proved + FRESH < now:
        raise ProofDue("/" + request.url.path.split("/")[1])


async def from_here(request: Request) -> None:
    """Raises OtherSite for a form of another site, by what the browser says of where it was sent.

    For forms before there is a session whose token they could carry. Browsers that say nothing
    (before 2023) are let through.
    """
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise OtherSite()


def _transaction(request: Request, session: Session) -> AbstractAsyncContextManager[Store]:
    database: Database = request.app.state.services.database
    request_id = getattr(request.state, "request_id", None)
    return database.transaction(session.actor, request_id=request_id, place=request.url.path)


async def open_transaction(request: Request, session: SignedIn) -> AsyncIterator[Store]:
    """The one commit of a request; it happens before the answer is sent (scope="function")."""
    async with _transaction(request, session) as store:
        request.state.disclosed = store.disclosed
        yield store


async def open_arriving(request: Request, session: Arriving) -> AsyncIterator[Store]:
    """The same for the pages that somebody sees before the others open to them."""
    async with _transaction(request, session) as store:
        yield store


WriteStore = Annotated[Store, Depends(open_transaction, scope="function")]
ArrivingStore = Annotated[Store, Depends(open_arriving, scope="function")]


def today_here(request: Request, session: SignedIn) -> date:
    """Today in the organization's time zone."""
    now = request.app.state.services.now()
    today: date = now.astimezone(ZoneInfo(session.actor.time_zone)).date()
    return today


Today = Annotated[date, Depends(today_here)]


async def check_csrf(session: Arriving, csrf: Annotated[str, Form()] = "") -> None:
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
