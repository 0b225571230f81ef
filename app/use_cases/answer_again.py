"""Answer again: a sender who asks the same again is told what was told the first time.

A feed whose connection broke does not know whether its message was taken. It sends the message
again under the same key; nothing is done twice.
"""

import hashlib

from app.domain.access import Permission
from app.errors import Problem, Unprocessable
from app.store import audit, kept_answers
from app.store.kept_answers import KeptAnswer
from app.store.transaction import Store

__all__ = ["KeptAnswer", "KeyUsedOtherwise", "find_kept_answer", "keep_answer"]


class KeyUsedOtherwise(Unprocessable):
    """Under this key something else was sent before; choose a new key for new content."""

    code = "key-used-otherwise"


def _digest(key: str) -> str:
    """A key may be anything that a sender thought of: what is kept tells nothing of it."""
    return hashlib.sha256(key.encode()).hexdigest()


async def find_kept_answer(
    store: Store, key: str, content_digest: str, where: str
) -> KeptAnswer | None:
    """The first answer, if this client was given one; of two at once the second waits here.

    Raises KeyUsedOtherwise where the key stood for other content.
    """
    store.actor.require(Permission.RECEIVE_RESOURCES)
    await kept_answers.take_turn(store, _digest(key))
    found = await kept_answers.find_answer(store, _digest(key))
    if found is None:
        return None
    if found.content_digest != content_digest:
        raise KeyUsedOtherwise(problems=[Problem(where, "was used for another content.")])
    await audit.record(store, "message.answer-again", detail={"status": found.status})
    return found


async def keep_answer(store: Store, key: str, answer: KeptAnswer) -> None:
    """Keep what is answered now, within the transaction that it tells of."""
    store.actor.require(Permission.RECEIVE_RESOURCES)
    await audit.record(store, "message.keep-answer", detail={"status": answer.status})
    await kept_answers.save_answer(store, _digest(key), answer)
