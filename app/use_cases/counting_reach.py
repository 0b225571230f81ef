"""Count how far screening reached, from visits and forms: by clinic, in all and by month.

Pure; nothing is read or written here. People are counted, by their last visit in the period.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from app.domain.screening_reach import Reach, Visitor, reach
from app.domain.screening_rule import ScreeningRule
from app.domain.small_cells import Shown, hide_small, hide_small_of, show_all
from app.store.visits import Expected, MonthOfVisits, ScoredForm


@dataclass(frozen=True, slots=True)
class ReachRow:
    """One clinic, or all of them, or one month."""

    name: str
    month: date | None
    rule: ScreeningRule | None
    """None where the row joins clinics."""
    shown: Shown


@dataclass(frozen=True, slots=True)
class ReachFacts:
    """All that is counted from."""

    rules: Mapping[UUID | None, ScreeningRule]
    """The rule in force in each clinic; None: where no clinic was told."""
    clinics: Mapping[UUID | None, str]
    visits: Sequence[MonthOfVisits]
    scored: Mapping[UUID, Sequence[ScoredForm]]

    def visitor(self, visit: MonthOfVisits | Expected) -> Visitor:
        on = visit.on if isinstance(visit, Expected) else visit.last_visit_on
        scored = self.scored.get(visit.patient_id, ())
        return Visitor(visit.birth_on, visit.sex, on, scored)


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _show(counted: Reach, below: int) -> Shown:
    return hide_small(counted, below) if below > 1 else show_all(counted)


def by_clinic(facts: ReachFacts, end: date, below: int) -> list[ReachRow]:
    """Each clinic that screens for the topic."""
    active = [clinic_id for clinic_id in facts.clinics if facts.rules[clinic_id].active]
    counted = [_of_clinic(facts, clinic_id, facts.visits, end) for clinic_id in active]
    shown = hide_small_of(counted, below) if below > 1 else [show_all(one) for one in counted]
    return [
        ReachRow(facts.clinics[clinic_id], None, facts.rules[clinic_id], one)
        for clinic_id, one in zip(active, shown, strict=True)
    ]


def _of_clinic(
    facts: ReachFacts, clinic_id: UUID | None, visits: Iterable[MonthOfVisits], until: date
) -> Reach:
    """The people of one clinic, by their last visit there."""
    last = last_visits(visit for visit in visits if visit.clinic_id == clinic_id)
    return reach(facts.rules[clinic_id], map(facts.visitor, last.values()), until)


def in_all(facts: ReachFacts, end: date, below: int) -> ReachRow:
    """All clinics together."""
    return ReachRow("All clinics", None, None, _show(_joined(facts, facts.visits, end), below))


def _joined(facts: ReachFacts, visits: Iterable[MonthOfVisits], until: date) -> Reach:
    """The people of all clinics that screen, each once: by the rule of where they were last."""
    people_of: dict[UUID | None, list[Visitor]] = {}
    for visit in last_visits(v for v in visits if facts.rules[v.clinic_id].active).values():
        people_of.setdefault(visit.clinic_id, []).append(facts.visitor(visit))
    counted = (reach(facts.rules[at], people, until) for at, people in people_of.items())
    return sum(counted, Reach())


def last_visits(visits: Iterable[MonthOfVisits]) -> dict[UUID, MonthOfVisits]:
    """Each patient's last; of two clinics on one day always the same one."""
    last: dict[UUID, MonthOfVisits] = {}
    for visit in sorted(visits, key=lambda v: (v.last_visit_on, str(v.clinic_id))):
        last[visit.patient_id] = visit
    return last


def by_months(facts: ReachFacts, clinic_id: UUID | None, end: date, below: int) -> list[ReachRow]:
    """The newest first. What stands beside a clinic is hidden as if all clinics were shown."""
    by_month: dict[date, list[MonthOfVisits]] = {}
    for visit in facts.visits:
        by_month.setdefault(visit.month, []).append(visit)
    rows = []
    for month in sorted(by_month, reverse=True):
        until = min(month_end(month), end)
        narrowed = replace(facts, visits=by_month[month])
        if clinic_id is None:
            shown = _show(_joined(narrowed, narrowed.visits, until), below)
            rows.append(ReachRow("", month, None, shown))
            continue
        name = facts.clinics[clinic_id]
        own = (row for row in by_clinic(narrowed, until, below) if row.name == name)
        rows += [replace(row, month=month) for row in own]
    return rows
