"""What a look through the sealed audit finds: what was altered, removed, inserted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.domain.audit_chain import (
    START,
    AuditRow,
    Seal,
    digest_of_rows,
    month_of,
    next_since,
    row_digest,
    seal_hash,
)
from app.domain.audit_retention import first_kept_month

LATE = timedelta(minutes=15)
"""A row sealed later than this after its time is counted: a long transaction, or the sealer
was away (ours)."""
TOLD = 100
"""How many findings are told one by one; all are counted."""


class Trouble(StrEnum):
    """What is wrong."""

    ALTERED = "altered"
    REMOVED = "removed"
    INSERTED = "inserted"
    CHAIN = "chain"
    """A seal itself was altered, removed or put in."""
    ANCHOR = "anchor"
    """The chain is not the one whose head was kept outside the database."""
    LIST = "list"
    """A list cannot be found by exactly the patients whom it showed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where."""

    trouble: Trouble
    words: str
    seq: int | None = None
    audit_id: UUID | None = None
    at: datetime | None = None


@dataclass(slots=True)
class Verdict:
    """Where an organization's audit stands."""

    org_id: UUID
    head: Seal | None = None
    seals: int = 0
    rows: int = 0
    dropped: int = 0
    """Seals of months that were dropped by policy."""
    late: int = 0
    tail: int = 0
    """Rows that wait for the sealer."""
    tail_oldest_at: datetime | None = None
    anchors: int = 0
    anchored_seq: int = 0
    """The newest seal whose hash is kept outside."""
    found: int = 0
    findings: list[Finding] = field(default_factory=list)
    """The first of them."""

    def add(self, finding: Finding) -> None:
        """Count a finding, and keep it where it is among the first."""
        self.found += 1
        if len(self.findings) < TOLD:
            self.findings.append(finding)


@dataclass(frozen=True, slots=True)
class Covered:
    """What is kept of a sealed row, and the row as it stands now."""

    place: int
    at: datetime
    audit_id: UUID
    digest: bytes
    row: AuditRow | None


def check_link(org_id: UUID, seal: Seal, before: Seal | None) -> Iterator[Finding]:
    """Whether a seal follows the one before it and says what it said when it was made."""
    expected = before.seq + 1 if before else 1
    if seal.seq != expected:
        gone = (
            f"seal {expected}"
            if seal.seq == expected + 1
            else f"seals {expected} to {seal.seq - 1}"
        )
        yield Finding(Trouble.CHAIN, f"{gone} were removed", expected)
    elif seal.previous != (before.hash if before else START):
        yield Finding(Trouble.CHAIN, f"seal {seal.seq} does not follow the one before", seal.seq)
    if seal_hash(org_id, seal) != seal.hash:
        yield Finding(Trouble.CHAIN, f"seal {seal.seq} was altered", seal.seq)


class RowsOfSeal:
    """Checks the rows of one seal as they come, in their places."""

    def __init__(self, org_id: UUID, seal: Seal) -> None:
        self.org_id, self.seal = org_id, seal
        self.digests: list[bytes] = []
        self.next_place = 0
        self.late = 0
        self.lost = False

    def look_at(self, covered: Covered) -> Iterator[Finding]:
        """What is wrong with a row and with those that should come before it."""
        yield from self._gap(covered.place)
        self.next_place = covered.place + 1
        self.digests.append(covered.digest)
        self.late += self.seal.sealed_at - covered.at > LATE
        words = self._what_is_wrong(covered)
        if words:
            yield Finding(*words, self.seal.seq, covered.audit_id, covered.at)

    def _what_is_wrong(self, covered: Covered) -> tuple[Trouble, str] | None:
        seq, row, since = self.seal.seq, covered.row, self.seal.since
        if row is None:
            return Trouble.REMOVED, f"a row of seal {seq} is gone"
        if row_digest(self.org_id, row) != covered.digest:
            return Trouble.ALTERED, f"a row of seal {seq} is not what was sealed"
        if (since and covered.at < since) or month_of(covered.at) != self.seal.month:
            return Trouble.INSERTED, f"a row of seal {seq} is of a time that it cannot cover"
        return None

    def _gap(self, until: int) -> Iterator[Finding]:
        for place in range(self.next_place, until):
            self.lost = True
            words = f"row {place + 1} of seal {self.seal.seq} is gone, with its mark"
            yield Finding(Trouble.REMOVED, words, self.seal.seq)

    def finish(self) -> Iterator[Finding]:
        """What only the whole shows."""
        yield from self._gap(self.seal.row_count)
        seq = self.seal.seq
        if self.next_place > self.seal.row_count:
            yield Finding(Trouble.INSERTED, f"seal {seq} covers more rows than it sealed", seq)
        elif not self.lost and digest_of_rows(self.digests) != self.seal.rows_digest:
            words = f"a row of seal {seq} was altered together with its mark"
            yield Finding(Trouble.ALTERED, words, seq)

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it was there."""
        return self.next_place == 0


def check_unsealed(head: Seal | None, at: datetime, audit_id: UUID) -> Finding | None:
    """A row that no seal covers is waiting, or it was written into a time that is closed."""
    since = next_since(head)
    if since is None or at >= since:
        return None
    return Finding(
        Trouble.INSERTED,
        "a row was written into a time that was sealed already, or its transaction took a day",
        None,
        audit_id,
        at,
    )


def check_anchor(head_seq: int, seq: int, kept: bytes, there: bytes | None) -> Finding | None:
    """Whether the seal of this number is still the one that was noted outside the database."""
    if there == kept:
        return None
    if there is None and seq > head_seq:
        words = (
            f"the chain ends at seal {head_seq}, yet seal {seq} was noted outside: cut, or restored"
        )
    elif there is None:
        words = f"seal {seq}, noted outside, is gone"
    else:
        words = (
            f"seal {seq} is not the one noted outside: it, or something before it, was rewritten"
        )
    return Finding(Trouble.ANCHOR, words, seq)


def may_be_gone(month: str, dropped_on: date) -> bool:
    """Whether a month was old enough to be dropped on that day (UTC)."""
    return month < first_kept_month(dropped_on)
