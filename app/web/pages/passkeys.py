"""Passkeys: mine, signing in with one, as the second step, and to prove again who I am."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.auth import passkeys
from app.auth.ceremonies import CeremonyOver
from app.auth.passkey_proofs import PasskeyRefused, RelyingParty, relying_party
from app.auth.second_factor import SignInAgain
from app.auth.sessions import AccountClosed
from app.auth.sign_in import PasswordsClosed
from app.errors import Conflict
from app.web.ceremony_cookie import carry_ceremony, ceremony_token, drop_ceremony
from app.web.dependencies import (
    Arriving,
    Session,
    SignedIn,
    WriteStore,
    check_csrf,
    freshly_proved,
    from_here,
    place_here,
)
from app.web.pages.my_account import show_codes, who_of
from app.web.pages.rendering import page
from app.web.pages.ways_in import sign_in_form
from app.web.session_cookie import (
    browser_of,
    carry_session,
    drop_half,
    half_token,
    session_token,
)

router = APIRouter()
here = [Depends(from_here)]
proved = [Depends(check_csrf), Depends(freshly_proved)]
Answered = Annotated[str, Form(alias="credential")]


def _party(request: Request) -> RelyingParty:
    return relying_party(request.app.state.services.settings.base_url)


def _ask(
    request: Request,
    kind: str,
    question: passkeys.Question,
    session: Session | None = None,
    problem: str = "",
    **words: str,
) -> Response:
    """A page with a question for the browser, which the browser alone can answer."""
    answer = page(
        request,
        "passkey.html",
        session,
        status=401 if problem else 200,
        problem=problem,
        options=question.options,
        origin=_party(request).origin,
        make=kind == passkeys.NEW,
        device=browser_of(request).device,
        **words,
    )
    carry_ceremony(request, answer, kind, question.token)
    return answer


@router.get("/sign-in/passkey")
async def ask_alone(request: Request, next: Annotated[str, Query()] = "") -> Response:
    """Sign in with a passkey and nothing else."""
    return await _alone(request, place_here(next))


async def _alone(request: Request, after: str, problem: str = "") -> Response:
    services = request.app.state.services
    question = await passkeys.ask_alone(services.database, _party(request), services.now())
    return _ask(
        request,
        passkeys.ALONE,
        question,
        problem=problem,
        heading="Use a passkey",
        words="Your device asks for your finger, your face or its PIN.",
        button="Use a passkey",
        action="/sign-in/passkey",
        after=after,
        other="/sign-in" if after == "/" else f"/sign-in?next={after}",
        other_words="Another way to sign in",
    )


@router.post("/sign-in/passkey", dependencies=here)
async def enter(
    request: Request, credential: Answered = "", next: Annotated[str, Form()] = ""
) -> Response:
    """The session of whoever's passkey answered."""
    services, after = request.app.state.services, place_here(next)
    try:
        token = await passkeys.enter(
            services.database,
            _party(request),
            ceremony_token(request, passkeys.ALONE),
            credential,
            services.now(),
            hours=services.settings.session_hours,
            browser=browser_of(request),
            instead_of=session_token(request),
        )
    except (PasskeyRefused, CeremonyOver) as refusal:
        return await _alone(request, after, refusal.message)
    except (PasswordsClosed, AccountClosed) as refusal:
        return await sign_in_form(request, refusal.message, status=401, after=after)
    return _let_in(request, passkeys.ALONE, token, after)


def _let_in(request: Request, kind: str, token: str, after: str) -> Response:
    answer = RedirectResponse(after, 303)
    drop_ceremony(request, answer, kind)
    carry_session(request, answer, token)
    return answer


@router.get("/sign-in/second-factor/passkey")
async def ask_second(request: Request, next: Annotated[str, Query()] = "") -> Response:
    """What is owed after a password, by a passkey."""
    return await _second(request, place_here(next))


async def _second(request: Request, after: str, problem: str = "") -> Response:
    services = request.app.state.services
    try:
        question = await passkeys.ask_second(
            services.database, _party(request), half_token(request), services.now()
        )
    except SignInAgain as refusal:
        return await sign_in_form(request, refusal.message, status=401, after=after)
    onward = "" if after == "/" else f"?next={after}"
    return _ask(
        request,
        passkeys.SECOND,
        question,
        problem=problem,
        heading="Second step",
        words="Your password was right. Now your passkey.",
        button="Use my passkey",
        action="/sign-in/second-factor/passkey",
        after=after,
        other=f"/sign-in/second-factor{onward}",
        other_words="Use a code instead",
    )


@router.post("/sign-in/second-factor/passkey", dependencies=here)
async def pay_second(
    request: Request, credential: Answered = "", next: Annotated[str, Form()] = ""
) -> Response:
    """A passkey of whoever gave the password begins the session."""
    services, after = request.app.state.services, place_here(next)
    try:
        token = await passkeys.pay_second(
            services.database,
            _party(request),
            half_token(request),
            ceremony_token(request, passkeys.SECOND),
            credential,
            services.now(),
            hours=services.settings.session_hours,
            browser=browser_of(request),
            instead_of=session_token(request),
        )
    except (PasskeyRefused, CeremonyOver) as refusal:
        return await _second(request, after, refusal.message)
    except (SignInAgain, AccountClosed) as refusal:
        return await sign_in_form(request, refusal.message, status=401, after=after)
    answer = _let_in(request, passkeys.SECOND, token, after)
    drop_half(request, answer)
    return answer


@router.get("/my-account/confirm/passkey")
async def ask_again(
    request: Request, session: Arriving, next: Annotated[str, Query()] = ""
) -> Response:
    """Prove again who I am, by a passkey."""
    return await _again(request, session, place_here(next))


async def _again(request: Request, session: Session, after: str, problem: str = "") -> Response:
    services = request.app.state.services
    question = await passkeys.ask_again(
        services.database, _party(request), who_of(session), services.now()
    )
    return _ask(
        request,
        passkeys.AGAIN,
        question,
        session,
        problem=problem,
        heading="Is it you?",
        words="You are about to change how you or others sign in: prove once more who you are.",
        button="Use my passkey",
        action="/my-account/confirm/passkey",
        after=after,
        other=f"/my-account/confirm?next={after}",
        other_words="Use my password instead",
    )


@router.post("/my-account/confirm/passkey", dependencies=[Depends(check_csrf)])
async def prove_again(
    request: Request,
    session: Arriving,
    credential: Answered = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """The session goes on under a new token, freshly proved."""
    services, after = request.app.state.services, place_here(next)
    try:
        token = await passkeys.proved_again(
            services.database,
            _party(request),
            who_of(session),
            session.session_token,
            ceremony_token(request, passkeys.AGAIN),
            credential,
            services.now(),
        )
    except (PasskeyRefused, CeremonyOver) as refusal:
        return await _again(request, session, after, refusal.message)
    return _let_in(request, passkeys.AGAIN, token, after if after != "/" else "/my-account")


@router.get("/my-account/passkeys/new", dependencies=[Depends(freshly_proved)])
async def ask_new(request: Request, session: Arriving) -> Response:
    """Make a passkey on this device, or on a key or phone beside it."""
    return await _new(request, session)


async def _new(request: Request, session: Session, problem: str = "") -> Response:
    services = request.app.state.services
    question = await passkeys.ask_new(
        services.database, _party(request), who_of(session), services.now()
    )
    return _ask(
        request,
        passkeys.NEW,
        question,
        session,
        problem=problem,
        heading="Add a passkey",
        words="Your device, your password manager or a security key keeps it; nothing of it can be "
        "read, guessed or typed into a false page.",
        button="Make a passkey",
        action="/my-account/passkeys",
        after="/",
        other="/my-account",
        other_words="Back to my account",
    )


@router.post("/my-account/passkeys", dependencies=proved)
async def keep_new(
    request: Request,
    session: Arriving,
    credential: Answered = "",
    name: Annotated[str, Form()] = "",
) -> Response:
    """Keep it; where it is the first second step, the codes for paper are shown this once."""
    services = request.app.state.services
    try:
        kept = await passkeys.keep_new(
            services.database,
            _party(request),
            who_of(session),
            session.session_token,
            ceremony_token(request, passkeys.NEW),
            credential,
            name or browser_of(request).device,
            services.now(),
        )
    except (PasskeyRefused, CeremonyOver, Conflict) as refusal:
        return await _new(request, session, refusal.message)
    answer = _kept(request, session, kept)
    drop_ceremony(request, answer, passkeys.NEW)
    return answer


def _kept(request: Request, session: Session, kept: passkeys.Kept) -> Response:
    if kept.codes:
        return show_codes(request, session, kept.codes, kept.renewed)
    answer = RedirectResponse("/my-account?note=passkey#passkeys", 303)
    carry_session(request, answer, kept.renewed.token)
    return answer


@router.post("/my-account/passkeys/{passkey_id}/remove", dependencies=proved)
async def remove(
    request: Request, session: SignedIn, store: WriteStore, passkey_id: UUID
) -> Response:
    """Take a passkey away: lost, sold, or not mine."""
    now = request.app.state.services.now()
    renewed = await passkeys.remove(store, passkey_id, session.session_token, now)
    answer = RedirectResponse("/my-account?note=passkey-removed#passkeys", 303)
    carry_session(request, answer, renewed.token)
    return answer
