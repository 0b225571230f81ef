"""A flag that nobody answers finds the next person, at night too, and is never without one."""

import asyncio
import json
from dataclasses import asdict

import pytest

from app.domain.delivery import Purpose, write_letter
from tests.web.night import MONDAY_NOON, Night

LINE = {"safety_contact_name": "Safety line", "safety_contact_email": "line@clinic.example"}


async def test_a_safety_screening_at_night_goes_from_person_to_person(night: Night) -> None:
    await night.reach(**LINE)
    await night.on_call("ben")
    await night.safety_screening()  # 22:30, by FHIR; nobody opens a page
    expected = ["ben", "lind", "dana", "line"]  # on call and owner of what nobody owns; then up
    for step in range(1, 5):
        assert await night.escalate() == 1
        assert await night.told() == expected[:step]
        assert await night.escalate() == 0, "nothing more until its time has passed"
        night.clock.pass_(minutes=29)
        assert await night.escalate() == 0
        night.clock.pass_(minutes=1)
    assert await night.escalate() == 1, "nobody answered at all: the ladder begins anew"
    assert await night.told() == [*expected, "ben"]


async def test_a_flag_of_a_patient_in_nobodys_care_has_an_owner(night: Night) -> None:
    await night.safety_screening()
    ((owner, owner_as),) = await night.ask(
        "SELECT owner_id, owner_as FROM flags WHERE kind = 'safety'"
    )
    assert owner in (night.ids["maya"], night.ids["ben"]), "a care manager where nobody is on call"
    assert owner_as == "intake"
    await night.reach(intake_id=night.ids["lind"])
    await night.safety_screening("701", "June Chen")
    rows = await night.ask("SELECT owner_id FROM flags WHERE kind = 'safety' ORDER BY opened_at")
    assert night.ids["lind"] in {row[0] for row in rows}


async def test_who_answers_ends_the_ladder_until_it_is_due(night: Night) -> None:
    await night.on_call("ben")
    patient = await night.safety_screening()
    await night.escalate()
    maya = await night.site.sign_in("maya")
    flag = await night.flag()
    assert (await maya.post(f"/flags/{flag}/acknowledge")).status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    assert "Maya Okonkwo has it" in page
    assert "Ben Ruiz owns this flag" not in page
    assert "Ben Ruiz is on call: an e-mail is not sent yet, not answered" in page
    night.clock.pass_(hours=11)
    assert await night.escalate() == 0
    night.clock.pass_(hours=2)
    assert await night.escalate() == 1, "taken on, and forgotten: it asks again"
    assert (await night.told())[-1] in ("maya", "ben")


async def test_a_flag_is_handed_on_and_taken_over_and_each_time_asked_anew(night: Night) -> None:
    night.clock.now = MONDAY_NOON
    await night.safety_screening()
    maya, lind = await night.site.sign_in("maya"), await night.site.sign_in("lind")
    flag = await night.flag()
    await maya.post(f"/flags/{flag}/acknowledge")
    told = await maya.post(f"/flags/{flag}/hand-over", to=str(night.ids["ben"]), words="I am off")
    assert told.status_code == 303
    await night.escalate()
    assert await night.told() == ["ben"], "told at once, whoever had it before"
    ((state, owner),) = await night.ask("SELECT state, owner_id FROM flags WHERE kind = 'safety'")
    assert (state, owner) == ("open", night.ids["ben"])
    assert (await lind.post(f"/flags/{flag}/acknowledge")).status_code == 303
    ((owner,),) = await night.ask("SELECT owner_id FROM flags WHERE kind = 'safety'")
    assert owner == night.ids["lind"]
    for nobody in ("", "x", "0190d3a0-0000-7000-8000-000000000001"):
        assert (await maya.post(f"/flags/{flag}/hand-over", to=nobody)).status_code == 422


async def test_an_answer_that_was_withdrawn_still_asks_a_person(night: Night) -> None:
    patient = await night.safety_screening()
    maya = await night.site.sign_in("maya")
    page = (await maya.get(f"/patients/{patient}")).text
    where = page.split(f'action="/patients/{patient}/errors/')[1].split('"')[0]
    await maya.post(f"/patients/{patient}/errors/{where}", reason="another patient's form")
    assert await night.escalate() == 1
    assert len(await night.told()) == 1


async def _patient(night: Night) -> str:
    ((patient,),) = await night.ask("SELECT patient_id FROM flags WHERE kind = 'safety'")
    return str(patient)


async def test_a_director_sees_the_loop_hands_it_on_and_sees_no_patient(night: Night) -> None:
    await night.safety_screening(name="Zyx-Marker Quux")
    dana = await night.site.sign_in("dana")
    flag = await night.flag()
    page = await dana.get(f"/flags/{flag}")
    assert page.status_code == 200
    assert "Nobody has answered yet" in page.text
    assert "Marker" not in page.text
    patient = await _patient(night)
    assert (await dana.get(f"/patients/{patient}")).status_code == 403
    assert (await dana.post(f"/flags/{flag}/close", outcome="x")).status_code == 403
    told = await dana.post(f"/flags/{flag}/hand-over", to=str(night.ids["ben"]))
    assert (told.status_code, told.headers["location"]) == (303, f"/flags/{flag}")
    sam = await night.site.sign_in("sam")
    assert (await sam.get(f"/flags/{flag}")).status_code == 403


@pytest.mark.parametrize(
    ("form", "status", "read"),
    [
        ({"code": "spoke-safe"}, 303, "Spoke with the patient: safe"),
        ({"code": "not-reached", "attempts": "3", "outcome": "police asked"}, 303, "after 3 attempts: police asked"),
        ({"code": "not-reached", "outcome": "will try again"}, 422, ""),
        ({"code": "cured"}, 422, ""),
        ({"outcome": "Called; all well"}, 303, "Called; all well"),
    ],
)  # fmt: skip
async def test_closing_with_a_coded_outcome(
    night: Night, form: dict[str, str], status: int, read: str
) -> None:
    patient = await night.safety_screening()
    maya = await night.site.sign_in("maya")
    told = await maya.post(f"/flags/{await night.flag()}/close", **form)
    assert told.status_code == status
    assert read in (await maya.get(f"/patients/{patient}")).text
    ((state, code, step),) = await night.ask(
        "SELECT state, outcome_code, next_step_at FROM flags WHERE kind = 'safety'"
    )
    assert (state == "closed", step is None) == ((status == 303),) * 2
    assert code == ((form.get("code") or "other") if status == 303 else None)


async def test_two_processes_take_each_step_once(night: Night) -> None:
    await night.on_call("ben")
    for number in range(6):
        await night.safety_screening(f"70{number}", f"Rosa Number{number}")
    took = await asyncio.gather(*[night.escalate() for _ in range(4)])
    assert sum(took) == 6
    steps = await night.ask("SELECT flag_id, count(*) FROM escalations WHERE told GROUP BY 1")
    assert sorted(count for _, count in steps) == [1] * 6


async def test_one_message_for_all_that_a_person_is_told_at_once(night: Night) -> None:
    await night.on_call("ben")
    for number in range(3):
        await night.safety_screening(f"70{number}", f"Rosa Number{number}")
    await night.escalate()
    (letter,) = await night.letters()
    assert (letter.flag_count, letter.flag_id, letter.urgent) == (3, None, True)


async def test_nothing_of_a_patient_leaves_the_house(
    night: Night, caplog: pytest.LogCaptureFixture
) -> None:
    marker = "Qwxzmarker"
    await night.on_call("ben")
    patient = await night.safety_screening("4711815", f"{marker} {marker}son")
    await night.escalate()
    (letter,) = await night.letters()
    row = json.dumps(asdict(letter), default=str)
    said = write_letter(Purpose.FLAGS, True, 1, f"https://x.example/flags/{letter.flag_id}")
    everything = row + said.subject + said.text + caplog.text
    for secret in (marker, "4711815", patient, "1979", "PHQ", "item 9"):
        assert secret.lower() not in everything.lower(), secret
    audit = await night.ask("SELECT action, detail FROM audit_events WHERE action LIKE 'flag.%'")
    assert ("flag.escalate", {"kind": "safety", "told": "on-call"}) in [tuple(a) for a in audit]


async def test_a_closed_flag_asks_nobody(night: Night) -> None:
    await night.safety_screening()
    maya = await night.site.sign_in("maya")
    await maya.post(f"/flags/{await night.flag()}/close", code="spoke-safe")
    assert await night.escalate() == 0
