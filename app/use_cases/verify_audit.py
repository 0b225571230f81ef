"""Verify the audit: follow an organization's seals and hold every row against them."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime

from app.domain.access import Permission
from app.domain.audit_chain import Seal
from app.domain.audit_verdict import (
    Covered,
    Finding,
    RowsOfSeal,
    Trouble,
    Verdict,
    check_anchor,
    check_link,
    check_unsealed,
    may_be_gone,
)
from app.store import audit, audit_check, audit_seals
from app.store.audit_check import SealedRow
from app.store.transaction import Store

SEALS_AT_ONCE = 500
Anchor = tuple[int, bytes]
"""(number of a seal, its hash), as it was noted outside the database."""


async def verify_audit(
    store: Store,
    anchors: Iterable[Sequence[Anchor]] = (),
    told: Callable[[int], None] = lambda rows: None,
) -> Verdict:
    """Everything that is wrong with an organization's audit. Memory does not grow with it.

    `anchors` come in pieces; `told` hears how many rows were looked at.
    """
    store.actor.require(Permission.VERIFY_AUDIT)
    await audit_check.take_time(store)
    verdict = Verdict(store.org_id, await audit_seals.find_head(store))
    await _check_chain(store, verdict, told)
    await _check_marks(store, verdict)
    await _check_tail(store, verdict)
    await _check_lists(store, verdict)
    await _check_anchors(store, verdict, anchors)
    await audit.record(
        store, "audit.verify", detail={"rows": verdict.rows, "findings": verdict.found}
    )
    return verdict


async def _check_chain(store: Store, verdict: Verdict, told: Callable[[int], None]) -> None:
    dropped = {
        month
        for month, at in await audit_check.list_dropped_months(store)
        if may_be_gone(month, at.date())
    }
    before: Seal | None = None
    last = verdict.head.seq if verdict.head else 0
    while seals := await audit_check.list_seals(store, before.seq if before else 0, SEALS_AT_ONCE):
        seals = [seal for seal in seals if seal.seq <= last]
        if not seals:
            break
        rows = audit_check.stream_sealed(store, seals[0].seq, seals[-1].seq)
        held = _Ahead(rows)
        for seal in seals:
            for finding in check_link(store.org_id, seal, before):
                verdict.add(finding)
            await _check_rows(verdict, seal, held, seal.month in dropped)
            before = seal
        told(verdict.rows)


class _Ahead:
    """Rows in order, of which one is held until its seal's turn comes."""

    def __init__(self, rows: AsyncIterator[SealedRow]) -> None:
        self.rows = rows
        self.held: SealedRow | None = None

    async def of(self, seq: int) -> AsyncIterator[SealedRow]:
        """The rows of this seal; those of numbers before it have no seal and are passed over."""
        while True:
            self.held = self.held or await anext(self.rows, None)
            if self.held is None or self.held.seq > seq:
                return
            one, self.held = self.held, None
            if one.seq == seq:
                yield one


async def _check_rows(verdict: Verdict, seal: Seal, held: _Ahead, dropped: bool) -> None:
    looking = RowsOfSeal(verdict.org_id, seal)
    async for one in held.of(seal.seq):
        covered = Covered(one.place, one.at, one.audit_id, one.digest, one.row)
        for finding in looking.look_at(covered):
            verdict.add(finding)
        verdict.rows += 1
    verdict.seals += 1
    verdict.late += looking.late
    if looking.is_empty and dropped and seal.row_count:
        verdict.dropped += 1
        return
    for finding in looking.finish():
        verdict.add(finding)


async def _check_marks(store: Store, verdict: Verdict) -> None:
    async for seq, at, audit_id in audit_check.stream_covers_without_seal(store):
        words = f"a row is marked as of seal {seq}, which is not there"
        verdict.add(Finding(Trouble.CHAIN, words, seq, audit_id, at))


async def _check_tail(store: Store, verdict: Verdict) -> None:
    async for at, audit_id in audit_check.stream_unsealed(store):
        finding = check_unsealed(verdict.head, at, audit_id)
        if finding:
            verdict.add(finding)
            continue
        verdict.tail += 1
        verdict.tail_oldest_at = verdict.tail_oldest_at or at


async def _check_lists(store: Store, verdict: Verdict) -> None:
    earlier: tuple[datetime, object] | None = None
    async for at, audit_id in audit_check.stream_wrong_lists(store):
        if (at, audit_id) != earlier:
            words = "a list is not found by exactly the patients whom it showed"
            verdict.add(Finding(Trouble.LIST, words, None, audit_id, at))
        earlier = (at, audit_id)


async def _check_anchors(
    store: Store, verdict: Verdict, anchors: Iterable[Sequence[Anchor]]
) -> None:
    head_seq = verdict.head.seq if verdict.head else 0
    for piece in anchors:
        there = await audit_check.hashes_of(store, [seq for seq, _ in piece])
        for seq, kept in piece:
            finding = check_anchor(max([head_seq, *there]), seq, kept, there.get(seq))
            if finding:
                verdict.add(finding)
            else:
                verdict.anchored_seq = max(verdict.anchored_seq, seq)
            verdict.anchors += 1
