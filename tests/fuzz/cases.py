"""Cases by number: the same number is the same request on every machine and in every run."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from app.domain.actor import client
from app.domain.scopes import EVERY_SCOPE
from app.web.fhir.messages import Incoming, Message, read_message
from tests.fuzz.mutating import mutated
from tests.fuzz.seeds import MERGE, PATCHES, seeds

BASE = "https://registry.example/fhir"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
SENDER = client(UUID(int=1), UUID(int=2), "EHR", EVERY_SCOPE, "America/New_York")


@dataclass(frozen=True, slots=True)
class Case:
    """One request."""

    number: int
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"content-type": "application/fhir+json"}
    )

    @property
    def words(self) -> str:
        """For a failure: ``case(4711)`` makes it again."""
        return f"case({self.number}): {self.method} /{self.path} {self.body[:2000]!r}"


@cache
def _kinds() -> tuple[tuple[str, dict[str, Any]], ...]:
    return tuple((str(one["resourceType"]), one) for one in seeds())


def case(number: int) -> Case:
    """The request of this number: a mutated seed, sent where its seed belongs."""
    dice = random.Random(number)
    if dice.random() < 0.08:
        return _patch(number, dice)
    kind, seed = dice.choice(_kinds())
    if kind == "Bundle":
        return Case(number, "POST", "", mutated(dice, seed))
    if dice.random() < 0.7:
        return Case(number, "POST", kind, mutated(dice, seed))
    name = dice.choice(("p1", "r1", "r2", "odd.id-1", "x" * 65))
    return Case(number, "PUT", f"{kind}/{name}", mutated(dice, {**seed, "id": name}))


def _patch(number: int, dice: random.Random) -> Case:
    """Of a patient who is known: a JSON Patch or a merge patch."""
    merge = dice.random() < 0.3
    kind = "application/merge-patch+json" if merge else "application/json-patch+json"
    body = mutated(dice, MERGE if merge else dice.choice(PATCHES))
    return Case(number, "PATCH", "Patient/p1", body, {"content-type": kind})


def read(one: Case) -> Message:
    """As the face reads it; raises RegistryError."""
    return read_message(Incoming(one.method, one.path, one.headers, one.body, BASE), SENDER, NOW)
