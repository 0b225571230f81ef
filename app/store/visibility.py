"""Which patients the actor sees, as one condition for every query: `app.domain.visibility` in SQL.

Every statement that lists patients for a member of staff, or loads one by an id that they
named, carries `seen`. What the registry looks at on its own account to judge, to join records
or to tell somebody of a flag carries it not.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import Exists

from app.domain.visibility import AFTERWARDS, CALLED_OFF, RECENT
from app.store.tables import encounters, episodes, escalations, flags, patients, referrals
from app.store.transaction import Store


def seen(store: Store, patient_id: Any, *near: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the actor sees the patient of this column, a record that was not joined.

    `near` are conditions on the row at hand that already say so, tried first.
    """
    sight = store.sight
    if sight.everyone:
        return true()
    ways = []
    if sight.clinics:
        ways.append(_belongs(store, patient_id, sight.clinics))
    if sight.staff_id is not None:
        ways.append(_works_for(store, patient_id))
    if sight.unplaced:
        ways.append(_of_no_clinic(store, patient_id))
    return or_(false(), *near, *ways)


def seen_record(store: Store) -> ColumnElement[bool]:
    """Whether the actor sees the person of a row of `patients`, which may be joined into another.

    This is where charts are opened from: one to whom those of a clinic were opened sees no others.
    """
    sight = store.sight
    joined = patients.c.merged_into_id
    # not coalesce: row-level security holds it for leaky, and then no index is used
    goes_on = case((joined.is_(None), patients.c.patient_id), else_=joined)
    if sight.charts_of is None:
        return seen(store, goes_on)
    return and_(seen(store, goes_on), _belongs(store, goes_on, sight.charts_of))


def in_own_clinic(store: Store) -> ColumnElement[bool]:
    """A row of `episodes` that is open in a clinic of the actor's."""
    return and_(episodes.c.status != "closed", episodes.c.clinic_id.in_(store.sight.clinics))


async def those_seen(store: Store, patient_ids: Iterable[UUID]) -> list[UUID]:
    """Of these patients those whom the actor sees, in the same order."""
    wanted = list(dict.fromkeys(patient_ids))
    if not wanted or (store.sight.everyone and store.sight.charts_of is None):
        return wanted
    named = func.any(bindparam("named", wanted, type_=ARRAY(Uuid)))
    found = await store.connection.execute(
        select(patients.c.patient_id).where(
            patients.c.org_id == store.org_id, patients.c.patient_id == named, seen_record(store)
        )
    )
    there = set(found.scalars().all())
    return [one for one in wanted if one in there]


def _belongs(store: Store, patient_id: Any, mine: frozenset[UUID]) -> ColumnElement[bool]:
    """To one of these clinics: home, treatment or visit."""
    home, stay, visit = (
        _home(store, patient_id),
        _stay(store, patient_id),
        _visit(store, patient_id),
    )
    return or_(
        *(one.where(record.c.clinic_id.in_(mine)) for record, one in home),
        stay.where(_EPISODE.c.clinic_id.in_(mine)),
        visit.where(_VISIT.c.clinic_id.in_(mine)),
    )


def _of_no_clinic(store: Store, patient_id: Any) -> ColumnElement[bool]:
    return and_(
        *(
            not_(one.where(record.c.clinic_id.is_not(None)))
            for record, one in _home(store, patient_id)
        ),
        not_(_stay(store, patient_id)),
        not_(_visit(store, patient_id).where(_VISIT.c.clinic_id.is_not(None))),
    )


_OWN, _JOINED = patients.alias("own_record"), patients.alias("joined_record")
_EPISODE, _VISIT = episodes.alias("stay"), encounters.alias("brought_by")
_FLAG, _REFERRAL = flags.alias("asked_by"), referrals.alias("referred")


def _exists(store: Store, table: Any, *conditions: ColumnElement[bool]) -> Exists:
    """Looked up row by row through an index.

    Without OFFSET 0 Postgres turns it into a hash over the whole table, for one patient too
    (measured at 20,000: 19 ms for one patient, and more with each; so 0.02 ms).
    """
    of_org = table.c.org_id == store.org_id
    found = select(1).select_from(table).where(of_org, *conditions)
    return exists(found.offset(literal_column("0")))


def _home(store: Store, patient_id: Any) -> list[tuple[Any, Exists]]:
    """The person's own record, and those joined into it."""
    return [
        (_OWN, _exists(store, _OWN, _OWN.c.patient_id == patient_id)),
        (_JOINED, _exists(store, _JOINED, _JOINED.c.merged_into_id == patient_id)),
    ]


def _stay(store: Store, patient_id: Any) -> Exists:
    """An episode that is open, or ended not long ago."""
    since = store.now.date() - RECENT
    lasting = or_(_EPISODE.c.ended_on.is_(None), _EPISODE.c.ended_on >= since)
    return _exists(store, _EPISODE, _EPISODE.c.patient_id == patient_id, lasting)


def _visit(store: Store, patient_id: Any) -> Exists:
    """An encounter of the last year, or planned."""
    return _exists(
        store,
        _VISIT,
        _VISIT.c.patient_id == patient_id,
        _VISIT.c.started_on >= store.now.date() - RECENT,
        _VISIT.c.status.not_in(CALLED_OFF),
    )


def _works_for(store: Store, patient_id: Any) -> ColumnElement[bool]:
    """The actor leads or consults on the care now, or is asked about the patient."""
    me = store.sight.staff_id
    leads = or_(_EPISODE.c.care_manager_id == me, _EPISODE.c.consultant_id == me)
    told = _exists(
        store,
        escalations,
        escalations.c.flag_id == _FLAG.c.flag_id,
        escalations.c.staff_id == me,
        escalations.c.told,
    )
    asked = and_(
        _FLAG.c.state != "closed",
        or_(_FLAG.c.owner_id == me, _FLAG.c.acknowledged_by_id == me, told),
    )
    answered = and_(_FLAG.c.closed_by_id == me, _FLAG.c.closed_at >= store.now - AFTERWARDS)
    return or_(
        _exists(
            store,
            _EPISODE,
            _EPISODE.c.patient_id == patient_id,
            _EPISODE.c.ended_on.is_(None),
            leads,
        ),
        _exists(store, _FLAG, _FLAG.c.patient_id == patient_id, or_(asked, answered)),
        _exists(
            store,
            _REFERRAL,
            _REFERRAL.c.patient_id == patient_id,
            _REFERRAL.c.state != "closed",
            _REFERRAL.c.owner_id == me,
        ),
    )
