"""How courses end in the demo: plans against relapse, discharges, and one who comes back."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from app.demo.stories import WELL_FOR, Story
from app.domain.discharge import Became, LoopAnswer, Outcome
from app.domain.relapse_prevention import RelapsePlan
from app.store.ids import new_id
from app.store.transaction import Store
from app.use_cases.discharge_patient import DischargeForm, discharge_patient, view_discharge
from app.use_cases.enrol_patient import EnrolForm, enrol_patient
from app.use_cases.write_relapse_plan import write_relapse_plan

AT_MOST = 16
"""How many plans and how many returns are told, so that a large demo stays quick to load."""
PLANS = (
    RelapsePlan(
        warning_signs="Waking at four and not falling asleep again. Not answering my sister's "
        "calls. Leaving the dishes.",
        what_helped="Walking to work. Calling one friend a week. The sleep hours we agreed on.",
        medication="Sertraline 100 mg in the morning, also when I feel well.",
        whom_to_call="Maya Okonkwo, care manager: 555-0142. Nights and weekends: 555-0100.",
        own_words="When I stop answering the phone, something is wrong.",
    ),
    RelapsePlan(
        warning_signs="I stop cooking. I sleep through Sunday. I snap at the children.",
        what_helped="Going out early with the dog. Talking to my neighbor. Going on with therapy.",
        medication="Escitalopram 20 mg in the evening",
        whom_to_call="Ben Ruiz, care manager: 555-0143. Nights and weekends: 555-0100.",
        own_words="I know how it begins.",
        call_weeks=6,
    ),
    RelapsePlan(
        warning_signs="Worrying about money at night, canceling plans, drinking more than two.",
        what_helped="Problem-solving sheets. Swimming on Tuesdays. Telling my wife early.",
        medication="",
        whom_to_call="My wife first. Then Maya, 555-0142.",
        own_words="",
    ),
)


@dataclass(frozen=True, slots=True)
class Course:
    """A course that was loaded, to be brought to its end."""

    patient_id: UUID
    episode_id: UUID
    clinic_id: UUID
    care_manager_id: UUID
    story: Story
    enrolled_on: date


async def tell_endings(store: Store, courses: list[Course], today: date) -> None:
    """Plans for those in relapse prevention, a fourth of them discharged; relapses come back."""
    preventing = [c for c in courses if c.story.status == "relapse-prevention"][:AT_MOST]
    for number, course in enumerate(preventing):
        plan = PLANS[number % len(PLANS)]
        await _plan(store, course, plan, 0, today)
        if number % 4 == 1:
            again = "Talked it through: I call on the second bad day, not in the second bad week."
            await _plan(store, course, replace(plan, own_words=again), 1, today)
        if number % 4 == 3:
            words = "Half a year well; keeps the plan on the fridge."
            await _discharge(store, course, Outcome.PREVENTION_COMPLETED, words, today)
    returning = [c for c in courses if c.story.kind == "relapse"][:AT_MOST:2]
    for number, course in enumerate(returning):
        await _come_back(store, course, PLANS[number % len(PLANS)], today)


async def _plan(store: Store, course: Course, plan: RelapsePlan, version: int, today: date) -> None:
    until = today + timedelta(180) if plan.medication else None
    agreed = replace(plan, agreed_on=today, continue_until=until)
    await write_relapse_plan(store, course.episode_id, agreed, version, str(new_id()), today)


async def _discharge(
    store: Store, course: Course, outcome: Outcome, words: str, today: date
) -> None:
    view = await view_discharge(store, course.episode_id)
    answers = {
        loop.id: LoopAnswer(Became.CLOSED.value, "Settled with the patient at the last visit.")
        for loop in view.standing.loops
    }
    form = DischargeForm(outcome.value, words, answers, view.episode.version, str(new_id()))
    await discharge_patient(store, course.episode_id, form, today)


async def _come_back(store: Store, course: Course, plan: RelapsePlan, today: date) -> None:
    """Discharged well at week 24, enrolled again with the first score of 10 or more after it."""
    ended_on = course.enrolled_on + timedelta(WELL_FOR)
    ill = [day for day, total, _ in course.story.phq9 if day > WELL_FOR and total >= 10]
    if not ill:
        return
    await _plan(store, course, plan, 0, ended_on)
    words = "Well since spring; knows whom to call."
    await _discharge(store, course, Outcome.GOALS_MET, words, ended_on)
    began_on = course.enrolled_on + timedelta(ill[0])
    form = EnrolForm(course.clinic_id, course.care_manager_id, began_on, "Dr. Neel Shah")
    await enrol_patient(store, course.patient_id, form, today)
