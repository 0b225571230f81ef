"""Say who is to be screened, for the whole organization or one clinic."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from app.domain.access import Permission
from app.domain.catalogue import INSTRUMENTS
from app.domain.screening_rule import ScreeningRule, Topic, check_rule, choices_for, rule_for
from app.errors import NotFound, VersionConflict
from app.store import audit, rosters, screening_rules
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class RuleToEdit:
    """One topic's rule as it holds in the place that is looked at."""

    rule: ScreeningRule
    choices: Mapping[str, str]
    """The forms that can be chosen: id to title."""
    inherited: bool
    """Not made for this clinic: the organization's, or the shipped one."""


@dataclass(frozen=True, slots=True)
class RulesToEdit:
    """Every topic's rule in one place."""

    clinic_id: UUID | None
    """None: the whole organization."""
    clinics: list[tuple[UUID, str]]
    rules: list[RuleToEdit]


async def view_screening_rules(store: Store, clinic_id: UUID | None) -> RulesToEdit:
    """The rules in force for a clinic, or for every clinic that has none of its own."""
    store.actor.require(Permission.SET_SCREENING_RULE)
    clinics = await rosters.list_clinics(store)
    _check_clinic(clinic_id, clinics)
    kept = await screening_rules.list_rules(store)
    rules = [_to_edit(rule_for(kept, topic, clinic_id), clinic_id) for topic in Topic]
    return RulesToEdit(clinic_id, clinics, rules)


def _check_clinic(clinic_id: UUID | None, clinics: list[tuple[UUID, str]]) -> None:
    if clinic_id is not None and clinic_id not in {known for known, _ in clinics}:
        raise NotFound("There is no such clinic.")


def _to_edit(rule: ScreeningRule, clinic_id: UUID | None) -> RuleToEdit:
    choices = {name: INSTRUMENTS[name].short_title for name in choices_for(rule.topic)}
    inherited = rule.version == 0 or rule.clinic_id != clinic_id
    return RuleToEdit(rule, choices, inherited)


async def set_screening_rule(store: Store, rule: ScreeningRule, seen_version: int) -> None:
    """Keep a rule as the next version of its place and topic.

    `seen_version` is the version of that place that the change was made from; 0 where it
    had none of its own. The same content again makes no version.
    """
    store.actor.require(Permission.SET_SCREENING_RULE)
    check_rule(rule)
    _check_clinic(rule.clinic_id, await rosters.list_clinics(store))
    held = rule_for(await screening_rules.list_rules(store), rule.topic, rule.clinic_id)
    own_version = held.version if held.clinic_id == rule.clinic_id else 0
    if held == replace(rule, version=held.version):
        return
    if own_version != seen_version:
        raise VersionConflict()
    await screening_rules.add_version(store, replace(rule, version=own_version + 1))
    await audit.record(
        store,
        "screening-rule.set",
        subject=f"clinics/{rule.clinic_id}" if rule.clinic_id else "organization",
        detail={
            "topic": rule.topic.value,
            "version": own_version + 1,
            "instruments": " ".join(rule.instruments),
            "from_age": rule.from_age,
            "to_age": rule.to_age or "",
            "every_days": rule.every_days,
            "active": rule.active,
        },
    )
