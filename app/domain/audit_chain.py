"""How the audit is sealed: what a row's digest is of, and how seals follow each other.

Each organization has a chain of seals. A seal covers the rows of one batch, all of one
calendar month (UTC), so that a month which is too old can be dropped and the chain still
be followed. It names the digest of its rows and the hash of the seal before it. Nothing
here relies on the order in which rows were written or committed. The format is described in
docs/audit.md: whoever holds an export can check it without this program.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

FORMAT = "stepwell-audit-1"
"""Named in every digest: a later format can never be taken for this one."""
LATEST = timedelta(hours=24)
"""How long after its time a row may still be committed, and so be sealed (ours).

A row's time is the beginning of its transaction. What turns up older than this was written
into the past: it is never sealed, and `verify` names it.
"""
HEARTBEAT = timedelta(hours=1)
"""How often an organization in which nothing happens is sealed too (ours).

It keeps the past closed: without it a quiet month could be written into until the next seal.
"""
START = bytes(32)
"""What the first seal follows."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the audit: who did what, to whom, and how it ended."""

    audit_id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    action: str
    outcome: str
    patient_id: UUID | None
    patient_ids: tuple[UUID, ...] | None
    """The patients whom a list showed, each once and in order; None where it is no list."""
    subject: str | None
    detail: Mapping[str, Any]
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Seal:
    """One link of an organization's chain."""

    seq: int
    """From 1, without gaps."""
    month: str
    """The month of its rows, ``2026-11`` (UTC)."""
    row_count: int
    rows_digest: bytes
    previous: bytes
    since: datetime | None
    """The earliest time that a row of it may have; None: any."""
    swept: bool
    """Whether nothing more was left to seal, however late."""
    sealed_at: datetime
    hash: bytes


def month_of(at: datetime) -> str:
    """The calendar month in UTC: a change of clocks moves no row into another."""
    return f"{at.astimezone(UTC):%Y-%m}"


def instant_text(at: datetime) -> str:
    """UTC with microseconds: ``2026-11-25T02:51:00.000000Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def row_text(org_id: UUID, row: AuditRow) -> bytes:
    """The canonical form of a row: JSON, sorted keys, no spaces, UTF-8."""
    return _canonical(
        {
            "format": FORMAT,
            "org_id": str(org_id),
            "audit_id": str(row.audit_id),
            "at": instant_text(row.at),
            "actor_kind": row.actor_kind,
            "actor_id": _name(row.actor_id),
            "actor_name": row.actor_name,
            "action": row.action,
            "outcome": row.outcome,
            "patient_id": _name(row.patient_id),
            "patient_ids": None if row.patient_ids is None else [str(i) for i in row.patient_ids],
            "subject": row.subject,
            "detail": row.detail,
            "request_id": row.request_id,
        }
    )


def row_digest(org_id: UUID, row: AuditRow) -> bytes:
    """SHA-256 of the canonical form."""
    return hashlib.sha256(row_text(org_id, row)).digest()


def digest_of_rows(digests: Iterable[bytes]) -> bytes:
    """SHA-256 over the rows' digests, one after the other in their places."""
    whole = hashlib.sha256()
    for one in digests:
        whole.update(one)
    return whole.digest()


def seal_hash(org_id: UUID, seal: Seal) -> bytes:
    """SHA-256 of everything that a seal says but this hash."""
    return hashlib.sha256(
        _canonical(
            {
                "format": FORMAT,
                "org_id": str(org_id),
                "seq": seal.seq,
                "month": seal.month,
                "row_count": seal.row_count,
                "rows_digest": seal.rows_digest.hex(),
                "previous": seal.previous.hex(),
                "since": instant_text(seal.since) if seal.since else None,
                "swept": seal.swept,
                "sealed_at": instant_text(seal.sealed_at),
            }
        )
    ).digest()


def next_since(head: Seal | None) -> datetime | None:
    """The earliest time of a row that may still be sealed after this head; None: any.

    Until a chain was swept once, rows wait that were there before it, or since the sealer
    last ran: they keep the bound that held then.
    """
    if head is None:
        return None
    return head.sealed_at - LATEST if head.swept else head.since


def is_quiet_too_long(head: Seal | None, now: datetime) -> bool:
    """Whether a seal is due although nothing happened."""
    return head is None or not head.swept or now - head.sealed_at >= HEARTBEAT


def _name(value: UUID | None) -> str | None:
    return str(value) if value else None


def _canonical(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")
