"""How a test ends an episode: through the page that asks what is still open."""

import re
from typing import Any

from httpx import Response

from tests.web.site import Visitor


async def carried_by(visitor: Visitor, path: str, where: str) -> dict[str, str]:
    """What a form on a page carries unseen."""
    form = (await visitor.get(path)).text.split(f'action="{where}"')[1].split("</form>")[0]
    return dict(
        re.findall(r'type="hidden" name="(request_key|(?:plan_)?version)" value="([^"]*)"', form)
    )


def ending(page: str) -> str:
    """Where a patient's page links to for a discharge."""
    return re.findall(r'href="(/patients/[^"]*/discharge/[^"]*)"', page)[0]


async def discharge(visitor: Visitor, page: str, **fields: Any) -> Response:
    """End the episode on a patient's page."""
    where = ending(page)
    return await visitor.post(where, **await carried_by(visitor, where, where) | fields)
