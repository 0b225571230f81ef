"""What the registry found and what people ask of others, read by an integration client."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.domain.access import Role
from app.domain.actor import Actor, ActorKind, system
from app.domain.consent import Scope
from app.store import flags as flag_rows
from app.store.tables import case_reviews, clients, episodes, flags, patients, referrals, resources
from app.use_cases.answer_recommendation import RecommendationAnswer, answer_recommendation
from app.use_cases.merge_patients import MergeForm, merge_patients
from app.use_cases.refer_patient import ReferralForm, refer_patient
from app.use_cases.review_case import ReviewForm, review_case
from app.use_cases.unmerge_patients import unmerge_patients
from tests.web.part2_world import TODAY, consent, find, general_world, make_program, mark, staff_id
from tests.web.site import Site
from tests.web.test_published_care import resources_of
from tests.web.test_withholding import fetch

WORRIED = [2, 2, 2, 2, 2, 2, 2, 2, 2]


async def as_staff(site: Site, who: str) -> Actor:
    """Somebody of the staff, as the pages know them."""
    roles = frozenset({Role.CARE_MANAGER, Role.PSYCHIATRIST, Role.CLINICIAN})
    return Actor(site.org_id, ActorKind.STAFF, await staff_id(site, who), who, roles)


async def refer(site: Site, reason: str = "no response to two medications") -> UUID:
    episode_id = await find(site, episodes.c.episode_id)
    form = ReferralForm("specialty", reason, "Lakeside Psychiatry", "weekly calls", "key-1")
    async with site.services.database.transaction(await as_staff(site, "maya")) as store:
        await refer_patient(store, episode_id, form, TODAY)
    found = await find(site, referrals.c.referral_id)
    assert isinstance(found, UUID)
    return found


async def recommend(site: Site, words: str = "Raise sertraline to 100 mg.") -> UUID:
    episode_id = await find(site, episodes.c.episode_id)
    async with site.services.database.transaction(await as_staff(site, "maya")) as store:
        form = ReviewForm("recommendation", words, 4, "key-2")
        await review_case(store, episode_id, form, TODAY)
    found = await find(site, case_reviews.c.review_id)
    assert isinstance(found, UUID)
    return found


async def test_a_safety_flag_is_read_by_whoever_reads_flags(site: Site) -> None:
    await site.screened("100", WORRIED, 1)
    found = await resources_of(site, "Flag")
    (flag,) = [one for one in found if one["category"][0]["coding"][0]["code"] == "safety"]
    assert flag["status"] == "active"
    assert "Item 9" in flag["code"]["text"]
    patient = flag["subject"]["reference"]
    assert flag in await resources_of(site, f"Flag?patient={patient}")
    flag_id = UUID(flag["id"])
    async with site.services.database.transaction(system(site.org_id)) as store:
        held = await flag_rows.get_flag(store, flag_id)
        closed = {"state": "closed", "closed_at": store.now, "outcome_code": "spoke-safe"}
        await flag_rows.change_flag(store, held, closed)
    after = (await fetch(site, f"Flag/{flag_id}", site.token)).json()
    assert (after["status"], after["meta"]["versionId"]) == ("inactive", "2")
    assert after["period"]["end"]


async def test_an_issue_names_the_answers_it_is_about(site: Site) -> None:
    await site.screened("100", WORRIED, 1)
    async with site.services.database.transaction(system(site.org_id)) as store:
        patient_id, subject = await _newest(site)
        row = {
            "patient_id": patient_id,
            "episode_id": None,
            "kind": "score-mismatch",
            "subject": subject,
            "content_digest": "d",
            "words": "The sender's total is 12; its answers make 18.",
            "evidence": {},
            "due_at": store.now,
        }
        await flag_rows.add_flags(store, [row])
    (issue,) = await resources_of(site, "DetectedIssue")
    (about,) = issue["implicated"]
    (same,) = await resources_of(site, f"DetectedIssue?implicated={about['reference']}")
    assert same == issue
    assert (await fetch(site, about["reference"], site.token)).status_code == 200


async def _newest(site: Site) -> tuple[UUID, str]:
    found = await find(site, flags.c.flag_id)
    async with site.services.database.transaction(system(site.org_id)) as store:
        flag = await flag_rows.get_flag(store, found)
    return flag.patient_id, flag.subject


async def test_a_referral_and_who_follows_it(site: Site) -> None:
    await general_world(site)
    referral_id = await refer(site)
    (request,) = await resources_of(site, "ServiceRequest?status=draft")
    assert request["id"] == str(referral_id)
    assert "weekly calls" not in str(request)  # what is done meanwhile is the clinic's own
    (task,) = await resources_of(site, f"Task?focus=ServiceRequest/{referral_id}")
    assert task["owner"] == {"reference": f"Practitioner/{await staff_id(site, 'maya')}"}
    assert (await fetch(site, request["reasonReference"][0]["reference"], site.token)).json()[
        "resourceType"
    ] == "Condition"


async def test_a_recommendation_waits_and_is_answered(site: Site) -> None:
    await general_world(site)
    review_id = await recommend(site)
    (task,) = await resources_of(site, "Task?status=requested")
    assert task["id"] == str(review_id)
    assert task["description"] == "Raise sertraline to 100 mg."
    async with site.services.database.transaction(await as_staff(site, "maya")) as store:
        answer = RecommendationAnswer("declined", "long QT")
        await answer_recommendation(store, review_id, answer, TODAY)
    (task,) = await resources_of(site, "Task?status=rejected")
    assert task["statusReason"] == {"text": "long QT"}
    assert await resources_of(site, "Task?status=requested") == []


async def test_what_is_reviewed_without_advice_is_no_task(site: Site) -> None:
    await general_world(site)
    episode_id = await find(site, episodes.c.episode_id)
    async with site.services.database.transaction(await as_staff(site, "maya")) as store:
        form = ReviewForm("discussed", "nothing to change", None, "key-3")
        await review_case(store, episode_id, form, TODAY)
    assert await resources_of(site, "Task") == []


async def test_what_an_episode_treats(site: Site) -> None:
    await general_world(site)
    (condition,) = await resources_of(site, "Condition?clinical-status=active")
    (episode,) = await resources_of(site, f"EpisodeOfCare?condition=Condition/{condition['id']}")
    assert condition["subject"] == episode["patient"]
    assert await resources_of(site, "Condition?verification-status=confirmed") == []


async def test_they_follow_a_record_that_is_joined_and_parted(site: Site) -> None:
    patient_id = UUID(await general_world(site))
    await refer(site)
    await recommend(site)
    other_fhir_id = await site.screened("900", WORRIED, 1, "Rosa Twice")
    other = await find(site, patients.c.patient_id, patients.c.fhir_id == other_fhir_id)
    kinds = ("ServiceRequest", "Task", "Condition", "Flag")
    before = {kind: await _whose(site, kind) for kind in kinds}
    async with site.services.database.transaction(system(site.org_id)) as store:
        form = MergeForm(other, patient_id, "the same person")
        merge_id = await merge_patients(store, form, TODAY)
    for kind in kinds:
        whose = {name: about for name, about in (await _whose(site, kind)).items() if about}
        assert {whose[name] for name in before[kind] if name in whose} <= {
            f"Patient/{other_fhir_id}",
            *set(before["Flag"].values()),
        }
    assert set((await _whose(site, "ServiceRequest")).values()) == {f"Patient/{other_fhir_id}"}
    async with site.services.database.transaction(system(site.org_id)) as store:
        await unmerge_patients(store, merge_id, "two people after all", TODAY)
    for kind in kinds:
        assert (await _whose(site, kind)).items() >= before[kind].items()


async def _whose(site: Site, kind: str) -> dict[str, str]:
    found = await resources_of(site, kind)
    return {one["id"]: (one.get("subject") or one["for"])["reference"] for one in found}


async def test_a_clinic_that_becomes_a_program_takes_them_along(site: Site) -> None:
    await general_world(site)
    await refer(site)
    await recommend(site)
    clinic = await find(site, episodes.c.clinic_id)
    await mark(site, clinic, ("ben",), ("ben",))
    for kind in ("ServiceRequest", "Task", "Condition"):
        assert await resources_of(site, kind) == []
    named = await find(site, referrals.c.referral_id)
    assert (await fetch(site, f"ServiceRequest/{named}", site.token)).status_code == 404


@pytest.mark.parametrize(
    ("scope", "shown"), [({Scope.SCREENINGS}, True), ({Scope.CARE}, False)], ids=["forms", "care"]
)
async def test_a_programs_safety_flag_is_shown_where_its_screenings_are(
    site: Site, scope: set[Scope], shown: bool
) -> None:
    program = await make_program(site)
    patient = await program.screened("100", WORRIED, 1)
    named = str(await find(site, flags.c.flag_id, flags.c.kind == "safety"))
    assert await find(site, resources.c.program_id, resources.c.resource_id == named)
    assert await resources_of(site, "Flag") == []
    assert (await fetch(site, f"Flag/{named}", site.token)).status_code == 404
    patient_id = str(await find(site, patients.c.patient_id))
    assert patient
    ehr = await find(site, clients.c.client_id, clients.c.name == "EHR")
    await consent(site, patient_id, program, f"client:{ehr}", scope=frozenset(scope))
    found = [one.get("id") for one in await resources_of(site, "Flag")]  # beside the notice
    assert (named in found) is shown


async def test_nothing_that_others_see_changes_nothing(site: Site) -> None:
    await site.screened("100", WORRIED, 1)
    (before,) = await resources_of(site, "Flag?_count=1")
    async with site.services.database.transaction(system(site.org_id)) as store:
        held = await flag_rows.get_flag(store, UUID(before["id"]))
        later = {"next_step_at": store.now + timedelta(hours=1)}
        await flag_rows.change_flag(store, held, later)
    assert (await fetch(site, f"Flag/{before['id']}", site.token)).json() == before
