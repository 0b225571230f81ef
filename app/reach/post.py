"""Sending a message by its channel; what a channel is set up with decides whether it can."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.domain.delivery import Attempt, Channel, Letter


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message as it goes out."""

    delivery_id: UUID
    """The same at every attempt: receivers know a message that reaches them twice by it."""
    org_id: UUID
    address: str
    letter: Letter
    urgent: bool
    count: int
    link: str
    recipient_id: UUID | None
    secret_version: int = 1


class Sender(Protocol):
    """Tries once to send a message, within a bounded time."""

    async def send(self, parcel: Parcel, now: datetime) -> Attempt: ...


Post = Mapping[Channel, Sender]
"""The channels that are set up; one that is missing is not."""
