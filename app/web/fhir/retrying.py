"""Try a transaction again where the database gave up on it for reasons that pass."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")

ATTEMPTS = 3
PAUSE_SECONDS = 0.05

_PASSING = frozenset(
    {
        "40P01",  # deadlock detected: another one went first
        "40001",  # serialization failure
        "23505",  # the same record was made at the same moment; the next try finds it
    }
)


async def attempt(work: Callable[[], Awaitable[Result]]) -> Result:
    """The result of the work, tried up to three times from its beginning."""
    for tried in range(1, ATTEMPTS):
        try:
            return await work()
        except Exception as error:
            if _sqlstate(error) not in _PASSING:
                raise
            await asyncio.sleep(PAUSE_SECONDS * tried)
    return await work()


def _sqlstate(error: BaseException) -> str | None:
    """The database's own code for an error, however it is wrapped."""
    seen: BaseException | None = error
    while seen is not None:
        code = getattr(seen, "sqlstate", None)
        if isinstance(code, str):
            return code
        seen = getattr(seen, "orig", None) or seen.__cause__
    return None
