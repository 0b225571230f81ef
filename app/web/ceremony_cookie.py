"""The cookie that binds a sign-in of several steps to the browser that began it."""

from fastapi import Request, Response

from app.auth.ceremonies import LASTS


def _name(request: Request, kind: str) -> str:
    https = request.app.state.services.settings.https
    return f"{'__Host-' if https else ''}stepwell_{kind}"


def ceremony_token(request: Request, kind: str) -> str:
    """What this browser holds of the sign-in that it began, or nothing."""
    return request.cookies.get(_name(request, kind), "")


def carry_ceremony(request: Request, answer: Response, kind: str, token: str) -> None:
    """Lax, not strict: the browser comes back from the provider's site with it."""
    answer.set_cookie(
        _name(request, kind),
        token,
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.app.state.services.settings.https,
        path="/",
    )


def drop_ceremony(request: Request, answer: Response, kind: str) -> None:
    secure = request.app.state.services.settings.https
    answer.delete_cookie(
        _name(request, kind), path="/", secure=secure, httponly=True, samesite="lax"
    )
