"""Answers given again to a sender who asks the same again, for as long as they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.store.tables import kept_answers
from app.store.transaction import Store

KEPT_FOR = timedelta(days=7)
"""Longer than a feed is down over a long weekend."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered, and to which content."""

    content_digest: str
    status: int
    headers: Mapping[str, str]
    body: bytes


async def take_turn(store: Store, key: str) -> None:
    """Wait until nobody else of this client is being answered under the key."""
    name = f"{store.org_id} {store.actor.client_id} answer {key}"
    await store.connection.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0)))
    )


async def find_answer(store: Store, key: str) -> KeptAnswer | None:
    """What this client was answered under the key, unless that is forgotten."""
    kept = kept_answers.c
    found = await store.connection.execute(
        select(kept.content_digest, kept.http_status, kept.headers, kept.body).where(
            kept.org_id == store.org_id,
            kept.client_id == store.actor.client_id,
            kept.answer_key == key,
            kept.kept_until > func.clock_timestamp(),
        )
    )
    row = found.one_or_none()
    return None if row is None else KeptAnswer(*row)


async def forget_answers(store: Store) -> None:
    """What was given may no longer be given: nobody is answered as before."""
    await store.connection.execute(
        delete(kept_answers).where(kept_answers.c.org_id == store.org_id)
    )


async def save_answer(store: Store, key: str, answer: KeptAnswer) -> None:
    """Keep an answer under the key, and forget this client's that are past their time."""
    await store.connection.execute(
        delete(kept_answers).where(
            kept_answers.c.org_id == store.org_id,
            kept_answers.c.client_id == store.actor.client_id,
            kept_answers.c.kept_until <= store.now,
        )
    )
    values = {
        "content_digest": answer.content_digest,
        "http_status": answer.status,
        "headers": dict(answer.headers),
        "body": answer.body,
        "kept_until": store.now + KEPT_FOR,
    }
    statement = insert(kept_answers).values(
        org_id=store.org_id, client_id=store.actor.client_id, answer_key=key, **values
    )
    await store.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "client_id", "answer_key"], set_=values
        )
    )
