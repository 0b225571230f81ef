"""A Part 2 program of the demo: its own people and records, consents, one emergency."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from app.domain.access import Role
from app.domain.actor import Actor, ActorKind
from app.domain.catalogue import INSTRUMENTS
from app.domain.consent import ConsentForm, ConsentKind, Manner, Purpose, Scope
from app.store import organizations
from app.store.transaction import Database, Store
from app.use_cases.declare_emergency import EmergencyForm, declare_emergency
from app.use_cases.keep_consents import record_consent
from app.use_cases.mark_program import MarkForm, mark_program
from app.use_cases.record_assessment import FormByHand, record_by_hand

NAME = "Cedar Recovery Program"
PATIENTS = (2, 5, 9)
"""Which of the first people are treated there too; the first consented."""
SEVERE, MODERATE = 3, 2


async def add_program(
    database: Database,
    registry: Actor,
    counselor: UUID,
    psychiatrist: UUID,
    ids: Sequence[UUID],
    today: date,
) -> None:
    """Mark the program, let its counselor screen three people, write consents down."""
    async with database.transaction(registry) as store:
        program_id = await organizations.add_clinic(store, NAME, registry.time_zone)
        await mark_program(store, _mark(program_id, counselor), today)
    theirs = [ids[number] for number in PATIENTS if number < len(ids)]
    clinician = frozenset({Role.CLINICIAN})
    lee = replace(
        registry, kind=ActorKind.STAFF, id=counselor, name="Lee Ortega, CADC", roles=clinician
    )
    async with database.transaction(lee) as store:
        for number, patient_id in enumerate(theirs):
            await _screen(store, patient_id, SEVERE if number == 1 else MODERATE, today)
    async with database.transaction(registry) as store:
        for number, patient_id in enumerate(ids[:8]):
            await record_consent(
                store, patient_id, _billing(today), f"demo-billing-{number}", today
            )
        for patient_id in theirs[:1]:
            form = _disclosure(program_id, today)
            await record_consent(store, patient_id, form, "demo-part2", today)
    lind = replace(
        registry,
        kind=ActorKind.STAFF,
        id=psychiatrist,
        name="Dr. Astrid Lind",
        roles=frozenset({Role.PSYCHIATRIST}),
    )
    async with database.transaction(lind) as store:
        for patient_id in theirs[2:]:
            await declare_emergency(store, patient_id, _emergency())


def _mark(program_id: UUID, counselor: UUID) -> MarkForm:
    return MarkForm(
        place_id=program_id,
        marked=True,
        contact_id=counselor,
        members=frozenset({counselor}),
        sole=frozenset({counselor}),
        reason="State-licensed opioid treatment program; holds itself out as such",
    )


async def _screen(store: Store, patient_id: UUID, value: int, today: date) -> None:
    """An AUDIT-C and a DAST-10, as answered at the program."""
    at = store.now - timedelta(days=9)
    for instrument_id in ("audit-c", "dast-10"):
        instrument = INSTRUMENTS[instrument_id]
        answers = {
            item.key: min(value, max(option.value for option in item.options))
            for item in instrument.items
        }
        await record_by_hand(store, patient_id, FormByHand(instrument_id, answers, at), today)


def _billing(today: date) -> ConsentForm:
    return ConsentForm(ConsentKind.BILLING, today - timedelta(days=30), Manner.VERBAL)


def _disclosure(program_id: UUID, today: date) -> ConsentForm:
    return ConsentForm(
        kind=ConsentKind.PART_TWO,
        given_on=today - timedelta(days=20),
        manner=Manner.WRITTEN,
        discloser=str(program_id),
        recipient="organization",
        recipient_name="the clinics of Stepwell demo",
        purposes=frozenset({Purpose.TREATMENT}),
        scope=frozenset(Scope),
        signature="as on the paper",
        expires_on=today + timedelta(days=345),
        expires_when="at the end of treatment at the program",
        told_of_revoking=True,
    )


def _emergency() -> EmergencyForm:
    return EmergencyForm(
        facility="Riverside Emergency Department",
        discloser="Dr. Astrid Lind",
        nature="Brought in drowsy; what was taken had to be known before naloxone was given again.",
        request_key="demo-emergency",
    )
