"""Hand a changed assessment to the publisher, with what the registry itself has to say of it."""

from app.domain.assembly import PartKind
from app.store import parts, rosters
from app.store.assessments import Assessment
from app.store.patients import Patient
from app.store.publishing import ChangedAssessment
from app.store.transaction import Store


async def publish_assessment(store: Store, patient: Patient, assessment: Assessment) -> None:
    """A total of ours goes out only where the sender's is absent or disagrees (DESIGN 4).

    Of an assessment that was moved here no sender's resource tells: all of it goes out as ours.
    """
    pieces = await parts.list_parts_of(store, assessment.assessment_id)
    their_total = any(
        piece.kind is PartKind.TOTAL and piece.total == assessment.total for piece in pieces
    )
    by = assessment.recorded_by_id
    names = await rosters.staff_names(store, {by} if by else set())
    store.saved.append(
        ChangedAssessment(
            assessment_id=assessment.assessment_id,
            patient_id=patient.patient_id,
            patient_fhir_id=patient.fhir_id,
            instrument_id=assessment.instrument_id,
            status=assessment.status,
            answers=assessment.answers,
            total=assessment.total,
            prorated=assessment.prorated,
            severity=assessment.severity,
            effective_at=assessment.effective_at,
            derived_from=tuple(sorted(piece.key for piece in pieces)),
            recorded_by=names.get(by) if by else None,
            publish_form=by is not None or (assessment.moved_here and bool(assessment.answers)),
            publish_score=assessment.total is not None
            and (assessment.moved_here or not their_total),
            program_id=assessment.program_id,
        )
    )
