"""Signing in and out through an organization's identity provider."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.auth import oidc
from app.auth.oidc_fetching import ProviderDown
from app.auth.oidc_tokens import TokenRefused
from app.errors import Kind, RegistryError
from app.web.ceremony_cookie import carry_ceremony, ceremony_token, drop_ceremony
from app.web.dependencies import Session, place_here
from app.web.pages.errors import STATUS
from app.web.pages.rendering import page
from app.web.pages.ways_in import LAST_WAY, sign_in_form
from app.web.session_cookie import browser_of, carry_session, session_token

router = APIRouter()
ID_TOKEN = "stepwell_id_token"
"""Kept by the browser, sent to /sign-out alone: the provider's own hint of whose session ends."""
LONGEST_COOKIE = 3500
A_YEAR = 365 * 24 * 3600


@router.get("/sign-in/with/{slug}")
async def go(request: Request, slug: str, next: Annotated[str, Query()] = "") -> Response:
    """On to the provider; a link, since the policy keeps our forms on our own pages."""
    services = request.app.state.services
    try:
        address, token = await oidc.begin(services.relying, slug, place_here(next), services.now())
    except RegistryError as refusal:
        return await _told(request, refusal, place_here(next))
    answer = RedirectResponse(address, 303)
    carry_ceremony(request, answer, oidc.KIND, token)
    return answer


@router.get("/sign-in/with/{slug}/back")
async def come_back(request: Request, slug: str) -> Response:
    """What the provider answered; nothing of it stays in an address or a log."""
    services, said = request.app.state.services, request.query_params
    asked = oidc.Asked(
        said.get("state", "")[:200],
        said.get("code", "")[:4096],
        said.get("error", "")[:200],
        said.get("iss", "")[:2000],
    )
    try:
        begun = await oidc.finish(
            services.relying,
            slug,
            ceremony_token(request, oidc.KIND),
            asked,
            services.now(),
            hours=services.settings.session_hours,
            browser=browser_of(request),
            instead_of=session_token(request),
        )
    except RegistryError as refusal:
        answer = await _told(request, refusal)
        drop_ceremony(request, answer, oidc.KIND)
        return answer
    return _let_in(request, slug, begun)


def _let_in(request: Request, slug: str, begun: oidc.SignedInThrough) -> Response:
    secure = request.app.state.services.settings.https
    answer = RedirectResponse(begun.after, 303)
    drop_ceremony(request, answer, oidc.KIND)
    carry_session(request, answer, begun.token)
    if len(begun.id_token) <= LONGEST_COOKIE:
        answer.set_cookie(
            ID_TOKEN,
            begun.id_token,
            httponly=True,
            samesite="strict",
            secure=secure,
            path="/sign-out",
        )
    answer.set_cookie(
        LAST_WAY,
        slug,
        max_age=A_YEAR,
        httponly=True,
        samesite="lax",
        secure=secure,
        path="/sign-in",
    )
    return answer


async def _told(request: Request, refusal: RegistryError, after: str = "/") -> Response:
    """The sign-in page with what went wrong: every other way in is still there."""
    if refusal.kind is Kind.NOT_FOUND:
        raise refusal
    return await sign_in_form(request, refusal.message, "", STATUS[refusal.kind], after)


async def signed_out_there(request: Request, session: Session) -> Response | None:
    """The page that leads on to the provider's own sign-out, where the session began there.

    A page and not a redirect: browsers hold a form's redirects to our own pages too.
    """
    if session.session_id is None:
        return None
    address = await oidc.sign_out_address(
        request.app.state.services.relying,
        session.session_id,
        session.actor.org_id,
        request.cookies.get(ID_TOKEN, ""),
    )
    if address is None:
        return None
    answer = page(request, "signing_out.html", address=address)
    answer.delete_cookie(ID_TOKEN, path="/sign-out", httponly=True, samesite="strict")
    return answer


@router.get("/signed-out")
async def signed_out(request: Request) -> Response:
    """Where the provider leads back to; it changes nothing, whoever sends a browser here."""
    return page(request, "signed_out.html")


@router.post("/sign-in/with/{slug}/sign-out")
async def told_to_end(
    request: Request, slug: str, logout_token: Annotated[str, Form()] = ""
) -> Response:
    """The provider says that somebody's session ended there (Back-Channel Logout 1.0).

    It comes from a server: no cookie speaks here, only the provider's signature.
    """
    services = request.app.state.services
    try:
        await oidc.end_from_provider(services.relying, slug, logout_token, services.now())
    except TokenRefused:
        return Response(b'{"error":"invalid_request"}', 400, media_type="application/json")
    except ProviderDown:
        return Response(b'{"error":"temporarily_unavailable"}', 503, media_type="application/json")
    return Response(status_code=200)
