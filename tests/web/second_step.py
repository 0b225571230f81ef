"""A phone with an authenticator app, and an account that has one."""

import re
from datetime import datetime
from typing import Any

import pyotp

from tests.web.site import PASSWORD, Site, Visitor, at


def code_at(secret: str, moment: datetime) -> str:
    """What the phone shows then."""
    return pyotp.TOTP(secret).at(moment)


def clock(visitor: Visitor, site: Site, moment: datetime) -> None:
    """Let this browser's requests be answered at another time."""
    visitor.http._transport.app.state.services = at(site.services, moment)  # type: ignore[attr-defined]


async def enrol(site: Site, visitor: Visitor, moment: datetime) -> tuple[str, list[str]]:
    """Set up an app as a person does; its secret and the codes for paper."""
    begun = await visitor.post("/my-account/authenticator/begin")
    assert begun.status_code == 303, begun.text
    page = (await visitor.get("/my-account/authenticator")).text
    found = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', page)
    assert found, page
    secret = found[1].replace(" ", "")
    clock(visitor, site, moment)
    told = await visitor.post("/my-account/authenticator", code=code_at(secret, moment))
    assert told.status_code == 200, told.text
    codes = re.findall(r"<li><code>([a-z2-9-]{19})</code></li>", told.text)
    assert len(codes) == 10
    renewed = re.search(r'name="csrf" value="([^"]+)"', told.text)
    assert renewed
    visitor.csrf = renewed[1]
    return secret, codes


async def halfway(site: Site, who: str, moment: datetime, **headers: str) -> Visitor:
    """Somebody whose password was right, before the second question."""
    visitor = await site.visit()
    visitor.http.headers.update(headers)
    clock(visitor, site, moment)
    told = await visitor.post("/sign-in", login=site.login(who), password=PASSWORD)
    assert told.headers["location"] == "/sign-in/second-factor", told.text
    return visitor


async def pay(visitor: Visitor, code: str) -> Any:
    return await visitor.post("/sign-in/second-factor", code=code)
