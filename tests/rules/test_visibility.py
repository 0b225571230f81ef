"""Which patients a member of staff sees, as a table."""

from datetime import date, timedelta
from uuid import UUID, uuid5

import pytest

from app.domain.access import Role
from app.domain.visibility import (
    EVERYONE,
    NOBODY,
    CareEpisode,
    ClinicVisit,
    OpenedCharts,
    Posting,
    Sight,
    Whereabouts,
    clinics_of,
    reads_chart,
    sees,
    sight_of,
)

TODAY = date(2026, 11, 24)
_SPACE = UUID("6f0f6b86-3f4a-4f1e-9c3b-0e8f6b1d2a11")
RIVERSIDE, HARBOR, ME, BEN = (uuid5(_SPACE, name) for name in ("r", "h", "me", "ben"))
AT_RIVERSIDE = Sight(ME, clinics=frozenset({RIVERSIDE}))
INTAKE_AT_RIVERSIDE = Sight(ME, clinics=frozenset({RIVERSIDE}), unplaced=True)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def home(*clinics: UUID) -> Whereabouts:
    return Whereabouts(homes=frozenset(clinics))


def treated(clinic: UUID, ended: date | None = None, **who: UUID) -> Whereabouts:
    return Whereabouts(episodes=(CareEpisode(clinic, ended, **who),))


def visited(clinic: UUID | None, on: date | None, status: str = "finished") -> Whereabouts:
    return Whereabouts(visits=(ClinicVisit(clinic, on, status),))


@pytest.mark.parametrize(
    ("sight", "person", "seen"),
    [
        (AT_RIVERSIDE, home(RIVERSIDE), True),
        (AT_RIVERSIDE, home(HARBOR), False),
        (AT_RIVERSIDE, home(HARBOR, RIVERSIDE), True),  # joined of two records: both homes count
        (AT_RIVERSIDE, treated(RIVERSIDE), True),
        (AT_RIVERSIDE, treated(HARBOR), False),
        (AT_RIVERSIDE, treated(RIVERSIDE, ago(365)), True),  # care ended a year ago: still
        (AT_RIVERSIDE, treated(RIVERSIDE, ago(366)), False),
        (AT_RIVERSIDE, visited(RIVERSIDE, ago(365)), True),
        (AT_RIVERSIDE, visited(RIVERSIDE, ago(366)), False),
        (AT_RIVERSIDE, visited(RIVERSIDE, ago(-14), "planned"), True),  # to be screened then
        (AT_RIVERSIDE, visited(RIVERSIDE, ago(3), "cancelled"), False),
        (AT_RIVERSIDE, visited(RIVERSIDE, ago(3), "entered-in-error"), False),
        (AT_RIVERSIDE, visited(RIVERSIDE, None), False),  # nobody knows when
        (AT_RIVERSIDE, treated(HARBOR, care_manager_id=ME), True),  # wherever they work
        (AT_RIVERSIDE, treated(HARBOR, consultant_id=ME), True),
        (AT_RIVERSIDE, treated(HARBOR, care_manager_id=BEN), False),
        (AT_RIVERSIDE, treated(HARBOR, ago(1), care_manager_id=ME), False),  # that care is over
        (AT_RIVERSIDE, Whereabouts(homes=frozenset({HARBOR}), asked=frozenset({ME})), True),
        (AT_RIVERSIDE, Whereabouts(), False),  # of no clinic: for those who do the intake
        (INTAKE_AT_RIVERSIDE, Whereabouts(), True),
        (INTAKE_AT_RIVERSIDE, visited(None, ago(3)), True),  # a visit, nobody knows where
        (INTAKE_AT_RIVERSIDE, visited(HARBOR, ago(366)), True),  # a visit long ago holds nobody
        (INTAKE_AT_RIVERSIDE, home(HARBOR), False),
        (INTAKE_AT_RIVERSIDE, visited(HARBOR, ago(3)), False),
        (Sight(ME), home(RIVERSIDE), False),  # of no clinic oneself
        (NOBODY, Whereabouts(), False),
        (NOBODY, home(RIVERSIDE), False),
        (EVERYONE, home(HARBOR), True),
        (EVERYONE, Whereabouts(), True),
    ],
)
def test_who_sees_whom(sight: Sight, person: Whereabouts, seen: bool) -> None:
    assert sees(sight, person, TODAY) is seen


def posting(
    *roles: Role, active: bool = True, every: bool = False, clinics: frozenset[UUID] = frozenset()
) -> Posting:
    return Posting(ME, frozenset(roles), active, every, clinics)


CM, MA, ADMIN = Role.CARE_MANAGER, Role.MEDICAL_ASSISTANT, Role.ADMINISTRATOR
ONE = frozenset({RIVERSIDE})


@pytest.mark.parametrize(
    ("who", "clinics_open", "opened", "sight"),
    [
        (posting(CM, clinics=ONE), False, (), Sight(ME, False, ONE, True)),
        (posting(MA, clinics=ONE), False, (), Sight(ME, False, ONE, False)),  # not of no clinic
        (posting(Role.PSYCHIATRIST), False, (), Sight(ME)),  # those they consult on, no more
        (posting(CM, every=True), False, (), Sight(ME, True, frozenset(), True)),
        (posting(MA), True, (), Sight(ME, True)),  # a small clinic: all see all
        (posting(CM, MA, clinics=ONE), False, (), Sight(ME, False, ONE, True)),
        (posting(CM, active=False, every=True), True, (), NOBODY),  # left: sees nobody
        (
            posting(ADMIN),
            False,
            (OpenedCharts(HARBOR),),
            Sight(ME, False, frozenset({HARBOR}), charts_of=frozenset({HARBOR})),
        ),
        (  # all clinics are open, and yet the charts of one alone
            posting(ADMIN),
            True,
            (OpenedCharts(HARBOR),),
            Sight(ME, True, frozenset({HARBOR}), charts_of=frozenset({HARBOR})),
        ),
        (posting(ADMIN), True, (OpenedCharts(HARBOR), OpenedCharts(None)), None),
        (posting(ADMIN), False, (OpenedCharts(None),), Sight(ME, True)),  # of every clinic
        (posting(ADMIN, active=False), False, (OpenedCharts(None),), NOBODY),
    ],
)
def test_how_far_somebody_sees(
    who: Posting, clinics_open: bool, opened: tuple[OpenedCharts, ...], sight: Sight | None
) -> None:
    seen = sight_of(who, clinics_open, opened)
    if sight is None:  # everything, since one grant of several is of every clinic
        assert (seen.everyone, seen.charts_of) == (True, None)
        return
    assert seen == sight


def test_charts_of_one_clinic_alone() -> None:
    opened = Sight(ME, everyone=True, charts_of=frozenset({HARBOR}))
    assert reads_chart(opened, home(HARBOR), TODAY)
    assert not reads_chart(opened, home(RIVERSIDE), TODAY)
    assert not reads_chart(opened, Whereabouts(), TODAY)
    assert sees(opened, home(RIVERSIDE), TODAY), "flags without a name are another matter"
    assert reads_chart(AT_RIVERSIDE, home(RIVERSIDE), TODAY)
    assert not reads_chart(AT_RIVERSIDE, home(HARBOR), TODAY)


def test_the_clinics_of_a_person_are_all_that_hold_them() -> None:
    person = Whereabouts(
        homes=frozenset({RIVERSIDE}),
        episodes=(CareEpisode(HARBOR),),
        visits=(ClinicVisit(None, ago(1)), ClinicVisit(BEN, ago(400))),
    )
    assert clinics_of(person, TODAY) == {RIVERSIDE, HARBOR}
