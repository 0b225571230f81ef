"""Export the audit: the rows of a search as a spreadsheet; the export is in the audit too."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.access import Permission
from app.domain.audit_chain import AuditRow, instant_text, row_digest
from app.domain.audit_words import action_words
from app.domain.roster import as_csv
from app.store import audit, audit_search, merging
from app.store.audit_search import AuditSearch, key_of
from app.store.transaction import Store

MOST = 50_000
"""Rows in one file: more than a spreadsheet is read by, and some seconds of work (ours)."""
PAGE = 2_000
COLUMNS = (
    "at_utc",
    "at_local",
    "who_kind",
    "who_id",
    "who",
    "act",
    "act_in_words",
    "outcome",
    "patient_id",
    "patient_ids_shown",
    "subject",
    "detail",
    "request_id",
    "audit_id",
    "sha256_of_row",
)


@dataclass(frozen=True, slots=True)
class Export:
    """A file, how many rows it has, and whether there were more."""

    content: bytes
    rows: int
    cut: bool


async def export_audit(store: Store, wanted: AuditSearch) -> Export:
    """The newest rows that fit, patients by their ids alone; formulas are made harmless."""
    store.actor.require(Permission.VIEW_AUDIT)
    if wanted.patient_ids:
        joined = await merging.list_joined(store, wanted.patient_ids[0])
        wanted = replace(wanted, patient_ids=(*wanted.patient_ids, *joined))
    rows: list[AuditRow] = []
    more = True
    while more and len(rows) < MOST:
        before = key_of(rows[-1]) if rows else ""
        found, more = await audit_search.search(store, replace(wanted, before=before, limit=PAGE))
        rows += found
    person = wanted.patient_ids[0] if wanted.patient_ids else None
    detail = {"rows": len(rows), "cut": more}
    await audit.record(store, "audit.export", patient_id=person, detail=detail)
    zone = ZoneInfo(store.actor.time_zone)
    content = await asyncio.to_thread(as_csv, _lines(store.org_id, rows, zone))
    return Export(content, len(rows), more)


def _lines(org_id: UUID, rows: list[AuditRow], zone: ZoneInfo) -> Iterator[list[str]]:
    yield list(COLUMNS)
    for row in rows:
        yield [
            instant_text(row.at),
            f"{row.at.astimezone(zone):%Y-%m-%d %H:%M:%S %z}",
            row.actor_kind,
            str(row.actor_id or ""),
            row.actor_name,
            row.action,
            action_words(row.action),
            row.outcome,
            str(row.patient_id or ""),
            " ".join(str(one) for one in row.patient_ids or ()),
            row.subject or "",
            json.dumps(row.detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
            row.request_id or "",
            str(row.audit_id),
            row_digest(org_id, row).hex(),
        ]
