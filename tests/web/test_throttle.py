"""Counting and forgiving at the same time: they wait, never for each other."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from app.auth import throttle
from app.auth.secrets import digest
from tests.web.site import Site


async def test_attempts_that_are_counted_and_taken_back_at_once_all_end(site: Site) -> None:
    database, now = site.services.database, site.services.now()
    for last_first in (True, False):
        buckets = _of_somebody(last_first)
        for _ in range(10):
            later = now + timedelta(days=2)  # none is blocked by those before
            now = later
            acts = [throttle.count_attempt(database, buckets, later) for _ in range(3)]
            acts += [throttle.forgive(database, buckets) for _ in range(3)]
            await asyncio.gather(*acts)


def _of_somebody(last_first: bool) -> list[throttle.Bucket]:
    """Whose rows are taken in the order in which they are named, or in the opposite one."""
    while True:
        buckets = throttle.for_code(str(uuid4()), "192.0.2.1", "")
        hashes = [digest(one.subject) for one in buckets]
        if (hashes[0] > hashes[1]) is last_first:
            return buckets
