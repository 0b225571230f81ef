"""Which patients a member of staff sees.

A person sees the patients of their clinics and those whose care they have a part in. Whoever
they do not see is to them as one who never was. The rule stands here as a function of facts;
`app.store.visibility` says the same as one condition, which every query carries that lists or
loads patients for a member of staff. What they may do with whom they see, and whether they
read charts at all, the permission table says (`app.domain.access`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from app.domain.access import Permission, Role, may
from app.domain.rule import Rule

RECENT = timedelta(days=365)
"""How long a visit, or an episode that ended, keeps a patient with its clinic (ours)."""
AFTERWARDS = timedelta(days=7)
"""How long one who closed a flag sees its patient still (ours): to see that it went well."""
CALLED_OFF = frozenset({"cancelled", "entered-in-error"})
"""Encounters that bring nobody to a clinic (FHIR R4 EncounterStatus)."""
INTAKE = frozenset({Role.CARE_MANAGER, Role.CLINICIAN, Role.DIRECTOR})
"""Who sees patients of no clinic: those who enrol, and who leads (flags without a name).

A patient whom an EHR sent without a clinic must be somebody's: a positive screen of theirs is
seen by every care manager until they are placed.
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """How far a member of staff sees; as it stands it sees nobody."""

    staff_id: UUID | None = None
    everyone: bool = False
    clinics: frozenset[UUID] = frozenset()
    unplaced: bool = False
    """Patients of no clinic too."""
    charts_of: frozenset[UUID] | None = None
    """None: they read the charts of whom they see, if any; else of these clinics' patients alone,
    since that is what was opened to them."""


EVERYONE = Sight(everyone=True)
"""The registry itself, and an integration client within what its scopes let it do."""
NOBODY = Sight()


@dataclass(frozen=True, slots=True)
class Posting:
    """Where a member of staff works, as administrators set it."""

    staff_id: UUID
    roles: frozenset[Role]
    active: bool
    every_clinic: bool
    clinics: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class OpenedCharts:
    """A standing grant of charts: of one clinic's patients, or of everybody (no clinic)."""

    clinic_id: UUID | None


def sight_of(posting: Posting, clinics_open: bool, opened: Iterable[OpenedCharts] = ()) -> Sight:
    """How far somebody sees: `clinics_open` says that everybody here sees every clinic."""
    if not posting.active:
        return NOBODY
    granted = {grant.clinic_id for grant in opened}
    narrow = granted and None not in granted and not may(posting.roles, Permission.VIEW_PATIENT)
    return Sight(
        staff_id=posting.staff_id,
        everyone=clinics_open or posting.every_clinic or None in granted,
        clinics=posting.clinics | {clinic for clinic in granted if clinic is not None},
        unplaced=not INTAKE.isdisjoint(posting.roles),
        charts_of=frozenset(clinic for clinic in granted if clinic) if narrow else None,
    )


@dataclass(frozen=True, slots=True)
class CareEpisode:
    """Of an episode what says who sees its patient."""

    clinic_id: UUID
    ended_on: date | None = None
    care_manager_id: UUID | None = None
    consultant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClinicVisit:
    """Of an encounter the same; planned ones count, those called off or wrong do not."""

    clinic_id: UUID | None
    on: date | None
    status: str = "finished"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a person is cared for, over all records that were joined."""

    homes: frozenset[UUID] = frozenset()
    """The clinics that their records name as theirs."""
    episodes: tuple[CareEpisode, ...] = ()
    visits: tuple[ClinicVisit, ...] = ()
    asked: frozenset[UUID] = frozenset()
    """Staff who own, took or were told of an open flag, closed one in the last days
    (`AFTERWARDS`), or own an open referral."""


def clinics_of(person: Whereabouts, today: date) -> frozenset[UUID]:
    """The clinics that a patient belongs to."""
    since = today - RECENT
    treated = {e.clinic_id for e in person.episodes if e.ended_on is None or e.ended_on >= since}
    visits = (v for v in person.visits if v.on and v.on >= since and v.status not in CALLED_OFF)
    visited = {visit.clinic_id for visit in visits if visit.clinic_id}
    return person.homes | treated | visited


def assigned_to(person: Whereabouts) -> frozenset[UUID]:
    """The staff who have a part in a patient's care now, wherever they work."""
    leading = {
        one
        for e in person.episodes
        if e.ended_on is None
        for one in (e.care_manager_id, e.consultant_id)
        if one
    }
    return person.asked | leading


def sees(sight: Sight, person: Whereabouts, today: date) -> bool:
    """Whether the patient is there at all for one who sees so far."""
    if sight.everyone:
        return True
    if sight.staff_id in assigned_to(person):
        return True
    clinics = clinics_of(person, today)
    return not sight.clinics.isdisjoint(clinics) if clinics else sight.unplaced


def reads_chart(sight: Sight, person: Whereabouts, today: date) -> bool:
    """The same of a patient's chart, for one who may read charts."""
    if sight.charts_of is not None and sight.charts_of.isdisjoint(clinics_of(person, today)):
        return False
    return sees(sight, person, today)


RULES = (
    Rule(
        "who-sees-whom",
        "Who sees whom",
        "Staff see patients whose home clinic is one of theirs, who are in an open episode there "
        f"or were until {RECENT.days} days ago, or who visited it since then or will; and those "
        "whose care they lead, consult on or answer a flag or referral for. Patients of no clinic "
        "are seen by care managers and clinicians. Anybody else is as one who never was. An "
        "organization may open all its clinics to all its staff.",
        "45 CFR 164.514(d) asks for minimum necessary; where the line runs is ours",
        "tests/rules/test_visibility.py::test_who_sees_whom",
        confirmed=False,
    ),
    Rule(
        "seen-after-answering",
        "Who sees whom",
        f"One who closed a flag sees its patient for {AFTERWARDS.days} days more.",
        "ours",
        "tests/store/test_visibility.py::test_one_who_closed_a_flag_sees_for_a_while",
        confirmed=False,
    ),
)
