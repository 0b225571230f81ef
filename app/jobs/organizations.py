"""Doing something for one organization after the other."""

import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

from app.store.engine import CANNOT_REACH
from app.store.organizations import list_organizations
from app.store.transaction import Database

log = logging.getLogger("stepwell.jobs")


async def in_each(database: Database, what: str, act: Callable[[UUID], Awaitable[int]]) -> int:
    """What the act counts, over all of them; one's trouble never silences the others.

    A database that is away is everybody's trouble, and is raised.
    """
    done = 0
    async with database.directory() as connection:
        found = await list_organizations(connection)
    for org_id in found:
        try:
            done += await act(org_id)
        except CANNOT_REACH:
            raise
        except Exception as error:
            log.error("%s failed in %s: %s", what, org_id, type(error).__name__)
    return done
