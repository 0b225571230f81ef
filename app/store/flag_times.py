"""How long flags waited, counted in the database: one row per kind, however many flags."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from app.domain.flag_times import FlagTimes
from app.store.tables import flags
from app.store.transaction import Store


async def measure(store: Store, since: datetime) -> list[FlagTimes]:
    """The flags that opened since then and that a person answered or that wait, by kind."""
    by_person = flags.c.closed_by_id.is_not(None)
    answer = _minutes(flags.c.acknowledged_at - flags.c.opened_at)
    resolve = _minutes(flags.c.closed_at - flags.c.opened_at)
    until = case((by_person, flags.c.closed_at), else_=store.now)
    median = func.percentile_cont(0.5).within_group
    found = await store.connection.execute(
        select(
            flags.c.kind,
            func.count(),
            func.count().filter(flags.c.state != "closed"),
            func.count(flags.c.acknowledged_at),
            func.count().filter(by_person),
            func.count().filter(by_person | (flags.c.due_at < store.now)),
            func.count().filter(by_person, flags.c.closed_at <= flags.c.due_at),
            func.percentile_cont(0.5).within_group(answer),
            median(resolve).filter(by_person),
            func.max(_minutes(until - flags.c.opened_at)),
        )
        .where(flags.c.org_id == store.org_id, flags.c.opened_at >= since)
        .where((flags.c.state != "closed") | by_person)
        .group_by(flags.c.kind)
    )
    return [FlagTimes(*tuple(row)) for row in found.all()]


def _minutes(interval: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.extract("epoch", interval) / 60
