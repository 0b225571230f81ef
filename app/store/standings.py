"""Where every open episode stands, streamed from the summaries: no history is read."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, select

from app.domain.condition import JUDGED_BY, Condition
from app.domain.episode import EpisodeStatus
from app.domain.standing import Ends, Standing
from app.store.tables import episode_instruments, episodes
from app.store.transaction import Store

TOGETHER = 1000
"""How many episodes are held in memory at once."""


@dataclass(frozen=True, slots=True)
class OpenEpisode:
    """An open episode, what it is judged by now and where it stands."""

    patient_id: UUID
    protocol_id: str
    protocol_version: int
    standing: Standing


async def stream_open_episodes(store: Store) -> AsyncIterator[list[OpenEpisode]]:
    """Every open episode, some at a time, in the order of their patients."""
    statement = _statement(store).execution_options(yield_per=TOGETHER)
    async with store.connection.stream(statement) as found:
        async for rows in found.partitions():
            yield [_episode(row) for row in rows]


def _statement(store: Store) -> Select[Any]:
    chosen = [episodes.c.patient_id, episodes.c.protocol_id, episodes.c.protocol_version]
    chosen += [episodes.c.condition, episodes.c.status, episodes.c.enrolled_on]
    joined: Any = episodes
    for number, instrument_id in enumerate(JUDGED_BY.values()):
        course = episode_instruments.alias(f"course_{number}")
        joined = joined.outerjoin(
            course,
            and_(
                course.c.org_id == store.org_id,
                course.c.episode_id == episodes.c.episode_id,
                course.c.instrument_id == instrument_id,
            ),
        )
        chosen += [course.c.baseline_total, course.c.latest_total, course.c.latest_on]
    return (
        select(*chosen)
        .select_from(joined)
        .where(episodes.c.org_id == store.org_id, episodes.c.status != "closed")
        .order_by(episodes.c.patient_id)
    )


def _episode(row: Row[Any]) -> OpenEpisode:
    totals: Sequence[Any] = row[6:]
    courses: dict[str, Ends] = {}
    for number, instrument_id in enumerate(JUDGED_BY.values()):
        baseline, latest, latest_on = totals[number * 3 : number * 3 + 3]
        if latest is not None:
            courses[instrument_id] = Ends(baseline, latest, latest_on)
    standing = Standing(
        Condition(row.condition), EpisodeStatus(row.status), row.enrolled_on, courses
    )
    return OpenEpisode(row.patient_id, row.protocol_id, row.protocol_version, standing)
