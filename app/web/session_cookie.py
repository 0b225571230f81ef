"""The cookie that a session is held by, and what is told of the browser that holds it."""

import re

from fastapi import Request, Response

from app.auth.sessions import Browser

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
    """Over https the name binds the cookie to this host alone (``__Host-``, RFC 6265bis 4.1.3)."""
    https = request.app.state.services.settings.https
    return "__Host-stepwell_session" if https else "stepwell_session"


def session_token(request: Request) -> str:
    """The token that the browser carries, or nothing."""
    return request.cookies.get(cookie_name(request), "")


def carry_session(request: Request, answer: Response, token: str) -> None:
    """Hand the browser a session: kept from scripts, from other sites' forms, until it closes."""
    secure = request.app.state.services.settings.https
    answer.set_cookie(
        cookie_name(request), token, httponly=True, samesite="lax", secure=secure, path="/"
    )


def drop_session(request: Request, answer: Response) -> None:
    """Take the session's cookie away."""
    secure = request.app.state.services.settings.https
    answer.delete_cookie(
        cookie_name(request), path="/", secure=secure, httponly=True, samesite="lax"
    )


def browser_of(request: Request) -> Browser:
    """What the owner of a session will know it by."""
    address = request.client.host if request.client else "unknown"
    return Browser(device_words(request.headers.get("user-agent", "")), address)


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
