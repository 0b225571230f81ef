"""Read the rulebook: what the registry judges by, and where each rule is from."""

from dataclasses import dataclass

from app.domain.access import Permission
from app.domain.rule import Rule
from app.domain.rulebook import RULES
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Chapter:
    """The rules under one heading."""

    subject: str
    rules: list[Rule]


def read_rules(store: Store) -> list[Chapter]:
    """All rules by subject; nothing of any patient."""
    store.actor.require(Permission.READ_RULES)
    chapters: dict[str, Chapter] = {}
    for rule in RULES:
        chapters.setdefault(rule.subject, Chapter(rule.subject, [])).rules.append(rule)
    return list(chapters.values())
