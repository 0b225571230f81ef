"""Who is there to answer: people, their absences and covers, and who is on call."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.domain.opening_hours import OpeningHours
from app.errors import Problem, Unprocessable

LOOK_AHEAD_DAYS = 14
"""How far ahead gaps in the roster are shown (ours)."""
MOST_SHIFTS = 200
"""How many shifts one form enters at most."""


class RosterNotFit(Unprocessable):
    """The roster was not changed."""

    code = "roster-not-fit"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be told."""

    person_id: str
    """'' for a safety contact who has no account."""
    name: str
    email: str | None
    active: bool = True
    barred: bool = False
    """Whether what they would be told of is withheld from them."""

    @property
    def unreachable(self) -> str | None:
        """Why this person cannot be told; None where they can."""
        if not self.active:
            return f"{self.name} works here no more"
        if self.barred:
            return f"{self.name} is not of the program whose record it is"
        if not self.email:
            return f"{self.name} has no e-mail address"
        return None


@dataclass(frozen=True, slots=True)
class Absence:
    """Days on which somebody is away, both ends included, and who stands in."""

    person_id: str
    cover_id: str | None
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class Shift:
    """One stretch of being on call."""

    person_id: str
    starts_at: datetime
    ends_at: datetime

    def covers(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at


@dataclass(frozen=True, slots=True)
class DutyRoster:
    """All that says who can answer at a moment."""

    people: Mapping[str, Person]
    time_zone: str
    absences: Sequence[Absence] = ()
    shifts: Sequence[Shift] = ()
    consultants: Sequence[str] = ()
    directors: Sequence[str] = ()
    care_managers: Sequence[str] = ()
    intake_id: str | None = None
    """Who takes what nobody owns, where one was named."""
    safety_contacts: Mapping[str, Person] = field(default_factory=dict)
    """By clinic; '' is the organization's own, for patients of no clinic."""

    def absence_of(self, person_id: str, now: datetime) -> Absence | None:
        """The absence that a person has now, by the organization's calendar."""
        today = now.astimezone(ZoneInfo(self.time_zone)).date()
        for absence in self.absences:
            if absence.person_id == person_id and absence.from_on <= today <= absence.until_on:
                return absence
        return None

    def stand_ins(self, person_id: str, now: datetime) -> Iterator[str]:
        """Who stands in for somebody absent: their cover, the cover's cover; never in a circle."""
        seen = {person_id}
        absence = self.absence_of(person_id, now)
        while absence and absence.cover_id and absence.cover_id not in seen:
            seen.add(absence.cover_id)
            yield absence.cover_id
            absence = self.absence_of(absence.cover_id, now)

    def on_call(self, now: datetime) -> list[str]:
        """Who is on call now, the shift that began last first."""
        held = sorted((s for s in self.shifts if s.covers(now)), key=lambda s: s.starts_at)
        return list(dict.fromkeys(shift.person_id for shift in reversed(held)))

    def safety_contact(self, clinic_id: str | None) -> Person | None:
        """The contact of last resort: the clinic's, else the organization's."""
        return self.safety_contacts.get(clinic_id or "") or self.safety_contacts.get("")


def intake_person(roster: DutyRoster, now: datetime) -> str | None:
    """Who owns what nobody owns: the intake person, who is on call, any care manager or doctor.

    Nobody inactive; None only where an organization has no such staff at all.
    """
    named = [roster.intake_id] if roster.intake_id else []
    away = [*roster.stand_ins(named[0], now)] if named else []
    present = [p for p in named if not roster.absence_of(p, now)]
    others = [*roster.on_call(now), *roster.care_managers, *roster.consultants, *roster.directors]
    for person_id in [*present, *away, *named, *others]:
        person = roster.people.get(person_id)
        if person and person.active:
            return person_id
    return None


def gaps(
    roster: DutyRoster, hours: OpeningHours, begin: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """When, outside opening hours, nobody who can be told is on call."""
    usable = sorted(
        (
            s
            for s in roster.shifts
            if s.person_id in roster.people and not roster.people[s.person_id].unreachable
        ),
        key=lambda s: s.starts_at,
    )
    found = []
    for closed_from, closed_until in hours.closed_spans(begin, end):
        at = closed_from
        for shift in usable:
            if shift.starts_at >= closed_until:
                break
            if shift.starts_at > at:
                found.append((at, shift.starts_at))
            at = max(at, shift.ends_at)
            if at >= closed_until:
                break
        if at < closed_until:
            found.append((at, closed_until))
    return found


def plan_shifts(
    person_id: str,
    days: tuple[date, date],
    weekdays: Iterable[int],
    clock: tuple[time, time],
    time_zone: str,
) -> list[Shift]:
    """A shift on each of these weekdays (0 is Monday) between two days, both included.

    An end not after its beginning is on the next day: 17:00 to 08:00 is a night.
    Raises RosterNotFit.
    """
    (first, last), wanted, zone = days, set(weekdays), ZoneInfo(time_zone)
    if last < first:
        raise RosterNotFit(problems=[Problem("until", "lies before the first day")])
    if (last - first).days > 366:
        raise RosterNotFit(problems=[Problem("until", "a year at most")])
    shifts = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if day.weekday() in wanted:
            ends_on = day if clock[1] > clock[0] else day + timedelta(days=1)
            starts_at = datetime.combine(day, clock[0], zone).astimezone(UTC)
            ends_at = datetime.combine(ends_on, clock[1], zone).astimezone(UTC)
            shifts.append(Shift(person_id, starts_at, ends_at))
    if not shifts:
        raise RosterNotFit(problems=[Problem("weekdays", "none of them falls into these days")])
    if len(shifts) > MOST_SHIFTS:
        raise RosterNotFit(problems=[Problem("until", f"{MOST_SHIFTS} shifts at most at once")])
    return shifts


def check_absence(absence: Absence, people: Mapping[str, Person]) -> None:
    """Raises RosterNotFit where an absence cannot be."""
    problems = []
    if absence.person_id not in people:
        problems.append(Problem("who", "choose from the list"))
    if absence.until_on < absence.from_on:
        problems.append(Problem("until", "lies before the first day"))
    if absence.cover_id == absence.person_id:
        problems.append(Problem("cover", "nobody stands in for themselves"))
    if absence.cover_id is not None:
        cover = people.get(absence.cover_id)
        if cover is None:
            problems.append(Problem("cover", "choose from the list"))
        elif not cover.active:
            problems.append(Problem("cover", cover.unreachable or ""))
    if problems:
        raise RosterNotFit("The absence was not entered.", problems)
