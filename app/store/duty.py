"""Who can answer: the roster as a whole, absences, shifts and how the organization is reached."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.access import Role
from app.domain.duty_roster import Absence, DutyRoster, Person, Shift
from app.domain.opening_hours import OpeningHours, Span, week_as_data, week_from_data
from app.errors import NotFound
from app.store.ids import new_id
from app.store.rosters import get_policy
from app.store.tables import absences, clinics, closed_days, on_call_shifts, reach, staff
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Reach:
    """How an organization is reached."""

    intake_id: UUID | None = None
    safety_contact_name: str | None = None
    safety_contact_email: str | None = None
    webhook_url: str | None = None
    webhook_secret_version: int = 1


@dataclass(frozen=True, slots=True)
class ClinicDuty:
    """A clinic's hours and its contact of last resort."""

    clinic_id: UUID
    name: str
    time_zone: str
    week: tuple[Span | None, ...]
    safety_contact_name: str | None
    safety_contact_email: str | None


@dataclass(frozen=True, slots=True)
class KeptAbsence:
    """An absence as it is kept."""

    absence_id: UUID
    staff_id: UUID
    cover_id: UUID | None
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class KeptShift:
    """A shift as it is kept."""

    shift_id: UUID
    staff_id: UUID
    starts_at: datetime
    ends_at: datetime


async def load_roster(store: Store) -> DutyRoster:
    """Everything that says who can answer now and in the coming weeks."""
    policy = await get_policy(store)
    found = await get_reach(store)
    people, roles = await _people(store)
    here = await list_clinic_duties(store)
    contacts = {
        str(clinic.clinic_id): Person(
            "", clinic.safety_contact_name or clinic.name, clinic.safety_contact_email
        )
        for clinic in here
        if clinic.safety_contact_email
    }
    if found.safety_contact_email:
        name = found.safety_contact_name or "The safety contact"
        contacts[""] = Person("", name, found.safety_contact_email)
    elif contacts:
        contacts[""] = contacts[min(contacts)]
    return DutyRoster(
        people=people,
        time_zone=policy.time_zone,
        absences=[
            Absence(str(a.staff_id), str(a.cover_id) if a.cover_id else None, a.from_on, a.until_on)
            for a in await list_absences(store, store.now.date() - timedelta(days=1))
        ],
        shifts=[
            Shift(str(s.staff_id), s.starts_at, s.ends_at)
            for s in await list_shifts(store, store.now)
        ],
        consultants=_with(roles, Role.PSYCHIATRIST, people),
        directors=_with(roles, Role.DIRECTOR, people),
        care_managers=_with(roles, Role.CARE_MANAGER, people),
        intake_id=str(found.intake_id) if found.intake_id else None,
        safety_contacts=contacts,
    )


async def _people(store: Store) -> tuple[dict[str, Person], dict[str, list[str]]]:
    found = await store.connection.execute(
        select(
            staff.c.staff_id,
            staff.c.display_name,
            staff.c.email,
            staff.c.active,
            staff.c.roles,
        )
        .where(staff.c.org_id == store.org_id)
        .order_by(staff.c.display_name, staff.c.staff_id)
    )
    rows = found.all()
    people = {str(row[0]): Person(str(row[0]), row[1], row[2], row[3]) for row in rows}
    return people, {str(row[0]): list(row[4]) for row in rows}


def _with(roles: dict[str, list[str]], role: Role, people: dict[str, Person]) -> list[str]:
    return [one for one, held in roles.items() if role.value in held and people[one].active]


async def get_reach(store: Store) -> Reach:
    """What was set; nothing where nobody set anything."""
    found = await store.connection.execute(
        select(*[reach.c[name] for name in Reach.__dataclass_fields__]).where(
            reach.c.org_id == store.org_id
        )
    )
    row = found.one_or_none()
    return Reach(*row) if row else Reach()


async def save_reach(store: Store, values: dict[str, Any]) -> None:
    """Change some of it; what is not named stays."""
    given = {"webhook_secret_version": 1} | values | {"updated_at": store.now}
    added = insert(reach).values(org_id=store.org_id, **given)
    await store.connection.execute(
        added.on_conflict_do_update(
            index_elements=["org_id"], set_=values | {"updated_at": store.now}
        )
    )


async def list_clinic_duties(store: Store) -> list[ClinicDuty]:
    found = await store.connection.execute(
        select(
            clinics.c.clinic_id,
            clinics.c.name,
            clinics.c.time_zone,
            clinics.c.hours,
            clinics.c.safety_contact_name,
            clinics.c.safety_contact_email,
        )
        .where(clinics.c.org_id == store.org_id)
        .order_by(clinics.c.name)
    )
    return [
        ClinicDuty(row[0], row[1], row[2], week_from_data(row[3]), row[4], row[5])
        for row in found.all()
    ]


async def load_hours(store: Store) -> dict[str, OpeningHours]:
    """The opening hours by clinic; '' holds office hours in the organization's time zone."""
    closed = frozenset(day for day, _ in await list_closed_days(store))
    zone = (await get_policy(store)).time_zone
    hours = {"": OpeningHours(zone, closed_on=closed)}
    for clinic in await list_clinic_duties(store):
        hours[str(clinic.clinic_id)] = OpeningHours(clinic.time_zone, clinic.week, closed)
    return hours


async def save_clinic_duty(
    store: Store, clinic_id: UUID, week: tuple[Span | None, ...], name: str, email: str | None
) -> None:
    """Set a clinic's hours and its safety contact. Raises NotFound."""
    changed = await store.connection.execute(
        update(clinics)
        .where(clinics.c.org_id == store.org_id, clinics.c.clinic_id == clinic_id)
        .values(
            hours=week_as_data(week),
            safety_contact_name=name or None,
            safety_contact_email=email,
        )
    )
    if changed.rowcount != 1:
        raise NotFound("There is no such clinic.")


async def list_closed_days(store: Store) -> list[tuple[date, str]]:
    """(day, why) of the days on which the clinics are closed, the first first."""
    found = await store.connection.execute(
        select(closed_days.c.on, closed_days.c.words)
        .where(closed_days.c.org_id == store.org_id, closed_days.c.closed)
        .where(closed_days.c.on >= store.now.date() - timedelta(days=1))
        .order_by(closed_days.c.on)
    )
    return [(row[0], row[1]) for row in found.all()]


async def set_closed_day(store: Store, on: date, words: str, closed: bool) -> None:
    """Close the clinics on a day, or take that back."""
    row = insert(closed_days).values(org_id=store.org_id, on=on, words=words, closed=closed)
    await store.connection.execute(
        row.on_conflict_do_update(
            index_elements=["org_id", "on"], set_={"words": words, "closed": closed}
        )
    )


async def list_absences(store: Store, since: date) -> list[KeptAbsence]:
    """Absences that end on this day or later, the first first."""
    found = await store.connection.execute(
        select(*[absences.c[name] for name in KeptAbsence.__dataclass_fields__])
        .where(absences.c.org_id == store.org_id, absences.c.withdrawn_at.is_(None))
        .where(absences.c.until_on >= since)
        .order_by(absences.c.from_on, absences.c.absence_id)
    )
    return [KeptAbsence(*row) for row in found.all()]


async def add_absence(store: Store, values: dict[str, Any]) -> None:
    await store.connection.execute(
        absences.insert().values(
            org_id=store.org_id,
            absence_id=new_id(),
            created_at=store.now,
            created_by_id=store.actor.staff_id,
            **values,
        )
    )


async def withdraw_absence(store: Store, absence_id: UUID) -> UUID:
    """Take an absence back; whose it was. Raises NotFound; twice changes nothing."""
    found = await store.connection.execute(
        update(absences)
        .where(absences.c.org_id == store.org_id, absences.c.absence_id == absence_id)
        .values(withdrawn_at=store.now)
        .returning(absences.c.staff_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such absence.")
    whose: UUID = row[0]
    return whose


async def list_shifts(store: Store, since: datetime) -> list[KeptShift]:
    """Shifts that end later than this, the first first."""
    found = await store.connection.execute(
        select(*[on_call_shifts.c[name] for name in KeptShift.__dataclass_fields__])
        .where(on_call_shifts.c.org_id == store.org_id, on_call_shifts.c.withdrawn_at.is_(None))
        .where(on_call_shifts.c.ends_at > since)
        .order_by(on_call_shifts.c.starts_at, on_call_shifts.c.shift_id)
    )
    return [KeptShift(*row) for row in found.all()]


async def add_shifts(store: Store, staff_id: UUID, spans: list[tuple[datetime, datetime]]) -> None:
    """Put somebody on call; a shift that stands already is not doubled."""
    rows = [
        {
            "org_id": store.org_id,
            "shift_id": new_id(),
            "staff_id": staff_id,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "created_at": store.now,
            "created_by_id": store.actor.staff_id,
        }
        for starts_at, ends_at in spans
    ]
    await store.connection.execute(insert(on_call_shifts).on_conflict_do_nothing(), rows)


async def withdraw_shift(store: Store, shift_id: UUID) -> None:
    """Take a shift off the roster. Raises NotFound; twice changes nothing."""
    changed = await store.connection.execute(
        update(on_call_shifts)
        .where(on_call_shifts.c.org_id == store.org_id, on_call_shifts.c.shift_id == shift_id)
        .values(withdrawn_at=store.now)
    )
    if changed.rowcount != 1:
        raise NotFound("There is no such shift.")
