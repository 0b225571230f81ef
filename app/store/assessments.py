"""Assessments: the scored questionnaires of a patient, every version of them kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update

from app.errors import NotFound
from app.store.grouping import group
from app.store.publishable_findings import republish_findings_about
from app.store.tables import assessment_versions, assessments
from app.store.transaction import Store
from app.store.visibility import seen

MOVED = "moved "
"""How the identity of an assessment begins that was moved: no arriving form is mistaken for it."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """An assessment's row: what was answered, what it scored, how it came to be known."""

    assessment_id: UUID
    patient_id: UUID
    episode_id: UUID | None
    instrument_id: str
    instrument_version: str
    status: str
    """``final``, ``amended`` or ``entered-in-error``."""
    version: int
    answers: Mapping[str, int]
    total: Decimal | None
    prorated: bool
    not_scorable_reason: str | None
    severity: str | None
    severity_level: int | None
    item_nine: str
    item_nine_value: int | None
    claimed_total: Decimal | None
    total_check: str
    conflicts: tuple[str, ...]
    effective_at: datetime
    effective_on: date
    identity_key: str
    content_digest: str
    source_identifier: str | None
    client_id: UUID | None
    recorded_by_id: UUID | None
    withdrawn_by_id: UUID | None
    """The member of staff who marked it as wrong, if one did."""
    received_at: datetime
    updated_at: datetime
    program_id: UUID | None = None
    """The Part 2 program whose record it is, if it is one's."""

    @property
    def counts(self) -> bool:
        """Whether it belongs to the patient's trajectory."""
        return self.status != "entered-in-error"

    @property
    def moved_here(self) -> bool:
        """Whether a person moved it from another patient's record: its sender names that one."""
        return self.identity_key.startswith(MOVED)


def _assessment(row: Row[Any]) -> Assessment:
    values = dict(row._mapping)
    values.pop("org_id")
    values["conflicts"] = tuple(values["conflicts"])
    return Assessment(**values)


def _columns(store: Store, assessment: Assessment) -> dict[str, Any]:
    return asdict(assessment) | {
        "org_id": store.org_id,
        "answers": dict(assessment.answers),
        "conflicts": list(assessment.conflicts),
    }


async def get_assessment(store: Store, assessment_id: UUID) -> Assessment:
    """Raises NotFound where there is none of a patient whom the actor sees."""
    found = await store.connection.execute(
        select(assessments).where(
            assessments.c.org_id == store.org_id,
            assessments.c.assessment_id == assessment_id,
            seen(store, assessments.c.patient_id),
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such assessment.")
    return _assessment(row)


async def find_assessment(store: Store, assessment_id: UUID) -> Assessment | None:
    found = await store.connection.execute(
        select(assessments).where(
            assessments.c.org_id == store.org_id, assessments.c.assessment_id == assessment_id
        )
    )
    row = found.one_or_none()
    return None if row is None else _assessment(row)


async def find_by_identity(store: Store, identity_key: str) -> Assessment | None:
    found = await store.connection.execute(
        select(assessments).where(
            assessments.c.org_id == store.org_id, assessments.c.identity_key == identity_key
        )
    )
    row = found.one_or_none()
    return None if row is None else _assessment(row)


async def list_assessments(store: Store, patient_id: UUID) -> list[Assessment]:
    """All of a patient's assessments, wrong ones too, the oldest first."""
    return (await list_assessments_of(store, [patient_id])).get(patient_id, [])


async def list_assessments_of(
    store: Store, patient_ids: Sequence[UUID]
) -> dict[UUID, list[Assessment]]:
    """The same for each of many patients."""
    found = await store.connection.execute(
        select(assessments)
        .where(assessments.c.org_id == store.org_id, assessments.c.patient_id.in_(patient_ids))
        .order_by(assessments.c.effective_at, assessments.c.assessment_id)
    )
    return group(map(_assessment, found.all()), lambda assessment: assessment.patient_id)


async def add_assessment(store: Store, assessment: Assessment, reason: str = "recorded") -> None:
    await store.connection.execute(assessments.insert().values(_columns(store, assessment)))
    await _keep_version(store, assessment, reason)


async def add_assessments(store: Store, many: Sequence[Assessment]) -> None:
    """Add many at once, each with its first version."""
    if many:
        await store.connection.execute(assessments.insert(), [_columns(store, a) for a in many])
        await store.connection.execute(
            assessment_versions.insert(), [_version(store, a, "recorded") for a in many]
        )


async def save_version(store: Store, assessment: Assessment, reason: str) -> None:
    """Save a changed assessment as its next version; the earlier content stays readable."""
    columns = _columns(store, assessment)
    await store.connection.execute(
        update(assessments)
        .where(
            assessments.c.org_id == store.org_id,
            assessments.c.assessment_id == assessment.assessment_id,
        )
        .values(columns)
    )
    await _keep_version(store, assessment, reason)
    if assessment.status == "entered-in-error":
        await republish_findings_about(store, assessment.assessment_id)


async def assign_episodes(store: Store, homes: Mapping[UUID, UUID]) -> None:
    """Put assessments into the episodes that their dates belong to."""
    if homes:
        await store.connection.execute(
            update(assessments).where(
                assessments.c.org_id == store.org_id,
                assessments.c.assessment_id == bindparam("assessment"),
            ),
            [{"assessment": key, "episode_id": home} for key, home in homes.items()],
        )


async def _keep_version(store: Store, assessment: Assessment, reason: str) -> None:
    await store.connection.execute(
        assessment_versions.insert().values(_version(store, assessment, reason))
    )


def _version(store: Store, assessment: Assessment, reason: str) -> dict[str, Any]:
    content = {
        "status": assessment.status,
        "answers": dict(assessment.answers),
        "total": None if assessment.total is None else str(assessment.total),
        "claimed_total": (
            None if assessment.claimed_total is None else str(assessment.claimed_total)
        ),
        "item_nine": assessment.item_nine,
        "effective_at": assessment.effective_at.isoformat(),
    }
    return {
        "org_id": store.org_id,
        "assessment_id": assessment.assessment_id,
        "version": assessment.version,
        "content": content,
        "reason": reason,
        "recorded_at": store.now,
        "recorded_by": store.actor.name,
    }
