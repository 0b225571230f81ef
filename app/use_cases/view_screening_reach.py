"""See how far universal screening reached, clinic by clinic, and who is due."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from app.domain.access import Permission
from app.domain.encounter import is_planned_visit, is_visit
from app.domain.screening_reach import is_due
from app.domain.screening_rule import Topic, rule_for
from app.domain.second_stage import SECOND_STAGES
from app.errors import NotFound
from app.store import audit, rosters, screening_rules, visibility, visits
from app.store.transaction import Store
from app.store.visits import Expected, MonthOfVisits
from app.use_cases.counting_reach import (
    ReachFacts,
    ReachRow,
    by_clinic,
    by_months,
    in_all,
    last_visits,
    month_end,
)

MONTHS = 12
EXPECTED_DAYS = 90
"""How far ahead planned visits are looked at (ours)."""
SHOWN = 200
NOT_TOLD = "Clinic not told"


@dataclass(frozen=True, slots=True)
class DueRow:
    """Somebody to be screened at the next visit."""

    patient_id: UUID
    name: str
    birth_on: date
    clinic: str
    last_visit_on: date | None
    next_visit_on: date | None
    instruments: tuple[str, ...] = ()
    """The forms that the clinic's rule takes."""


@dataclass(frozen=True, slots=True)
class DueList:
    """Those with a visit planned first, then those seen last."""

    rows: list[DueRow]
    matching: int


@dataclass(frozen=True, slots=True)
class ReachWanted:
    """What to look at: twelve months that end with the one of this day."""

    topic: Topic
    clinic_id: UUID | None
    until: date
    small_cells_below: int


@dataclass(frozen=True, slots=True)
class ScreeningReach:
    """The whole page."""

    wanted: ReachWanted
    start: date
    end: date
    clinics: list[tuple[UUID, str]]
    rows: list[ReachRow]
    total: ReachRow
    months: list[ReachRow]
    hides_small: bool
    due: DueList | None
    """None for those who see no charts, and for a period that is over."""
    today: date


async def view_screening_reach(store: Store, wanted: ReachWanted, today: date) -> ScreeningReach:
    """Counts for whoever answers for screening, names for those who see charts; audited."""
    store.actor.require(Permission.VIEW_SCREENING_REACH)
    start, end = _period(wanted.until, today)
    facts = await _load(store, wanted.topic, start, end)
    if wanted.clinic_id is not None and wanted.clinic_id not in facts.clinics:
        raise NotFound("There is no such clinic.")
    sees_charts = store.actor.may(Permission.VIEW_PATIENT)
    below = smallest_shown(store, wanted.small_cells_below)
    due = (
        await _due(store, facts, wanted.clinic_id, today) if sees_charts and end == today else None
    )
    await audit.record(
        store,
        "screening-reach.view",
        shown=[row.patient_id for row in due.rows] if due else None,
        detail={"topic": wanted.topic.value},
    )
    return ScreeningReach(
        wanted=wanted,
        start=start,
        end=end,
        clinics=[(key, name) for key, name in facts.clinics.items() if key is not None],
        rows=by_clinic(facts, end, below),
        total=in_all(facts, end, below),
        months=by_months(facts, wanted.clinic_id, end, below),
        hides_small=below > 1,
        due=due,
        today=today,
    )


def smallest_shown(store: Store, below: int) -> int:
    """1 hides nothing: for those who read the charts of everybody counted anyway."""
    sees_all = store.sight.everyone and store.sight.charts_of is None
    return 1 if sees_all and store.actor.may(Permission.VIEW_PATIENT) else below


def _period(until: date, today: date) -> tuple[date, date]:
    """Twelve whole months, the last one as far as it has come."""
    start = until.replace(day=1)
    for _ in range(MONTHS - 1):
        start = (start - timedelta(days=1)).replace(day=1)
    return start, min(month_end(until), today)


async def _load(store: Store, topic: Topic, start: date, end: date) -> ReachFacts:
    rules = await screening_rules.list_rules(store)
    clinics: dict[UUID | None, str] = dict(await rosters.list_clinics(store))
    found = await visits.list_months(store, start, end)
    if any(visit.clinic_id is None for visit in found):
        clinics[None] = NOT_TOLD
    mine = {clinic_id: rule_for(rules, topic, clinic_id) for clinic_id in (*clinics, None)}
    forms = {name for rule in mine.values() for name in rule.instruments}
    for stage in SECOND_STAGES:
        forms |= {stage.asks_for, *stage.also_answered_by} if stage.first in forms else set()
    longest = max(rule.every_days for rule in mine.values())
    since = start - timedelta(days=longest + max(one.before_days for one in SECOND_STAGES))
    scored = await visits.list_scored(store, sorted(forms), since, start)
    return ReachFacts(mine, clinics, found, scored)


async def list_due(store: Store, topic: Topic, today: date) -> DueList:
    """Whom to screen next, whatever clinic; for use within other views, which audit it."""
    start, end = _period(today, today)
    return await _due(store, await _load(store, topic, start, end), None, today)


async def _due(store: Store, facts: ReachFacts, clinic_id: UUID | None, today: date) -> DueList:
    """Whom to screen at the next visit: those expected first, then those seen last."""
    until = today + timedelta(days=EXPECTED_DAYS)
    expected: dict[UUID, Expected] = {}
    for one in await visits.list_expected(store, today, until):
        if is_visit(one.status, one.class_code) or is_planned_visit(one.status, one.class_code):
            expected.setdefault(one.patient_id, one)
    last = last_visits(visit for visit in facts.visits if not visit.deceased)
    there = await visibility.those_seen(store, {**expected, **last})
    found = [
        row
        for patient_id in there
        if (row := _due_row(facts, expected.get(patient_id), last.get(patient_id), today))
        and clinic_id in (None, row[0])
    ]
    found.sort(key=lambda row: _order(row[1]))
    shown = [row for _, row in found[:SHOWN]]
    names = await visits.list_names(store, [row.patient_id for row in shown])
    named = [replace(row, name=names.get(row.patient_id, "")) for row in shown]
    return DueList(named, len(found))


def _due_row(
    facts: ReachFacts, expected: Expected | None, last: MonthOfVisits | None, today: date
) -> tuple[UUID | None, DueRow] | None:
    visit = expected or last
    assert visit is not None  # one of the two is why somebody is looked at
    on = expected.on if expected else today
    if visit.birth_on is None:
        return None
    if not is_due(facts.rules[visit.clinic_id], facts.visitor(visit), on):
        return None
    row = DueRow(
        patient_id=visit.patient_id,
        name="",
        birth_on=visit.birth_on,
        clinic=facts.clinics.get(visit.clinic_id, NOT_TOLD),
        last_visit_on=last.last_visit_on if last else None,
        next_visit_on=expected.on if expected else None,
        instruments=tuple(facts.rules[visit.clinic_id].instruments),
    )
    return visit.clinic_id, row


def _order(row: DueRow) -> tuple[date, int, str]:
    last = row.last_visit_on or date.min
    return row.next_visit_on or date.max, -last.toordinal(), str(row.patient_id)
