"""An assessment that was filed under the wrong patient goes to the right one, with a trace."""

import pytest

from app.errors import Conflict, Unprocessable
from app.store.assessments import list_assessments
from app.store.flags import list_flags
from app.store.moves import list_moves_of
from app.store.patients import RecordJoined
from app.use_cases.answer_flag import close_flag
from app.use_cases.merge_patients import MergeForm, merge_patients
from app.use_cases.move_assessment import MoveForm, move_assessment
from app.use_cases.record_assessment import EffectiveBeforeBirth
from tests.web.records import SEVERE, UNSAFE, WELL, Records

WHY = "The form carries the other patient's name"


async def moved(records, assessment_id, to):
    return await records.act(move_assessment, MoveForm(assessment_id, to, WHY), records.today)


async def filed_wrong(records: Records, answers=UNSAFE):
    """(the wrong patient, the right one, the assessment)."""
    wrong, right = await records.patient("p1"), await records.patient("p2", birthDate="1971-03-04")
    await records.screened("p1", "q1", answers)
    (held,) = await records.assessments(wrong)
    return wrong, right, held


async def test_it_leaves_one_course_and_enters_the_other(records: Records) -> None:
    wrong, right, held = await filed_wrong(records)
    for who in (wrong, right):
        await records.enrolled(who)
    placed = await moved(records, held.assessment_id, right)
    assert await records.assessments(wrong) == []
    (there,) = await records.assessments(right)
    assert there.assessment_id == placed
    assert (there.total, there.item_nine_value) == (held.total, 2)
    assert there.episode_id is not None, "judged in the right episode"
    (trace,) = await records.act(list_moves_of, [held.assessment_id])
    assert (trace.from_patient_id, trace.to_patient_id, trace.reason) == (wrong, right, WHY)
    (left,) = await records.act(list_assessments, wrong)
    assert left.status == "entered-in-error", "the old place keeps it, as wrong"


async def test_its_safety_flag_is_closed_for_the_one_and_opens_for_the_other(
    records: Records,
) -> None:
    wrong, right, held = await filed_wrong(records)
    await moved(records, held.assessment_id, right)
    (closed,) = [f for f in await records.act(list_flags, wrong) if f.kind == "safety"]
    assert closed.state == "closed"
    assert "it was not this patient's" in closed.outcome
    (asked,) = await records.flags(right)
    assert "speak with the patient today" in asked.words


async def test_a_safety_flag_opens_even_where_the_date_lies_outside_the_episode(
    records: Records,
) -> None:
    """The form is older than the right patient's episode, where nothing would be judged."""
    wrong, right = await records.patient("p1"), await records.patient("p2")
    await records.screened("p1", "q1", UNSAFE, 40)
    await records.enrolled(right, 5)
    (held,) = await records.assessments(wrong)
    await moved(records, held.assessment_id, right)
    assert len(await records.flags(right)) == 1
    await records.screened("p2", "q2", WELL, 1)
    assert len(await records.flags(right)) == 1, "and stays until a person answers it"


async def test_a_flag_that_was_answered_for_the_wrong_person_asks_again_for_the_right_one(
    records: Records,
) -> None:
    _, right, held = await filed_wrong(records)
    (flag,) = await records.flags(held.patient_id)
    await records.act(close_flag, flag.flag_id, "Denied it", records.today)
    await moved(records, held.assessment_id, right)
    assert len(await records.flags(right)) == 1


async def test_moved_back_it_is_as_it_was_and_asks_again(records: Records) -> None:
    wrong, right, held = await filed_wrong(records)
    placed = await moved(records, held.assessment_id, right)
    back = await moved(records, placed, wrong)
    assert back == held.assessment_id, "the first record is revived"
    (again,) = await records.assessments(wrong)
    assert (again.total, again.status, again.identity_key) == (
        held.total,
        held.status,
        held.identity_key,
    )
    assert await records.assessments(right) == []
    assert len(await records.flags(wrong)) == 1
    assert await records.flags(right) == []
    there = await moved(records, back, right)
    assert there == placed, "and there again"


async def test_its_senders_correction_follows_it(records: Records) -> None:
    wrong, right, held = await filed_wrong(records, SEVERE)
    await moved(records, held.assessment_id, right)
    told = await records.screened("p1", "q1", UNSAFE)
    assert "moved-record" in told.text
    assert await records.assessments(wrong) == [], "no second one in the wrong record"
    (there,) = await records.assessments(right)
    assert there.item_nine_value == 2
    assert len(await records.flags(right)) == 1, "a corrected item 9 is asked about"
    total = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": there.effective_at.isoformat(),
        "valueInteger": 18,
        "derivedFrom": [{"reference": "QuestionnaireResponse/q1"}],
    }
    await records.put(total)
    assert await records.assessments(wrong) == [], "what belongs to it goes with it"
    assert len(await records.assessments(right)) == 1


async def test_its_sender_takes_it_back_and_sends_it_for_the_right_one(records: Records) -> None:
    _, right, held = await filed_wrong(records)
    await moved(records, held.assessment_id, right)
    await records.screened("p2", "q2", UNSAFE)
    await records.screened("p1", "q1", UNSAFE, status="entered-in-error")
    (there,) = await records.assessments(right)
    assert there.source_identifier == held.source_identifier
    assert there.item_nine_value == 2
    assert len(await records.flags(right)) >= 1


async def test_a_new_form_about_the_wrong_patient_is_still_theirs(records: Records) -> None:
    wrong, right, held = await filed_wrong(records)
    await moved(records, held.assessment_id, right)
    await records.screened("p1", "q7", SEVERE, 3)
    assert len(await records.assessments(wrong)) == 1
    assert len(await records.assessments(right)) == 1


async def test_the_senders_resource_stays_and_ours_tell_of_the_right_patient(
    records: Records,
) -> None:
    _, right, held = await filed_wrong(records)
    sent = await records.read("QuestionnaireResponse/q1")
    ours = f"Observation/{held.assessment_id}"
    assert (await records.read(ours))["subject"]["reference"] == "Patient/p1"
    placed = await moved(records, held.assessment_id, right)
    assert await records.read("QuestionnaireResponse/q1") == sent
    assert (await records.read(ours))["status"] == "entered-in-error"
    score = await records.read(f"Observation/{placed}")
    form = await records.read(f"QuestionnaireResponse/{placed}")
    assert score["subject"] == form["subject"] == {"reference": "Patient/p2"}
    assert score["status"] == "final"
    assert f"Observation/{placed}" in await records.found("Observation?patient=Patient/p2")


async def test_what_cannot_be_moved(records: Records) -> None:
    wrong, right, held = await filed_wrong(records)
    third = await records.patient("p3")
    young = await records.patient("p4", birthDate=records.today.isoformat())
    with pytest.raises(Unprocessable, match="not moved"):  # no reason
        form = MoveForm(held.assessment_id, right, " ")
        await records.act(move_assessment, form, records.today)
    with pytest.raises(Unprocessable, match="not moved"):  # where it is
        await moved(records, held.assessment_id, wrong)
    await records.screened("p1", "q0", SEVERE, 30)
    early = (await records.assessments(wrong))[0]
    with pytest.raises(EffectiveBeforeBirth):  # before that patient was born
        await moved(records, early.assessment_id, young)
    joining = MergeForm(third, right, "Same person")
    await records.act(merge_patients, joining, records.today)
    with pytest.raises(RecordJoined):  # to a record that was joined with another
        await moved(records, held.assessment_id, right)
    placed = await moved(records, held.assessment_id, third)
    assert await moved(records, held.assessment_id, third) == placed, "sent twice, done once"
    with pytest.raises(Unprocessable, match="counts nowhere"):  # what is entered in error
        await moved(records, held.assessment_id, young)
    assert issubclass(RecordJoined, Conflict)


async def test_a_moved_assessment_goes_along_when_records_are_joined(records: Records) -> None:
    wrong, right, held = await filed_wrong(records)
    await moved(records, held.assessment_id, right)
    await records.act(merge_patients, MergeForm(wrong, right, "One person"), records.today)
    (there,) = await records.assessments(wrong)
    assert there.item_nine_value == 2
    await records.screened("p1", "q1", SEVERE)
    (there,) = await records.assessments(wrong)
    assert there.item_nine_value == 0, "its sender's correction finds it there too"
