"""See one patient: the whole story, as a person reads it before a call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.domain.access import Permission
from app.domain.catalogue import INSTRUMENTS
from app.domain.course_words import course_words
from app.domain.episode import EpisodeStatus, is_open, weeks_in_treatment
from app.domain.expected_recovery import RecoveryModel
from app.domain.flag import FLAG_POLICY, FlagKind
from app.domain.instrument import Instrument
from app.domain.response import response_status
from app.domain.safety import item_nine_words
from app.domain.score import NotScorableReason
from app.domain.severity import cutoff_words, severity, total_words
from app.domain.sign import signs
from app.domain.words import within
from app.store import (
    assessments,
    audit,
    care,
    clients,
    episodes,
    escalations,
    flags,
    patients,
    protocols,
    recovery,
    rosters,
)
from app.store.assessments import Assessment
from app.store.care import CaseReview, Contact
from app.store.episodes import Episode
from app.store.escalations import Escalation
from app.store.flags import Flag
from app.store.patients import Patient
from app.store.transaction import Store
from app.use_cases.care_path import view_care_path
from app.use_cases.expected_on_chart import expected_on_chart
from app.use_cases.flag_loop import tell_loop
from app.use_cases.judged_course import judged_words
from app.use_cases.judging import course_of, once
from app.use_cases.patient_story import (
    AnswerRow,
    AssessmentRow,
    ChartPoint,
    ChartSeries,
    ContactRow,
    EpisodeHeader,
    FlagRow,
    PatientHeader,
    PatientStory,
    ReviewRow,
    TimelineEvent,
)


@dataclass(frozen=True, slots=True)
class Names:
    """Who is who on the page."""

    staff: dict[UUID, str]
    clinics: dict[UUID, str]
    clients: dict[UUID, str]

    def of(self, staff_id: UUID | None) -> str | None:
        return self.staff.get(staff_id) if staff_id else None


async def view_patient(store: Store, patient_id: UUID, today: date) -> PatientStory:
    """The story of one patient; the look is audited."""
    store.actor.require(Permission.VIEW_PATIENT)
    patient = await patients.get_patient(store, patient_id)
    await audit.record(store, "patient.view", patient_id=patient_id)
    courses = await episodes.list_episodes(store, patient_id)
    current = next((e for e in courses if is_open(EpisodeStatus(e.status))), None)
    shown = current or (courses[0] if courses else None)
    held = await flags.list_flags(store, patient_id)
    contacts = await care.list_contacts(store, shown.episode_id) if shown else []
    reviews = await care.list_reviews(store, shown.episode_id) if shown else []
    records = await assessments.list_assessments(store, patient_id)
    clinic_list = await rosters.list_clinics(store)
    people = _people(courses, held, contacts, reviews, records)
    names = Names(
        await rosters.staff_names(store, people),
        dict(clinic_list),
        await clients.client_names(store),
    )
    open_flags = [f for f in held if f.state != "closed"]
    steps = await escalations.list_steps_of(store, [flag.flag_id for flag in held])
    looks = store.actor.staff_id

    def shown_flag(flag: Flag) -> FlagRow:
        return flag_row(flag, names, steps.get(flag.flag_id, ()), looks)

    return PatientStory(
        patient=await _header(store, patient, today),
        episode=episode_header(current, names, today) if current else None,
        past_episodes=[episode_header(e, names, today) for e in courses if e is not current],
        flags=sorted(map(shown_flag, open_flags), key=_flag_order),
        closed_flags=[shown_flag(f) for f in held if f.state == "closed"],
        charts=await _charts(store, shown, records, today),
        events=await _events(store, shown, contacts, reviews),
        contacts=[_contact_row(c, names) for c in contacts],
        reviews=[review_row(r, names) for r in reviews],
        assessments=[_assessment_row(a, names, patient.sex) for a in reversed(records)],
        care_managers=await rosters.list_care_managers(store),
        colleagues=await rosters.list_answering(store),
        clinics=clinic_list,
        minutes_this_month=_minutes(contacts, today),
        path=await view_care_path(store, patient_id, courses, today),
        today=today,
    )


async def view_identity(store: Store, patient_id: UUID) -> tuple[UUID, str, date | None]:
    """Whose record it is: (id, name, birth date); for pages about the record alone."""
    store.actor.require(Permission.VIEW_PATIENT)
    patient = await patients.get_patient(store, patient_id)
    await audit.record(store, "patient.identity", patient_id=patient_id)
    return patient.patient_id, patient.name, patient.birth_on


def _people(
    courses: Sequence[Episode],
    held: Sequence[Flag],
    contacts: Sequence[Contact],
    reviews: Sequence[CaseReview],
    records: Sequence[Assessment],
) -> set[UUID]:
    ids: set[UUID | None] = set()
    for episode in courses:
        ids |= {episode.care_manager_id, episode.consultant_id}
    for flag in held:
        ids |= {flag.owner_id, flag.acknowledged_by_id, flag.closed_by_id}
    ids |= {contact.staff_id for contact in contacts}
    for review in reviews:
        ids |= {review.consultant_id, review.answered_by_id}
    ids |= {record.recorded_by_id for record in records}
    return {known for known in ids if known}


def age_on(birth_on: date | None, today: date) -> int | None:
    """Completed years; None where the birth date is not known."""
    if birth_on is None:
        return None
    return today.year - birth_on.year - ((today.month, today.day) < (birth_on.month, birth_on.day))


async def _header(store: Store, patient: Patient, today: date) -> PatientHeader:
    identifiers = await patients.list_identifiers(store, patient.patient_id)
    return PatientHeader(
        patient_id=patient.patient_id,
        name=patient.name,
        birth_on=patient.birth_on,
        age=age_on(patient.birth_on, patient.deceased_on or today),
        sex=patient.sex,
        language=patient.language,
        phone=patient.phone,
        identifiers=[(i.kind or i.system, i.value) for i in identifiers],
        deceased_on=patient.deceased_on,
        merged_into_id=patient.merged_into_id,
    )


def episode_header(episode: Episode, names: Names, today: date) -> EpisodeHeader:
    """An episode as pages show it."""
    return EpisodeHeader(
        episode_id=episode.episode_id,
        status=episode.status,
        enrolled_on=episode.enrolled_on,
        ended_on=episode.ended_on,
        weeks=weeks_in_treatment(episode.enrolled_on, episode.ended_on or today),
        clinic=names.clinics.get(episode.clinic_id, ""),
        clinic_id=episode.clinic_id,
        care_manager=names.of(episode.care_manager_id),
        care_manager_id=episode.care_manager_id,
        consultant=names.of(episode.consultant_id),
        primary_care_clinician=episode.primary_care_clinician,
        condition=episode.condition,
        protocol=f"{episode.protocol_id} v{episode.protocol_version}",
        last_contact_on=episode.last_contact_on,
        next_contact_on=episode.next_contact_on,
        next_assessment_on=episode.next_assessment_on,
        last_review_on=episode.last_review_on,
        next_review_on=episode.next_review_on,
        urgency=episode.urgency,
        urgency_reason=episode.urgency_reason,
        version=episode.version,
    )


def flag_row(
    flag: Flag, names: Names, steps: Sequence[Escalation] = (), looks: UUID | None = None
) -> FlagRow:
    """A flag as pages show it, to `looks`."""
    policy = FLAG_POLICY[FlagKind(flag.kind)]
    return FlagRow(
        flag_id=flag.flag_id,
        kind=flag.kind,
        title=policy.title,
        level=policy.level,
        words=flag.words,
        evidence=dict(flag.evidence),
        protocol=flag.protocol,
        state=flag.state,
        owner=names.of(flag.owner_id),
        mine=looks is not None and looks == flag.acknowledged_by_id,
        opened_at=flag.opened_at,
        due_at=flag.due_at,
        acknowledged_at=flag.acknowledged_at,
        acknowledged_by=names.of(flag.acknowledged_by_id),
        closed_at=flag.closed_at,
        closed_by=names.of(flag.closed_by_id),
        outcome=flag.outcome,
        version=flag.version,
        loop=tell_loop(steps),
    )


def _flag_order(row: FlagRow) -> tuple[int, datetime]:
    return FLAG_POLICY[FlagKind(row.kind)].rank, row.opened_at


async def _charts(
    store: Store, episode: Episode | None, records: Sequence[Assessment], today: date
) -> list[ChartSeries]:
    counted = once([r for r in records if r.counts and r.total is not None])
    held = sorted({r.instrument_id for r in counted})
    models = await recovery.newest_models(store)
    monitored = [INSTRUMENTS[i] for i in held if INSTRUMENTS[i].monitoring]
    others = [INSTRUMENTS[i] for i in held if not INSTRUMENTS[i].monitoring]
    return [
        await _chart(store, episode, instrument, counted, today, models)
        for instrument in sorted(monitored, key=lambda i: i.id, reverse=True) + others
    ]


async def _chart(
    store: Store,
    episode: Episode | None,
    instrument: Instrument,
    counted: Sequence[Assessment],
    today: date,
    models: Mapping[str, RecoveryModel],
) -> ChartSeries:
    mine = [r for r in counted if r.instrument_id == instrument.id]
    in_course = [r for r in mine if episode and r.episode_id == episode.episode_id]
    course = course_of(episode, instrument.id, in_course) if episode else None
    words = ""
    told: tuple[str, ...] = ()
    expected = None
    if episode and course and not instrument.ordinal:  # a level has no points to tell of
        until = episode.ended_on or today
        expected = expected_on_chart(models, instrument, course, episode, today)
        told = course_words(instrument, course, episode.enrolled_on, until)
    if episode and course and instrument.monitoring:
        protocol = await protocols.get_protocol(
            store, episode.protocol_id, episode.protocol_version
        )
        within = [r for r in counted if r.episode_id == episode.episode_id]
        words = judged_words(protocol, episode, instrument, within, today)
    return ChartSeries(
        instrument_id=instrument.id,
        title=instrument.short_title,
        ordinal=instrument.ordinal,
        minimum=instrument.minimum,
        maximum=_top(instrument, mine),
        bands=[(b.minimum, b.maximum, b.label, b.level) for b in instrument.bands],
        points=[_point(instrument, r) for r in mine],
        baseline_total=course.baseline.total if course and course.baseline else None,
        baseline_on=course.baseline.on if course and course.baseline else None,
        percent_change=course.percent_change if course and not instrument.ordinal else None,
        response=response_status(instrument, course).value if course else "",
        judgement_words=words,
        course_words=told,
        expected=expected,
    )


def _top(instrument: Instrument, mine: Sequence[Assessment]) -> int:
    """Where a chart ends: of a count, whose range is a year long, a little above what was told."""
    if all(item.most is None for item in instrument.items):
        return instrument.maximum
    told = max((int(r.total) for r in mine if r.total is not None), default=0)
    return min(instrument.maximum, max(10, told + told // 4))


def _point(instrument: Instrument, record: Assessment) -> ChartPoint:
    """As it was read when it was recorded: a definition that changed since reads nothing anew."""
    assert record.total is not None
    now = severity(instrument, record.total)
    return ChartPoint(
        record.assessment_id,
        record.effective_on,
        record.total,
        record.severity or now.label,
        now.level if record.severity_level is None else record.severity_level,
        record.prorated,
        record.item_nine_value,
    )


async def _events(
    store: Store,
    episode: Episode | None,
    contacts: Sequence[Contact],
    reviews: Sequence[CaseReview],
) -> list[TimelineEvent]:
    if episode is None:
        return []
    events = [TimelineEvent(episode.enrolled_on, "enrolled", "Enrolled")]
    for event in await care.list_treatment_events(store, episode.episode_id):
        kind = "status" if event.kind == "status" else "treatment"
        events.append(TimelineEvent(event.happened_on, kind, event.words))
    for contact in contacts:
        reached = "reached" if contact.reached else "not reached"
        events.append(TimelineEvent(contact.contact_on, "contact", f"{contact.way}, {reached}"))
    for review in reviews:
        events.append(TimelineEvent(review.reviewed_on, "review", review.recommendation))
    return sorted(events, key=lambda event: event.on)


def _contact_row(contact: Contact, names: Names) -> ContactRow:
    return ContactRow(
        contact.contact_id,
        contact.at,
        contact.contact_on,
        contact.way,
        contact.reached,
        contact.minutes,
        contact.note,
        names.of(contact.staff_id) or "",
    )


def review_row(review: CaseReview, names: Names) -> ReviewRow:
    """A case review as pages show it."""
    return ReviewRow(
        review.review_id,
        review.reviewed_on,
        names.of(review.consultant_id) or "",
        review.kind,
        review.recommendation,
        review.follow_up_weeks,
        review.status,
        review.answer,
        names.of(review.answered_by_id),
        review.answered_at,
    )


def _assessment_row(record: Assessment, names: Names, sex: str) -> AssessmentRow:
    instrument = INSTRUMENTS[record.instrument_id]
    reason = record.not_scorable_reason
    source = names.of(record.recorded_by_id)
    if source is None and record.client_id:
        source = names.clients.get(record.client_id)
    return AssessmentRow(
        assessment_id=record.assessment_id,
        instrument_id=record.instrument_id,
        title=instrument.short_title,
        on=record.effective_on,
        at=record.effective_at,
        status=record.status,
        version=record.version,
        instrument_version=record.instrument_version,
        total=record.total,
        result="—" if record.total is None else total_words(instrument, record.total),
        prorated=record.prorated,
        not_scorable_words=NotScorableReason(reason).words if reason else None,
        severity=record.severity,
        level=record.severity_level,
        item_nine=record.item_nine,
        item_nine_value=record.item_nine_value,
        safety_words=_safety_words(instrument, record),
        remarks=_remarks(instrument, record, sex),
        claimed_total=record.claimed_total,
        claimed=""
        if record.claimed_total is None
        else total_words(instrument, record.claimed_total),
        total_check=record.total_check,
        conflicts=list(record.conflicts),
        answers=_answers(instrument, record),
        source=source or "imported",
    )


def _safety_words(instrument: Instrument, record: Assessment) -> str:
    if not record.item_nine_value:
        return ""
    if instrument.ordinal:
        return within(severity(instrument, record.item_nine_value).label)
    return f"safety item: {record.item_nine_value}"


def _remarks(instrument: Instrument, record: Assessment, sex: str) -> list[str]:
    told = [sign.words for sign in signs(instrument, record.answers)]
    if instrument.ordinal and record.item_nine_value:
        told.append(item_nine_words(instrument, record.item_nine_value, record.answers) + ".")
    if record.total is not None:
        told.append(cutoff_words(instrument, record.total, sex))
    return [words for words in told if words]


def _answers(instrument: Instrument, record: Assessment) -> list[AnswerRow]:
    if not record.answers:
        return []
    rows = []
    for item in instrument.items:
        value = record.answers.get(item.key)
        label = item.label_of(value) or None if value is not None else None
        rows.append(AnswerRow(item.key, item.text, label, value, item.role == "safety"))
    return rows


def _minutes(contacts: Sequence[Contact], today: date) -> int:
    month = (today.year, today.month)
    return sum(c.minutes for c in contacts if (c.contact_on.year, c.contact_on.month) == month)
