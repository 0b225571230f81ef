"""Expected recovery from the registry's own courses: fitted, shown, and never in the way."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.domain.access import Role
from app.domain.actor import Actor, ActorKind, system
from app.domain.catalogue import INSTRUMENTS
from app.domain.trajectory import Measurement, trajectory
from app.errors import Forbidden
from app.jobs.sweeping import sweep_all
from app.store import episodes, recovery, rosters
from app.store.episodes import Summary
from app.store.ids import new_id
from app.store.tables import assessments, patients, recovery_models
from app.use_cases.fit_expected_recovery import fit_expected_recovery, refit_when_due
from tests.web.site import Site
from tests.web.test_pages import enrolled

TODAY = date(2026, 11, 24)
ENROLLED = TODAY - timedelta(days=200)
Scores = list[tuple[int, float]]
FAILS: Scores = [(0, 16), (28, 15), (84, 14)]
RESPONDS: Scores = [(0, 16), (28, 8), (84, 5)]


async def add_course(store: Any, clinic: UUID, scores: Scores, status: str = "closed") -> UUID:
    """A past course as the registry keeps one: episode, assessments, summary."""
    patient_id = new_id()
    await store.connection.execute(
        patients.insert().values(
            org_id=store.org_id, patient_id=patient_id, fhir_id=str(patient_id),
            display_name="Past", sex="unknown", active=True, created_at=store.now,
            updated_at=store.now,
        )
    )  # fmt: skip
    episode_id = await episodes.add_episode(
        store,
        {
            "patient_id": patient_id, "clinic_id": clinic, "status": status,
            "enrolled_on": ENROLLED, "condition": "depression", "protocol_id": "bao-sowa",
            "protocol_version": 1,
        },
    )  # fmt: skip
    measured = [_measured(day, total) for day, total in scores]
    await store.connection.execute(
        assessments.insert(), [_row(store, patient_id, episode_id, m) for m in measured]
    )
    course = trajectory(measured, ENROLLED)
    await episodes.save_summaries(store, {episode_id: [Summary("phq-9", course, None, None, "")]})
    return episode_id


def _measured(day: int, total: float) -> Measurement:
    on = ENROLLED + timedelta(days=day)
    at = datetime(on.year, on.month, on.day, 15, tzinfo=UTC)
    return Measurement(str(new_id()), Decimal(str(total)), on, at)


def _row(store: Any, patient_id: UUID, episode_id: UUID, m: Measurement) -> dict[str, Any]:
    return {
        "org_id": store.org_id, "assessment_id": UUID(m.assessment_id), "patient_id": patient_id,
        "episode_id": episode_id, "instrument_id": "phq-9", "instrument_version": "1",
        "status": "final", "version": 1, "answers": {}, "total": m.total, "prorated": False,
        "item_nine": "not-asked", "total_check": "not-claimed", "conflicts": [],
        "effective_at": m.at, "effective_on": m.on, "identity_key": m.assessment_id,
        "content_digest": "", "received_at": m.at, "updated_at": m.at,
    }  # fmt: skip


async def history(site: Site, *courses: Scores) -> None:
    async with site.services.database.transaction(system(site.org_id)) as store:
        clinic = (await rosters.list_clinics(store))[0][0]
        for scores in courses:
            await add_course(store, clinic, scores)


async def fit_now(site: Site, today: date = TODAY) -> Any:
    async with site.services.database.transaction(system(site.org_id)) as store:
        return {m.instrument_id: m for m in await fit_expected_recovery(store, today)}


async def test_the_protocol_says_the_same_with_and_without_a_model(site: Site) -> None:
    """A model that would call everybody on track hides nothing."""
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", [2] * 8 + [0], 1)
    before = (await maya.get(f"/patients/{patient}")).text
    await history(site, *[RESPONDS] * 60)
    await fit_now(site)
    await sweep_all(site.services.database)
    after = (await maya.get(f"/patients/{patient}")).text
    for words in ("Not responding", "bao-sowa v1 asks for below 10 or a fall of 50 %"):
        assert words in before
        assert words in after
    assert before.count('class="flag') == after.count('class="flag')
    assert "It adds to the protocol above and never replaces it." in after


async def test_the_chart_names_the_model_and_its_worth(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    page = (await maya.get(f"/patients/{patient}")).text
    assert "expected by a stated default" in page
    await history(site, *[RESPONDS] * 60, *[FAILS] * 60)
    model = (await fit_now(site))["phq-9"]
    assert not model.is_default
    assert model.courses == 120
    page = (await maya.get(f"/patients/{patient}")).text
    assert "courses of earlier patients who began between 15 and 19" in page
    assert 'class="expected-wide"' in page
    assert 'class="expected-middle"' in page


async def test_the_page_tells_accuracy_and_whom_it_lets_in(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    assert (await maya.get("/expected-recovery")).status_code == 403
    page = (await lind.get("/expected-recovery")).text
    assert "not fitted yet" in page
    assert "A stated default stands in" in page
    await history(site, *[RESPONDS] * 60, *[FAILS] * 60)
    await fit_now(site)
    page = (await lind.get("/expected-recovery")).text
    assert "model 1 of 24 Nov 2026" in page
    assert "120 past courses began at 10 or more" in page
    assert "Sensitivity" in page
    assert "100 % of" in page  # the two kinds cannot be told apart more clearly
    assert "These courses are invented" not in page  # that is said in the demo alone


async def test_three_episodes_keep_the_default(site: Site) -> None:
    await history(site, RESPONDS, FAILS, RESPONDS)
    model = (await fit_now(site))["phq-9"]
    assert model.is_default
    assert model.courses == 3


async def test_each_fitting_is_a_new_version_and_the_sweep_fits_weekly(site: Site) -> None:
    database, actor = site.services.database, system(site.org_id)
    assert (await fit_now(site))["phq-9"].version == 1
    assert (await fit_now(site))["phq-9"].version == 2
    async with database.transaction(actor) as store:
        assert await refit_when_due(store, TODAY + timedelta(days=6)) == 0
        assert await refit_when_due(store, TODAY + timedelta(days=7)) > 0
        assert (await recovery.newest_models(store))["phq-9"].version == 3


async def test_a_model_knows_its_own_organization_alone(site: Site, other_site: Site) -> None:
    await history(site, *[RESPONDS] * 40)
    await fit_now(site)
    assert (await fit_now(other_site))["phq-9"].courses == 0
    async with other_site.services.database.transaction(system(other_site.org_id)) as store:
        assert (await recovery.newest_models(store))["phq-9"].version == 1


async def test_a_course_of_many_scores_is_counted_from_its_beginning(site: Site) -> None:
    """The summary keeps the last 24 scores; the fitting must see the first weeks too."""
    await history(site, [(0, 20), *((day, 12) for day in range(21, 190))])
    async with site.services.database.transaction(system(site.org_id)) as store:
        pieces = [p async for p in recovery.past_courses(store, INSTRUMENTS["phq-9"], TODAY)]
    (course,) = pieces[0]
    assert len(course.points) == 170
    assert course.points[0] == (0, 20)


async def test_pieces_lose_nobody(site: Site) -> None:
    await history(site, *[RESPONDS] * 7)
    async with site.services.database.transaction(system(site.org_id)) as store:
        phq9 = INSTRUMENTS["phq-9"]
        found = [p async for p in recovery.past_courses(store, phq9, TODAY, piece=3)]
    assert [len(piece) for piece in found] == [3, 3, 1]
    assert len({course.episode_id for piece in found for course in piece}) == 7


async def test_whom_the_numbers_leave_out(site: Site) -> None:
    """Too young a course, one below caseness, and one that is all zero."""
    await history(site, [(0, 9), (84, 2)], [(0, 0), (28, 0), (84, 0)], RESPONDS)
    assert (await fit_now(site, ENROLLED + timedelta(days=97)))["phq-9"].courses == 0
    assert (await fit_now(site, ENROLLED + timedelta(days=98)))["phq-9"].courses == 1


async def test_nobody_else_may_fit(site: Site) -> None:
    actor = Actor(site.org_id, ActorKind.STAFF, new_id(), "Maya", frozenset({Role.CARE_MANAGER}))
    with pytest.raises(Forbidden):
        async with site.services.database.transaction(actor) as store:
            await fit_expected_recovery(store, TODAY)


async def test_a_model_counted_another_way_is_not_read(site: Site) -> None:
    """After an upgrade a page shows the default until the sweep has fitted anew, at once."""
    await fit_now(site)
    database, actor = site.services.database, system(site.org_id)
    async with database.transaction(actor) as store:
        row = {"instrument_id": "phq-9", "version": 2, "method": 0, "content": {"old": True}}
        await store.connection.execute(
            recovery_models.insert().values(
                org_id=site.org_id, fitted_on=TODAY, fitted_at=store.now, courses=1, known=1, **row
            )
        )
        assert (await recovery.newest_models(store))["phq-9"].version == 1
        assert (await recovery.last_versions(store))["phq-9"] == 2
    assert (await fit_now(site))["phq-9"].version == 3
