"""One patient: the story, and everything a person does about it."""

from typing import Annotated
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request, Response

from app.domain.access import Permission
from app.domain.catalogue import INSTRUMENTS
from app.domain.condition import Condition
from app.domain.episode import TRANSITIONS, EpisodeStatus
from app.domain.flag import FlagKind
from app.domain.outcome import outcomes_of
from app.domain.step import STEPS
from app.errors import Problem, Unprocessable
from app.use_cases.change_condition import ConditionChange, change_condition
from app.use_cases.change_episode import EpisodeChange, change_episode
from app.use_cases.enrol_patient import EnrolForm, enrol_patient
from app.use_cases.keep_consents import view_consents
from app.use_cases.log_contact import WAYS, ContactForm, log_contact
from app.use_cases.record_assessment import FormByHand, mark_in_error, record_by_hand
from app.use_cases.record_treatment import KINDS, TreatmentForm, record_treatment
from app.use_cases.view_patient import view_patient
from app.use_cases.view_record_trail import view_record_trail
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.forms import back as _back
from app.web.pages.forms import day as _day
from app.web.pages.forms import moment as _moment
from app.web.pages.forms import staff as _staff
from app.web.pages.rendering import page

router = APIRouter()
checked = [Depends(check_csrf)]


def _condition(text: str) -> Condition:
    """A target condition from a form. Raises Unprocessable for one that is none."""
    if text not in list(Condition):
        raise Unprocessable(problems=[Problem("condition", "choose from the list")])
    return Condition(text)


@router.get("/patients/{patient_id}")
async def show_patient(
    request: Request, session: SignedIn, store: WriteStore, today: Today, patient_id: UUID
) -> Response:
    """The whole story on one screen."""
    story = await view_patient(store, patient_id, today)
    status = EpisodeStatus(story.episode.status) if story.episode else None
    return page(
        request,
        "patient.html",
        session,
        story=story,
        trail=await view_record_trail(store, patient_id),
        consents=await view_consents(store, patient_id),
        instruments=INSTRUMENTS,
        ways=WAYS,
        kinds=KINDS,
        ladder=STEPS,
        conditions=[one.value for one in Condition],
        next_statuses=sorted(TRANSITIONS[status] - {EpisodeStatus.CLOSED}) if status else [],
        new_key=lambda: uuid4().hex,
        outcomes=lambda kind: outcomes_of(FlagKind(kind)),
        now_local=store.now.astimezone(ZoneInfo(session.actor.time_zone)).strftime(
            "%Y-%m-%dT%H:%M"
        ),
    )


@router.post("/patients/{patient_id}/contacts/{episode_id}", dependencies=checked)
async def add_contact(
    session: SignedIn,
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    episode_id: UUID,
    at: Annotated[str, Form()],
    way: Annotated[str, Form()],
    request_key: Annotated[str, Form()],
    minutes: Annotated[int, Form()],
    reached: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
    next_contact_on: Annotated[str, Form()] = "",
) -> Response:
    """Log a contact."""
    form = ContactForm(
        _moment(at, session, "at"),
        way,
        reached == "yes",
        minutes,
        note,
        _day(next_contact_on, "next_contact_on"),
        request_key,
    )
    await log_contact(store, episode_id, form, today)
    return _back(patient_id, "#contacts")


@router.post("/patients/{patient_id}/episode/{episode_id}", dependencies=checked)
async def edit_episode(
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    episode_id: UUID,
    version: Annotated[int, Form()],
    status: Annotated[str, Form()] = "",
    care_manager: Annotated[str, Form()] = "",
    primary_care_clinician: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Change status, care manager or primary-care clinician."""
    change = EpisodeChange(
        version=version,
        status=status or None,
        care_manager_id=_staff(care_manager, "care_manager"),
        primary_care_clinician=primary_care_clinician,
        reason=reason,
    )
    await change_episode(store, episode_id, change, today)
    return _back(patient_id)


@router.post("/patients/{patient_id}/condition/{episode_id}", dependencies=checked)
async def edit_condition(
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    episode_id: UUID,
    version: Annotated[int, Form()],
    condition: Annotated[str, Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Treat another condition."""
    change = ConditionChange(version, _condition(condition), reason)
    await change_condition(store, episode_id, change, today)
    return _back(patient_id)


@router.post("/patients/{patient_id}/treatments/{episode_id}", dependencies=checked)
async def add_treatment(
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    episode_id: UUID,
    kind: Annotated[str, Form()],
    words: Annotated[str, Form()] = "",
    on: Annotated[str, Form()] = "",
) -> Response:
    """Put a change of treatment on the chart."""
    form = TreatmentForm(_day(on, "on") or today, kind, words)
    await record_treatment(store, episode_id, form, today)
    return _back(patient_id)


@router.post("/patients/{patient_id}/enrol", dependencies=checked)
async def enrol(
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    clinic: Annotated[UUID, Form()],
    care_manager: Annotated[str, Form()] = "",
    enrolled_on: Annotated[str, Form()] = "",
    primary_care_clinician: Annotated[str, Form()] = "",
    condition: Annotated[str, Form()] = Condition.DEPRESSION.value,
) -> Response:
    """Begin an episode of care."""
    form = EnrolForm(
        clinic,
        _staff(care_manager, "care_manager"),
        _day(enrolled_on, "enrolled_on") or today,
        primary_care_clinician,
        _condition(condition),
    )
    await enrol_patient(store, patient_id, form, today)
    return _back(patient_id)


@router.post("/patients/{patient_id}/assessments/{instrument_id}", dependencies=checked)
async def enter_assessment(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    instrument_id: str,
    at: Annotated[str, Form()],
) -> Response:
    """Enter a questionnaire that was answered on paper or aloud."""
    typed = await request.form()
    answers = {
        name.removeprefix("item-"): int(str(value))
        for name, value in typed.items()
        if name.startswith("item-") and str(value).isdecimal()
    }
    if not answers:
        raise Unprocessable("No item was answered.")
    form = FormByHand(instrument_id, answers, _moment(at, session, "at"))
    recorded = await record_by_hand(store, patient_id, form, today)
    if typed.get("back") == "second-stages" or not session.actor.may(Permission.VIEW_PATIENT):
        return _back(patient_id, f"/assessments/{recorded}/recorded")
    return _back(patient_id)


@router.post("/patients/{patient_id}/errors/{assessment_id}", dependencies=checked)
async def mark_wrong(
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    assessment_id: UUID,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Mark an assessment as entered in error."""
    await mark_in_error(store, assessment_id, reason, today)
    return _back(patient_id, "#history")
