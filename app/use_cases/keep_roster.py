"""Keep the duty roster: who is away and who stands in, who is on call, when clinics are closed."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.access import Permission
from app.domain.duty_roster import (
    LOOK_AHEAD_DAYS,
    Absence,
    DutyRoster,
    RosterNotFit,
    check_absence,
    gaps,
    plan_shifts,
)
from app.errors import Problem
from app.store import audit, duty, rosters
from app.store.duty import KeptAbsence, KeptShift
from app.store.rosters import StaffName
from app.store.transaction import Store

FARTHEST = timedelta(days=2 * 366)
"""How far ahead anything is entered (ours)."""


@dataclass(frozen=True, slots=True)
class DutyBoard:
    """Who is there, as the page shows it."""

    names: dict[UUID, str]
    everybody: list[StaffName]
    on_call_now: list[str]
    shifts: list[KeptShift]
    absences: list[KeptAbsence]
    gaps: list[tuple[datetime, datetime]]
    """When, in the next days outside opening hours, nobody who can be told is on call."""
    closed_days: list[tuple[date, str]]
    warnings: list[str]
    today: date


async def view_duty(store: Store, today: date) -> DutyBoard:
    """The roster of the coming weeks with its gaps."""
    store.actor.require(Permission.KEEP_ROSTER)
    roster = await duty.load_roster(store)
    hours = await duty.load_hours(store)
    everybody = await rosters.list_answering(store)
    shifts = await duty.list_shifts(store, store.now)
    absences = await duty.list_absences(store, today)
    end = store.now + timedelta(days=LOOK_AHEAD_DAYS)
    return DutyBoard(
        names={UUID(key): person.name for key, person in roster.people.items()},
        everybody=everybody,
        on_call_now=[roster.people[one].name for one in roster.on_call(store.now)],
        shifts=shifts,
        absences=absences,
        gaps=_merged([gap for one in hours.values() for gap in gaps(roster, one, store.now, end)]),
        closed_days=await duty.list_closed_days(store),
        warnings=roster_warnings(roster, store.now),
        today=today,
    )


def _merged(found: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The gaps of several clinics as one list."""
    merged: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(found):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def roster_warnings(roster: DutyRoster, now: datetime) -> list[str]:
    """What keeps flags from reaching somebody, in words; nothing of any patient."""
    warnings = []
    if not roster.safety_contact(None):
        warnings.append("No safety contact of last resort is set.")
    if not roster.intake_id:
        warnings.append(
            "No intake person is named: flags of unenrolled patients go to the on-call."
        )
    for shift in roster.shifts:
        person = roster.people.get(shift.person_id)
        if person and person.unreachable:
            warnings.append(f"{person.unreachable}, and is on the on-call roster.")
    answering = {*roster.care_managers, *roster.consultants, *roster.directors}
    for one in sorted(answering, key=lambda key: roster.people[key].name):
        person = roster.people[one]
        if person.active and not person.email:
            warnings.append(f"{person.name} has no e-mail address.")
    for absence in roster.absences:
        today = now.astimezone(ZoneInfo(roster.time_zone)).date()
        if absence.cover_id is None and absence.until_on >= today:
            person = roster.people.get(absence.person_id)
            warnings.append(f"{person.name if person else 'Somebody'} is away without a cover.")
    return list(dict.fromkeys(warnings))


async def enter_absence(
    store: Store, person_id: UUID, cover_id: UUID | None, from_on: date, until_on: date
) -> None:
    """Somebody is away, and who stands in."""
    store.actor.require(Permission.KEEP_ROSTER)
    roster = await duty.load_roster(store)
    wanted = Absence(str(person_id), str(cover_id) if cover_id else None, from_on, until_on)
    check_absence(wanted, roster.people)
    if until_on > store.now.date() + FARTHEST:
        raise RosterNotFit(problems=[Problem("until", "two years ahead at most")])
    values = {
        "staff_id": person_id,
        "cover_id": cover_id,
        "from_on": from_on,
        "until_on": until_on,
    }
    await duty.add_absence(store, values)
    await audit.record(store, "absence.enter", subject=f"staff/{person_id}")


async def withdraw_absence(store: Store, absence_id: UUID) -> None:
    """Somebody is there after all."""
    store.actor.require(Permission.KEEP_ROSTER)
    whose = await duty.withdraw_absence(store, absence_id)
    await audit.record(store, "absence.withdraw", subject=f"staff/{whose}")


async def enter_shifts(
    store: Store,
    person_id: UUID,
    days: tuple[date, date],
    weekdays: list[int],
    clock: tuple[time, time],
) -> None:
    """Put somebody on call on these weekdays between two days; a shift that stands stays once."""
    store.actor.require(Permission.KEEP_ROSTER)
    if person_id not in {one.staff_id for one in await rosters.list_answering(store)}:
        raise RosterNotFit(problems=[Problem("who", "choose somebody who may answer flags")])
    if days[1] > store.now.date() + FARTHEST:
        raise RosterNotFit(problems=[Problem("until", "two years ahead at most")])
    zone = (await rosters.get_policy(store)).time_zone
    planned = plan_shifts(str(person_id), days, weekdays, clock, zone)
    await duty.add_shifts(store, person_id, [(s.starts_at, s.ends_at) for s in planned])
    await audit.record(
        store, "shifts.enter", subject=f"staff/{person_id}", detail={"shifts": len(planned)}
    )


async def withdraw_shift(store: Store, shift_id: UUID) -> None:
    """Take a shift off the roster."""
    store.actor.require(Permission.KEEP_ROSTER)
    await duty.withdraw_shift(store, shift_id)
    await audit.record(store, "shift.withdraw", subject=f"shifts/{shift_id}")


async def set_closed_day(store: Store, on: date, words: str, *, closed: bool) -> None:
    """Close the clinics on a day, or open them again."""
    store.actor.require(Permission.KEEP_ROSTER)
    await duty.set_closed_day(store, on, words.strip()[:100], closed)
    action = "closed-day.enter" if closed else "closed-day.withdraw"
    await audit.record(store, action, subject=f"days/{on.isoformat()}")
