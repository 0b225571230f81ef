"""The account of disclosures: each time that a program's records were shown outside it.

Kept where the act itself is audited, so that no page, list or search can show a protected
record without a line here (app/store/audit.py calls it).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, or_, select, union

from app.domain.consent import Purpose, Scope, purpose_words, scope_words
from app.domain.part2 import EVERYTHING
from app.store.ids import new_id
from app.store.tables import (
    assessments,
    case_reviews,
    consents,
    contacts,
    disclosures,
    emergencies,
    episodes,
    flags,
    patients,
    referrals,
    treatment_events,
)

if TYPE_CHECKING:  # the transaction records its own refusals, and so imports the audit
    from app.store.transaction import Store

SHOWING = frozenset(
    {"view", "view-waiting", "explain", "compare", "print", "identity", "referrals"}
)
"""The verbs of acts that show records; those of changes show none."""
_SHOWN = (
    assessments,
    episodes,
    flags,
    contacts,
    case_reviews,
    treatment_events,
    referrals,
)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A line of the account."""

    at: datetime
    program_id: UUID
    recipient_kind: str
    recipient_name: str
    what: str
    subject: str
    words: str
    by_emergency: bool


async def account_for(store: Store, action: str, patient_ids: Iterable[UUID], subject: str) -> None:
    """Account for what an act showed of these patients that is another program's."""
    people = sorted(set(patient_ids))
    verb = action.partition(".")[2]
    if not people or verb not in SHOWING or _sees_everything(store):
        return
    labelled = union(
        *[
            select(table.c.patient_id, table.c.program_id).where(
                table.c.org_id == store.org_id,
                table.c.patient_id.in_(people),
                table.c.program_id.is_not(None),
            )
            for table in _SHOWN
        ]
    )
    found = await store.connection.execute(labelled)  # as this very actor sees it
    await account(store, action, [(row[0], row[1]) for row in found.all()], subject)


def _sees_everything(store: Store) -> bool:
    return not store.keys or EVERYTHING in store.shown_by


async def account(
    store: Store, action: str, shown: Iterable[tuple[UUID, UUID]], subject: str
) -> None:
    """The same where it is known whose records were shown: (patient, program) each."""
    strange = sorted({one for one in shown if f"program:{one[1]}" not in store.keys})
    if not strange or _sees_everything(store):
        return
    grounds = [await _ground(store, patient_id, program_id) for patient_id, program_id in strange]
    await store.connection.execute(
        disclosures.insert(),
        [
            {
                "org_id": store.org_id,
                "disclosure_id": new_id(),
                "patient_id": patient_id,
                "program_id": program_id,
                "consent_id": ground.consent_id,
                "emergency_id": ground.emergency_id,
                "at": store.now,
                "recipient_kind": store.actor.kind.value,
                "recipient_id": store.actor.id,
                "recipient_name": store.actor.name,
                "what": action,
                "subject": subject,
                "words": ground.words,
            }
            for (patient_id, program_id), ground in zip(strange, grounds, strict=True)
        ],
    )
    store.disclosed += [ground.words for ground in grounds if ground.words not in store.disclosed]


@dataclass(frozen=True, slots=True)
class _Ground:
    """Why something could be shown."""

    words: str
    consent_id: UUID | None = None
    emergency_id: UUID | None = None


async def _ground(store: Store, patient_id: UUID, program_id: UUID) -> _Ground:
    whose = await _records_of(store, patient_id)
    found = await store.connection.execute(
        select(
            consents.c.consent_id,
            consents.c.discloser,
            consents.c.recipient_name,
            consents.c.purposes,
            consents.c.scope,
            consents.c.given_on,
        )
        .where(consents.c.org_id == store.org_id, consents.c.patient_id.in_(whose))
        .where(consents.c.program_id == program_id, consents.c.kind == "part2")
        .where(consents.c.revoked_at.is_(None), consents.c.begins_at <= store.now)
        .where(or_(consents.c.ends_at.is_(None), consents.c.ends_at > store.now))
        .where(consents.c.recipient.in_(sorted(store.keys)))
        .order_by(consents.c.given_on.desc(), consents.c.consent_id)
        .limit(1)
    )
    row = found.one_or_none()
    if row is not None:
        return _Ground(_words(row), consent_id=row.consent_id)
    opened = await store.connection.execute(
        select(emergencies.c.emergency_id, emergencies.c.discloser)
        .where(emergencies.c.org_id == store.org_id, emergencies.c.patient_id.in_(whose))
        .where(emergencies.c.staff_id == store.actor.staff_id)
        .order_by(emergencies.c.begun_at.desc())
        .limit(1)
    )
    emergency = opened.one_or_none()
    if emergency is None:  # shown by a consent of another patient's record, joined since
        return _Ground("Disclosed under the patient's consent.")
    words = f"Disclosed by {emergency.discloser} in a medical emergency (42 CFR § 2.51)."
    return _Ground(words, emergency_id=emergency.emergency_id)


async def _records_of(store: Store, patient_id: UUID) -> Sequence[UUID]:
    """The record and the one that it was joined with."""
    found = await store.connection.scalar(
        select(patients.c.merged_into_id).where(
            patients.c.org_id == store.org_id, patients.c.patient_id == patient_id
        )
    )
    return [patient_id, found] if found else [patient_id]


def _words(row: Any) -> str:
    scope = scope_words(frozenset(map(Scope, row.scope)))
    purposes = purpose_words(frozenset(map(Purpose, row.purposes)))
    return (
        f"Disclosed by {row.discloser} to {row.recipient_name} for {purposes} under the patient's "
        f"consent of {row.given_on.isoformat()}, which covers {scope}."
    )


async def list_recent(store: Store, limit: int) -> list[tuple[UUID, str, datetime, int]]:
    """Patients whose protected records were shown to others: (id, name, last shown, how often)."""
    d = disclosures.c
    found = await store.connection.execute(
        select(d.patient_id, patients.c.display_name, func.max(d.at), func.count())
        .join(patients, (patients.c.org_id == d.org_id) & (patients.c.patient_id == d.patient_id))
        .where(d.org_id == store.org_id)
        .group_by(d.patient_id, patients.c.display_name)
        .order_by(func.max(d.at).desc(), d.patient_id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3]) for row in found.all()]


async def list_disclosures(store: Store, patient_ids: Sequence[UUID]) -> list[Disclosure]:
    """Every disclosure of these records, the newest first."""
    d = disclosures.c
    found = await store.connection.execute(
        select(
            d.at,
            d.program_id,
            d.recipient_kind,
            d.recipient_name,
            d.what,
            d.subject,
            d.words,
            d.emergency_id.is_not(None),
        )
        .where(d.org_id == store.org_id, d.patient_id.in_(patient_ids))
        .order_by(d.at.desc(), d.disclosure_id.desc())
    )
    return [Disclosure(*row) for row in found.all()]
