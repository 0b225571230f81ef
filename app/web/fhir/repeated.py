"""By what a message is known again: a key that its sender chose, and what it said."""

import hashlib
from typing import NamedTuple

import simplejson

from app.errors import Malformed, Problem
from app.web.fhir.messages import Incoming, Message

HEADER = "idempotency-key"
LONGEST = 255


class Key(NamedTuple):
    """A message as its sender numbers it."""

    name: str
    content_digest: str
    where: str


def key_of(incoming: Incoming, message: Message) -> Key | None:
    """The Idempotency-Key, else a transaction's Bundle.identifier; None where there is neither.

    A message that an operator sends anew is never a repetition: it was mended, or the first was
    kept in part.
    """
    if incoming.replay_of is not None:
        return None
    told = incoming.headers.get(HEADER)
    if told is not None:
        if not 0 < len(told.strip()) <= LONGEST:
            words = f"Send 1 to {LONGEST} characters."
            raise Malformed("The key cannot be read.", [Problem("Idempotency-Key", words)])
        return Key(f"key {told.strip()}", _digest(incoming, message), "Idempotency-Key")
    if message.identifier is not None:
        name = f"bundle {message.identifier}"
        return Key(name, _digest(incoming, message), "Bundle.identifier")
    return None


def _digest(incoming: Incoming, message: Message) -> str:
    """The same for the same content, however its JSON is spaced or ordered."""
    said = simplejson.dumps(message.said, use_decimal=True, sort_keys=True)
    asked = f"{incoming.method} {incoming.path}?{incoming.query}\n{said}"
    return hashlib.sha256(asked.encode()).hexdigest()
