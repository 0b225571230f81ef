"""The page that every way of signing in begins at and comes back to."""

from fastapi import Request, Response

from app.auth.oidc import list_ways
from app.web.pages.rendering import page

LAST_WAY = "stepwell_way"
"""The provider that this browser signed in through last; its button comes first."""


async def sign_in_form(
    request: Request,
    problem: str = "",
    login: str = "",
    status: int = 200,
    after: str = "/",
    note: str = "",
) -> Response:
    """All ways in, with what went wrong on the last of them; a demo names its accounts."""
    services, last = request.app.state.services, request.cookies.get(LAST_WAY, "")
    return page(
        request,
        "sign_in.html",
        status=status,
        problem=problem,
        note=note,
        login=login,
        after=after,
        accounts=services.demo_accounts,
        ways=await list_ways(services.database, last),
        last_way=last,
    )
