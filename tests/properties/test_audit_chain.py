"""Any single change in any sealed row, mark or seal is found."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.domain.audit_chain import (
    START,
    AuditRow,
    Seal,
    digest_of_rows,
    row_digest,
    seal_hash,
)
from app.domain.audit_verdict import Covered, Finding, RowsOfSeal, check_link

ORG = UUID("0190d3a0-0000-7000-8000-00000000d3a0")
BEGINNING = datetime(2026, 11, 2, tzinfo=UTC)
words = st.text(max_size=12)
details = st.dictionaries(
    st.text(min_size=1, max_size=5), st.integers(-9, 9) | st.booleans() | words, max_size=3
)


@st.composite
def rows(draw: st.DrawFn) -> AuditRow:
    return AuditRow(
        audit_id=draw(st.uuids()),
        at=BEGINNING + timedelta(microseconds=draw(st.integers(0, 10**9))),
        actor_kind=draw(words),
        actor_id=draw(st.none() | st.uuids()),
        actor_name=draw(words),
        action=draw(words),
        outcome=draw(words),
        patient_id=draw(st.none() | st.uuids()),
        patient_ids=draw(st.none() | st.lists(st.uuids(), max_size=3).map(tuple)),
        subject=draw(st.none() | words),
        detail=draw(details),
        request_id=draw(st.none() | words),
    )


Batch = tuple[Seal, list[Covered]]


@st.composite
def chains(draw: st.DrawFn) -> list[Batch]:
    """A chain of one to three seals, of one to four rows each."""
    chain: list[Batch] = []
    before = START
    for seq in range(1, draw(st.integers(1, 3)) + 1):
        batch = draw(st.lists(rows(), min_size=1, max_size=4))
        digests = [row_digest(ORG, row) for row in batch]
        draft = Seal(
            seq,
            "2026-11",
            len(batch),
            digest_of_rows(digests),
            before,
            None,
            draw(st.booleans()),
            BEGINNING + timedelta(days=seq),
            b"",
        )
        seal = replace(draft, hash=seal_hash(ORG, draft))
        before = seal.hash
        covered = [
            Covered(place, row.at, row.audit_id, digest, row)
            for place, (row, digest) in enumerate(zip(batch, digests, strict=True))
        ]
        chain.append((seal, covered))
    return chain


def verify(chain: list[Batch]) -> Iterator[Finding]:
    before = None
    for seal, covered in chain:
        yield from check_link(ORG, seal, before)
        looking = RowsOfSeal(ORG, seal)
        for one in covered:
            yield from looking.look_at(one)
        yield from looking.finish()
        before = seal


NOT_EMPTY = {
    "actor_id": UUID(int=1),
    "patient_id": UUID(int=1),
    "patient_ids": (),
    "subject": "",
    "request_id": "",
    "since": BEGINNING,
}


def other(name: str, value: Any) -> Any:
    """The least that differs."""
    if value is None:
        return NOT_EMPTY[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1)
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value + " "
    if isinstance(value, tuple):
        return value[1:] if value else None
    return value | {"": "another value than there was"}


@given(chains())
def test_what_nobody_touched_is_whole(chain: list[Batch]) -> None:
    assert list(verify(chain)) == []


@given(chains(), st.data())
def test_any_change_of_a_row_is_found_and_named(chain: list[Batch], data: st.DataObject) -> None:
    seal, covered = data.draw(st.sampled_from(chain))
    one = data.draw(st.sampled_from(covered))
    assert one.row is not None
    name = data.draw(st.sampled_from(list(AuditRow.__dataclass_fields__)))
    changed = replace(one.row, **{name: other(name, getattr(one.row, name))})
    covered[one.place] = replace(one, row=changed)
    (found,) = verify(chain)
    assert (found.trouble, found.seq, found.audit_id) == ("altered", seal.seq, one.audit_id)


@given(chains(), st.data())
def test_a_row_that_is_gone_is_named(chain: list[Batch], data: st.DataObject) -> None:
    seal, covered = data.draw(st.sampled_from(chain))
    one = data.draw(st.sampled_from(covered))
    covered[one.place] = replace(one, row=None)
    (found,) = verify(chain)
    assert (found.trouble, found.seq, found.audit_id) == ("removed", seal.seq, one.audit_id)


@given(chains(), st.data())
def test_a_row_gone_with_its_mark_is_found(chain: list[Batch], data: st.DataObject) -> None:
    seal, covered = data.draw(st.sampled_from(chain))
    del covered[data.draw(st.integers(0, len(covered) - 1))]
    (found,) = verify(chain)
    assert (found.trouble, found.seq) == ("removed", seal.seq)


@given(chains(), st.data())
def test_a_row_altered_with_its_mark_is_found(chain: list[Batch], data: st.DataObject) -> None:
    seal, covered = data.draw(st.sampled_from(chain))
    one = data.draw(st.sampled_from(covered))
    assert one.row is not None
    changed = replace(one.row, action=one.row.action + "x")
    covered[one.place] = replace(one, row=changed, digest=row_digest(ORG, changed))
    (found,) = verify(chain)
    assert (found.trouble, found.seq) == ("altered", seal.seq)


@given(chains(), rows(), st.data())
def test_a_row_put_in_is_found(chain: list[Batch], row: AuditRow, data: st.DataObject) -> None:
    seal, covered = data.draw(st.sampled_from(chain))
    covered.append(Covered(len(covered), row.at, row.audit_id, row_digest(ORG, row), row))
    (found,) = verify(chain)
    assert (found.trouble, found.seq) == ("inserted", seal.seq)


@given(chains(), st.data())
def test_any_change_of_a_seal_is_found(chain: list[Batch], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    seal, covered = chain[place]
    name = data.draw(st.sampled_from(list(Seal.__dataclass_fields__)))
    chain[place] = replace(seal, **{name: other(name, getattr(seal, name))}), covered
    assert list(verify(chain))


@given(chains(), st.data())
def test_a_rewritten_seal_no_longer_fits_the_next(chain: list[Batch], data: st.DataObject) -> None:
    """Its own hash made right again: only the last of a chain can be rewritten unseen so."""
    place = data.draw(st.integers(0, len(chain) - 1))
    seal, covered = chain[place]
    draft = replace(seal, sealed_at=seal.sealed_at + timedelta(seconds=1))
    chain[place] = replace(draft, hash=seal_hash(ORG, draft)), covered
    assert bool(list(verify(chain))) is (place < len(chain) - 1)
