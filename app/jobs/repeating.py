"""Doing something at a rhythm, for as long as the process serves."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from app.store.engine import CANNOT_REACH

log = logging.getLogger("stepwell.jobs")


async def repeat(name: str, seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    """Act until cancelled. Neither a database that is away nor a bug ends it: it is tried again.

    A bug is logged by its kind alone: what it says may hold a patient's values.
    """
    while True:
        try:
            await act()
        except CANNOT_REACH:
            log.warning("%s could not reach the database; it is tried again", name)
        except Exception as error:
            log.error("%s failed: %s; it is tried again", name, type(error).__name__)
        await asyncio.sleep(seconds)
