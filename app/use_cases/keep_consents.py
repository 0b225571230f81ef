"""Keep what patients consented to: write it down, revoke it, show it."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.domain.access import Permission
from app.domain.consent import (
    ConsentForm,
    ConsentKind,
    begins,
    ends,
    in_force,
    problems_of,
    purpose_words,
    scope_words,
)
from app.domain.part2 import NOTICE
from app.errors import Conflict, Problem, Unprocessable
from app.store import audit, consents, exports, kept_answers, part2, patients, rosters
from app.store.consents import StoredConsent
from app.store.ids import new_id
from app.store.transaction import Store

OUTSIDE = "outside"
"""The recipient's key of somebody who has no account here: told on paper."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose from: a program, or a recipient."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A consent as pages show it."""

    consent_id: UUID
    version: int
    kind: ConsentKind
    state: str
    """``in force``, ``not yet``, ``over`` or ``revoked``."""
    given_on: date
    manner: str
    discloser: str
    recipient_name: str
    purposes: str
    scope: str
    signature: str
    expires_on: date | None
    expires_when: str
    revoked_at: datetime | None
    revoked_how: str | None
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentBoard:
    """The consents of a patient, and what a new one can name."""

    patient_id: UUID
    patient_name: str
    rows: list[ConsentRow]
    programs: list[Choice]
    recipients: list[Choice]

    def stands(self, kind: ConsentKind) -> str:
        """How a kind of consent stands: the newest in force, else the newest there is."""
        states = [row.state for row in self.rows if row.kind is kind]
        if "in force" in states:
            return "in force"
        return states[0] if states else "none on record"


async def view_consents(store: Store, patient_id: UUID) -> ConsentBoard:
    """Every consent that whoever looks may know of, the newest first."""
    store.actor.require(Permission.VIEW_PATIENT)
    patient = await patients.get_patient(store, patient_id)
    held = await consents.list_consents(store, patient_id)
    await audit.record(store, "consent.list", patient_id=patient_id)
    people = {one.recorded_by_id for one in held if one.recorded_by_id}
    names = await rosters.staff_names(store, people)
    return ConsentBoard(
        patient_id=patient_id,
        patient_name=patient.name,
        rows=[_row(store, one, names) for one in held],
        programs=[
            Choice(str(one.program_id), one.name)
            for one in await part2.list_programs(store)
            if one.marked
        ],
        recipients=await _recipients(store),
    )


async def view_consent(store: Store, consent_id: UUID) -> tuple[ConsentRow, UUID, str, str]:
    """One consent for print: (row, patient, their name, the notice that goes with it)."""
    store.actor.require(Permission.VIEW_PATIENT)
    held = await consents.get_consent(store, consent_id)
    patient = await patients.get_patient(store, held.patient_id)
    await audit.record(
        store,
        "consent.view",
        patient_id=held.patient_id,
        subject=f"consents/{consent_id}",
    )
    known = {held.recorded_by_id} if held.recorded_by_id else set()
    names = await rosters.staff_names(store, known)
    return _row(store, held, names), held.patient_id, patient.name, NOTICE


def _row(store: Store, held: StoredConsent, names: dict[UUID, str]) -> ConsentRow:
    consent = held.consent
    return ConsentRow(
        consent_id=held.consent_id,
        version=held.version,
        kind=consent.kind,
        state=_state(store, held),
        given_on=held.given_on,
        manner=held.manner,
        discloser=held.discloser,
        recipient_name=held.recipient_name,
        purposes=purpose_words(consent.purposes),
        scope=scope_words(consent.scope),
        signature=held.signature,
        expires_on=held.expires_on,
        expires_when=held.expires_when,
        revoked_at=held.revoked_at,
        revoked_how=held.revoked_how,
        recorded_by=names.get(held.recorded_by_id, "") if held.recorded_by_id else "the registry",
        recorded_at=held.recorded_at,
    )


def _state(store: Store, held: StoredConsent) -> str:
    if held.revoked_at is not None:
        return "revoked"
    if in_force(held.consent, store.now):
        return "in force"
    return "not yet" if store.now < held.begins_at else "over"


async def _recipients(store: Store) -> list[Choice]:
    """Who can be named: all who treat here, a clinic, a person, a system, or somebody outside."""
    places = await part2.list_places(store)
    return [
        Choice("organization", "everybody here who treats the patient"),
        *[Choice(f"clinic:{one.place_id}", one.name) for one in places if one.kind == "clinic"],
        *[Choice(f"client:{one.place_id}", one.name) for one in places if one.kind == "client"],
        *[Choice(f"staff:{one.staff_id}", one.name) for one in await rosters.list_answering(store)],
        Choice(OUTSIDE, "somebody outside (name them)"),
    ]


async def record_consent(
    store: Store, patient_id: UUID, form: ConsentForm, request_key: str, today: date
) -> UUID:
    """Write a consent down; raises Unprocessable with everything that it lacks."""
    store.actor.require(Permission.RECORD_CONSENT)
    await patients.get_patient(store, patient_id)  # raises where there is none
    await patients.lock_patients(store, [patient_id])
    program = await _program(store, form)
    chosen = {one.key: one.name for one in await _recipients(store)}
    problems = problems_of(form, today)
    if form.recipient and form.recipient not in chosen:
        problems.append(Problem("recipient", "choose from the list"))
    if not request_key:
        problems.append(Problem("request_key", "is missing; open the page again"))
    if problems:
        raise Unprocessable("The consent was not kept.", problems)
    consent_id = new_id()
    values = _values(store, form, program) | {"patient_id": patient_id, "consent_id": consent_id}
    content = _content(form)
    if await consents.add_consent(store, values | {"request_key": request_key}, content):
        await audit.record(
            store,
            "consent.record",
            patient_id=patient_id,
            subject=f"consents/{consent_id}",
            detail={"kind": form.kind.value},
        )
    return consent_id


async def _program(store: Store, form: ConsentForm) -> part2.Program | None:
    """The program whose records a Part 2 consent opens."""
    if form.kind is not ConsentKind.PART_TWO or not form.discloser:
        return None
    for one in await part2.list_programs(store):
        if one.marked and str(one.program_id) == form.discloser:
            return one
    raise Unprocessable(
        "The consent was not kept.", [Problem("discloser", "choose a program from the list")]
    )


def _values(store: Store, form: ConsentForm, program: part2.Program | None) -> dict[str, Any]:
    assert form.given_on
    assert form.manner
    zone = store.actor.time_zone
    return {
        "kind": form.kind.value,
        "program_id": program.program_id if program else None,
        "discloser": program.name if program else "",
        "recipient": form.recipient,
        "recipient_name": form.recipient_name.strip(),
        "purposes": sorted(form.purposes),
        "scope": sorted(form.scope),
        "given_on": form.given_on,
        "manner": form.manner.value,
        "signature": form.signature.strip(),
        "begins_at": begins(form.given_on, zone),
        "expires_on": form.expires_on,
        "expires_when": form.expires_when.strip(),
        "ends_at": ends(form.expires_on, zone),
        "recorded_by_id": store.actor.staff_id,
    }


def _content(form: ConsentForm) -> dict[str, Any]:
    """The document as it was written down."""
    said = asdict(form)
    return {
        name: sorted(value)
        if isinstance(value, frozenset)
        else value.isoformat()
        if isinstance(value, date)
        else value
        for name, value in said.items()
    }


async def revoke_consent(store: Store, consent_id: UUID, how: str, version: int) -> UUID:
    """Revoke a consent from this moment on; returns the patient. Twice is as once."""
    store.actor.require(Permission.RECORD_CONSENT)
    held = await consents.get_consent(store, consent_id)
    await patients.get_patient(store, held.patient_id)
    await patients.hold_patients(store, [held.patient_id])
    held = await consents.get_consent(store, consent_id)
    if held.revoked_at is not None:
        return held.patient_id
    if not how.strip():
        raise Unprocessable(
            "The consent was not revoked.",
            [Problem("how", "say how the patient revoked it: by word, in writing, to whom")],
        )
    if held.version != version:
        raise Conflict("This consent was changed since you read it; look at it again.")
    values = {
        "revoked_at": store.now,
        "revoked_how": how.strip(),
        "revoked_by_id": store.actor.staff_id,
    }
    content = {"revoked_how": how.strip(), "revoked_at": store.now.isoformat()}
    await consents.change_consent(store, held, values, content)
    await exports.expire_all(store)
    await kept_answers.forget_answers(store)
    await audit.record(
        store, "consent.revoke", patient_id=held.patient_id, subject=f"consents/{consent_id}"
    )
    return held.patient_id
