"""The cookie that a session is held by, and what is told of the browser that holds it."""

import re

from fastapi import Request, Response

from app.auth.secrets import new_token
from app.auth.sessions import Browser

SESSION, HALF, DEVICE = "stepwell_session", "stepwell_half", "stepwell_device"
DEVICE_DAYS = 365
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrom", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def cookie_name(request: Request) -> str:
    """Of the session's cookie."""
    return _name(request, SESSION)


def _name(request: Request, kind: str) -> str:
    """Over https the name binds the cookie to this host alone (``__Host-``, RFC 6265bis 4.1.3)."""
    return f"__Host-{kind}" if request.app.state.services.settings.https else kind


def session_token(request: Request) -> str:
    """The token that the browser carries, or nothing."""
    return request.cookies.get(cookie_name(request), "")


def carry_session(request: Request, answer: Response, token: str) -> None:
    """Hand the browser a session: kept from scripts, from other sites' forms, until it closes."""
    _carry(request, answer, SESSION, token)
    remember_device(request, answer)


def carry_half(request: Request, answer: Response, token: str) -> None:
    """Hand the browser a half sign-in, in a cookie of its own: it is no session."""
    _carry(request, answer, HALF, token, 600)


def half_token(request: Request) -> str:
    """The half sign-in that the browser carries, or nothing."""
    return request.cookies.get(_name(request, HALF), "")


def drop_half(request: Request, answer: Response) -> None:
    """Take the half sign-in away."""
    _drop(request, answer, HALF)


def remember_device(request: Request, answer: Response) -> None:
    """Hand the browser the mark that `browser_of` told of it."""
    _carry(request, answer, DEVICE, _mark(request), DEVICE_DAYS * 24 * 3600)


def _carry(
    request: Request, answer: Response, kind: str, value: str, seconds: int | None = None
) -> None:
    answer.set_cookie(
        _name(request, kind),
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=request.app.state.services.settings.https,
        path="/",
    )


def _drop(request: Request, answer: Response, kind: str) -> None:
    secure = request.app.state.services.settings.https
    answer.delete_cookie(
        _name(request, kind), path="/", secure=secure, httponly=True, samesite="lax"
    )


def _mark(request: Request) -> str:
    """The browser's mark: the one it carries, or a new one, the same throughout a request."""
    carried = request.cookies.get(_name(request, DEVICE), "")
    if re.fullmatch(r"[A-Za-z0-9_-]{43}", carried):
        return carried
    if not hasattr(request.state, "device_mark"):
        request.state.device_mark = new_token()
    return str(request.state.device_mark)


def drop_session(request: Request, answer: Response) -> None:
    """Take the session's cookie away."""
    _drop(request, answer, SESSION)


def browser_of(request: Request) -> Browser:
    """What the owner of a session will know it by."""
    address = request.client.host if request.client else "unknown"
    return Browser(device_words(request.headers.get("user-agent", "")), address, _mark(request))


def device_words(agent: str) -> str:
    """ "Firefox on Windows", from what a browser says of itself: for its owner, never a proof."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or _plain(agent) or "An unknown browser"


def _plain(agent: str) -> str:
    """The first word of an agent that is none of these, such as a script's."""
    found = re.match(r"[A-Za-z][A-Za-z0-9 ._-]{1,30}", agent)
    return found[0].strip() if found else ""
