"""Read the audit by FHIR: rows with what an AuditEvent says of them. Each look is audited too."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from app.domain.access import Permission
from app.domain.audit_chain import AuditRow
from app.domain.audit_words import action_words, sort_of
from app.domain.scopes import AUDIT, Interaction
from app.errors import NotFound
from app.store import audit, audit_search, merging, patients
from app.store.audit_search import AuditSearch, key_of
from app.store.transaction import Store

__all__ = ["AuditEntry", "AuditSearch", "read_audit_event", "search_audit_events"]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A row, its name in addresses, and whom it is about."""

    key: str
    row: AuditRow
    words: str
    sort: str
    patients: tuple[str, ...]
    """FHIR ids."""


async def read_audit_event(store: Store, key: str) -> AuditEntry:
    """One row; raises NotFound."""
    store.actor.require_scope(AUDIT, Interaction.READ)
    store.actor.require(Permission.VIEW_AUDIT)
    row = await audit_search.find_row(store, key)
    if row is None:
        raise NotFound("There is no such AuditEvent.")
    (entry,) = await _entries(store, [row])
    await audit.record(store, "audit.view", subject=f"audit/{row.audit_id}")
    return entry


async def search_audit_events(
    store: Store, wanted: AuditSearch, patient: str | None
) -> tuple[list[AuditEntry], str]:
    """A page of rows, the newest first, and where the next begins ('' at the end).

    `patient` is a FHIR id: rows about records that were joined into that one are found too.
    """
    store.actor.require_scope(AUDIT, Interaction.SEARCH)
    store.actor.require(Permission.VIEW_AUDIT)
    if patient is not None:
        held = await patients.find_by_fhir_id(store, patient)
        if held is None:
            return [], ""
        main = held.merged_into_id or held.patient_id
        records = (main, *await merging.list_joined(store, main))
        wanted = replace(wanted, patient_ids=records)
    rows, more = await audit_search.search(store, wanted)
    detail = {"rows": len(rows)}
    await audit.record(store, "audit.search", subject=AUDIT, detail=detail)
    return await _entries(store, rows), key_of(rows[-1]) if more else ""


async def _entries(store: Store, rows: list[AuditRow]) -> list[AuditEntry]:
    ids = {one for row in rows for one in _whom(row)}
    names = await _fhir_ids(store, ids)
    return [
        AuditEntry(
            key_of(row),
            row,
            action_words(row.action),
            sort_of(row.action, row.outcome).value,
            tuple(names[one] for one in _whom(row) if one in names),
        )
        for row in rows
    ]


def _whom(row: AuditRow) -> tuple[UUID, ...]:
    return row.patient_ids or ((row.patient_id,) if row.patient_id else ())


async def _fhir_ids(store: Store, ids: set[UUID]) -> Mapping[UUID, str]:
    found = await patients.get_patients(store, sorted(ids)) if ids else []
    return {one.patient_id: one.fhir_id for one in found}
