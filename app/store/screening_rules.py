"""Screening rules: every version is kept, the newest is in force."""

from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import IntegrityError

from app.domain.screening_rule import ScreeningRule, Topic
from app.errors import VersionConflict
from app.store.tables import screening_rules
from app.store.transaction import Store

_KEPT = screening_rules.c


async def list_rules(store: Store) -> list[ScreeningRule]:
    """The newest version of each rule that this organization made."""
    found = await store.connection.execute(
        select(
            _KEPT.topic,
            _KEPT.instruments,
            _KEPT.from_age,
            _KEPT.to_age,
            _KEPT.every_days,
            _KEPT.active,
            _KEPT.clinic_id,
            _KEPT.version,
        )
        .ext(distinct_on(_KEPT.rule_id))
        .where(_KEPT.org_id == store.org_id)
        .order_by(_KEPT.rule_id, _KEPT.version.desc())
    )
    return [
        ScreeningRule(Topic(row.topic), tuple(row.instruments), *row[2:]) for row in found.all()
    ]


async def add_version(store: Store, rule: ScreeningRule) -> None:
    """Keep a rule as the version after the one it was made from.

    Raises VersionConflict where somebody else did so first.
    """
    try:
        async with store.connection.begin_nested():
            await store.connection.execute(
                screening_rules.insert().values(
                    org_id=store.org_id,
                    rule_id=_rule_id(store, rule),
                    version=rule.version,
                    clinic_id=rule.clinic_id,
                    topic=rule.topic.value,
                    instruments=list(rule.instruments),
                    from_age=rule.from_age,
                    to_age=rule.to_age,
                    every_days=rule.every_days,
                    active=rule.active,
                    changed_at=store.now,
                    changed_by_id=store.actor.staff_id,
                )
            )
    except IntegrityError:
        raise VersionConflict(
            "Somebody else changed this rule while you had it open. Nothing was saved; "
            "look at it again and repeat your change."
        ) from None


def _rule_id(store: Store, rule: ScreeningRule) -> UUID:
    """The same for the same clinic and topic, so that two versions cannot be the same one."""
    return uuid5(rule.clinic_id or store.org_id, rule.topic.value)
