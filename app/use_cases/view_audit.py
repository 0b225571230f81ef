"""View the audit: search it, open a row, ask who has seen a patient. Each look is audited too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from app.domain.access import Permission
from app.domain.audit_chain import AuditRow
from app.domain.audit_words import Sort, action_words, sort_of
from app.domain.visibility import EVERYONE
from app.errors import NotFound
from app.store import audit, audit_search, merging, patients
from app.store.audit_search import AuditSearch, Seer, key_of
from app.store.patients import Patient
from app.store.transaction import Store
from app.use_cases.find_patients import search_by_words

__all__ = [
    "AuditPage",
    "AuditSearch",
    "Person",
    "RowView",
    "Seer",
    "ShownRow",
    "WhoHasSeen",
    "find_people",
    "key_of",
    "list_actors",
    "search_audit",
    "view_audit_row",
    "who_has_seen",
]
FOUND = 25
"""How many people a search for one shows."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a row is about: enough to know who it is."""

    patient_id: UUID
    name: str
    birth_on: date | None
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row as people read it."""

    key: str
    at: datetime
    actor_kind: str
    actor_name: str
    words: str
    sort: Sort
    refused: bool
    person: Person | None
    """Whom it is about by itself."""
    listed: int | None
    """How many patients a list showed."""
    about: str
    """What else it was about, where that helps: the page that was refused, what was set up."""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of a search, the newest first."""

    rows: list[ShownRow]
    next_key: str
    """Where the next page begins; empty at the end."""
    person: Person | None
    """Whom the search is about, where it names a patient."""


@dataclass(frozen=True, slots=True)
class WhoHasSeen:
    """Everybody who has seen a patient, and what they did."""

    person: Person
    also: list[Person]
    """Records that were joined into this one: who saw those saw the person too."""
    seers: list[Seer]
    rows: list[ShownRow]
    next_key: str


@dataclass(frozen=True, slots=True)
class RowView:
    """One row in full."""

    row: AuditRow
    words: str
    people: list[Person]
    seal: int | None
    """The seal that covers it; None while it waits."""


async def search_audit(store: Store, wanted: AuditSearch) -> AuditPage:
    """One page of the rows that fit; the search is in the audit with the patients it named."""
    store.actor.require(Permission.VIEW_AUDIT)
    person = None
    if wanted.patient_ids:
        person, also = await _person_and_records(store, wanted.patient_ids[0])
        wanted = replace(wanted, patient_ids=(person.patient_id, *(a.patient_id for a in also)))
    found, more = await audit_search.search(store, wanted)
    rows = await _shown(store, found)
    named = {row.person.patient_id for row in rows if row.person}
    await audit.record(store, "audit.search", shown=named, detail=_told(wanted))
    return AuditPage(rows, rows[-1].key if more else "", person)


def _told(wanted: AuditSearch) -> dict[str, str | int | bool]:
    """What was asked, without the words that might name a patient."""
    told: dict[str, str | int | bool] = {}
    if wanted.patient_ids:
        told["patient"] = str(wanted.patient_ids[0])
    if wanted.actor_id or wanted.actor_kind:
        told["who"] = str(wanted.actor_id or wanted.actor_kind)
    if wanted.outcome:
        told["outcome"] = wanted.outcome
    if wanted.actions:
        told["actions"] = len(wanted.actions)
    return told


async def who_has_seen(store: Store, patient_id: UUID, wanted: AuditSearch) -> WhoHasSeen:
    """Who looked at a patient's record or saw it in a list; the question is in the audit too.

    Raises NotFound where there is no such patient.
    """
    store.actor.require(Permission.VIEW_AUDIT)
    person, also = await _person_and_records(store, patient_id)
    wanted = replace(wanted, patient_ids=(person.patient_id, *(one.patient_id for one in also)))
    seers = await audit_search.list_seers(store, wanted)
    found, more = await audit_search.search(store, wanted)
    rows = await _shown(store, found)
    await audit.record(store, audit_search.ASKED, patient_id=person.patient_id)
    return WhoHasSeen(person, also, seers, rows, rows[-1].key if more else "")


async def _person_and_records(store: Store, patient_id: UUID) -> tuple[Person, list[Person]]:
    """The record that goes on, and those that were joined into it."""
    known = await _people(store, [patient_id])
    if patient_id not in known:
        raise NotFound("There is no such patient.")
    (held,) = await patients.get_patients(store, [patient_id])
    main = held.merged_into_id or patient_id
    joined = await merging.list_joined(store, main)
    known = await _people(store, [main, *joined])
    return known[main], [known[one] for one in joined if one in known]


async def _people(store: Store, ids: Iterable[UUID]) -> Mapping[UUID, Person]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    numbers = await patients.list_identifiers_of(store, wanted)
    found: list[Patient] = await patients.get_patients(store, wanted)
    return {
        one.patient_id: Person(
            one.patient_id,
            one.name,
            one.birth_on,
            tuple(number.value for number in numbers.get(one.patient_id, [])),
        )
        for one in found
    }


async def _shown(store: Store, rows: list[AuditRow]) -> list[ShownRow]:
    people = await _people(store, (row.patient_id for row in rows if row.patient_id))
    return [
        ShownRow(
            key_of(row),
            row.at,
            row.actor_kind,
            row.actor_name,
            action_words(row.action),
            sort_of(row.action, row.outcome),
            row.outcome == "refused",
            people.get(row.patient_id) if row.patient_id else None,
            None if row.patient_ids is None else len(row.patient_ids),
            _about(row),
        )
        for row in rows
    ]


def _about(row: AuditRow) -> str:
    if row.outcome == "refused":
        needs = str(row.detail.get("needs", row.detail.get("code", "")))
        where = "" if row.patient_id else row.subject or ""
        return f"{where} (needs {needs})".strip() if "needs" in row.detail else f"{where} {needs}"
    told = sort_of(row.action) in (Sort.RIGHTS, Sort.REGISTRY, Sort.CHANGE) and not row.patient_id
    return (row.subject or "") if told else ""


async def view_audit_row(store: Store, key: str) -> RowView:
    """One row with everybody it showed; raises NotFound."""
    store.actor.require(Permission.VIEW_AUDIT)
    row = await audit_search.find_row(store, key)
    if row is None:
        raise NotFound("There is no such row.")
    ids = [*(row.patient_ids or ()), *([row.patient_id] if row.patient_id else [])]
    people = sorted((await _people(store, ids)).values(), key=lambda one: one.name)
    shown = [one.patient_id for one in people]
    await audit.record(store, "audit.view", shown=shown, subject=f"audit/{row.audit_id}")
    seal = await audit_search.find_seal_number(store, row)
    return RowView(row, action_words(row.action), people, seal)


async def find_people(store: Store, query: str) -> list[Person]:
    """Whom to ask about, by name, birth date or number: names alone, never a chart.

    Whoever watches over access has no caseload of their own: everybody can be found here.
    """
    store.actor.require(Permission.VIEW_AUDIT)
    found = await search_by_words(replace(store, sight=EVERYONE), query, FOUND) or []
    people = await _people(store, [one.patient_id for one in found])
    await audit.record(store, "audit.find-patient", shown=people)
    return [people[one.patient_id] for one in found]


async def list_actors(store: Store) -> list[tuple[str, UUID, str]]:
    """(kind, id, name) of everybody who may be chosen in a search."""
    store.actor.require(Permission.VIEW_AUDIT)
    return await audit_search.list_actors(store)
