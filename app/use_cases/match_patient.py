"""Find whom a description fits, with how certain that is; nothing is joined or kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.domain.access import Permission
from app.domain.duplicate import Grade, keys_of, person
from app.domain.match import Described, described, fits
from app.domain.patient import PatientDetails
from app.domain.scopes import Interaction
from app.errors import Malformed, Problem
from app.store import audit
from app.store.accounting import account
from app.store.resembling import PublishedPatient, list_resembling
from app.store.resources import StoredResource
from app.store.transaction import Store

Reading = Callable[[bytes], PatientDetails]
"""What a Patient as it is served says of who it is."""


@dataclass(frozen=True, slots=True)
class MatchWish:
    """How much a client wants to be told."""

    only_certain: bool = False
    count: int = 10


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody whom the description fits."""

    stored: StoredResource
    grade: Grade


async def match_patient(
    store: Store, details: PatientDetails, wish: MatchWish, read: Reading
) -> list[Match]:
    """The best matches first; the look is audited with whom it showed.

    Each is graded by what its Patient says as this client may read it, so that a grade tells
    nothing that reading would not. Where only a certain match is wanted, two that are certain
    are none. Raises Malformed where the description is too little to look for anybody.
    """
    store.actor.require_scope("Patient", Interaction.SEARCH)
    store.actor.require(Permission.READ_RESOURCES)
    asked = _described(details)
    keys = keys_of(asked.person) | {f"n {value.strip().casefold()}" for _, value in asked.numbers}
    if not keys:
        raise Malformed("This is too little to look for anybody.", [_TOO_LITTLE])
    matches = _graded(asked, await list_resembling(store, keys), read)
    told = _wanted([one for one, _ in matches], wish)
    shown = {pid for one, pid in matches if one in told}
    detail = {"found": len(told)}
    await audit.record(store, "patient.match", shown=shown, subject="Patient", detail=detail)
    labelled = [(pid, one.stored.program_id) for one, pid in matches if one in told]
    known = [(pid, program) for pid, program in labelled if program is not None]
    await account(store, "patient.match", known, "Patient")
    return told


_TOO_LITTLE = Problem(
    "Patient", "Send a birth date with a name or a phone number, or an identifier with a system."
)


def _described(details: PatientDetails) -> Described:
    one = person(
        details.family_name,
        details.given_names,
        details.display_name if details.family_name or details.given_names else "",
        details.birth_on,
        details.sex,
        details.phone,
        [number.value for number in details.identifiers],
    )
    return described(one, details.identifiers)


def _graded(
    asked: Described, found: Sequence[PublishedPatient], read: Reading
) -> list[tuple[Match, UUID]]:
    """Each person once, the record that goes on, graded by whichever record fits best."""
    best: dict[UUID, Grade] = {}
    for one in found:
        grade = fits(asked, _described(read(one.stored.body)))
        if grade is not None:
            best[one.survivor_id] = min(grade, best.get(one.survivor_id, grade))
    going_on = [one for one in found if one.patient_id in best]
    going_on.sort(key=lambda one: (best[one.patient_id], one.stored.resource_id))
    return [(Match(one.stored, best[one.patient_id]), one.patient_id) for one in going_on]


def _wanted(matches: list[Match], wish: MatchWish) -> list[Match]:
    if not wish.only_certain:
        return matches[: wish.count]
    certain = [one for one in matches if one.grade is Grade.CERTAIN]
    return certain if len(certain) == 1 else []
