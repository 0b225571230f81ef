"""Move an assessment that was filed under the wrong patient, with a trace in both records.

In the old record it is entered in error, as a correction at its source would have it; in the
right one it counts, is judged, and follows its sender's corrections. Moving it back revives
the first one.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from app.domain.access import Permission
from app.domain.catalogue import INSTRUMENTS
from app.errors import Conflict, Problem, Unprocessable
from app.store import assessments, audit, flags, moves, patients
from app.store.assessments import MOVED, Assessment
from app.store.disclosure import whole_record
from app.store.flags import Flag
from app.store.ids import new_id
from app.store.patients import Patient
from app.store.transaction import Store
from app.use_cases.merge_patients import closing
from app.use_cases.publish_assessment import publish_assessment
from app.use_cases.record_assessment import check_dates
from app.use_cases.reevaluate_patient import reevaluate_patients


@dataclass(frozen=True, slots=True)
class MoveForm:
    """Where an assessment belongs, and how that is known."""

    assessment_id: UUID
    to_patient_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class MoveView:
    """An assessment that may lie in the wrong record."""

    assessment_id: UUID
    patient_id: UUID
    patient: str
    title: str
    at: datetime
    total: Decimal | None
    counts: bool
    asks_about_safety: bool
    from_sender: bool


async def view_move(store: Store, assessment_id: UUID) -> MoveView:
    """What is to be moved, and from whose record."""
    store.actor.require(Permission.MOVE_ASSESSMENT)
    held = await assessments.get_assessment(store, assessment_id)
    patient = await patients.get_patient(store, held.patient_id)
    await audit.record(store, "assessment.view", patient_id=held.patient_id)
    return MoveView(
        assessment_id=assessment_id,
        patient_id=patient.patient_id,
        patient=patient.name,
        title=INSTRUMENTS[held.instrument_id].short_title,
        at=held.effective_at,
        total=held.total,
        counts=held.counts,
        asks_about_safety=held.item_nine == "positive",
        from_sender=held.client_id is not None,
    )


async def move_assessment(store: Store, form: MoveForm, today: date) -> UUID:
    """Move it; returns the assessment as it stands in the right record. Sent twice, done once."""
    store.actor.require(Permission.MOVE_ASSESSMENT)
    if not form.reason.strip():
        raise Unprocessable(
            "The questionnaire was not moved.",
            [Problem("reason", "say how you know whose it is")],
        )
    known = await assessments.get_assessment(store, form.assessment_id)
    await patients.lock_patients(store, [known.patient_id, form.to_patient_id])
    held = await assessments.get_assessment(store, form.assessment_id)
    earlier = await _moved_there(store, held, form.to_patient_id)
    if earlier:
        return earlier
    source, target = await _check(store, known, held, form)
    async with whole_record(store):
        asked = await _flags_about(store, held)
        placed = await _place(store, held, source, target, form)
        await _withdraw(store, held, source, form)
        await _close_flags(store, asked)
        await reevaluate_patients(store, sorted([source.patient_id, target.patient_id]), today)
        await _never_silent(store, asked, placed)
    return placed.assessment_id


async def _moved_there(store: Store, held: Assessment, patient_id: UUID) -> UUID | None:
    """Where this very move was made before: the form was sent twice."""
    if held.counts:
        return None
    for move in reversed(await moves.list_moves_of(store, [held.assessment_id])):
        if move.from_assessment_id == held.assessment_id and move.to_patient_id == patient_id:
            return move.to_assessment_id
    return None


async def _check(
    store: Store, known: Assessment, held: Assessment, form: MoveForm
) -> tuple[Patient, Patient]:
    if held.patient_id != known.patient_id:
        raise Conflict("Somebody moved this questionnaire meanwhile; look at it again.")
    if not held.counts:
        raise Unprocessable("This questionnaire is entered in error: it counts nowhere.")
    if held.patient_id == form.to_patient_id:
        raise Unprocessable(
            "The questionnaire was not moved.", [Problem("patient", "it is in this record already")]
        )
    source = await patients.get_patient(store, held.patient_id)
    target = await patients.get_patient(store, form.to_patient_id)
    check_dates(target, held.effective_at, store.now)
    if target.program_id and held.program_id != target.program_id:
        raise Unprocessable(
            "Nobody but a Part 2 program knows this person: a questionnaire of the general record "
            "would tell everybody of them. Enter it in the program, or have its sender send it "
            "for this person."
        )
    return source, target


async def _flags_about(store: Store, held: Assessment) -> list[Flag]:
    found = await flags.list_flags(store, held.patient_id)
    return [f for f in found if f.subject == str(held.assessment_id) and f.state != "closed"]


async def _place(
    store: Store, held: Assessment, source: Patient, target: Patient, form: MoveForm
) -> Assessment:
    """The assessment in the right record: one that was there before, or a new one."""
    lineage_id, revived = await _lineage(store, held, target)
    reason = f"moved here from another record: {form.reason.strip()}"
    if revived is not None:
        placed = _content(held, revived, target)
        placed = replace(placed, version=revived.version + 1, updated_at=store.now)
        await assessments.save_version(store, placed, reason)
    else:
        own_id = new_id()
        placed = replace(
            held,
            assessment_id=own_id,
            patient_id=target.patient_id,
            episode_id=None,
            version=1,
            identity_key=f"{MOVED}{own_id}",
            updated_at=store.now,
        )
        await assessments.add_assessment(store, placed, reason)
    await moves.move_parts(store, held.assessment_id, placed.assessment_id, target.patient_id)
    await moves.add_move(
        store,
        {
            "lineage_id": lineage_id,
            "from_assessment_id": held.assessment_id,
            "to_assessment_id": placed.assessment_id,
            "from_patient_id": source.patient_id,
            "to_patient_id": target.patient_id,
            "reason": form.reason.strip(),
        },
    )
    await publish_assessment(store, target, placed)
    await _tell(store, placed, "assessment.move-in")
    return placed


async def _lineage(
    store: Store, held: Assessment, target: Patient
) -> tuple[UUID, Assessment | None]:
    """How the assessment was first filed, and where it lay in the target's record before."""
    known = await moves.list_moves_of(store, [held.assessment_id])
    if not known:
        return held.assessment_id, None
    lineage_id = known[0].lineage_id
    for move in await moves.list_lineage(store, lineage_id):
        for assessment_id in (move.from_assessment_id, move.to_assessment_id):
            found = await assessments.get_assessment(store, assessment_id)
            if found.patient_id == target.patient_id and not found.counts:
                return lineage_id, found
    return lineage_id, None


def _content(held: Assessment, place: Assessment, target: Patient) -> Assessment:
    """What the assessment says now, in the place that it had before."""
    return replace(
        held,
        assessment_id=place.assessment_id,
        patient_id=target.patient_id,
        episode_id=place.episode_id,
        identity_key=place.identity_key,
        withdrawn_by_id=None,
        received_at=place.received_at,
    )


async def _withdraw(store: Store, held: Assessment, source: Patient, form: MoveForm) -> None:
    """In the old record it is entered in error: a copy of ours is published so."""
    wrong = replace(
        held,
        status="entered-in-error",
        version=held.version + 1,
        withdrawn_by_id=store.actor.staff_id,
        updated_at=store.now,
    )
    await assessments.save_version(store, wrong, f"moved to another record: {form.reason.strip()}")
    await publish_assessment(store, source, wrong)
    await _tell(store, wrong, "assessment.move-out")


async def _close_flags(store: Store, asked: list[Flag]) -> None:
    """They asked about the wrong person. Nobody answered them: moved back, they ask again."""
    words = f"{store.actor.name} moved the questionnaire to another record: it was not this "
    words += "patient's. The flag asks there."
    for flag in asked:
        values = closing(store, words)
        await flags.change_flag(store, flag, values)
        await audit.record(
            store,
            "flag.close",
            patient_id=flag.patient_id,
            subject=f"flags/{flag.flag_id}",
            detail={"kind": flag.kind},
        )


async def _never_silent(store: Store, asked: list[Flag], placed: Assessment) -> None:
    """A safety flag opens in the right record even where its date lies outside what is judged."""
    safety = next((flag for flag in asked if flag.kind == "safety"), None)
    if safety is None:
        return
    held = await flags.list_flags(store, placed.patient_id)
    told = [f for f in held if f.kind == "safety" and f.subject == str(placed.assessment_id)]
    if any(f.state != "closed" or f.closed_by_id for f in told):
        return
    await flags.add_flags(
        store,
        [
            {
                "patient_id": placed.patient_id,
                "episode_id": None,
                "kind": safety.kind,
                "subject": str(placed.assessment_id),
                "content_digest": placed.content_digest,
                "words": safety.words,
                "evidence": dict(safety.evidence),
                "protocol": safety.protocol,
                "owner_id": None,
                "program_id": placed.program_id,
                "due_at": safety.due_at,
            }
        ],
    )


async def _tell(store: Store, assessment: Assessment, action: str) -> None:
    await audit.record(
        store,
        action,
        patient_id=assessment.patient_id,
        subject=f"assessments/{assessment.assessment_id}",
        detail={"instrument": assessment.instrument_id},
    )
