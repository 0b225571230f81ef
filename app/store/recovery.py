"""Models of expected recovery, and the past courses that they are counted from."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.domain.expected_recovery import OUTCOME_UNTIL_DAY, RecoveryModel
from app.domain.instrument import Instrument
from app.domain.recovery_fitting import PastCourse
from app.domain.recovery_record import METHOD, as_data, from_data
from app.domain.trajectory import Measurement, trajectory
from app.store.grouping import group
from app.store.tables import (
    assessments,
    episode_instruments,
    episodes,
    organizations,
    recovery_models,
)
from app.store.transaction import Store

PIECE = 500
"""How many courses one statement reads, so that memory stays and requests are answered between."""


async def lock_models(store: Store) -> None:
    """One fitting at a time in an organization; readers and other writers do not wait."""
    await store.connection.execute(
        select(organizations.c.org_id)
        .where(organizations.c.org_id == store.org_id)
        .with_for_update(key_share=True)
    )


async def newest_models(store: Store) -> dict[str, RecoveryModel]:
    """Instrument → its newest model that is counted the present way."""
    found = await store.connection.execute(
        select(recovery_models.c.instrument_id, recovery_models.c.content)
        .where(recovery_models.c.org_id == store.org_id, recovery_models.c.method == METHOD)
        .order_by(recovery_models.c.instrument_id, recovery_models.c.version.desc())
        .ext(distinct_on(recovery_models.c.instrument_id))
    )
    return {row.instrument_id: from_data(row.content) for row in found.all()}


async def last_fitted_on(store: Store) -> date | None:
    """The day of the newest model that is counted the present way; None before the first."""
    found: date | None = await store.connection.scalar(
        select(recovery_models.c.fitted_on)
        .where(recovery_models.c.org_id == store.org_id, recovery_models.c.method == METHOD)
        .order_by(recovery_models.c.fitted_on.desc())
        .limit(1)
    )
    return found


async def last_versions(store: Store) -> dict[str, int]:
    """Instrument → the number of its last model, whatever it was counted by."""
    found = await store.connection.execute(
        select(recovery_models.c.instrument_id, func.max(recovery_models.c.version))
        .where(recovery_models.c.org_id == store.org_id)
        .group_by(recovery_models.c.instrument_id)
    )
    return {instrument_id: version for instrument_id, version in found.all()}


async def add_model(store: Store, model: RecoveryModel) -> None:
    await store.connection.execute(
        recovery_models.insert().values(
            org_id=store.org_id,
            instrument_id=model.instrument_id,
            version=model.version,
            fitted_on=model.fitted_on,
            fitted_at=store.now,
            courses=model.courses,
            known=model.known,
            method=METHOD,
            content=as_data(model),
        )
    )


async def past_courses(
    store: Store, instrument: Instrument, today: date, piece: int = PIECE
) -> AsyncIterator[Sequence[PastCourse]]:
    """Courses that began at caseness and long enough ago to know their outcome, in pieces."""
    after: UUID | None = None
    while True:
        rows = await _read_piece(store, instrument, today, after, piece)
        if not rows:
            return
        after = rows[-1].episode_id
        truncated = [row.episode_id for row in rows if row.scores > len(row.points)]
        whole = await _read_whole(store, instrument, truncated)
        yield [_course(row, whole) for row in rows]


async def _read_piece(
    store: Store, instrument: Instrument, today: date, after: UUID | None, piece: int
) -> Sequence[Any]:
    one = episode_instruments.c
    statement = (
        select(
            one.episode_id,
            one.baseline_total,
            one.baseline_on,
            one.points,
            one.count.label("scores"),
            episodes.c.enrolled_on,
        )
        .join(
            episodes,
            (episodes.c.org_id == one.org_id) & (episodes.c.episode_id == one.episode_id),
        )
        .where(one.org_id == store.org_id, one.instrument_id == instrument.id)
        .where(one.baseline_total >= (instrument.caseness or 0))
        .where(episodes.c.enrolled_on < today - timedelta(days=OUTCOME_UNTIL_DAY))
        .order_by(one.episode_id)
        .limit(piece)
    )
    if after is not None:
        statement = statement.where(one.episode_id > after)
    return (await store.connection.execute(statement)).all()


async def _read_whole(
    store: Store, instrument: Instrument, ids: Sequence[UUID]
) -> dict[UUID, list[Any]]:
    """Every score of the courses that have more than their summary keeps."""
    if not ids:
        return {}
    one = assessments.c
    found = await store.connection.execute(
        select(one.episode_id, one.assessment_id, one.total, one.effective_on, one.effective_at)
        .where(one.org_id == store.org_id, one.episode_id.in_(ids))
        .where(one.instrument_id == instrument.id, one.total.is_not(None))
        .where(one.status != "entered-in-error")
    )
    rows: Sequence[Any] = found.all()
    return group(rows, lambda row: row.episode_id)


def _course(row: Any, whole: dict[UUID, list[Any]]) -> PastCourse:
    enrolled_on = row.enrolled_on
    if row.episode_id in whole:
        scores = whole[row.episode_id]
        course = trajectory(
            [
                Measurement(str(s.assessment_id), s.total, s.effective_on, s.effective_at)
                for s in scores
            ],
            enrolled_on,
        )
        points = [((m.on - enrolled_on).days, float(m.total)) for m in course.points]
    else:
        points = [
            ((date.fromisoformat(on) - enrolled_on).days, float(total)) for on, total in row.points
        ]
    baseline_day = (row.baseline_on - enrolled_on).days
    return PastCourse(str(row.episode_id), float(row.baseline_total), baseline_day, points)
