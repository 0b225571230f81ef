"""Cases by number: the same number is the same request on every machine and in every run."""

import random
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.fuzz.mutating import mutated
from tests.fuzz.seeds import seeds

BASE = "https://registry.example/fhir"


@dataclass(frozen=True, slots=True)
class Case:
    """One request."""

    number: int
    method: str
    path: str
    body: bytes

    @property
    def words(self) -> str:
        """For a failure: ``case(4711)`` makes it again."""
        return f"case({self.number}): {self.method} /{self.path} {self.body[:2000]!r}"


@cache
def _kinds() -> tuple[tuple[str, dict[str, Any]], ...]:
    return tuple((str(one["resourceType"]), one) for one in seeds())


def case(number: int) -> Case:
    """The request of this number: a mutated seed, posted or put where its seed belongs."""
    dice = random.Random(number)
    kind, seed = dice.choice(_kinds())
    if kind == "Bundle":
        return Case(number, "POST", "", mutated(dice, seed))
    if dice.random() < 0.7:
        return Case(number, "POST", kind, mutated(dice, seed))
    name = dice.choice(("p1", "r1", "r2", "odd.id-1", "x" * 65))
    return Case(number, "PUT", f"{kind}/{name}", mutated(dice, {**seed, "id": name}))
